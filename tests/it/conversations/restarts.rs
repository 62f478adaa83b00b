//! `kill -9` in the middle of a booking of the flows we ship: it ends as if nothing had happened. Many kills, under load:
//! `crashes/`.

use serde_json::json;

use super::{ANA, day_and_time, held, up_to_the_summary};
use crate::support::World;

#[tokio::test]
async fn a_conversation_goes_on_after_a_kill() {
    let mut world = World::start().await;
    let phone = world.phone(ANA.phone);
    let (day, time) = day_and_time(&up_to_the_summary(&phone, ANA).await);
    world.kill();
    phone.send("tap", json!({ "title": "Marcar consulta", "wait": false })).await;
    world.restart().await;
    phone.hears("consulta marcada").await;
    assert_eq!(held(&world, ANA, &day, &time).await, 1);
}
