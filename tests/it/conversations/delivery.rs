//! Webhooks as the provider really delivers them: again, together, late, out of order.

use serde_json::{Value, json};

use super::{JOAO, MARIA};
use crate::support::World;

#[tokio::test]
async fn a_batch_of_thirty_messages_from_ten_people() {
    let world = World::start().await;
    let numbers: Vec<String> = (0..10).map(|n| format!("55119700000{n:02}")).collect();
    let messages: Vec<Value> = ["oi", "1", "sair"]
        .iter()
        .flat_map(|text| numbers.iter().map(move |number| json!({ "phone": number, "text": text })))
        .collect();
    let answer = world.control("deliver", json!({ "messages": messages })).await;
    assert!(
        answer["deliveries"].as_array().expect("deliveries").iter().all(|one| one["status"] == 200),
        "{answer}"
    );
    for number in &numbers {
        let phone = world.phone(number);
        phone.hears("Como posso ajudar?").await;
        phone.hears_one_of(&["Até logo", "não marquei nada"]).await;
        // The "1" was written before the menu could be read: it chose nothing and cost one repetition.
        assert_eq!(phone.times_heard("Como posso ajudar?").await, 2, "{}", phone.chat().await);
        assert_eq!(phone.times_heard("*CPF*").await, 0, "{}", phone.chat().await);
    }
}

/// Two messages in the same second: the second was written before the question could be read, so it does not choose.
#[tokio::test]
async fn two_messages_in_the_same_second() {
    let world = World::start().await;
    let phone = world.phone(MARIA.phone);
    let now = world.ask("state").await;
    assert!(now["today"].is_string());
    let messages = json!([{ "phone": MARIA.phone, "text": "oi" }, { "phone": MARIA.phone, "text": "1" }]);
    world.control("deliver", json!({ "messages": messages })).await;
    phone.hears("Como posso ajudar?").await;
    phone.hears("Como posso ajudar?").await;
    assert_eq!(phone.times_heard("*CPF*").await, 0, "the early \"1\" chose an option");
    phone.say("1").await;
    phone.hears("*CPF*").await;
}

/// A button of a menu that is long over: explained, and the conversation starts anew.
#[tokio::test]
async fn an_old_button_pressed_late() {
    let world = World::start().await;
    let phone = world.phone(MARIA.phone);
    phone.say("falar com suporte").await;
    phone.hears("suporte aos sistemas").await;
    phone.say("menu").await;
    let menu = phone.hears("Como posso ajudar").await;
    let old = menu["rows"][0].clone();
    phone.say("sair").await;
    phone.hears("Até logo").await;
    phone.send("tap", json!({ "id": old["id"], "title": old["title"] })).await;
    phone.hears("conversa que já terminou").await;
    phone.hears("Como posso ajudar").await;
}

/// A button of another, earlier menu while one is open: the open question is repeated and nothing is chosen.
#[tokio::test]
async fn a_button_of_another_menu_repeats_the_question() {
    let world = World::start().await;
    let phone = world.phone(JOAO.phone);
    phone.say("oi").await;
    let menu = phone.hears("Como posso ajudar?").await;
    let old = menu["rows"][0].clone();
    phone.say("confirmar").await;
    super::identify(&phone, JOAO).await;
    phone.hears("Você vem?").await;
    phone.send("tap", json!({ "id": old["id"], "title": old["title"] })).await;
    phone.hears("Você vem?").await;
    phone.tap("Sim, confirmar").await;
    phone.hears("Consulta confirmada").await;
}
