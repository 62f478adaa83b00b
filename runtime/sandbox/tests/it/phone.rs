//! The phones: what webhooks look like, how they are signed, repeated and gathered.

use serde_json::{Value, json};

use crate::service::{Service, World, options, pair};

const JOAO: &str = "5511976543210";

#[tokio::test]
async fn a_text_travels_as_meta_would_send_it() {
    let (world, service) = pair().await;
    let said =
        world.control(&format!("phones/{JOAO}/say"), json!({ "text": "olá 👋", "escape": true })).await;
    assert_eq!(said["deliveries"][0]["status"], 200);
    let taken = &service.taken()[0];
    assert!(taken.body.is_ascii() && String::from_utf8_lossy(&taken.body).contains(r"ol\u00e1 \ud83d\udc4b"));
    assert!(taken.signature.as_ref().unwrap().starts_with("sha256="));
    let value = taken.value();
    assert_eq!(value["metadata"]["phone_number_id"], "106540352242922");
    assert_eq!(value["contacts"][0]["profile"]["name"], "João Carlos Pereira");
    let message = &value["messages"][0];
    assert_eq!(
        (&message["from"], &message["type"], &message["text"]["body"]),
        (&json!(JOAO), &json!("text"), &json!("olá 👋"))
    );
    assert!(message["timestamp"].is_string());
    assert_eq!(message["id"], said["wamid"]);
    let chat = world.look(&format!("phones/{JOAO}/transcript")).await;
    assert_eq!(chat["messages"][0]["statuses"][1]["status"], "delivered");
}

#[tokio::test]
async fn signatures_go_wrong_on_demand() {
    let (world, service) = pair().await;
    for signature in ["missing", "wrong_key", "wrong_body", "uppercase", "sha1_only"] {
        world.control(&format!("phones/{JOAO}/say"), json!({ "text": "oi", "signature": signature })).await;
    }
    let taken = service.taken();
    assert_eq!(taken.len(), 5);
    assert!(taken[0].signature.is_none() && taken[0].legacy.is_none());
    assert!(taken[3].signature.as_ref().unwrap().chars().any(|c| c.is_ascii_uppercase()));
    assert!(taken[4].signature.is_none() && taken[4].legacy.as_ref().unwrap().starts_with("sha1="));
}

