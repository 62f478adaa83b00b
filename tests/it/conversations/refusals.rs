//! Bad input of any kind: refused clearly or kept and acknowledged; the process stays up and says nothing personal.

use serde_json::{Value, json};

use super::MARIA;
use crate::support::{World, now_in_seconds};

/// The status that the service gave to a raw body.
async fn raw(world: &World, body: &str, signature: &str) -> Value {
    let answer =
        world.control("deliver", json!({ "raw": body, "signature": signature, "retry": false })).await;
    answer["deliveries"][0]["status"].clone()
}

#[tokio::test]
async fn garbage_is_refused_and_the_process_stays_up() {
    let mut world = World::start().await;
    let deep = "[".repeat(100_000);
    let nested = format!("{}1{}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
    for body in [
        "",
        "garbage",
        "{",
        "[]",
        "null",
        "{\"object\":\"page\"}",
        deep.as_str(),
        nested.as_str(),
        "\u{0}\u{1}",
    ] {
        let status = raw(&world, body, "valid").await;
        let status = status.as_u64().expect("an answer");
        assert!(status < 500, "{status} for {:.40}", body);
    }
    assert!(world.service.is_up(), "{}", world.service.log());
}

#[tokio::test]
async fn a_body_of_ten_megabytes_is_refused() {
    let mut world = World::start().await;
    let client = &world.client;
    let body = vec![b' '; 10 << 20];
    let answer = client.post(format!("{}/webhooks/whatsapp", world.service.base)).body(body).send().await;
    // The service may hang up on who goes on sending: either is a clear refusal.
    if let Ok(answer) = answer {
        assert_eq!(answer.status(), 413);
    }
    assert!(world.service.is_up());
}

#[tokio::test]
async fn a_lone_surrogate_does_not_block_the_webhook() {
    let world = World::start().await;
    // So that the provider lets us answer: what comes by the raw webhook never was on its network.
    let phone = world.phone("5511922220000");
    phone.say("oi").await;
    phone.hears("Como posso ajudar?").await;
    let now = now_in_seconds();
    let body = format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{{"field":"messages","value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"1","phone_number_id":"{}"}},"contacts":[{{"profile":{{"name":"A\ud83d"}},"wa_id":"{phone}"}}],"messages":[{{"from":"{phone}","id":"wamid.lone","timestamp":"{now}","type":"text","text":{{"body":"oi \ud83d"}}}}]}}}}]}}]}}"#,
        world.options.phone_number_id,
        phone = "5511922220000",
    );
    let status = raw(&world, &body, "valid").await;
    let status = status.as_u64().expect("an answer");
    assert!(status == 200 || status == 400, "{status}");
    let next = world.phone("5511922220001");
    next.say("oi").await;
    next.hears("Como posso ajudar?").await;
}

#[tokio::test]
async fn the_webhook_address_is_verified_by_its_token() {
    let world = World::start().await;
    let good = world.control("verify", json!({})).await;
    assert_eq!(good["ok"], true, "{good}");
    for bad in [json!({ "verify_token": "guess" }), json!({ "mode": "unsubscribe" })] {
        let answer = world.control("verify", bad).await;
        assert_eq!(answer["status"], 403, "{answer}");
    }
}

/// What the service logs holds neither a secret nor anything personal.
#[tokio::test]
async fn logs_hold_nothing_secret_and_nothing_personal() {
    let world = World::start().await;
    let phone = world.phone(MARIA.phone);
    phone.say("confirmar").await;
    super::identify(&phone, MARIA).await;
    phone.hears("consultas para confirmar").await;
    world.faults(json!([{ "target": "rm", "fault": { "status": 500 } }])).await;
    phone.tap("Confirmar todas").await;
    phone.hears("Não consegui confirmar").await;
    phone.say_with("oi", json!({ "signature": "wrong_key", "retry": false })).await;
    raw(&world, "garbage with 529.982.247-25", "valid").await;
    let log = world.service.log();
    assert!(!log.is_empty(), "nothing is logged: the test sees nothing");
    let options = &world.options;
    for secret in [&options.app_secret, &options.access_token, &options.verify_token, &options.rm_password] {
        assert!(!log.contains(secret.as_str()), "a secret is logged");
    }
    for personal in [MARIA.cpf, "529.982.247-25", "987654321", "Aparecida", "12/04/1968", "1968-04-12"] {
        assert!(!log.contains(personal), "{personal} is logged:\n{log}");
    }
}
