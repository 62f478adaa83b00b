//! What the sandbox remembers when it is started again on the same directory.

use std::path::PathBuf;

use fluxo_sandbox::Options;
use serde_json::json;

use crate::service::{Service, World, options};

fn directory(name: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("fluxo-sandbox-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&directory);
    directory
}

#[tokio::test]
async fn bookings_patients_chats_and_waiting_webhooks_survive() {
    let state = directory("survives");
    let with_state = || Options { state: Some(state.clone()), ..options() };
    // Not shut down: the process dies, as far as the directory can tell.
    let before = World::start(with_state()).await;
    let slots = before.look("rm/slots?specialty=DERM").await;
    let slot = slots["slots"][0].clone();
    let booking = json!({
        "ScheduleId": slot["schedule"], "ScheduleDate": slot["date"], "StartTime": slot["time"], "PatientId": "1|1003", "SpecialtyId": "DERM",
    });
    let (status, booked) = before.rm("POST", "v2/appointments", Some(booking.clone())).await;
    assert_eq!(status, 201);
    let new = json!({ "PatientName": "Rui Prado", "CPF": "39053344705", "BirthDate": "1990-05-01" });
    assert_eq!(before.rm("POST", "v2/patients", Some(new)).await.0, 201);
    before.control("phones/5511976543210/say", json!({ "text": "alguém aí?" })).await;

    let service = Service::start().await;
    let after = World::start(Options { service: service.url.clone(), ..with_state() }).await;
    let id = booked["id"].as_str().unwrap().replace('|', "%7C");
    assert_eq!(after.rm("GET", &format!("v2/appointments/{id}"), None).await.0, 200);
    assert_eq!(after.rm("POST", "v2/appointments", Some(booking)).await.0, 409);
    assert_eq!(after.rm("GET", "v2/patients?CPF=39053344705", None).await.0, 200);
    let chat = after.look("phones/5511976543210/transcript?status=delivered&wait_ms=30000").await;
    assert_eq!(chat["messages"][0]["text"], "alguém aí?");
    assert_eq!(service.taken()[0].value()["messages"][0]["text"]["body"], "alguém aí?");
    assert_eq!(chat["window_open"], true);
    // A message whose process died before `delivered` was told.
    after.control("settings", json!({ "delivered_ms": 60_000, "read_ms": 60_000 })).await;
    after
        .graph(json!({ "messaging_product": "whatsapp", "to": "5511976543210", "text": { "body": "Sim" } }))
        .await;
    after.look("requests?target=webhook&done=true&count=2&wait_ms=30000").await;
    let third = World::start(Options { service: service.url.clone(), ..with_state() }).await;
    third.look("phones/5511976543210/transcript?from=service&status=read&wait_ms=30000").await;
    third.look("requests?target=webhook&done=true&count=2&wait_ms=30000").await;
    assert_eq!(service.statuses(), ["sent", "delivered", "read"]);

    after.control("reset", json!({})).await;
    assert_eq!(after.rm("GET", &format!("v2/appointments/{id}"), None).await.0, 404);
    assert_eq!(after.look("state").await["chats"], 0);
    std::fs::remove_dir_all(&state).unwrap();
}

#[tokio::test]
async fn a_shutdown_ends_open_streams() {
    let world = World::start(options()).await;
    let url = format!("{}/control/events", world.sandbox.url());
    let mut stream = world.http.get(url).send().await.unwrap();
    world.control("reset", json!({})).await;
    assert!(
        stream.chunk().await.unwrap().is_some_and(|bytes| bytes.starts_with(b"data: {\"kind\":\"reset\""))
    );
    tokio::time::timeout(std::time::Duration::from_secs(1), world.sandbox.shutdown()).await.unwrap();
}