#[tokio::test]
async fn the_same_webhook_comes_as_often_as_asked() {
    let (world, service) = pair().await;
    let said = world
        .control(&format!("phones/{JOAO}/say"), json!({ "text": "oi", "times": 5, "parallel": true }))
        .await;
    assert_eq!(said["deliveries"].as_array().unwrap().len(), 5);
    let taken = service.taken();
    assert!(taken.len() == 5 && taken.iter().all(|one| one.body == taken[0].body));
    let chat = world.look(&format!("phones/{JOAO}/transcript")).await;
    assert_eq!(chat["messages"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn taps_take_the_shape_of_what_was_tapped() {
    let (world, service) = pair().await;
    world.control(&format!("phones/{JOAO}/say"), json!({ "text": "oi" })).await;
    let send = |interactive: Value| json!({ "messaging_product": "whatsapp", "to": JOAO, "type": "interactive", "interactive": interactive });
    let button = send(
        json!({ "type": "button", "body": { "text": "?" }, "action": { "buttons": [{ "type": "reply", "reply": { "id": "w1:sim", "title": "Sim" } }] } }),
    );
    let list = send(
        json!({ "type": "list", "body": { "text": "?" }, "action": { "button": "Ver", "sections": [{ "rows": [{ "id": "w2:a", "title": "08:20", "description": "Dra. Lílian" }] }] } }),
    );
    let text = |value: &str| json!({ "type": "text", "text": value });
    let template = json!({ "messaging_product": "whatsapp", "to": JOAO, "type": "template", "template": {
        "name": "confirmacao_consulta", "language": { "code": "pt_BR" },
        "components": [
            { "type": "body", "parameters": [text("João"), text("25/11")] },
            { "type": "button", "sub_type": "quick_reply", "index": "1", "parameters": [{ "type": "payload", "payload": "cancelar:7" }] },
        ] } });
    let mut ids = Vec::new();
    for body in [button, list, template] {
        ids.push(world.graph(body).await.1["messages"][0]["id"].clone());
    }
    world.control("settings", json!({ "sent_ms": null, "delivered_ms": null, "read_ms": null })).await;
    let tap = async |body: Value| -> Value {
        let tapped = world.control(&format!("phones/{JOAO}/tap"), body).await;
        let all = service.taken();
        let mut messages = all.iter().map(|taken| taken.value()["messages"][0].clone());
        messages.find(|message| message["id"] == tapped["wamid"]).unwrap()
    };
    let sim = tap(json!({ "title": "Sim" })).await;
    assert_eq!(
        sim["interactive"],
        json!({ "type": "button_reply", "button_reply": { "id": "w1:sim", "title": "Sim" } })
    );
    assert_eq!(sim["context"]["id"], ids[0]);
    let row = tap(json!({ "id": "w2:a" })).await;
    assert_eq!(
        row["interactive"]["list_reply"],
        json!({ "id": "w2:a", "title": "08:20", "description": "Dra. Lílian" })
    );
    let no = tap(json!({ "title": "Não, cancelar" })).await;
    assert_eq!(
        (&no["type"], &no["button"]),
        (&json!("button"), &json!({ "payload": "cancelar:7", "text": "Não, cancelar" }))
    );
    assert_eq!(no["context"]["id"], ids[2]);
    let old = tap(json!({ "id": "gone", "as": "list_reply" })).await;
    assert_eq!(old["interactive"]["list_reply"]["id"], "gone");
}

#[tokio::test]
async fn thirty_messages_of_ten_people_come_in_one_post() {
    let (world, service) = pair().await;
    let messages: Vec<Value> =
        (0..30).map(|at| json!({ "phone": format!("55119{:08}", 70_000_000 + at % 10), "text": format!("mensagem {at}") })).collect();
    let sent = world.control("deliver", json!({ "messages": messages })).await;
    assert_eq!(sent["wamids"].as_array().unwrap().len(), 30);
    let taken = service.taken();
    assert_eq!(taken.len(), 1);
    let value = taken[0].value();
    assert_eq!(
        (value["messages"].as_array().unwrap().len(), value["contacts"].as_array().unwrap().len()),
        (30, 10)
    );
    world.control("deliver", json!({ "messages": messages, "shape": "entries" })).await;
    assert_eq!(service.taken()[1].json()["entry"].as_array().unwrap().len(), 30);
    let raw = world.control("deliver", json!({ "raw": "{\"broken", "signature": "valid" })).await;
    assert_eq!(
        (raw["deliveries"].as_array().unwrap().len(), service.taken()[2].body.as_slice()),
        (1, b"{\"broken".as_slice())
    );
}

#[tokio::test]
async fn what_is_refused_comes_again_until_it_is_taken() {
    let (world, service) = pair().await;
    world.control("settings", json!({ "retry_ms": [5, 10] })).await;
    service.answer_with(503);
    let said = world.control(&format!("phones/{JOAO}/say"), json!({ "text": "oi" })).await;
    assert_eq!(said["deliveries"][0]["status"], 503);
    world.look("requests?target=webhook&done=true&count=3&wait_ms=30000").await;
    service.answer_with(200);
    let chat = world.look(&format!("phones/{JOAO}/transcript?status=delivered&wait_ms=30000")).await;
    assert_eq!(chat["messages"].as_array().unwrap().len(), 1);
    assert_eq!(world.look("state").await["webhooks_pending"], 0);
}

#[tokio::test]
async fn what_was_written_while_the_service_was_down_arrives_in_order() {
    let world = World::start(options()).await;
    let said = world.control(&format!("phones/{JOAO}/say"), json!({ "text": "um" })).await;
    assert_eq!(said["deliveries"][0]["status"], Value::Null);
    for text in ["dois", "três"] {
        let said = world.control(&format!("phones/{JOAO}/say"), json!({ "text": text })).await;
        assert_eq!(said["queued"], true);
    }
    let service = Service::start().await;
    world.sandbox.set_service(&service.url);
    world.look(&format!("phones/{JOAO}/transcript?status=delivered&count=3&wait_ms=30000")).await;
    let texts: Vec<Value> =
        service.taken().iter().map(|one| one.value()["messages"][0]["text"]["body"].clone()).collect();
    assert_eq!(texts, ["um", "dois", "três"]);
}

#[tokio::test]
async fn the_subscription_is_verified() {
    let (world, _service) = pair().await;
    assert_eq!(world.control("verify", json!({})).await["ok"], true);
    assert_eq!(world.control("verify", json!({ "verify_token": "wrong" })).await["status"], 403);
}

#[tokio::test]
async fn a_page_from_elsewhere_is_not_obeyed() {
    let world = World::start(options()).await;
    let url = format!("{}/control/reset", world.sandbox.url());
    let foreign = world.http.post(&url).header("origin", "https://evil.example").send().await.unwrap();
    assert_eq!(foreign.status(), 403);
    let rebound = world.http.post(&url).header("host", "evil.example").send().await.unwrap();
    assert_eq!(rebound.status(), 403);
    let own = world.http.post(&url).header("origin", world.sandbox.url()).send().await.unwrap();
    assert_eq!(own.status(), 200);
}

#[tokio::test]
async fn the_page_brings_everything_it_names_and_nothing_from_elsewhere() {
    let world = World::start(options()).await;
    let get = async |path: &str| {
        let response = world.http.get(format!("{}{path}", world.sandbox.url())).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"), "{path}");
        response.text().await.unwrap()
    };
    let page = get("/").await;
    assert!(
        !page.contains(" style=") && !page.contains(" onclick="),
        "inline handlers and styles are forbidden by the policy"
    );
    let mut wanted: Vec<String> = Vec::new();
    wanted.extend(page.split('"').filter(|part| part.starts_with("/page/")).map(str::to_owned));
    assert!(wanted.len() >= 4);
    let mut seen = 0;
    while let Some(path) = wanted.get(seen).cloned() {
        let text = get(&path).await;
        seen += 1;
        for import in text.lines().filter(|line| line.starts_with("import ")) {
            let name = import.split('"').nth(1).unwrap().trim_start_matches("./");
            let path = format!("/page/{name}");
            if !wanted.contains(&path) {
                wanted.push(path);
            }
        }
    }
    assert!(seen >= 10, "{wanted:?}");
}
