//! The unhappy ways: RM away or slow, answers that do not fit, silence.

use super::{ANA, MARIA};
use crate::support::World;

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
