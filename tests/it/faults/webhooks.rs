//! Trouble between Meta and us.

use serde_json::json;

use crate::conversations::{ANA, JOAO, MARIA};
use crate::support::{World, now_in_seconds};

pub(super) async fn the_same_webhook_five_times() {
    let world = World::start().await;
    let phone = world.phone(MARIA.phone);
    phone.say_with("oi", json!({ "times": 5 })).await;
    phone.hears("Como posso ajudar?").await;
    let answer = phone.say_with("agendar", json!({ "times": 5, "parallel": true })).await;
    let deliveries = answer["deliveries"].as_array().expect("a list of deliveries");
    assert_eq!(deliveries.len(), 5);
    assert!(deliveries.iter().all(|delivery| delivery["status"] == 200), "{answer}");
    phone.hears("*CPF*").await;
    phone.say("sair").await;
    phone.hears_one_of(&["Até logo", "não marquei nada"]).await;
    assert_eq!(phone.times_heard("Como posso ajudar?").await, 1);
    assert_eq!(phone.times_heard("*CPF*").await, 1);
}

pub(super) async fn a_message_five_hours_late() {
    let world = World::start().await;
    let phone = world.phone(MARIA.phone);
    phone.say_with("oi", json!({ "timestamp": now_in_seconds() - 5 * 3_600 })).await;
    phone.hears("Como posso ajudar?").await;
}

pub(super) async fn a_message_two_days_late() {
    let world = World::start().await;
    let phone = world.phone(MARIA.phone);
    let answer = phone.say_with("oi", json!({ "timestamp": now_in_seconds() - 48 * 3_600 })).await;
    assert_eq!(answer["deliveries"][0]["status"], 200, "{answer}");
    world.noticed("mais de 24 horas depois").await;
    assert_eq!(phone.heard().await.len(), 0, "{}", phone.chat().await);
    phone.say("oi").await;
    phone.hears("Como posso ajudar?").await;
}

pub(super) async fn a_wrong_signature() {
    let world = World::start().await;
    let phone = world.phone(MARIA.phone);
    for signature in ["missing", "wrong_key", "wrong_body", "sha1_only"] {
        let answer = phone.say_with("oi", json!({ "signature": signature, "retry": false })).await;
        assert_eq!(answer["deliveries"][0]["status"], 401, "{signature}: {answer}");
    }
    phone.say_with("oi", json!({ "escape": true })).await;
    phone.hears("Como posso ajudar?").await;
    assert_eq!(phone.heard().await.len(), 1);
}

/// The body of a webhook with messages, as texts of JSON.
fn body(world: &World, messages: &[String]) -> String {
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{{"field":"messages","value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"1","phone_number_id":"{}"}},"messages":[{}]}}}}]}}]}}"#,
        world.options.phone_number_id,
        messages.join(",")
    )
}

fn message(phone: &str, id: &str) -> String {
    let now = now_in_seconds();
    json!({ "from": phone, "id": id, "timestamp": now.to_string(), "type": "text", "text": { "body": "oi" } })
        .to_string()
}

pub(super) async fn half_a_body() {
    let world = World::start().await;
    let whole = body(&world, &[message(MARIA.phone, "wamid.half")]);
    let answer = world.control("deliver", json!({ "raw": whole[..whole.len() / 2] })).await;
    assert_eq!(answer["deliveries"][0]["status"], 400, "{answer}");
    let phone = world.phone(MARIA.phone);
    assert_eq!(phone.heard().await.len(), 0);
    // The sandbox reads nothing of what it is given raw: it does not know that somebody wrote.
    phone.send("window", json!({ "open": true })).await;
    world.control("deliver", json!({ "raw": whole })).await;
    phone.hears("Como posso ajudar?").await;
}

pub(super) async fn a_poisoned_message_among_good_ones() {
    let world = World::start().await;
    let poison = json!({ "from": JOAO.phone, "id": "wamid.poison", "timestamp": "not a moment", "type": "interactive",
                         "interactive": 7 });
    let messages =
        [message(MARIA.phone, "wamid.1"), poison.to_string(), "{}".to_owned(), message(ANA.phone, "wamid.2")];
    for patient in [MARIA, ANA] {
        world.phone(patient.phone).send("window", json!({ "open": true })).await;
    }
    let answer = world.control("deliver", json!({ "raw": body(&world, &messages) })).await;
    assert_eq!(answer["deliveries"][0]["status"], 200, "{answer}");
    for patient in [MARIA, ANA] {
        world.phone(patient.phone).hears("Como posso ajudar?").await;
    }
}

pub(super) async fn messages_of_kinds_we_do_not_know() {
    let world = World::start().await;
    let phone = world.phone(MARIA.phone);
    for message in [
        json!({ "type": "hologram", "hologram": { "id": "1" } }),
        json!({ "type": "unsupported", "errors": [{ "code": 131_051, "title": "Message type unknown" }] }),
        json!({ "type": "edit", "edit": { "original_message_id": "wamid.x", "message": { "type": "text", "text": { "body": "não" } } } }),
        json!({ "type": "reaction", "reaction": { "message_id": "wamid.x", "emoji": "👍" } }),
    ] {
        let answer = phone.send("message", json!({ "message": message })).await;
        assert_eq!(answer["deliveries"][0]["status"], 200, "{answer}");
    }
    phone.say("oi").await;
    phone.hears("Como posso ajudar?").await;
}

pub(super) async fn a_picture_where_a_number_was_asked() {
    for kind in ["image", "audio", "document"] {
        let world = World::start().await;
        let phone = world.phone(ANA.phone);
        phone.say("agendar").await;
        phone.hears("*CPF*").await;
        phone
            .send("media", json!({ "kind": kind, "timestamp": now_in_seconds() + 3, "delay_ms": 250 }))
            .await;
        phone.hears("não parece certo").await;
        phone.say(ANA.cpf).await;
        phone.hears("data de nascimento").await;
    }
}

pub(super) async fn the_service_is_away() {
    let mut world = World::start().await;
    let phone = world.phone(ANA.phone);
    phone.say("oi").await;
    phone.hears("Como posso ajudar?").await;
    world.kill();
    phone.say_with("agendar", json!({ "wait": false })).await;
    world.restart().await;
    phone.hears("*CPF*").await;
    phone.say(ANA.cpf).await;
    phone.hears("data de nascimento").await;
    assert_eq!(phone.times_heard("*CPF*").await, 1, "{}", phone.chat().await);
}
