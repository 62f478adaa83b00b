//! Timers, and all that goes by the clock, when the clock or the store is not what it should be.

use std::time::Duration;

use fluxo_engine::ids::ConversationId;
use jiff::SignedDuration;

use super::world::{Hospital, SECOND, phone};
use crate::channels::SendError;
use crate::foundation::clock::Clock;
use crate::store::OutboxState;
use crate::workers::{clock_watch, timers};

const HOUR: Duration = Duration::from_secs(3600);

fn busy() -> SendError {
    SendError::Retry { after: None, reason: "busy".into(), account_wide: false }
}

#[tokio::test]
async fn three_hundred_conversations_that_cannot_be_read_hold_up_no_timer() {
    let hospital = Hospital::open().await;
    let people: Vec<_> = (0..301).map(|n| phone(&format!("55119876{n:05}"))).collect();
    for (text, round) in [("oi", 0), ("prazo", 1)] {
        for crowd in people.chunks(50) {
            let told = crowd.iter().map(|one| {
                let id = format!("{round}/{}", one.phone.as_ref().unwrap());
                hospital.here.intake("whatsapp", vec![hospital.told(one, &id, text)])
            });
            futures_util::future::try_join_all(told).await.unwrap();
            hospital.works().await;
            // The number may send so many a second.
            hospital.clock.forward(SECOND);
        }
    }
    assert_eq!(hospital.here.store().counts().await.unwrap().timers, 301);
    let all = hospital.all().await;
    let (last, torn) = all.split_last().unwrap();
    let torn: Vec<ConversationId> = torn.iter().map(|conversation| conversation.id.clone()).collect();
    let hospital = hospital.torn(&torn).await;
    let before = hospital.said().len();
    hospital.later(Duration::from_secs(61)).await;
    assert_eq!(hospital.said().len(), before + 1);
    assert_eq!(hospital.said().last().unwrap(), "NoAnswer");
    assert_eq!(hospital.sent().last().unwrap().0, last.address);
    assert_eq!(hospital.here.store().counts().await.unwrap().timers, 300, "those of the others stay");

    // They are due and cannot be fired: the worker rests, and comes back for one that is armed meanwhile.
    let next = timers::pass(&hospital.here).await.unwrap().unwrap();
    assert!(next > hospital.clock.now() + SignedDuration::from_secs(60));
    hospital.hears(&last.address, "prazo").await;
    let next = timers::pass(&hospital.here).await.unwrap().unwrap();
    assert_eq!(next, hospital.clock.now() + SignedDuration::from_secs(60));
    hospital.later(Duration::from_secs(60)).await;
    assert_eq!(hospital.said().last().unwrap(), "NoAnswer");
}

#[tokio::test]
async fn a_machine_that_slept_for_a_year_fires_each_timer_once() {
    let hospital = Hospital::open().await;
    for ana in ["5511987654321", "5511987654322"] {
        hospital.hears(&phone(ana), "oi").await;
        hospital.hears(&phone(ana), "prazo").await;
    }
    hospital.later(24 * 365 * HOUR).await;
    hospital.later(HOUR).await;
    assert_eq!(hospital.said().iter().filter(|text| *text == "NoAnswer").count(), 2);
}

#[tokio::test]
async fn a_timer_waits_for_its_moment_when_the_clock_goes_back() {
    let hospital = Hospital::open().await;
    hospital.hears(&phone("5511987654321"), "oi").await;
    hospital.hears(&phone("5511987654321"), "prazo").await;
    hospital.clock.back(HOUR);
    clock_watch::tell(&hospital.here, SignedDuration::from_hours(-1)).await;
    hospital.later(HOUR).await;
    assert!(!hospital.said().contains(&"NoAnswer".to_owned()));
    hospital.later(Duration::from_secs(60)).await;
    assert!(hospital.said().contains(&"NoAnswer".to_owned()));
}

#[tokio::test]
async fn nothing_in_the_outbox_waits_an_hour_because_the_clock_went_back_by_one() {
    let hospital = Hospital::open().await;
    hospital.answers([busy(), busy()]);
    hospital.hears(&phone("5511987654321"), "oi").await;
    assert_eq!(hospital.said().len(), 1);
    hospital.clock.back(HOUR);
    clock_watch::tell(&hospital.here, SignedDuration::from_hours(-1)).await;
    hospital.later(SECOND).await;
    assert_eq!(hospital.said().len(), 2, "tried again a second later");
    // And what it counts its two minutes from has moved as well.
    let entry = hospital.read(&hospital.only().await).await.outbox.remove(0);
    assert!(entry.failing_since.unwrap() <= hospital.clock.now());
    hospital.later(2 * SECOND).await;
    assert_eq!(hospital.said().len(), 3);
}

#[tokio::test]
async fn a_doubt_keeps_its_pause_when_the_clock_goes_back() {
    let hospital = Hospital::open().await;
    hospital.answers([SendError::Unclear]);
    hospital.hears(&phone("5511987654321"), "oi").await;
    hospital.later(10 * SECOND).await;
    hospital.clock.back(HOUR);
    clock_watch::tell(&hospital.here, SignedDuration::from_hours(-1)).await;
    let entry = hospital.read(&hospital.only().await).await.outbox.remove(0);
    assert!(matches!(entry.state, OutboxState::InDoubt { repeated: false, .. }));
    hospital.later(19 * SECOND).await;
    assert_eq!(hospital.said().len(), 1, "a status may still come");
    hospital.later(SECOND).await;
    assert_eq!(hospital.said().len(), 2);
    // A younger doubt is not touched by a jump that was before it.
    let hospital = Hospital::open().await;
    hospital.answers([SendError::Unclear]);
    hospital.hears(&phone("5511987654321"), "oi").await;
    clock_watch::tell(&hospital.here, SignedDuration::from_hours(-1)).await;
    hospital.later(29 * SECOND).await;
    assert_eq!(hospital.said().len(), 1);
    hospital.later(SECOND).await;
    assert_eq!(hospital.said().len(), 2);
}
