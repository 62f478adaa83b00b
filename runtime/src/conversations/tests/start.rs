//! Flows started from outside.

use fluxo_engine::protocol::Object;

use super::world::{Hospital, phone};
use crate::conversations::{StartError, Started};
use crate::store::Address;

async fn start(hospital: &Hospital, key: Option<&str>) -> Result<Started, StartError> {
    let (to, inputs) = (phone("5511987654321"), Object::new());
    hospital.here.start_session("whatsapp", &to, Some("Ana"), &"eco".into(), &inputs, key).await
}

#[tokio::test]
async fn a_stranger_is_created_and_greeted_once() {
    let hospital = Hospital::open().await;
    let first = start(&hospital, Some("k1")).await.unwrap();
    let second = start(&hospital, Some("k1")).await.unwrap();
    hospital.works().await;
    assert_eq!((first.duplicate, second.duplicate), (false, true));
    assert_eq!(first.conversation, hospital.only().await);
    assert_eq!(hospital.said(), ["v1 começou"]);
    let loaded = hospital.read(&first.conversation).await;
    assert_eq!(loaded.contact.contact.name.as_deref(), Some("Ana"));
    hospital.hears(&phone("551187654321"), "oi").await;
    assert_eq!(hospital.said()[1..], ["eco oi"]);
}

#[tokio::test]
async fn an_open_session_is_replaced() {
    let hospital = Hospital::open().await;
    hospital.hears(&phone("5511987654321"), "oi").await;
    start(&hospital, None).await.unwrap();
    hospital.works().await;
    assert_eq!(hospital.said(), ["v1 ouviu oi", "v1 começou"]);
    let id = hospital.only().await;
    assert_eq!(hospital.read(&id).await.conversation.sessions, 2);
}

#[tokio::test]
async fn a_call_in_flight_is_answered_before_the_new_flow_begins() {
    let hospital = Hospital::open().await;
    let ana = phone("5511987654321");
    hospital.hears(&ana, "oi").await;
    hospital.here.intake("whatsapp", vec![hospital.told(&ana, "1", "gravar")]).await.unwrap();
    start(&hospital, None).await.unwrap();
    hospital.here.intake("whatsapp", vec![hospital.told(&ana, "2", "depois")]).await.unwrap();
    let hospital = hospital.killed().await;
    assert_eq!(hospital.said(), ["v1 ouviu oi"]);
    hospital.works().await;
    assert_eq!(hospital.line.called.lock().unwrap().len(), 1);
    assert_eq!(hospital.said(), ["v1 ouviu oi", "gravando", "v1 começou", "eco depois"]);
    let told = "A call of rm was answered when nobody waited any more: check what it changed";
    assert_eq!(hospital.notices().await, [told], "the contact was never told what it came to");
}

#[tokio::test]
async fn what_cannot_be_started_says_why() {
    let hospital = Hospital::open().await;
    let inputs = Object::new();
    let ana = phone("5511987654321");
    let here = &hospital.here;
    let unknown = here.start_session("whatsapp", &ana, None, &"outro".into(), &inputs, None).await;
    assert!(matches!(unknown, Err(StartError::UnknownFlow(_))));
    let inside = here.start_session("whatsapp", &ana, None, &"dentro".into(), &inputs, None).await;
    assert!(matches!(inside, Err(StartError::NotForApi(_))));
    let channel = here.start_session("fax", &ana, None, &"eco".into(), &inputs, None).await;
    assert!(matches!(channel, Err(StartError::UnknownChannel(_))));
    let nobody =
        here.start_session("whatsapp", &Address::default(), None, &"eco".into(), &inputs, None).await;
    assert!(matches!(nobody, Err(StartError::NoAddress)));
    assert!(hospital.all().await.is_empty());
    hospital.hears(&ana, "pessoa").await;
    assert!(matches!(start(&hospital, None).await, Err(StartError::WithPeople)));
}
