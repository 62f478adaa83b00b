//! What a conversation of the test does at its turn n, and what the store must hold of it after n turns. Both follow
//! from the seed alone, so that nothing has to be remembered but how far each conversation is known to be.

use std::collections::VecDeque;

use fluxo::store::{
    Account, Address, BackdropId, Commit, ContactRecord, Conversation, DeadLetter, DedupeKey, InboxEntry,
    Input, JournalEntry, Kept, Line, LineBody, Mode, Notice, OutboxEntry, OutboxState, Prints, Recorded,
    Revision, Speaker, StartRequest, TimerRow,
};
use fluxo_engine::ids::{EffectId, SessionId, WaitId};
use fluxo_engine::protocol::{
    Assign, Contact, ContactChange, Content, Effect, EffectKind, Event, Handoff, Inbound, Message, Object,
    Origin, TimerKind, Wake,
};
use jiff::{SignedDuration, Timestamp};

use crate::random::Random;

/// So many seconds after the beginning of the test's time.
fn at(seconds: u64) -> Timestamp {
    let seconds = i64::try_from(seconds).expect("a test is short");
    "2026-11-21T12:00:00Z".parse::<Timestamp>().expect("a moment") + SignedDuration::from_secs(seconds)
}

/// Text of a length that is not the same at any two places of the test.
fn text(bytes: usize, mark: &str) -> String {
    let mut text = String::with_capacity(bytes + 64);
    for n in 0.. {
        if text.len() >= bytes {
            break;
        }
        text.push_str(mark);
        text.push_str(&format!("·{n} "));
    }
    text
}

/// A conversation of the test.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Talk {
    pub(crate) seed: u64,
    pub(crate) number: u64,
}

/// What the store must hold of a conversation.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) conversation: Conversation,
    pub(crate) contact: Contact,
    pub(crate) inbox: VecDeque<InboxEntry>,
    pub(crate) outbox: Vec<OutboxEntry>,
    pub(crate) timers: Vec<TimerRow>,
    pub(crate) lines: Vec<Line>,
    pub(crate) journal: Vec<JournalEntry>,
    pub(crate) seen: Vec<DedupeKey>,
    pub(crate) accepted: Vec<(String, EffectId)>,
    pub(crate) dead: Vec<DeadLetter>,
    pub(crate) notices: Vec<Notice>,
}

impl Talk {
    pub(crate) fn id(self) -> String {
        format!("c{:04}", self.number)
    }

    pub(crate) fn account() -> Account {
        Account { channel: "whatsapp".to_owned(), id: "106540352242922".to_owned() }
    }

    fn address(self) -> Address {
        let phone = format!("5511{:09}", 900_000_000 + self.number);
        Address { user: Some(format!("BR.{}", self.number)), phone: Some(phone), username: None }
    }

    fn session(self) -> SessionId {
        format!("s-{}", self.id()).into()
    }

    fn effect(self, turn: u64) -> EffectId {
        let turn = u32::try_from(turn).expect("a test is short");
        EffectId { epoch: 1, session: self.session(), turn, n: 0 }
    }

    fn wait(self, turn: u64) -> WaitId {
        WaitId { session: self.session(), visit: u32::try_from(turn).expect("a test is short") }
    }

    fn timer(self, turn: u64) -> TimerRow {
        TimerRow {
            due: at(3_600 + turn * 7 + self.number),
            conversation: self.id().into(),
            wait: self.wait(turn),
            kind: TimerKind::NoAnswer,
        }
    }

    fn asked(self, turn: u64) -> OutboxEntry {
        let said = text(200, &format!("resposta {} {turn}", self.number));
        OutboxEntry {
            effect: Effect {
                id: self.effect(turn),
                wait: Some(self.wait(turn)),
                kind: EffectKind::SendMessage { message: Message::Text { text: said } },
            },
            asked_at: at(turn),
            ready_at: at(turn),
            attempts: 0,
            failing_since: None,
            state: OutboxState::Ready,
            on_accept: Vec::new(),
        }
    }

    /// The message that every turn plays.
    pub(crate) fn message(self, turn: u64) -> DedupeKey {
        DedupeKey { account: Self::account(), message: format!("wamid.{}.{turn}", self.id()) }
    }

