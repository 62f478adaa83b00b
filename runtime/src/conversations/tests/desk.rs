//! People: what a contact writes goes to whoever has the conversation.

use std::time::Duration;

use fluxo_engine::ids::ConversationId;
use fluxo_engine::protocol::Message;

use super::world::{Hospital, phone};
use crate::conversations::DeskError;
use crate::store::{LineBody, Mode, Speaker};

fn text(text: &str) -> Message {
    Message::Text { text: text.to_owned() }
}

async fn queued() -> (Hospital, ConversationId) {
    let hospital = Hospital::open().await;
    hospital.hears(&phone("5511987654321"), "oi").await;
    hospital.hears(&phone("5511987654321"), "pessoa").await;
    let id = hospital.only().await;
    (hospital, id)
}

#[tokio::test]
async fn the_whole_way_to_people_and_back() {
    let (hospital, id) = queued().await;
    let ana = phone("5511987654321");
    let waiting = hospital.here.store().with_people(10).await.unwrap();
    assert!(matches!(&waiting[0].mode, Mode::Queued { wait: Some(_), .. }));
    assert_eq!(hospital.notices().await, ["In the queue recepcao (title): quer uma pessoa"]);
    hospital.hears(&ana, "tem alguém?").await;
    assert_eq!(hospital.said().len(), 1, "the flow is silent");

    assert!(matches!(hospital.here.reply(&id, "Rita", text("oi"), None).await, Err(DeskError::NotTaken)));
    hospital.here.take(&id, "Rita").await.unwrap();
    hospital.here.take(&id, "Rita").await.unwrap();
    assert!(matches!(hospital.here.take(&id, "Carla").await, Err(DeskError::TakenBy(by)) if by == "Rita"));
    hospital.here.reply(&id, "Rita", text("Bom dia"), Some("k1")).await.unwrap();
    hospital.here.reply(&id, "Rita", text("Bom dia"), Some("k1")).await.unwrap();
    let hospital = hospital.killed().await;
    hospital.works().await;
    assert_eq!(hospital.said(), ["v1 ouviu oi", "Bom dia"], "said once, also over a kill");
    hospital.hears(&ana, "quero remarcar").await;
    // The queue's own time limit is over, but somebody has come.
    hospital.here.give_back(&id, "Rita", Some("ok"), Some("remarcada")).await.unwrap();
    hospital.hears(&ana, "obrigada").await;
    assert_eq!(hospital.said()[2..], ["voltou", "eco obrigada"]);
    assert_eq!(hospital.read(&id).await.conversation.mode, Mode::Bot);

    let lines = hospital.here.store().lines(&id, 0, 100).await.unwrap();
    let by_rita = lines.iter().filter(|(_, line)| line.by == Speaker::Attendant("Rita".into())).count();
    assert_eq!(by_rita, 1);
    let inbound = lines.iter().filter(|(_, line)| matches!(line.body, LineBody::Inbound(_))).count();
    assert_eq!(inbound, 5);
}

#[tokio::test]
async fn people_may_end_the_conversation() {
    let (hospital, id) = queued().await;
    assert!(matches!(hospital.here.finish(&id, "Rita", None, None).await, Err(DeskError::NotTaken)));
    hospital.here.take(&id, "Rita").await.unwrap();
    hospital.here.finish(&id, "Rita", None, None).await.unwrap();
    let conversation = hospital.read(&id).await.conversation;
    assert_eq!((conversation.mode, conversation.session), (Mode::Bot, None));
    hospital.hears(&phone("5511987654321"), "oi de novo").await;
    assert_eq!(hospital.said().last().unwrap(), "v1 ouviu oi de novo");
}

#[tokio::test]
async fn nobody_comes_and_the_flow_goes_on() {
    let (hospital, id) = queued().await;
    hospital.later(Duration::from_secs(10 * 60)).await;
    assert_eq!(hospital.said().last().unwrap(), "AcceptWithin");
    assert_eq!(hospital.read(&id).await.conversation.mode, Mode::Bot);
    assert!(hospital.here.store().with_people(10).await.unwrap().is_empty());
    assert!(matches!(hospital.here.take(&id, "Rita").await, Err(DeskError::NotWithPeople)));
}

#[tokio::test]
async fn a_queue_that_is_not_there_gives_the_conversation_back_at_once() {
    let hospital = Hospital::open().await;
    hospital.hears(&phone("5511987654321"), "oi").await;
    hospital.hears(&phone("5511987654321"), "fechada").await;
    let id = hospital.only().await;
    assert_eq!(hospital.said().last().unwrap(), "sem gente");
    assert_eq!(hospital.read(&id).await.conversation.mode, Mode::Bot);
    assert!(hospital.here.store().with_people(10).await.unwrap().is_empty());
}

#[tokio::test]
async fn after_a_day_only_templates_may_be_sent() {
    let (hospital, id) = queued().await;
    hospital.here.take(&id, "Rita").await.unwrap();
    hospital.clock.forward(Duration::from_secs(25 * 60 * 60));
    assert!(matches!(hospital.here.reply(&id, "Rita", text("oi"), None).await, Err(DeskError::WindowClosed)));
    assert!(matches!(hospital.here.take(&"c0".into(), "Rita").await, Err(DeskError::NotFound)));
}

#[tokio::test]
async fn what_was_held_when_people_come_is_theirs() {
    let hospital = Hospital::open().await;
    let ana = phone("5511987654321");
    hospital.hears(&ana, "oi").await;
    for (id, text) in [("1", "chamar"), ("2", "pessoa"), ("3", "por favor")] {
        hospital.here.intake("whatsapp", vec![hospital.told(&ana, id, text)]).await.unwrap();
    }
    hospital.works().await;
    let id = hospital.only().await;
    let loaded = hospital.read(&id).await;
    assert!(matches!(loaded.conversation.mode, Mode::Queued { .. }));
    assert!(loaded.inbox.is_empty());
    assert_eq!(hospital.said(), ["v1 ouviu oi", "200"]);
}
