//! Trouble while RM is asked: nothing is changed by asking, so it is asked again where that may help.

use serde_json::{Value, json};

use crate::conversations::{ANA, identify};
use crate::support::{Phone, World, flows_with, free_port};

const AWAY: &str = "não está respondendo agora";

/// Somebody who wants to book gives their CPF while reading from RM is struck.
async fn asks(world: &World, fault: Value) -> Phone {
    let phone = world.phone(ANA.phone);
    world.faults(fault).await;
    phone.say("agendar").await;
    phone.hears("*CPF*").await;
    phone.say(ANA.cpf).await;
    phone
}

fn reading(fault: Value) -> Value {
    json!([{ "target": "rm", "path_prefix": "/api/hcg", "fault": fault }])
}

fn once(fault: Value) -> Value {
    json!([{ "target": "rm", "path_prefix": "/api/hcg/v2/patients", "times": 1, "fault": fault }])
}

/// The patient is told that the agenda is away; once it is there, the conversation goes on.
async fn is_told(world: World, fault: Value) {
    let phone = asks(&world, fault).await;
    phone.hears(AWAY).await;
    let heard = phone.heard().await.join("\n");
    assert!(!heard.contains("<html") && !heard.contains("xxxx"), "{heard}");
    world.no_faults().await;
    phone.tap("Tentar de novo").await;
    identify(&phone, ANA).await;
    phone.hears("Vamos marcar").await;
    assert_eq!(world.appointments(ANA.cpf).await.len(), 0);
}

/// The patient notices nothing but a pause.
async fn goes_on(fault: Value) -> World {
    let world = World::start().await;
    let phone = asks(&world, fault).await;
    phone.hears("data de nascimento").await;
    assert_eq!(phone.times_heard(AWAY).await, 0, "{}", phone.chat().await);
    world
}

pub(super) async fn rm_is_down() {
    is_told(World::start().await, json!([{ "target": "rm", "fault": { "status": 503 } }])).await;
}

pub(super) async fn rm_answers_with_a_page() {
    is_told(World::start().await, reading(json!("html"))).await;
}

pub(super) async fn rm_never_answers() {
    let world = World::with_flows(flows_with(&[("\"10s\"", "\"1s\""), ("\"15s\"", "\"1s\"")])).await;
    let phone = asks(&world, reading(json!("silence"))).await;
    phone.hears(AWAY).await;
}

pub(super) async fn rm_is_slow() {
    let world = World::start().await;
    let phone = asks(&world, once(json!({ "slow_ms": 2_000 }))).await;
    phone.say(ANA.born).await;
    // Written before the question could be seen: it may answer it, since it is a valid answer and no yes or no.
    phone.hears("Vamos marcar").await;
}

pub(super) async fn rm_has_too_much_to_do_and_says_until_when() {
    let begun = std::time::Instant::now();
    goes_on(once(json!({ "status": 429, "headers": { "retry-after": "2" } }))).await;
    assert!(begun.elapsed() >= std::time::Duration::from_secs(2), "asked again before its time");
}

pub(super) async fn rm_has_too_much_to_do() {
    goes_on(once(json!({ "status": 429 }))).await;
}

pub(super) async fn rm_cuts_the_connection() {
    goes_on(once(json!("cut_before"))).await;
}

pub(super) async fn rms_answer_is_torn() {
    goes_on(once(json!("torn"))).await;
}

pub(super) async fn rms_answer_is_no_json() {
    let half = json!({ "status": 200, "body": "{\"items\":[{\"PatientId\":\"1|", "headers": { "content-type": "application/json" } });
    is_told(World::start().await, reading(half)).await;
}

pub(super) async fn rms_answer_is_huge() {
    is_told(World::start().await, reading(json!({ "status": 200, "body": "x".repeat(2 << 20) }))).await;
}

pub(super) async fn rms_token_ends_in_the_middle() {
    let world = World::start().await;
    let phone = asks(&world, json!([])).await;
    phone.hears("data de nascimento").await;
    world.control("rm/expire-tokens", json!({})).await;
    phone.say(ANA.born).await;
    phone.hears("convênio ou particular").await;
    phone.tap("Particular").await;
    phone.hears("Qual é a especialidade").await;
}

pub(super) async fn rm_refuses_our_login() {
    let refused = json!([{ "target": "rm", "path": "/api/connect/token", "fault": { "status": 401 } }]);
    is_told(World::start().await, refused).await;
}

pub(super) async fn rm_has_nothing_free() {
    let world = World::start().await;
    let empty = json!({ "code": "404", "message": "Nenhum registro encontrado", "detailedMessage": "", "details": [] });
    let free = json!([{ "target": "rm", "path_prefix": "/api/hcg/v2/appointmentAvailables",
                        "fault": { "status": 404, "body": empty } }]);
    let phone = asks(&world, free).await;
    phone.hears("data de nascimento").await;
    phone.say(ANA.born).await;
    phone.hears("convênio ou particular").await;
    phone.tap("Particular").await;
    let specialties = phone.hears("Qual é a especialidade").await;
    phone.tap(&Phone::first_row(&specialties)).await;
    phone.hears("Não há horários livres").await;
}

/// The service starts with an address of RM at which nothing can be had, and again with the right one.
async fn found_again(address: &str) {
    let mut world = World::start().await;
    world.moved(Some(address), None).await;
    let phone = asks(&world, json!([])).await;
    phone.hears(AWAY).await;
    world.moved(None, None).await;
    phone.tap("Tentar de novo").await;
    identify(&phone, ANA).await;
    phone.hears("Vamos marcar").await;
}

pub(super) async fn rm_cannot_be_found() {
    found_again("http://rm.invalid").await;
}

pub(super) async fn rm_refuses_the_connection() {
    found_again(&format!("http://127.0.0.1:{}", free_port())).await;
}
