//! A patient gets a reminder and confirms.

use serde_json::json;

use super::{JOAO, JOSE, MARIA, identify};
use crate::support::World;

async fn states(world: &World, cpf: &str, day: &str) -> Vec<String> {
    let all = world.appointments(cpf).await;
    all.iter()
        .filter(|one| one["date"] == day)
        .map(|one| one["state"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn a_reminder_is_answered_by_its_button() {
    let world = World::start().await;
    let tomorrow = world.tomorrow().await;
    let phone = world.phone(JOAO.phone);
    let asked = json!({ "flow": "lembrete", "to": { "phone": JOAO.phone, "name": "João Carlos Pereira" }, "inputs": { "data": tomorrow } });
    let (status, answer) = world.api(reqwest::Method::POST, "/api/sessions", Some(asked)).await;
    assert_eq!(status, 202, "{answer}");
    phone.hears("Sim, confirmar").await;
    phone.tap("Sim, confirmar").await;
    identify(&phone, JOAO).await;
    phone.hears("Você vem?").await;
    phone.tap("Sim, confirmar").await;
    phone.hears("Consulta confirmada").await;
    assert_eq!(states(&world, JOAO.cpf, &tomorrow).await, ["confirmed"]);
}

#[tokio::test]
async fn several_appointments_are_confirmed_at_once() {
    let world = World::start().await;
    let tomorrow = world.tomorrow().await;
    let phone = world.phone(MARIA.phone);
    phone.say("confirmar").await;
    identify(&phone, MARIA).await;
    phone.hears("consultas para confirmar").await;
    phone.tap("Confirmar todas").await;
    phone.hears("Consultas confirmadas").await;
    assert_eq!(states(&world, MARIA.cpf, &tomorrow).await, ["confirmed", "confirmed"]);
}

/// Cancelled in RM between the list and the tap: the patient hears so and RM is not written to.
#[tokio::test]
async fn what_changed_meanwhile_is_read_again_before_it_is_written() {
    let world = World::start().await;
    let tomorrow = world.tomorrow().await;
    let phone = world.phone(JOAO.phone);
    phone.say("confirmar").await;
    identify(&phone, JOAO).await;
    phone.hears("Você vem?").await;
    let id = world
        .appointments(JOAO.cpf)
        .await
        .iter()
        .find(|one| one["date"] == tomorrow.as_str())
        .expect("seeded")["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let encoded: String = id.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let removed = world
        .client
        .delete(format!("{}/rm/api/hcg/v2/appointments/{encoded}?companyId=1", world.sandbox))
        .basic_auth(&world.options.rm_user, Some(&world.options.rm_password))
        .send()
        .await
        .expect("RM answers");
    assert!(removed.status().is_success(), "{}", removed.status());
    phone.tap("Sim, confirmar").await;
    phone.hears("Não estão mais na agenda").await;
    assert!(world.rm_requests("PUT", "/api/hcg/v2/appointments-wa").await.is_empty());
}

/// An account without the ninth digit is answered under the number it wrote from.
#[tokio::test]
async fn an_old_account_without_the_ninth_digit_is_the_same_person() {
    let world = World::start().await;
    let tomorrow = world.tomorrow().await;
    world.control("settings", json!({ "without_ninth_digit": [JOSE.phone] })).await;
    let phone = world.phone(JOSE.phone);
    let asked = json!({ "flow": "lembrete", "to": { "phone": JOSE.phone, "name": "José" }, "inputs": { "data": tomorrow } });
    let (status, answer) = world.api(reqwest::Method::POST, "/api/sessions", Some(asked)).await;
    assert_eq!(status, 202, "{answer}");
    phone.hears("Sim, confirmar").await;
    phone.tap("Sim, confirmar").await;
    identify(&phone, JOSE).await;
    phone.hears("Você vem?").await;
    phone.tap("Sim, confirmar").await;
    phone.hears("Consulta confirmada").await;
    assert_eq!(states(&world, JOSE.cpf, &tomorrow).await, ["confirmed"]);
}
