//! The unhappy ways: RM away or slow, answers that do not fit, silence.

use serde_json::json;

use super::{ANA, MARIA, identify};
use crate::support::World;

#[tokio::test]
async fn rm_is_down_and_comes_back() {
    let world = World::start().await;
    let phone = world.phone(ANA.phone);
    world.faults(json!([{ "target": "rm", "fault": { "status": 503 } }])).await;
    phone.say("agendar").await;
    phone.hears("*CPF*").await;
    phone.say(ANA.cpf).await;
    phone.hears("não está respondendo agora").await;
    world.no_faults().await;
    phone.tap("Tentar de novo").await;
    identify(&phone, ANA).await;
    phone.hears("Vamos marcar").await;
}

#[tokio::test]
async fn rm_answers_with_a_proxys_page() {
    let world = World::start().await;
    let phone = world.phone(ANA.phone);
    world.faults(json!([{ "target": "rm", "path_prefix": "/api/hcg", "fault": "html" }])).await;
    phone.say("agendar").await;
    phone.hears("*CPF*").await;
    phone.say(ANA.cpf).await;
    phone.hears("não está respondendo agora").await;
    assert_eq!(phone.times_heard("<html").await, 0);
}

/// An answer that never comes: the flow goes on after the node's own limit.
#[tokio::test]
async fn rm_never_answers() {
    let world =
        World::with_flows(crate::support::flows_with(&[("\"10s\"", "\"1s\""), ("\"15s\"", "\"1s\"")])).await;
    let phone = world.phone(ANA.phone);
    world.faults(json!([{ "target": "rm", "path_prefix": "/api/hcg", "fault": "silence" }])).await;
    phone.say("agendar").await;
    phone.hears("*CPF*").await;
    phone.say(ANA.cpf).await;
    phone.hears("não está respondendo agora").await;
}

/// Slow is not broken, and what is typed meanwhile is held, not lost.
#[tokio::test]
async fn rm_is_slow_and_the_patient_goes_on_typing() {
    let world = World::start().await;
    let phone = world.phone(ANA.phone);
    world.faults(json!([{ "target": "rm", "path_prefix": "/api/hcg/v2/patients", "times": 1, "fault": { "slow_ms": 2_000 } }])).await;
    phone.say("agendar").await;
    phone.hears("*CPF*").await;
    phone.say(ANA.cpf).await;
    phone.say("27/01/1994").await;
    // Written before the question could be seen: it may answer it, since it is a valid answer and no yes or no.
    phone.hears("Vamos marcar").await;
}

/// RM forgets its tokens in mid-conversation: the patient notices nothing.
#[tokio::test]
async fn rms_token_expires_in_the_middle() {
    let world = World::start().await;
    let phone = world.phone(ANA.phone);
    phone.say("agendar").await;
    phone.hears("*CPF*").await;
    phone.say(ANA.cpf).await;
    phone.hears("data de nascimento").await;
    world.control("rm/expire-tokens", json!({})).await;
    phone.say(ANA.born).await;
    phone.hears("convênio ou particular").await;
    phone.tap("Particular").await;
    phone.hears("Qual é a especialidade").await;
}

#[tokio::test]
async fn a_wrong_cpf_three_times_leads_to_a_person() {
    let world = World::start().await;
    let phone = world.phone(ANA.phone);
    phone.say("agendar").await;
    phone.hears("*CPF*").await;
    for wrong in ["111.111.111-11", "não sei"] {
        phone.say(wrong).await;
        phone.hears("não parece certo").await;
    }
    phone.say("123").await;
    phone.hears("Não consegui ler o CPF").await;
    phone.hears("chamando alguém da recepção").await;
}

#[tokio::test]
async fn free_text_where_a_choice_was_asked() {
    let world = World::start().await;
    let phone = world.phone(MARIA.phone);
    phone.say("oi").await;
    phone.hears("Como posso ajudar?").await;
    for _ in 0..2 {
        phone.say("qual o sentido da vida?").await;
        phone.hears("Não entendi").await;
    }
    phone.say("bah").await;
    phone.hears("chamando alguém da recepção").await;
}

#[tokio::test]
async fn silence_until_the_timeout() {
    let world = World::with_flows(crate::support::flows_with(&[("\"20m\"", "\"1s\"")])).await;
    let phone = world.phone(MARIA.phone);
    phone.say("oi").await;
    phone.hears("Como posso ajudar?").await;
    phone.hears("vou encerrar por aqui").await;
    phone.say("oi").await;
    phone.hears("Como posso ajudar?").await;
}

/// The provider reports later that a message did not arrive: nobody is left waiting in silence.
#[tokio::test]
async fn a_message_that_fails_later_is_told_to_the_staff() {
    let world = World::start().await;
    let phone = world.phone(MARIA.phone);
    world.faults(json!([{ "target": "graph", "times": 1, "fault": { "async_failed": 131_026 } }])).await;
    phone.say("oi").await;
    let begun = std::time::Instant::now();
    loop {
        let (_, notices) = world.api(reqwest::Method::GET, "/api/desk/notices", None).await;
        let (_, queue) = world.api(reqwest::Method::GET, "/api/desk/conversations", None).await;
        let told = notices["notices"].as_array().is_some_and(|all| !all.is_empty());
        if told || queue["conversations"].as_array().is_some_and(|all| !all.is_empty()) {
            break;
        }
        assert!(begun.elapsed() < crate::support::PATIENCE, "nobody heard of it: {notices} {queue}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// A flow that would have shown a hole: the patient reads an apology and gets a person, never a text with a hole.
#[tokio::test]
async fn a_text_with_a_hole_is_never_sent() {
    let holed = crate::support::flows_with(&[("{{ env.hospital }}", "{{ contact.apelido }}")]);
    let world = World::with_flows(holed).await;
    let phone = world.phone(MARIA.phone);
    phone.say("oi").await;
    phone.hears("tive um problema aqui do meu lado").await;
    let (_, queue) = world.api(reqwest::Method::GET, "/api/desk/conversations", None).await;
    assert_eq!(queue["conversations"].as_array().map(Vec::len), Some(1), "{queue}");
    assert_eq!(phone.heard().await.len(), 1, "{}", phone.chat().await);
}
