//! What the store keeps, one type per table.

use fluxo_engine::ids::{ContactId, ConversationId, EffectId, FlowId, QueueId, ReleaseId, SessionId, WaitId};
use fluxo_engine::protocol::{
    Contact, Effect, Handoff, Inbound, Message, Object, Origin, SendFailure, TimerKind,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One of our addresses on a channel: a number, for example. Provider message ids are unique in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Account {
    /// The channel's name in the project file.
    pub channel: String,
    /// The provider's id of our address.
    pub id: String,
}

/// How a person is reached on a channel; at least one member is there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Address {
    /// The provider's stable id of the person (BSUID); outranks the phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The phone as the channel writes it, digits only; answered to as received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The name the person chose to be found by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

/// A contact with its addresses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContactRecord {
    /// Counts what is written of it, so that a whole write never hides another one. `0` for one not stored yet;
    /// the store counts.
    #[serde(default)]
    pub revision: u64,
    /// What flows see.
    pub contact: Contact,
    /// Where it is reached, by account.
    pub addresses: Vec<(Account, Address)>,
    /// Its conversation on each account.
    pub conversations: Vec<(Account, ConversationId)>,
}

/// Who has the conversation: exactly one side speaks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "mode")]
pub enum Mode {
    /// The flow.
    Bot,
    /// It waits in a queue for somebody to take it.
    Queued {
        /// Which queue.
        queue: QueueId,
        /// Since when.
        since: Timestamp,
        /// The wait of the `handoff` node; absent when no flow asked (trouble, quarantine).
        wait: Option<WaitId>,
        /// What the flow handed over.
        handoff: Handoff,
    },
    /// People.
    People {
        /// Of which queue.
        queue: QueueId,
        /// Since when.
        since: Timestamp,
        /// Who.
        attendant: String,
        /// As in `Queued`.
        wait: Option<WaitId>,
        /// As in `Queued`.
        handoff: Handoff,
    },
}

/// The question that is open: its clock and the rule of early messages need to know when it was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The message that asks.
    pub effect: EffectId,
    /// When the channel accepted it.
    pub accepted_at: Option<Timestamp>,
}

/// A contact on a channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    /// Opaque.
    pub id: ConversationId,
    /// The person.
    pub contact: ContactId,
    /// Our side.
    pub account: Account,
    /// Their side.
    pub address: Address,
    /// Who has it.
    pub mode: Mode,
    /// The open session in its stored form, absent when none is open.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "crate::store::record::bytes")]
    pub session: Option<Vec<u8>>,
    /// The id of the open session, or of the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// The release the open session is pinned to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<ReleaseId>,
    /// How many sessions it has had.
    pub sessions: u32,
    /// The open question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// When the contact last wrote, by the provider's clock: the 24-hour window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_inbound: Option<Timestamp>,
    /// The provider's id of the contact's last message: read marks and typing need it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_message: Option<String>,
    /// The revision of the contact up to which the journal of the open session tells how the contact came to be as it
    /// is: while it is at that, a turn's entry need not hold the contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journaled: Option<u64>,
    /// The open session was told to end, so that a [`StartRequest`] in the inbox can begin.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closing: bool,
    /// The number of its next transcript line; the store moves it on.
    pub next_line: u64,
}

/// Names a delivered message: (channel, account, provider's message id).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DedupeKey {
    /// Where it came in.
    pub account: Account,
    /// The provider's id.
    pub message: String,
}

/// What waits to be played.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InboxEntry {
    /// A message; its transcript line was written when it came.
    Message(Box<Inbound>),
    /// A flow to be started from outside; an open session ends first, with the outcome `replaced`.
    Start(StartRequest),
}

/// A flow to be started from outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StartRequest {
    /// Which.
    pub flow: FlowId,
    /// Why.
    pub origin: Origin,
    /// What it is given.
    #[serde(default, skip_serializing_if = "Object::is_empty")]
    pub inputs: Object,
}

