//! A patient cancels: the slot is free again.

use super::{JOAO, MARIA, identify};
use crate::support::World;

#[tokio::test]
async fn cancelling_frees_the_slot() {
    let world = World::start().await;
    let tomorrow = world.tomorrow().await;
    let before = world.appointments(JOAO.cpf).await;
    let mine = before.iter().find(|one| one["date"] == tomorrow.as_str()).expect("seeded").clone();
    let phone = world.phone(JOAO.phone);
    phone.say("preciso desmarcar").await;
    identify(&phone, JOAO).await;
    let asked = phone.hears_one_of(&["Posso cancelar", "Qual você quer cancelar"]).await;
    if asked["rows"].is_array() {
        phone.tap(&crate::support::Phone::first_row(&asked)).await;
        phone.hears("Posso cancelar").await;
    }
    phone.tap("Sim, cancelar").await;
    phone.hears("Consulta cancelada").await;
    assert!(world.appointments(JOAO.cpf).await.iter().all(|one| one["id"] != mine["id"]));
    let schedule = mine["schedule"].as_str().expect("a schedule");
    let encoded: String = schedule.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let free = world.ask(&format!("rm/slots?schedule={encoded}&date={tomorrow}")).await;
    let slots = free["slots"].as_array().expect("a list of slots");
    assert!(
        slots.iter().any(|slot| slot["time"] == mine["time"]),
        "{} is not free again: {free}",
        mine["time"]
    );
}

#[tokio::test]
async fn changing_ones_mind_cancels_nothing() {
    let world = World::start().await;
    let before = world.appointments(MARIA.cpf).await;
    let phone = world.phone(MARIA.phone);
    phone.say("cancelar").await;
    identify(&phone, MARIA).await;
    phone.hears("Qual você quer cancelar").await;
    phone.tap("Não cancelar nada").await;
    phone.hears("não cancelei nada").await;
    assert_eq!(world.appointments(MARIA.cpf).await, before);
    assert!(world.rm_requests("DELETE", "/api").await.is_empty());
}
