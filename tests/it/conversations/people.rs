//! A patient reaches a person, and the conversation comes back.

use serde_json::{Value, json};

use super::MARIA;
use crate::support::{PATIENCE, Phone, World};

/// The conversation that waits in a queue, once there is one.
async fn waiting(world: &World) -> String {
    let begun = std::time::Instant::now();
    loop {
        let (status, answer) = world.api(reqwest::Method::GET, "/api/desk/conversations", None).await;
        assert_eq!(status, 200, "{answer}");
        if let Some(id) = answer["conversations"].as_array().and_then(|all| all.first()?["id"].as_str()) {
            return id.to_owned();
        }
        assert!(begun.elapsed() < PATIENCE, "nobody waits at the desk: {answer}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

async fn act(world: &World, id: &str, verb: &str, body: Value) {
    let (status, answer) =
        world.api(reqwest::Method::POST, &format!("/api/desk/conversations/{id}/{verb}"), Some(body)).await;
    assert!((200..300).contains(&status), "{verb}: {status} {answer}");
}

/// What the desk reads of a conversation, once it holds a text.
async fn desk_reads(world: &World, id: &str, text: &str) -> String {
    let begun = std::time::Instant::now();
    loop {
        let (status, answer) = world
            .api(reqwest::Method::GET, &format!("/api/desk/conversations/{id}/lines?after=0"), None)
            .await;
        assert_eq!(status, 200, "{answer}");
        let all = answer.to_string();
        if all.contains(text) {
            return all;
        }
        assert!(begun.elapsed() < PATIENCE, "the desk never reads {text:?}: {all}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

async fn up_to_the_queue(world: &World) -> (Phone, String) {
    let phone = world.phone(MARIA.phone);
    phone.say("quero falar com atendente").await;
    phone.hears("chamando alguém da recepção").await;
    let id = waiting(world).await;
    (phone, id)
}

#[tokio::test]
async fn a_person_answers_and_gives_the_conversation_back() {
    let world = World::start().await;
    let (phone, id) = up_to_the_queue(&world).await;
    act(&world, &id, "take", json!({})).await;
    phone.say("vocês atendem aos sábados?").await;
    desk_reads(&world, &id, "aos sábados").await;
    act(&world, &id, "reply", json!({ "text": "Sim, das 8h às 12h." })).await;
    phone.hears("das 8h às 12h").await;
    assert_eq!(phone.times_heard("Não entendi").await, 0, "the flow spoke while people had the conversation");
    act(&world, &id, "return", json!({})).await;
    phone.hears("Como posso ajudar agora?").await;
}

#[tokio::test]
async fn a_person_ends_the_conversation() {
    let world = World::start().await;
    let (phone, id) = up_to_the_queue(&world).await;
    act(&world, &id, "take", json!({})).await;
    act(&world, &id, "finish", json!({ "note": "resolvido" })).await;
    phone.say("oi").await;
    phone.hears("Como posso ajudar?").await;
}

#[tokio::test]
async fn who_has_the_conversation_survives_a_kill() {
    let mut world = World::start().await;
    let (phone, id) = up_to_the_queue(&world).await;
    act(&world, &id, "take", json!({})).await;
    world.kill();
    phone.say_with("ainda estou aqui", json!({ "wait": false })).await;
    world.restart().await;
    desk_reads(&world, &id, "ainda estou aqui").await;
    act(&world, &id, "reply", json!({ "text": "Eu também!" })).await;
    phone.hears("Eu também!").await;
    assert_eq!(phone.times_heard("Não entendi").await, 0);
}

/// The second system's case: straight to the support team, several bubbles as one request.
#[tokio::test]
async fn support_gets_all_bubbles_as_one_request() {
    let world = World::start().await;
    let phone = world.phone("5511933334444");
    phone.say("preciso de suporte").await;
    phone.hears("Conte o que está acontecendo").await;
    phone.say("o sistema de laudos trava").await;
    phone.say("aparece erro 42").await;
    phone.say("desde ontem").await;
    phone.hears("passando para a equipe de suporte").await;
    let id = waiting(&world).await;
    let (_, answer) = world.api(reqwest::Method::GET, "/api/desk/conversations", None).await;
    let told = answer.to_string() + &desk_reads(&world, &id, "erro 42").await;
    for bubble in ["sistema de laudos trava", "erro 42", "desde ontem"] {
        assert!(told.contains(bubble), "the team is not told {bubble:?}: {told}");
    }
    act(&world, &id, "take", json!({})).await;
    act(&world, &id, "return", json!({})).await;
    phone.hears("O que você prefere fazer agora?").await;
    phone.tap("Encerrar").await;
    phone.hears("que nota você dá").await;
    phone.say("5").await;
    phone.hears("Obrigado pela resposta").await;
}

#[tokio::test]
async fn the_desk_is_closed_to_strangers() {
    let world = World::start().await;
    for path in ["/api/desk/conversations", "/api/desk/notices"] {
        let answer =
            world.client.get(format!("{}{path}", world.service.base)).send().await.expect("an answer");
        assert_eq!(answer.status(), 401, "{path}");
        let answer =
            world.client.get(format!("{}{path}", world.service.base)).bearer_auth("guess").send().await;
        assert_eq!(answer.expect("an answer").status(), 401, "{path}");
    }
    let answer =
        world.client.post(format!("{}/api/sessions", world.service.base)).json(&json!({})).send().await;
    assert_eq!(answer.expect("an answer").status(), 401);
}
