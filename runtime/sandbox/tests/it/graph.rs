//! The Graph API: credentials, limits, statuses, windows, media.

use fluxo_sandbox::Options;
use serde_json::{Value, json};

use crate::service::{World, options, pair};

const MARIA: &str = "5511987654321";

fn message(kind: &str, content: Value) -> Value {
    let mut message = json!({ "messaging_product": "whatsapp", "to": format!("+{MARIA}"), "type": kind });
    message[kind] = content;
    message
}

fn buttons(body: &str, list: &[(&str, &str)]) -> Value {
    let list: Vec<Value> = list
        .iter()
        .map(|(id, title)| json!({ "type": "reply", "reply": { "id": id, "title": title } }))
        .collect();
    message(
        "interactive",
        json!({ "type": "button", "body": { "text": body }, "action": { "buttons": list } }),
    )
}

fn list(button: &str, rows: usize, title: &str) -> Value {
    let rows: Vec<Value> =
        (0..rows).map(|at| json!({ "id": format!("r{at}"), "title": title, "description": "d" })).collect();
    message(
        "interactive",
        json!({ "type": "list", "body": { "text": "b" }, "action": { "button": button, "sections": [{ "rows": rows }] } }),
    )
}

#[tokio::test]
async fn credentials_and_ids_are_checked() {
    let world = World::start(options()).await;
    let path = |id: &str| format!("{}/v26.0/{id}/messages", world.sandbox.graph_url());
    let id = Options::default().phone_number_id;
    let refused = world.http.post(path(&id)).bearer_auth("wrong").json(&json!({})).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.json::<Value>().await.unwrap()["error"]["code"], 190);
    let unknown = world
        .http
        .post(path("999"))
        .bearer_auth(Options::default().access_token)
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    assert_eq!(unknown.status(), 400);
    let (status, body) = world.graph(json!({ "to": MARIA })).await;
    assert_eq!((status, &body["error"]["code"]), (400, &json!(100)));
    let (_, body) = world
        .graph(json!({ "messaging_product": "whatsapp", "to": "551130030100", "text": { "body": "eu" } }))
        .await;
    assert_eq!(body["error"]["code"], 131_021);
}

#[tokio::test]
async fn every_limit_of_the_contract_is_kept() {
    let world = World::start(options()).await;
    let long = |count: usize| "á".repeat(count);
    let refused: Vec<(&str, Value)> = vec![
        ("text", message("text", json!({ "body": long(4097) }))),
        ("no text", message("text", json!({ "body": "" }))),
        ("button body", buttons(&long(1025), &[("a", "A")])),
        ("four buttons", buttons("b", &[("a", "A"), ("b", "B"), ("c", "C"), ("d", "D")])),
        ("no button", buttons("b", &[])),
        ("button title", buttons("b", &[("a", &long(21))])),
        ("button id", buttons("b", &[(&"i".repeat(257), "A")])),
        ("twin ids", buttons("b", &[("a", "A"), ("a", "B")])),
        ("twin titles", buttons("b", &[("a", "A"), ("b", "A")])),
        ("line break in a title", buttons("b", &[("a", "A\nB")])),
        ("eleven rows", list("Abrir", 11, "x")),
        ("row title", list("Abrir", 1, &long(25))),
        ("list button", list(&long(21), 1, "x")),
        ("caption", message("image", json!({ "link": "https://example.com/a.png", "caption": long(1025) }))),
        (
            "caption of audio",
            message("audio", json!({ "link": "https://example.com/a.ogg", "caption": "x" })),
        ),
        ("no media", message("image", json!({}))),
        ("unknown media", message("image", json!({ "id": "404" }))),
        ("location", message("location", json!({ "latitude": 91, "longitude": 0 }))),
        ("unknown type", message("poll", json!({}))),
        (
            "link text",
            message(
                "interactive",
                json!({ "type": "cta_url", "body": { "text": "b" }, "action": { "name": "cta_url", "parameters": { "display_text": long(21), "url": "https://example.com" } } }),
            ),
        ),
        (
            "footer",
            message(
                "interactive",
                json!({ "type": "button", "body": { "text": "b" }, "footer": { "text": long(61) }, "action": { "buttons": [{ "type": "reply", "reply": { "id": "a", "title": "A" } }] } }),
            ),
        ),
        ("callback data", {
            let mut m = message("text", json!({ "body": "x" }));
            m["biz_opaque_callback_data"] = json!(long(513));
            m
        }),
    ];
    for (what, body) in refused {
        let (status, answer) = world.graph(body).await;
        let code = answer["error"]["code"].as_i64();
        assert!(
            status == 400 && matches!(code, Some(100 | 131_008 | 131_009 | 131_051)),
            "{what}: {status} {answer}"
        );
    }
    let accepted = [
        message("text", json!({ "body": long(4096) })),
        buttons(&long(1024), &[("a", &long(20)), ("b", "B"), ("c", "C")]),
        list(&long(20), 10, &long(24)),
        message("location", json!({ "latitude": "-23.5", "longitude": -46.6 })),
    ];
    for body in accepted {
        let (status, answer) = world.graph(body).await;
        assert_eq!(status, 200, "{answer}");
    }
}