    fn inbound(self, turn: u64) -> Inbound {
        Inbound {
            id: self.message(turn).message,
            written_at: at(turn),
            received_at: at(turn),
            content: Content::Text { text: text(60, &format!("mensagem {} {turn}", self.number)) },
            quoted: None,
            referral: None,
        }
    }

    /// A session is some 2 KB; now and then it holds a long menu, or all that one may.
    fn session_bytes(self, turn: u64) -> usize {
        let mut random = Random::of(self.seed, self.number, turn);
        match random.below(100) {
            0..86 => 1_500 + random.below(1_500),
            86..96 => 5_000 + random.below(40_000),
            _ => 90_000 + random.below(60_000),
        }
    }

    fn mode(self, turn: u64) -> Mode {
        let handoff = || Handoff {
            queue: "recepcao".into(),
            summary: format!("resumo de {}", self.number),
            ticket: None,
            assign: Assign::Queue,
            prefer_last_attendant: false,
        };
        let (queue, since, wait) = ("recepcao".into(), at(turn / 6), Some(self.wait(turn)));
        match turn % 6 {
            4 => Mode::Queued { queue, since, wait, handoff: handoff() },
            5 => Mode::People { queue, since, wait, handoff: handoff(), attendant: "Bia".to_owned() },
            _ => Mode::Bot,
        }
    }

    /// The commit that makes turn `turn` of the one before it; the first is 1.
    pub(crate) fn turn(self, turn: u64) -> Commit {
        let mut commit = self.without_session(turn);
        commit.conversation.session = Some(self.stored_session(turn));
        commit
    }

    fn stored_session(self, turn: u64) -> Vec<u8> {
        text(self.session_bytes(turn), &format!("{} {turn}", self.id())).into_bytes()
    }

    fn without_session(self, turn: u64) -> Commit {
        let id = self.id();
        let mut commit = Commit::of(
            Revision(turn - 1),
            Conversation {
                id: id.as_str().into(),
                contact: format!("p-{id}").into(),
                account: Self::account(),
                address: self.address(),
                mode: self.mode(turn),
                session: None,
                session_id: Some(self.session()),
                release: Some("r1".into()),
                sessions: 1,
                asked: None,
                last_inbound: Some(at(turn)),
                last_message: Some(self.message(turn).message),
                closing: false,
                journaled: None,
                next_line: 0,
            },
        );
        commit.seen = vec![(self.message(turn), at(turn))];
        if turn == 1 {
            commit.contacts = vec![ContactRecord {
                revision: 0,
                contact: Contact::new(format!("p-{id}").into()),
                addresses: vec![(Self::account(), self.address())],
                conversations: vec![(Self::account(), id.as_str().into())],
            }];
        }
        commit.contact_changes = vec![
            ContactChange::SetField { name: "turno".to_owned(), value: Some(turn.into()) },
            ContactChange::AddTag { tag: format!("t{}", turn % 5) },
        ];
        self.inbox(turn, &mut commit);
        self.outbox(turn, &mut commit);
        commit.timers_arm = vec![self.timer(turn)];
        if turn > 1 && !turn.is_multiple_of(4) {
            commit.timers_disarm = vec![(self.wait(turn - 1), TimerKind::NoAnswer)];
        }
        let visit = u32::try_from(turn).expect("a test is short");
        let much = if turn.is_multiple_of(9) { 12_000 } else { 400 };
        commit.journal = Some(JournalEntry {
            at: at(turn),
            session: self.session(),
            turn: visit,
            events: vec![Event::NodeEntered { flow: "f".into(), node: "n".into(), visit }],
            kept: Kept::Whole(Box::new(Recorded {
                backdrop: BackdropId([7; 8]),
                input: Input::Wake(Wake::Close { outcome: text(much, &format!("entrada {id} {turn}")) }),
                contact: None,
                window_open: true,
                prints: Prints { session: visit, ..Prints::default() },
                asked: Vec::new(),
            })),
        });
        commit.lines = vec![
            Line { at: at(turn), by: Speaker::Contact, body: LineBody::Inbound(self.inbound(turn)) },
            Line { at: at(turn), by: Speaker::System, body: LineBody::Note(format!("nota {id} {turn}")) },
        ];
        if turn.is_multiple_of(13) {
            let conversation = Some(id.as_str().into());
            let text = format!("aviso {id} {turn}");
            commit.notices = vec![Notice { at: at(turn), conversation, queue: None, text }];
        }
        commit
    }

