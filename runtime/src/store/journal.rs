//! A turn as it was played: what it was fed, what came of it, and what is left once it is not to be played again.

use fluxo_engine::ids::{FlowId, QueueId, ReleaseId, SessionId};
use fluxo_engine::protocol::{
    ChannelLimits, Contact, Effect, EffectKind, Event, Inbound, Object, Origin, Project, Trouble, Turn, Wake,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt;
use std::io::Write;

/// One entry of a conversation's journal.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalEntry {
    /// When.
    pub at: Timestamp,
    /// The session.
    pub session: SessionId,
    /// Its turn.
    pub turn: u32,
    /// What happened, in order; the way through the flows and how they ended, once it was cut.
    pub events: Vec<Event>,
    /// What is known of it besides.
    pub kept: Kept,
}

/// What an entry of the journal holds besides its events.
#[derive(Debug, Clone, PartialEq)]
pub enum Kept {
    /// All that is needed to play the turn again.
    Whole(Box<Recorded>),
    /// Nothing was played: the session was moved between two turns, and the entry's turn is the one before. Whoever
    /// plays the session again moves it here as well, before the turns that follow.
    Moved(Moved),
    /// It is too old to be played again: `[retention] replay`.
    Cut,
    /// The contact was erased.
    Erased,
    /// A fluxo wrote it that did not keep enough of it.
    Older,
}

/// A session's move from the release it was pinned to, to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// What it played until here.
    pub from: ReleaseId,
    /// What it plays from here on.
    pub to: ReleaseId,
}

/// What a turn was fed, and what tells whether playing it again came to the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// What it was played against.
    pub backdrop: BackdropId,
    /// What happened.
    pub input: Input,
    /// The person as the turn saw them; absent when nobody but the session's own turns has changed them since the turn
    /// before, so that playing that one tells.
    pub contact: Option<Contact>,
    /// Whether free text could be sent.
    pub window_open: bool,
    /// Of what came of it.
    pub prints: Prints,
    /// What was asked other than to say something: what was said stands in the transcript.
    pub asked: Vec<Effect>,
}

/// What began or woke a session: a trigger or a resume without its world.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Input {
    /// It began.
    #[serde(rename = "s")]
    Start {
        /// The flow.
        #[serde(rename = "f")]
        flow: FlowId,
        /// Why.
        #[serde(rename = "o")]
        origin: Origin,
        /// What the contact sent, when that is the reason.
        #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
        message: Option<Inbound>,
        /// What the flow was given.
        #[serde(rename = "i", default, skip_serializing_if = "Object::is_empty")]
        inputs: Object,
    },
    /// It was woken.
    #[serde(rename = "w")]
    Wake(Wake),
}

/// Short digests of what a turn came to. They tell whether something changed and protect nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Prints {
    /// Of the session's stored form.
    #[serde(rename = "s")]
    pub session: u32,
    /// Of each effect, in order.
    #[serde(rename = "e", default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<u32>,
    /// Of what became of timers; `0` when nothing did.
    #[serde(rename = "t", default, skip_serializing_if = "is_zero")]
    pub timers: u32,
    /// Of what became of the contact; `0` when nothing did.
    #[serde(rename = "c", default, skip_serializing_if = "is_zero")]
    pub contact: u32,
}

impl Prints {
    /// Of a turn and the session it left.
    pub fn of(session: &[u8], turn: &Turn) -> Self {
        Self {
            session: crc32fast::hash(session),
            effects: turn.effects.iter().map(print).collect(),
            timers: print_all(&turn.timers),
            contact: print_all(&turn.contact),
        }
    }
}

fn print_all<T: Serialize>(values: &[T]) -> u32 {
    if values.is_empty() { 0 } else { print(&values) }
}

/// The digest of a value's JSON.
fn print<T: Serialize + ?Sized>(value: &T) -> u32 {
    struct Sum(crc32fast::Hasher);
    impl Write for Sum {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut sum = Sum(crc32fast::Hasher::new());
    match serde_json::to_writer(&mut sum, value) {
        Ok(()) => sum.0.finalize(),
        Err(_) => 0,
    }
}

/// What turns are played against and what hardly ever changes: kept once, whatever number of turns it is about. It
/// holds nothing of a contact's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Backdrop {
    /// The flows.
    pub release: ReleaseId,
    /// The engine's semantic version: within one, playing a turn again gives the same bytes.
    pub engine: u32,
    /// The store's epoch, the first part of effect ids.
    pub epoch: u32,
    /// The channel's name.
    pub channel: String,
    /// What it can show.
    pub limits: ChannelLimits,
    /// Queues within their opening hours.
    pub open_queues: BTreeSet<QueueId>,
    /// What the project file said.
    pub project: Project,
}

/// Names a [`Backdrop`] by what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BackdropId(pub [u8; 8]);

impl fmt::Display for BackdropId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Backdrop {
    /// Its name.
    pub fn id(&self) -> BackdropId {
        let text = serde_json::to_vec(self).unwrap_or_default();
        let digest = Sha256::digest(&text);
        let mut id = [0; 8];
        id.copy_from_slice(&digest[..8]);
        BackdropId(id)
    }
}