/// An effect that is not over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutboxEntry {
    /// What is asked.
    pub effect: Effect,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// Not before this.
    pub ready_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// When it failed for the first time: a send blocks what follows for at most two minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Timestamp>,
    /// How far it is.
    pub state: OutboxState,
    /// Timers that are armed once the message is accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_accept: Vec<Deferred>,
}

/// A timer whose clock starts when a message is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deferred {
    /// The wait it wakes.
    pub wait: WaitId,
    /// Which of the wait's timers.
    pub kind: TimerKind,
    /// How long after, in milliseconds.
    pub ms: i64,
}

/// How far an effect is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum OutboxState {
    /// To be performed.
    Ready,
    /// An attempt that is not safe to repeat was begun: with no result its outcome is unknown.
    Started {
        /// When.
        at: Timestamp,
    },
    /// A send left and no answer came: waits for a status, then is sent once more at most.
    InDoubt {
        /// Since when.
        since: Timestamp,
        /// Whether it was sent once more already.
        repeated: bool,
    },
}

/// An effect that can never succeed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Whose.
    pub conversation: ConversationId,
    /// What was asked.
    pub entry: OutboxEntry,
    /// When it was given up.
    pub at: Timestamp,
    /// Why, in words for the staff.
    pub reason: String,
}

impl DeadLetter {
    /// Whether what it asked for may have been done all the same: it left, and no answer came.
    pub fn may_have_arrived(&self) -> bool {
        match self.entry.state {
            OutboxState::Ready => false,
            OutboxState::Started { .. } | OutboxState::InDoubt { .. } => true,
        }
    }
}

/// An armed timer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimerRow {
    /// When.
    pub due: Timestamp,
    /// Whose.
    pub conversation: ConversationId,
    /// The wait it wakes.
    pub wait: WaitId,
    /// Which of the wait's timers.
    pub kind: TimerKind,
}

/// One line of a conversation, as people see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// When.
    pub at: Timestamp,
    /// Who said it.
    pub by: Speaker,
    /// What.
    pub body: LineBody,
}

/// Who said a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The contact.
    Contact,
    /// A flow.
    Bot,
    /// A person of the staff.
    Attendant(String),
    /// fluxo itself: handed over, given back, not played.
    System,
}

/// What a line holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineBody {
    /// A message of the contact.
    Inbound(Inbound),
    /// A message to the contact, with the effect that carries it.
    Outbound {
        /// The effect.
        effect: EffectId,
        /// What is said.
        message: Message,
    },
    /// How a message to the contact fares; the highest one counts.
    Sent {
        /// The message's effect.
        effect: EffectId,
        /// How far it is.
        state: SendState,
        /// Why it failed.
        reason: Option<String>,
    },
    /// Something that happened.
    Note(String),
}

/// How far a message to the contact is. Ordered: a later one implies the earlier (whatsapp-cloud.md §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendState {
    /// The provider took it.
    Accepted,
    /// It left the provider.
    Sent,
    /// It is on the phone.
    Delivered,
    /// It was read.
    Read,
    /// A voice note was played.
    Played,
    /// It will not arrive.
    Failed,
}

/// A status that came before anything was known of its message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptStatus {
    /// How far the message is.
    pub state: SendState,
    /// Since when.
    pub at: Timestamp,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<SendFailure>,
}

/// Something the staff is to hear.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// When.
    pub at: Timestamp,
    /// The conversation it is about.
    pub conversation: Option<ConversationId>,
    /// The queue it is for.
    pub queue: Option<QueueId>,
    /// What.
    pub text: String,
}

/// Stored sessions are bytes of the engine's own; they are JSON, so they stand in a record as text.
pub(crate) mod bytes {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        bytes: &Option<Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match bytes {
            Some(bytes) => {
                serializer.serialize_some(std::str::from_utf8(bytes).map_err(serde::ser::Error::custom)?)
            }
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<u8>>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.map(String::into_bytes))
    }
}