#[tokio::test]
async fn statuses_follow_in_order_signed_with_the_callers_tag() {
    let (world, service) = pair().await;
    world.control(&format!("phones/{MARIA}/say"), json!({ "text": "oi" })).await;
    let mut sent = message("text", json!({ "body": "Olá" }));
    sent["biz_opaque_callback_data"] = json!("1:s:2:0");
    let (status, answer) = world.graph(sent).await;
    assert_eq!((status, answer["contacts"][0]["wa_id"].as_str()), (200, Some(MARIA)));
    let seen = world.look(&format!("phones/{MARIA}/transcript?from=service&status=read&wait_ms=30000")).await;
    assert_eq!(seen["messages"][0]["text"], "Olá");
    world.look("requests?target=webhook&done=true&count=4&wait_ms=30000").await;
    assert_eq!(service.statuses(), ["sent", "delivered", "read"]);
    for webhook in &service.taken()[1..] {
        let status = webhook.value()["statuses"][0].clone();
        assert_eq!(status["biz_opaque_callback_data"], "1:s:2:0");
        assert_eq!((&status["id"], &status["recipient_id"]), (&answer["messages"][0]["id"], &json!(MARIA)));
        assert!(status["timestamp"].is_string() && status.get("conversation").is_none());
        assert!(webhook.signature.as_ref().unwrap().starts_with("sha256="));
    }
}

#[tokio::test]
async fn statuses_can_be_skipped_reordered_doubled_and_early() {
    let (world, service) = pair().await;
    world.control(&format!("phones/{MARIA}/say"), json!({ "text": "oi" })).await;
    world
        .control(
            "settings",
            json!({ "reorder_statuses": true, "read_ms": null, "status_copies": 2, "status_format": "v23" }),
        )
        .await;
    world.graph(message("text", json!({ "body": "a" }))).await;
    world.look("requests?target=webhook&done=true&count=5&wait_ms=30000").await;
    assert_eq!(service.statuses(), ["delivered", "delivered", "sent", "sent"]);
    assert!(service.taken()[3].value()["statuses"][0]["conversation"]["expiration_timestamp"].is_string());
    world
        .control(
            "settings",
            json!({ "reorder_statuses": false, "status_copies": 1, "sent_before_response": true }),
        )
        .await;
    let (_, answer) = world.graph(message("text", json!({ "body": "b" }))).await;
    let early = service.taken()[5].value()["statuses"][0].clone();
    assert_eq!((&early["status"], &early["id"]), (&json!("sent"), &answer["messages"][0]["id"]));
}

