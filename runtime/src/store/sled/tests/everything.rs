//! A store with something of everything in it, as the service would have put it there.

use fluxo_engine::flow::{Flow, Library};
use fluxo_engine::ids::{EffectId, ReleaseId, SessionId, WaitId};
use fluxo_engine::protocol::{
    self, Assign, Contact, Content, Effect, EffectKind, Handoff, Inbound, Message, Object, Origin, TimerKind,
    Trigger, World,
};
use jiff::{SignedDuration, Timestamp};

use crate::store::{
    Account, Address, Asked, Backdrop, Commit, Committed, ContactRecord, Conversation, DeadLetter, DedupeKey,
    Deferred, Documents, InboxEntry, Input, JournalEntry, Kept, KeptStatus, Line, LineBody, Mode, Notice,
    Occasion, OutboxEntry, OutboxState, Prints, Publication, Recorded, Revision, SendState, Speaker, Store,
    TimerRow,
};

/// So many seconds after the beginning of this store's time.
pub(super) fn at(seconds: i64) -> Timestamp {
    "2026-11-21T12:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

pub(super) fn account() -> Account {
    Account { channel: "whatsapp".to_owned(), id: "106540352242922".to_owned() }
}

/// The flows of the release that open sessions are pinned to.
pub(super) fn documents() -> Documents {
    let flow = serde_json::json!({
        "format": 1, "flow": "oi", "title": "Oi", "start": "qual",
        "triggers": [{ "when": "default" }],
        "nodes": {
            "qual": { "type": "menu", "text": "O que deseja?", "options": [
                { "id": "um", "title": "Um", "next": "fim" },
                { "id": "dois", "title": "Dois", "next": "fim" }
            ] },
            "fim": { "type": "end", "outcome": "ok", "text": "Oi!" }
        }
    });
    vec![("flows/oi.json".to_owned(), flow.to_string())]
}

/// A session that has asked its question, as the engine stores it, and the release it is pinned to.
fn session(id: &SessionId, conversation: &str) -> (Vec<u8>, ReleaseId, WaitId, EffectId) {
    let flows: Vec<Flow> = documents().iter().map(|(_, text)| Flow::parse(text).unwrap()).collect();
    let library = Library::new(flows);
    let trigger = Trigger {
        session: id.clone(),
        world: World {
            now: at(0),
            epoch: 7,
            contact: Contact::new(format!("p-{conversation}").into()),
            conversation: protocol::Conversation {
                id: conversation.into(),
                channel: account().channel,
                window_open: true,
                limits: protocol::ChannelLimits::default(),
            },
            open_queues: [].into(),
            project: std::sync::Arc::default(),
        },
        flow: "oi".into(),
        origin: Origin::Default,
        message: None,
        inputs: Object::default(),
    };
    let (session, _) = fluxo_engine::start(&library, &trigger).unwrap();
    let (wait, question) = (session.wait_id().unwrap(), session.question().unwrap().clone());
    (session.encode(), library.release().clone(), wait, question)
}

/// A new conversation with a new contact, with an open session if it is told to have one.
pub(super) fn birth(id: &str, with_session: bool) -> Commit {
    let address = Address {
        user: Some(format!("BR.{id}")),
        phone: Some(format!("551198765{:04}", crc32fast::hash(id.as_bytes()) % 10_000)),
        username: Some(format!("user.{id}")),
    };
    let mut conversation = Conversation {
        id: id.into(),
        contact: format!("p-{id}").into(),
        account: account(),
        address: address.clone(),
        mode: Mode::Bot,
        session: None,
        session_id: None,
        release: None,
        sessions: 0,
        asked: None,
        last_inbound: Some(at(0)),
        last_message: Some(format!("wamid.{id}")),
        journaled: None,
        closing: false,
        next_line: 1,
    };
    if with_session {
        let session_id = SessionId(format!("{id}.1"));
        let (bytes, release, _, question) = session(&session_id, id);
        conversation.session = Some(bytes);
        conversation.session_id = Some(session_id);
        conversation.release = Some(release);
        conversation.sessions = 1;
        conversation.asked = Some(Asked { effect: question, accepted_at: None });
    }
    let mut commit = Commit::of(Revision(0), conversation);
    commit.contacts = vec![ContactRecord {
        revision: 0,
        contact: Contact::new(format!("p-{id}").into()),
        addresses: vec![(account(), address)],
        conversations: vec![(account(), id.into())],
    }];
    commit
}

/// The effect of an open session.
pub(super) fn effect(id: &str, turn: u32, n: u32) -> EffectId {
    EffectId { epoch: 7, session: SessionId(format!("{id}.1")), turn, n }
}

pub(super) fn asked(effect: EffectId, ready: i64, text: &str) -> OutboxEntry {
    let wait = WaitId { session: effect.session.clone(), visit: 1 };
    OutboxEntry {
        effect: Effect {
            id: effect,
            wait: Some(wait.clone()),
            kind: EffectKind::SendMessage { message: Message::Text { text: text.to_owned() } },
        },
        asked_at: at(0),
        ready_at: at(ready),
        attempts: 0,
        failing_since: None,
        state: OutboxState::Ready,
        on_accept: vec![Deferred { wait, kind: TimerKind::NoAnswer, ms: 60_000 }],
    }
}

pub(super) fn timer(id: &str, kind: TimerKind, due: i64) -> TimerRow {
    let wait = WaitId { session: SessionId(format!("{id}.1")), visit: 1 };
    TimerRow { due: at(due), conversation: id.into(), wait, kind }
}

pub(super) fn line(text: &str) -> Line {
    Line { at: at(0), by: Speaker::System, body: LineBody::Note(text.to_owned()) }
}

/// What turns were played against.
pub(super) fn backdrop() -> Backdrop {
    Backdrop {
        release: session(&"none.1".into(), "none").1,
        engine: fluxo_engine::ENGINE_VERSION,
        epoch: 7,
        channel: account().channel,
        limits: protocol::ChannelLimits::default(),
        open_queues: [].into(),
        project: protocol::Project::default(),
    }
}

pub(super) fn turn(id: &str, turn: u32, bytes: usize) -> JournalEntry {
    JournalEntry {
        at: at(turn.into()),
        session: SessionId(format!("{id}.1")),
        turn,
        events: Vec::new(),
        kept: Kept::Whole(Box::new(Recorded {
            backdrop: backdrop().id(),
            input: Input::Start {
                flow: "oi".into(),
                origin: Origin::Default,
                message: None,
                inputs: [("said".to_owned(), "x".repeat(bytes).into())].into_iter().collect(),
            },
            contact: None,
            window_open: true,
            prints: Prints::default(),
            asked: Vec::new(),
        })),
    }
}

fn message(text: &str) -> InboxEntry {
    InboxEntry::Message(Box::new(Inbound {
        id: format!("wamid.{text}"),
        written_at: at(0),
        received_at: at(1),
        content: Content::Text { text: text.to_owned() },
        quoted: None,
        referral: None,
    }))
}

fn seen(message: &str) -> (DedupeKey, Timestamp) {
    (DedupeKey { account: account(), message: message.to_owned() }, at(0))
}

pub(super) async fn done(store: &dyn Store, commit: Commit) -> Revision {
    match store.commit(commit).await {
        Ok(Committed::Done(revision)) => revision,
        other => panic!("the commit was not done: {other:?}"),
    }
}

/// The next commit of a conversation.
pub(super) async fn next(store: &dyn Store, id: &str) -> Commit {
    let loaded = store.load(&id.into()).await.unwrap().expect("the conversation is there");
    Commit::of(loaded.revision, loaded.conversation)
}

fn publication(release: ReleaseId) -> Publication {
    let (by, disk) = ("fluxo".to_owned(), "0".to_owned());
    Publication { release, at: at(0), by, occasion: Occasion::Start, reason: None, disk }
}

/// Fills a store with something of every table, long values among it.
pub(super) async fn fill(store: &dyn Store) {
    let (_, release, _, _) = session(&"none.1".into(), "none");
    store.publish(&publication(release), &documents()).await.unwrap();
    store.keep_backdrop(backdrop().id(), &backdrop()).await.unwrap();
    let long = vec![("flows/long.json".to_owned(), "x".repeat(450_000))];
    store.publish(&publication("long".into()), &long).await.unwrap();
    let handoff = Handoff {
        queue: "front-desk".into(),
        summary: "asks for a person".to_owned(),
        ticket: None,
        assign: Assign::Queue,
        prefer_last_attendant: false,
    };

    // In the middle of everything: effects to perform, timers, messages that wait.
    let mut busy = birth("busy", true);
    busy.seen = vec![seen("wamid.busy")];
    busy.inbox_push = vec![message("um"), message("dois")];
    busy.outbox_push = vec![
        OutboxEntry {
            state: OutboxState::InDoubt { since: at(1), repeated: false },
            ..asked(effect("busy", 1, 0), 30, "O que deseja?")
        },
        asked(effect("busy", 1, 1), 0, &"longo ".repeat(2000)),
    ];
    busy.timers_arm = vec![timer("busy", TimerKind::NoAnswer, 600), timer("busy", TimerKind::Expire, 86_400)];
    busy.lines = vec![line("one"), line("two"), line(&"three ".repeat(3000))];
    busy.journal = Some(turn("busy", 1, 30_000));
    busy.notices = vec![Notice {
        at: at(1),
        conversation: Some("busy".into()),
        queue: None,
        text: "something".to_owned(),
    }];
    done(store, busy).await;
    let mut busy = next(store, "busy").await;
    busy.inbox_consume = 1;
    busy.journal = Some(turn("busy", 2, 250_000));
    busy.lines = vec![line("four")];
    busy.accepted = vec![("wamid.sent".to_owned(), effect("busy", 1, 0))];
    done(store, busy).await;

    // With people, after it was in their queue.
    let mut people = birth("people", false);
    people.conversation.mode =
        Mode::Queued { queue: "front-desk".into(), since: at(5), wait: None, handoff: handoff.clone() };
    people.lines = vec![line("asks for a person")];
    done(store, people).await;
    let mut people = next(store, "people").await;
    people.conversation.mode = Mode::People {
        queue: "front-desk".into(),
        since: at(9),
        attendant: "rosa".to_owned(),
        wait: None,
        handoff: handoff.clone(),
    };
    done(store, people).await;
    let mut queued = birth("queued", false);
    queued.conversation.mode = Mode::Queued { queue: "front-desk".into(), since: at(7), wait: None, handoff };
    done(store, queued).await;

    // Over, with an effect that was given up, and turns that are cut.
    let mut over = birth("over", true);
    over.journal = Some(turn("over", 1, 500));
    over.outbox_push = vec![asked(effect("over", 1, 0), 0, "Oi!")];
    done(store, over).await;
    let mut over = next(store, "over").await;
    over.conversation.session = None;
    over.conversation.release = None;
    over.conversation.asked = None;
    over.dead = vec![DeadLetter {
        conversation: "over".into(),
        entry: asked(effect("over", 1, 0), 0, "Oi!"),
        at: at(20),
        reason: "the number does not exist".to_owned(),
    }];
    over.lines = vec![line("the end")];
    done(store, over).await;
    store.cut_journal(at(2)).await.unwrap();
    let mut over = next(store, "over").await;
    over.journal = Some(turn("over", 3, 20));
    done(store, over).await;

    let status = KeptStatus { state: SendState::Delivered, at: at(3), failure: None };
    store.keep_status(&account(), "wamid.unknown", &status).await.unwrap();
}