    fn inbox(self, turn: u64, commit: &mut Commit) {
        match turn % 5 {
            1 => {
                let start = StartRequest {
                    flow: "confirmar".into(),
                    origin: Origin::Campaign { facts: Object::default() },
                    inputs: Object::default(),
                };
                commit.inbox_push =
                    vec![InboxEntry::Message(Box::new(self.inbound(turn))), InboxEntry::Start(start)];
            }
            3 => commit.inbox_consume = 1,
            4 => {
                commit.inbox_push = vec![InboxEntry::Message(Box::new(self.inbound(turn)))];
                commit.inbox_consume = 2;
            }
            _ => {}
        }
    }

    /// Every third effect is over at the turn after its own, every third is tried and over later, some never succeed.
    fn outbox(self, turn: u64, commit: &mut Commit) {
        commit.outbox_push = vec![self.asked(turn)];
        commit.accepted = vec![(format!("wamid.out.{}.{turn}", self.id()), self.effect(turn))];
        for before in [turn.saturating_sub(1), turn.saturating_sub(3)] {
            match (before, before % 3, turn - before) {
                (0, _, _) => {}
                (_, 0, 1) | (_, 1, 3) => commit.outbox_done.push(self.effect(before)),
                (_, 1, 1) => {
                    let state = OutboxState::InDoubt { since: at(turn), repeated: false };
                    commit.outbox_update.push(OutboxEntry { attempts: 1, state, ..self.asked(before) });
                }
                (_, 2, 3) if before % 4 == 1 => commit.dead.push(DeadLetter {
                    conversation: self.id().into(),
                    entry: self.asked(before),
                    at: at(turn),
                    reason: "recusada".to_owned(),
                }),
                _ => {}
            }
        }
    }

    /// What the store must hold after so many turns, at least one.
    pub(crate) fn after(self, turns: u64) -> Held {
        let first = self.without_session(1);
        let mut held = Held {
            conversation: first.conversation.clone(),
            contact: first.contacts[0].contact.clone(),
            inbox: VecDeque::new(),
            outbox: Vec::new(),
            timers: Vec::new(),
            lines: Vec::new(),
            journal: Vec::new(),
            seen: Vec::new(),
            accepted: Vec::new(),
            dead: Vec::new(),
            notices: Vec::new(),
        };
        for turn in 1..=turns {
            held.apply(self.without_session(turn));
        }
        held.conversation.session = Some(self.stored_session(turns));
        held
    }
}

impl Held {
    /// A commit as the trait describes it, in memory.
    fn apply(&mut self, commit: Commit) {
        self.lines.extend(commit.lines);
        self.conversation = commit.conversation;
        self.conversation.next_line = self.lines.len() as u64 + 1;
        self.seen.extend(commit.seen.into_iter().map(|(key, _)| key));
        for change in &commit.contact_changes {
            self.contact.apply(change);
        }
        self.inbox.extend(commit.inbox_push);
        self.inbox.drain(..commit.inbox_consume.min(self.inbox.len()));
        self.outbox.extend(commit.outbox_push);
        self.accepted.extend(commit.accepted);
        for entry in commit.outbox_update {
            if let Some(stands) = self.outbox.iter_mut().find(|stands| stands.effect.id == entry.effect.id) {
                *stands = entry;
            }
        }
        let over = |id: &EffectId| {
            commit.outbox_done.contains(id) || commit.dead.iter().any(|letter| letter.entry.effect.id == *id)
        };
        self.outbox.retain(|entry| !over(&entry.effect.id));
        self.dead.extend(commit.dead);
        let disarmed = |row: &TimerRow| commit.timers_disarm.contains(&(row.wait.clone(), row.kind));
        self.timers.retain(|row| !disarmed(row));
        self.timers.extend(commit.timers_arm);
        self.journal.extend(commit.journal);
        self.notices.extend(commit.notices);
    }
}