#[tokio::test]
async fn a_closed_window_fails_later_and_a_template_opens_nothing() {
    let (world, service) = pair().await;
    let (status, _) = world.graph(message("text", json!({ "body": "cedo" }))).await;
    assert_eq!(status, 200, "accepted first");
    world.look("requests?target=webhook&done=true&count=1&wait_ms=30000").await;
    assert_eq!(service.taken()[0].value()["statuses"][0]["errors"][0]["code"], 131_047);
    let text = |value: &str| json!({ "type": "text", "text": value });
    let template = json!({
        "name": "confirmacao_consulta", "language": { "code": "pt_BR" },
        "components": [{ "type": "body", "parameters": [text("Maria"), text("25/11")] }],
    });
    let (status, answer) = world.graph(message("template", template)).await;
    assert_eq!((status, answer["messages"][0]["message_status"].as_str()), (200, Some("accepted")));
    let chat = world.look(&format!("phones/{MARIA}/transcript")).await;
    assert_eq!(chat["messages"].as_array().unwrap().len(), 1, "what failed is not shown");
    assert_eq!(chat["messages"][0]["buttons"][0]["title"], "Sim, confirmar");
    assert_eq!(chat["failed"][0]["text"], "cedo");
    world.control(&format!("phones/{MARIA}/say"), json!({ "text": "oi" })).await;
    world.control("clock", json!({ "advance_s": 25 * 3600 })).await;
    assert_eq!(world.look(&format!("phones/{MARIA}/transcript")).await["window_open"], false);
}

#[tokio::test]
async fn failures_come_on_demand() {
    let (world, service) = pair().await;
    world.control(&format!("phones/{MARIA}/say"), json!({ "text": "oi" })).await;
    world.control("faults", json!({ "target": "graph", "times": 1, "fault": { "async_failed": 131_026, "after_sent": true } })).await;
    world.graph(message("text", json!({ "body": "a" }))).await;
    world.look("requests?target=webhook&done=true&count=3&wait_ms=30000").await;
    assert_eq!(service.statuses(), ["sent", "failed"]);
    let (_, landline) = world
        .graph(json!({ "messaging_product": "whatsapp", "to": "+551133334444", "text": { "body": "a" } }))
        .await;
    assert!(landline["messages"][0]["id"].is_string());
    world.look("requests?target=webhook&done=true&count=4&wait_ms=30000").await;
    assert_eq!(service.taken()[3].value()["statuses"][0]["errors"][0]["code"], 131_026);
    world.control("settings", json!({ "pair_limit": true })).await;
    let mut codes = Vec::new();
    for _ in 0..46 {
        codes.push(world.graph(message("text", json!({ "body": "a" }))).await.1["error"]["code"].as_i64());
    }
    assert_eq!(codes.iter().filter(|code| code.is_none()).count(), 45);
    assert_eq!(codes[45], Some(131_056));
}

