//! Mistakes of the caller are errors and leave the session as it was.

use std::sync::Arc;

use serde_json::json;

use crate::error::Error;
use crate::flow::{Flow, Library};
use crate::protocol::{
    Contact, Content, Conversation, Inbound, Object, Origin, Project, Resume, Trigger, Wake, World,
};
use crate::{Session, resume, start};

pub(super) fn library(nodes: &serde_json::Value) -> Library {
    let first = nodes.as_object().and_then(|nodes| nodes.keys().next()).expect("a node");
    let flow = json!({ "format": 1, "flow": "f", "title": "f", "start": first, "nodes": nodes });
    Library::new([Flow::parse(&flow.to_string()).expect("a flow")])
}

pub(super) fn world() -> World {
    World {
        now: "2026-03-12T12:00:00Z".parse().expect("a moment"),
        epoch: 1,
        contact: Contact::new("c1".into()),
        conversation: Conversation {
            id: "v1".into(),
            channel: "whatsapp".to_owned(),
            window_open: true,
            limits: Default::default(),
        },
        open_queues: Default::default(),
        project: Arc::new(Project::default()),
    }
}

pub(super) fn begin(library: &Library) -> Session {
    let trigger = Trigger {
        session: "s1".into(),
        world: world(),
        flow: "f".into(),
        origin: Origin::Api,
        message: None,
        inputs: Object::new(),
    };
    start(library, &trigger).expect("it starts").0
}

pub(super) fn said(text: &str) -> Inbound {
    let now = world().now;
    Inbound {
        id: "m1".to_owned(),
        written_at: now,
        received_at: now,
        content: Content::Text { text: text.to_owned() },
        quoted: None,
        referral: None,
    }
}

fn hear(library: &Library, session: Session) -> Result<Session, Error> {
    let wake = Wake::Message { message: said("oi"), asked_at: Some(world().now) };
    resume(library, session, &Resume { world: world(), wake }).map(|(session, _)| session)
}

#[test]
fn a_flow_that_is_not_there_cannot_start() {
    let library = library(&json!({ "fim": { "type": "end", "outcome": "ok" } }));
    let trigger = Trigger {
        session: "s1".into(),
        world: world(),
        flow: "g".into(),
        origin: Origin::Api,
        message: None,
        inputs: Object::new(),
    };
    assert_eq!(start(&library, &trigger), Err(Error::UnknownFlow("g".into())));
}

#[test]
fn a_session_that_has_ended_cannot_be_resumed() {
    let library = library(&json!({ "fim": { "type": "end", "outcome": "ok" } }));
    let session = begin(&library);
    assert!(session.is_ended());
    assert_eq!(hear(&library, session), Err(Error::Ended));
}

#[test]
fn a_session_is_pinned_to_its_release() {
    let nodes = json!({ "w": { "type": "wait", "for": "1h", "on": { "done": "w", "message": "w" } } });
    let session = begin(&library(&nodes));
    let other =
        library(&json!({ "w": { "type": "wait", "for": "2h", "on": { "done": "w", "message": "w" } } }));
    assert!(matches!(hear(&other, session), Err(Error::WrongRelease { .. })));
}

#[test]
fn a_message_is_not_heard_while_nobody_listens() {
    let library = library(&json!({ "w": { "type": "wait", "for": "1h", "on": { "done": "w" } } }));
    let session = begin(&library);
    let wait = session.wait_id().expect("it waits");
    assert_eq!(hear(&library, session), Err(Error::NotHearing(wait)));
}
