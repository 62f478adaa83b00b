//! What the checks are made of.

use fluxo_engine::ids::{ConversationId, EffectId, SessionId, WaitId};
use fluxo_engine::protocol::{
    Contact, Content, Effect, EffectKind, Event, Inbound, Message, TimerKind, Wake,
};
use jiff::{SignedDuration, Timestamp};

use crate::store::{
    Account, Address, BackdropId, Commit, Committed, ContactRecord, Conversation, DedupeKey, InboxEntry,
    Input, JournalEntry, Kept, Line, LineBody, Loaded, Mode, Notice, Occasion, OutboxEntry, OutboxState,
    Prints, Publication, Recorded, Revision, Speaker, Store, TimerRow,
};

/// So many seconds after the beginning of these tests' time.
pub(super) fn at(seconds: i64) -> Timestamp {
    "2026-11-21T12:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

pub(super) fn account() -> Account {
    Account { channel: "whatsapp".to_owned(), id: "106540352242922".to_owned() }
}

pub(super) fn phone(number: &str) -> Address {
    Address { phone: Some(number.to_owned()), ..Address::default() }
}

pub(super) fn user(user: &str, number: &str) -> Address {
    Address { user: Some(user.to_owned()), ..phone(number) }
}

/// The contact of a conversation, reached by an address.
pub(super) fn contact(id: &str, address: &Address) -> ContactRecord {
    let phone = address.phone.as_ref().map(|phone| format!("+{phone}"));
    ContactRecord {
        revision: 0,
        contact: Contact { phone, ..Contact::new(format!("p-{id}").into()) },
        addresses: vec![(account(), address.clone())],
        conversations: vec![(account(), id.into())],
    }
}

pub(super) fn conversation(id: &str) -> Conversation {
    Conversation {
        id: id.into(),
        contact: format!("p-{id}").into(),
        account: account(),
        address: phone("5511987654321"),
        mode: Mode::Bot,
        session: Some(b"{\"stored\":\"form\"}".to_vec()),
        session_id: Some(session(id)),
        release: Some("r1".into()),
        sessions: 1,
        asked: None,
        last_inbound: Some(at(0)),
        last_message: None,
        journaled: None,
        closing: false,
        next_line: 1,
    }
}

pub(super) fn session(conversation: &str) -> SessionId {
    format!("s-{conversation}").into()
}

/// The first commit of a conversation, with its contact.
pub(in crate::store) fn birth(id: &str) -> Commit {
    let mut commit = Commit::of(Revision(0), conversation(id));
    commit.contacts = vec![contact(id, &phone(&format!("1650{id}")))];
    commit
}

/// A commit on what was read.
pub(super) fn next(loaded: &Loaded) -> Commit {
    Commit::of(loaded.revision, loaded.conversation.clone())
}

pub(super) fn key(message: &str) -> DedupeKey {
    DedupeKey { account: account(), message: message.to_owned() }
}

pub(super) fn entry(text: &str) -> InboxEntry {
    InboxEntry::Message(Box::new(Inbound {
        id: format!("m-{text}"),
        written_at: at(0),
        received_at: at(1),
        content: Content::Text { text: text.to_owned() },
        quoted: None,
        referral: None,
    }))
}

pub(super) fn effect(conversation: &str, turn: u32, n: u32) -> EffectId {
    EffectId { epoch: 1, session: session(conversation), turn, n }
}

/// An effect that is ready at a second.
pub(super) fn asked(id: EffectId, ready: i64) -> OutboxEntry {
    OutboxEntry {
        effect: Effect {
            id,
            wait: None,
            kind: EffectKind::SendMessage { message: Message::Text { text: "olá".to_owned() } },
        },
        asked_at: at(0),
        ready_at: at(ready),
        attempts: 0,
        failing_since: None,
        state: OutboxState::Ready,
        on_accept: Vec::new(),
    }
}

pub(super) fn wait(conversation: &str, visit: u32) -> WaitId {
    WaitId { session: session(conversation), visit }
}

pub(super) fn timer(conversation: &str, visit: u32, kind: TimerKind, due: i64) -> TimerRow {
    TimerRow { due: at(due), conversation: conversation.into(), wait: wait(conversation, visit), kind }
}

pub(super) fn line(text: &str) -> Line {
    Line { at: at(0), by: Speaker::System, body: LineBody::Note(text.to_owned()) }
}

pub(super) fn turn(conversation: &str, turn: u32) -> JournalEntry {
    JournalEntry {
        at: at(turn.into()),
        session: session(conversation),
        turn,
        events: vec![
            Event::NodeEntered { flow: "f".into(), node: "n".into(), visit: turn },
            Event::PortTaken { flow: "f".into(), node: "n".into(), port: "next".to_owned() },
        ],
        kept: Kept::Whole(Box::new(Recorded {
            backdrop: BackdropId([7; 8]),
            input: Input::Wake(Wake::Close { outcome: turn.to_string() }),
            contact: None,
            window_open: true,
            prints: Prints { session: turn, ..Prints::default() },
            asked: Vec::new(),
        })),
    }
}

/// A release made current, so many seconds after the beginning.
pub(super) fn publication(release: &str, when: i64) -> Publication {
    Publication {
        release: release.into(),
        at: at(when),
        by: "ana".to_owned(),
        occasion: Occasion::Command,
        reason: Some("textos novos".to_owned()),
        disk: "d".to_owned(),
    }
}

pub(super) fn notice(text: &str, when: i64) -> Notice {
    Notice { at: at(when), conversation: None, queue: None, text: text.to_owned() }
}

/// A commit that must succeed; answers the new revision.
pub(super) async fn done(store: &dyn Store, commit: Commit) -> Revision {
    match store.commit(commit).await {
        Ok(Committed::Done(revision)) => revision,
        other => panic!("the commit was not done: {other:?}"),
    }
}

/// A conversation that must be there.
pub(super) async fn load(store: &dyn Store, id: &str) -> Loaded {
    store.load(&ConversationId::from(id)).await.unwrap().expect("the conversation is not there")
}

/// What the inbox holds, as text.
pub(super) fn texts(loaded: &Loaded) -> Vec<String> {
    let text = |entry: &InboxEntry| {
        if let InboxEntry::Message(message) = entry
            && let Content::Text { text } = &message.content
        {
            return text.clone();
        }
        panic!("not a text: {entry:?}")
    };
    loaded.inbox.iter().map(text).collect()
}
