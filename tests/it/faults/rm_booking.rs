//! Trouble while RM books: it has no key of idempotency, so a booking in doubt is looked for and never just repeated.

use serde_json::{Value, json};

use crate::conversations::{ANA, day_and_time, held, up_to_the_summary};
use crate::support::{Phone, World, flows_with};

const BOOKING: &str = "/api/hcg/v2/appointments";

/// A booking that is struck once: the world, the phone, day and time.
struct Struck {
    world: World,
    phone: Phone,
    day: String,
    time: String,
}

impl Struck {
    async fn by(world: World, fault: Value) -> Self {
        let phone = world.phone(ANA.phone);
        let (day, time) = day_and_time(&up_to_the_summary(&phone, ANA).await);
        world
            .faults(
                json!([{ "target": "rm", "method": "POST", "path": BOOKING, "times": 1, "fault": fault }]),
            )
            .await;
        phone.tap("Marcar consulta").await;
        Self { world, phone, day, time }
    }

    async fn held(&self) -> usize {
        held(&self.world, ANA, &self.day, &self.time).await
    }
}

/// The booking was made and its answer lost: the patient hears that it is booked, and it was asked for once.
async fn is_found(world: World, fault: Value) {
    let struck = Struck::by(world, fault).await;
    struck.phone.hears("consulta marcada").await;
    assert_eq!(struck.held().await, 1);
    assert_eq!(struck.world.appointments(ANA.cpf).await.len(), 1);
    assert_eq!(struck.world.rm_requests("POST", BOOKING).await.len(), 1);
}

/// The booking was not made: the patient hears so and tries again.
async fn is_not_made(fault: Value) {
    let struck = Struck::by(World::start().await, fault).await;
    struck.phone.hears("*não* foi registrada").await;
    assert_eq!(struck.held().await, 0);
    struck.phone.tap("Tentar de novo").await;
    struck.phone.hears("consulta marcada").await;
    assert_eq!(struck.held().await, 1);
    assert_eq!(struck.world.appointments(ANA.cpf).await.len(), 1);
}

/// Two people want the same slot: the second hears so, is offered again, and books another.
async fn is_taken(form: &str) {
    let struck = Struck::by(World::start().await, json!({ "conflict": form })).await;
    let Struck { world, phone, .. } = &struck;
    phone.hears("ocupado por outra pessoa").await;
    assert_eq!(struck.held().await, 0);
    let times = phone.hears("Horários livres").await;
    phone.tap(times["rows"][1]["title"].as_str().expect("a second time")).await;
    let (day, time) = day_and_time(&phone.hears("Posso marcar?").await);
    phone.tap("Marcar consulta").await;
    phone.hears("consulta marcada").await;
    assert_eq!(held(world, ANA, &day, &time).await, 1);
    assert_eq!(world.appointments(ANA.cpf).await.len(), 1);
}

pub(super) async fn a_slot_is_taken_409() {
    is_taken("409").await;
}

pub(super) async fn a_slot_is_taken_400() {
    is_taken("400").await;
}

pub(super) async fn a_slot_is_taken_500() {
    is_taken("500").await;
}

pub(super) async fn a_booking_is_cut_before_it_is_taken() {
    is_not_made(json!("cut_before")).await;
}

pub(super) async fn a_booking_is_cut_after_it_was_made() {
    is_found(World::start().await, json!("cut_after_accepting")).await;
}

pub(super) async fn a_booking_is_made_and_never_answered() {
    let hasty = World::with_flows(flows_with(&[("\"15s\"", "\"1s\"")])).await;
    is_found(hasty, json!({ "silence": true, "after_accepting": true })).await;
}

pub(super) async fn a_proxy_answers_for_a_booking() {
    is_found(World::start().await, json!({ "html": true, "after_accepting": true })).await;
}

pub(super) async fn a_bookings_answer_is_torn() {
    is_found(World::start().await, json!("torn")).await;
}

pub(super) async fn a_booking_fails() {
    let error = json!({ "code": "FE001", "message": "Erro interno", "detailedMessage": "x", "details": [] });
    is_not_made(json!({ "status": 500, "body": error })).await;
}

pub(super) async fn rm_goes_away_after_a_booking() {
    let world = World::start().await;
    let phone = world.phone(ANA.phone);
    let (day, time) = day_and_time(&up_to_the_summary(&phone, ANA).await);
    world
        .faults(json!([
            { "target": "rm", "method": "POST", "path": BOOKING, "times": 1, "fault": "cut_after_accepting" },
            { "target": "rm", "method": "GET", "fault": { "status": 503 } },
        ]))
        .await;
    phone.tap("Marcar consulta").await;
    phone.hears("ainda não sei se a sua consulta ficou marcada").await;
    world.queued().await;
    assert_eq!(held(&world, ANA, &day, &time).await, 1);
    assert_eq!(phone.times_heard("consulta marcada").await, 0);
}

/// Its outcome is looked for after the restart.
pub(super) async fn the_service_is_killed_while_rm_books() {
    let mut struck = Struck::by(World::start().await, json!({ "slow_ms": 5_000 })).await;
    let booking = format!("requests?target=rm&method=POST&path={BOOKING}&wait_ms=30000");
    assert_eq!(struck.world.ask(&booking).await["requests"].as_array().map(Vec::len), Some(1));
    struck.world.kill();
    struck.world.restart().await;
    struck.phone.hears_one_of(&["consulta marcada", "*não* foi registrada"]).await;
    let told = struck.phone.times_heard("consulta marcada").await;
    assert_eq!(struck.held().await, told, "{}", struck.phone.chat().await);
    assert_eq!(struck.world.rm_requests("POST", BOOKING).await.len(), 1);
}