#[tokio::test]
async fn an_old_account_answers_to_both_forms_of_its_number() {
    let (world, service) = pair().await;
    world.control("phones/5531996883193/say", json!({ "text": "oi" })).await;
    assert_eq!(service.taken()[0].value()["messages"][0]["from"], "553196883193");
    for to in ["+5531996883193", "553196883193", "+55 (31) 99688-3193"] {
        let (_, answer) =
            world.graph(json!({ "messaging_product": "whatsapp", "to": to, "text": { "body": "oi" } })).await;
        assert_eq!(
            (answer["contacts"][0]["wa_id"].as_str(), answer["contacts"][0]["input"].as_str()),
            (Some("553196883193"), Some(to))
        );
    }
    let chat = world.look("phones/553196883193/transcript").await;
    assert_eq!(chat["messages"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn a_person_without_a_number_is_reached_by_user_id() {
    let (world, service) = pair().await;
    world
        .control(
            &format!("phones/{MARIA}/say"),
            json!({ "text": "oi", "no_wa_id": true, "username": "maria.s" }),
        )
        .await;
    let value = service.taken()[0].value();
    assert!(value["messages"][0].get("from").is_none() && value["contacts"][0].get("wa_id").is_none());
    assert_eq!(value["contacts"][0]["profile"]["username"], "maria.s");
    let bsuid = value["messages"][0]["from_user_id"].clone();
    let (status, answer) = world
        .graph(json!({ "messaging_product": "whatsapp", "recipient": bsuid, "text": { "body": "oi" } }))
        .await;
    assert_eq!((status, &answer["contacts"][0]["user_id"]), (200, &bsuid));
    assert!(answer["contacts"][0].get("wa_id").is_none());
}

#[tokio::test]
async fn media_have_an_address_for_five_minutes_and_ask_for_the_token() {
    let (world, service) = pair().await;
    let sent = world
        .control(&format!("phones/{MARIA}/media"), json!({ "kind": "image", "caption": "minha guia" }))
        .await;
    assert_eq!(sent["deliveries"][0]["status"], 200);
    let image = service.taken()[0].value()["messages"][0]["image"].clone();
    let token = Options::default().access_token;
    let url = format!("{}/v26.0/{}", world.sandbox.graph_url(), image["id"].as_str().unwrap());
    let found: Value = world.http.get(url).bearer_auth(&token).send().await.unwrap().json().await.unwrap();
    assert_eq!(found["mime_type"], "image/png");
    let address = found["url"].as_str().unwrap();
    let get = |with: bool| {
        let request = world.http.get(address);
        if with { request.bearer_auth(&token) } else { request }.send()
    };
    let bytes = get(true).await.unwrap().bytes().await.unwrap();
    assert!(bytes.starts_with(b"\x89PNG"));
    assert_eq!(get(false).await.unwrap().status(), 401);
    world.control("clock", json!({ "advance_s": 301 })).await;
    assert_eq!(get(true).await.unwrap().status(), 404);
}

#[tokio::test]
async fn receipts_turn_the_ticks_and_show_typing() {
    let (world, _service) = pair().await;
    let said = world.control(&format!("phones/{MARIA}/say"), json!({ "text": "oi" })).await;
    let receipt = json!({ "messaging_product": "whatsapp", "status": "read", "message_id": said["wamid"], "typing_indicator": { "type": "text" } });
    assert_eq!(world.graph(receipt).await, (200, json!({ "success": true })));
    let chat = world.look(&format!("phones/{MARIA}/transcript?status=read")).await;
    assert_eq!(
        (chat["messages"][0]["wamid"].clone(), &chat["typing"]),
        (said["wamid"].clone(), &json!(true))
    );
    world.graph(message("text", json!({ "body": "Olá" }))).await;
    assert_eq!(world.look(&format!("phones/{MARIA}/transcript")).await["typing"], false);
}

#[tokio::test]
async fn templates_are_listed_page_by_page() {
    let world = World::start(options()).await;
    let base =
        format!("{}/v26.0/{}/message_templates", world.sandbox.graph_url(), Options::default().waba_id);
    let get = |query: &str| {
        world.http.get(format!("{base}?{query}")).bearer_auth(Options::default().access_token).send()
    };
    let first: Value = get("limit=4").await.unwrap().json().await.unwrap();
    assert_eq!(first["data"].as_array().unwrap().len(), 4);
    assert_eq!(
        first["data"][0]["components"][2]["buttons"][0],
        json!({ "type": "QUICK_REPLY", "text": "Sim, confirmar" })
    );
    let after = first["paging"]["cursors"]["after"].as_str().unwrap();
    let second: Value = get(&format!("limit=4&after={after}")).await.unwrap().json().await.unwrap();
    assert!(second["paging"].get("next").is_none() && second["data"].as_array().unwrap().len() == 3);
    let wrong: Value = get("after=nonsense").await.unwrap().json().await.unwrap();
    assert_eq!(wrong["error"]["code"], 131_059);
}