impl JournalEntry {
    /// That a session was moved to another release, after a turn.
    pub fn moved(at: Timestamp, session: SessionId, turn: u32, moved: Moved) -> Self {
        Self { at, session, turn, events: Vec::new(), kept: Kept::Moved(moved) }
    }

    /// Takes out all that a contact said or that was known of them: what stays is which nodes were visited, how flows
    /// and session ended, and the codes of what failed.
    #[must_use]
    pub fn cut(self) -> Self {
        let kept = match self.kept {
            Kept::Whole(_) | Kept::Cut | Kept::Older => Kept::Cut,
            Kept::Erased => Kept::Erased,
            Kept::Moved(moved) => Kept::Moved(moved),
        };
        Self { events: self.events.into_iter().filter_map(stays).collect(), kept, ..self }
    }

    /// The same because the contact was erased.
    #[must_use]
    pub fn erased(self) -> Self {
        let cut = self.cut();
        let kept = match cut.kept {
            Kept::Whole(_) | Kept::Cut | Kept::Older | Kept::Erased => Kept::Erased,
            Kept::Moved(moved) => Kept::Moved(moved),
        };
        Self { kept, ..cut }
    }
}

/// What of a turn's effects is kept in the journal: what the transcript does not have.
pub fn not_said(effects: &[Effect]) -> Vec<Effect> {
    let said = |effect: &&Effect| match effect.kind {
        EffectKind::SendMessage { .. } => false,
        EffectKind::CallHttp { .. }
        | EffectKind::OpenHandoff { .. }
        | EffectKind::OpenTicket { .. }
        | EffectKind::Notify { .. }
        | EffectKind::SendEmail { .. } => true,
    };
    effects.iter().filter(said).cloned().collect()
}

/// An event without what may be a contact's: ports and answers may name an option that was made of their data.
pub(super) fn stays(event: Event) -> Option<Event> {
    match event {
        Event::SessionStarted { .. }
        | Event::NodeEntered { .. }
        | Event::Interrupted { .. }
        | Event::FlowEntered { .. }
        | Event::FlowEnded { .. }
        | Event::WentTo { .. }
        | Event::SessionEnded { .. } => Some(event),
        Event::Trouble(trouble) => Some(Event::Trouble(Trouble { detail: String::new(), ..trouble })),
        Event::PortTaken { .. }
        | Event::WaitBegan { .. }
        | Event::Answered { .. }
        | Event::AnswerInvalid { .. }
        | Event::NotPlayed { .. }
        | Event::ResultTooLate { .. } => None,
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde gives a reference
fn is_zero(n: &u32) -> bool {
    *n == 0
}

#[cfg(test)]
mod tests {
    use fluxo_engine::protocol::TroubleCode;

    use super::*;

    #[test]
    fn the_way_and_the_outcome_stay_and_nothing_of_the_contact() {
        let trouble = Trouble {
            code: TroubleCode::SendFailed,
            flow: "menu".into(),
            node: "fim".into(),
            detail: "Ana".to_owned(),
        };
        let message = r#"{"wake":"close","outcome":"52998224725"}"#;
        let recorded = Recorded {
            backdrop: BackdropId([7; 8]),
            input: Input::Wake(serde_json::from_str(message).unwrap()),
            contact: Some(Contact { phone: Some("+5511987654321".into()), ..Contact::new("p1".into()) }),
            window_open: true,
            prints: Prints::default(),
            asked: Vec::new(),
        };
        let port = "options/52998224725".to_owned();
        let wait = fluxo_engine::ids::WaitId { session: "c1.1".into(), visit: 3 };
        let entry = JournalEntry {
            at: "2026-03-12T12:00:00Z".parse().unwrap(),
            session: "c1.1".into(),
            turn: 3,
            events: vec![
                Event::PortTaken { flow: "menu".into(), node: "qual".into(), port },
                Event::NodeEntered { flow: "menu".into(), node: "fim".into(), visit: 4 },
                Event::Answered { wait, how: "52998224725".to_owned() },
                Event::Trouble(trouble),
                Event::SessionEnded { outcome: "ok".to_owned() },
            ],
            kept: Kept::Whole(Box::new(recorded)),
        };
        let cut = entry.clone().cut();
        assert_eq!((cut.at, &cut.session, cut.turn), (entry.at, &entry.session, entry.turn));
        assert_eq!((cut.events.len(), &cut.kept), (3, &Kept::Cut));
        let text = format!("{cut:?}");
        for gone in ["52998224725", "5511987654321", "Ana"] {
            assert!(!text.contains(gone), "{text}");
        }
        assert_eq!(cut.clone().cut(), cut);
        assert_eq!(cut.clone().erased().kept, Kept::Erased);
        let moved = Moved { from: "r1".into(), to: "r2".into() };
        let moved = JournalEntry::moved(entry.at, "c1.1".into(), 3, moved);
        assert_eq!(moved.clone().erased(), moved, "a move says nothing of the contact");
    }
}
