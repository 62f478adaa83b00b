//! Answers that leave with the commit that asks for them.

use std::time::Duration;

use super::world::{Hospital, phone};
use crate::channels::SendError;
use crate::store::OutboxState;

async fn intake(hospital: &Hospital, id: &str, text: &str) {
    let told = hospital.told(&phone("5511987654321"), id, text);
    hospital.here.intake("whatsapp", vec![told]).await.unwrap();
}

#[tokio::test]
async fn an_answer_leaves_without_being_looked_for_and_its_clock_starts() {
    let hospital = Hospital::open().await;
    hospital.here.begin_handing();
    intake(&hospital, "1", "oi").await;
    intake(&hospital, "2", "tudo bem").await;
    hospital.here.end_handing().await;
    assert_eq!(hospital.said()[0], "v1 ouviu oi");
    hospital.works().await;
    assert_eq!(hospital.said(), ["v1 ouviu oi", "eco tudo bem"]);
    let read = hospital.read(&hospital.only().await).await;
    assert!(read.outbox.is_empty() && read.inbox.is_empty(), "{read:?}");
    intake(&hospital, "3", "depois").await;
    assert_eq!(hospital.said().len(), 2, "with nobody to wait for it, it is left to the dispatcher");
    hospital.works().await;
    assert_eq!(hospital.said().len(), 3);
}

#[tokio::test]
async fn a_stop_between_its_commit_and_its_send_leaves_a_doubt_and_one_answer() {
    let hospital = Hospital::open().await;
    hospital.here.handing.open_without_sends();
    intake(&hospital, "1", "oi").await;
    let hospital = hospital.killed().await;
    let started = |state| matches!(state, OutboxState::Started { .. });
    assert!(started(hospital.read(&hospital.only().await).await.outbox[0].state));
    hospital.later(Duration::from_secs(29)).await;
    assert!(hospital.said().is_empty(), "its status may still come");
    for _ in 0..3 {
        hospital.later(Duration::from_secs(31)).await;
    }
    assert_eq!(hospital.said(), ["v1 ouviu oi"]);
    let hospital = hospital.killed().await;
    hospital.later(Duration::from_secs(600)).await;
    assert_eq!(hospital.said().len(), 1);
}

#[tokio::test]
async fn an_answer_that_is_not_taken_is_tried_again_by_the_dispatcher() {
    let hospital = Hospital::open().await;
    hospital.here.begin_handing();
    hospital.answers([SendError::Retry { after: None, reason: "busy".into(), account_wide: false }]);
    intake(&hospital, "1", "oi").await;
    hospital.here.end_handing().await;
    let read = hospital.read(&hospital.only().await).await;
    assert_eq!((read.outbox[0].state, read.outbox[0].attempts), (OutboxState::Ready, 1));
    hospital.later(Duration::from_secs(60)).await;
    assert_eq!(hospital.said().len(), 2, "the try that failed, and the one that was taken");
    assert!(hospital.read(&hospital.only().await).await.outbox.is_empty());
}

#[tokio::test]
async fn a_message_delivered_again_claims_nothing() {
    let hospital = Hospital::open().await;
    hospital.here.begin_handing();
    intake(&hospital, "1", "oi").await;
    hospital.here.end_handing().await;
    hospital.here.begin_handing();
    intake(&hospital, "1", "oi").await;
    hospital.here.end_handing().await;
    assert_eq!(hospital.said(), ["v1 ouviu oi"]);
    intake(&hospital, "2", "e agora").await;
    hospital.works().await;
    assert_eq!(hospital.said().len(), 2, "nobody has kept the conversation");
}
