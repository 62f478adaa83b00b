//! The outbox as operators see it: effects that wait to be performed, and dead letters.

mod list;
mod settle;
mod show;

pub use list::{List, Listed, Only};
pub use settle::{How, Left, Settle, Settled, Which, Why};
pub use show::{Heard, Show, Shown, Who};

use fluxo_engine::ids::{ConversationId, EffectId};
use fluxo_engine::protocol::EffectKind;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::foundation::redact::redact;
use crate::store::{DeadLetter, OutboxEntry, OutboxState, SendState};

/// An effect that waits or was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Names it.
    pub effect: EffectId,
    /// Whose it is.
    pub conversation: ConversationId,
    /// What it does.
    pub kind: Kind,
    /// Since when it is asked for.
    pub since: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// How far it is.
    #[serde(flatten)]
    pub standing: Standing,
}

/// What an effect does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Says something to the contact.
    Message,
    /// Calls a connection.
    Http,
    /// Gives the conversation to people.
    Handoff,
    /// Opens a ticket.
    Ticket,
    /// Tells the staff something.
    Notice,
    /// Sends an e-mail.
    Email,
}

/// How far an effect is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Standing {
    /// It is performed next, or after those of its conversation that were asked before it.
    Ready,
    /// It is tried again, or may leave, at a moment.
    Waiting {
        /// When.
        until: Timestamp,
    },
    /// An attempt is under way; after a stop of the service, its outcome is not known.
    Started {
        /// Since when.
        at: Timestamp,
    },
    /// It left and no answer came.
    InDoubt {
        /// How long an answer is waited for before it is tried once more or given up.
        until: Timestamp,
        /// Whether it was tried once more already.
        repeated: bool,
    },
    /// It was given up.
    Dead {
        /// When.
        at: Timestamp,
        /// Why, in words for the staff.
        reason: String,
        /// Whether it may have arrived all the same.
        unclear: bool,
    },
}

impl Row {
    fn of_entry(conversation: &ConversationId, entry: &OutboxEntry, now: Timestamp) -> Self {
        let standing = match entry.state {
            OutboxState::Ready if entry.ready_at > now => Standing::Waiting { until: entry.ready_at },
            OutboxState::Ready => Standing::Ready,
            OutboxState::Started { at } => Standing::Started { at },
            OutboxState::InDoubt { repeated, .. } => Standing::InDoubt { until: entry.ready_at, repeated },
        };
        Self::of(conversation, entry, standing)
    }

    fn of_letter(letter: &DeadLetter) -> Self {
        // What a provider said may quote the contact.
        let (at, reason) = (letter.at, redact(&letter.reason));
        let standing = Standing::Dead { at, reason, unclear: letter.may_have_arrived() };
        Self::of(&letter.conversation, &letter.entry, standing)
    }

    fn of(conversation: &ConversationId, entry: &OutboxEntry, standing: Standing) -> Self {
        Self {
            effect: entry.effect.id.clone(),
            conversation: conversation.clone(),
            kind: Kind::of(&entry.effect.kind),
            since: entry.asked_at,
            attempts: entry.attempts,
            standing,
        }
    }
}

impl Kind {
    fn of(kind: &EffectKind) -> Self {
        match kind {
            EffectKind::SendMessage { .. } => Self::Message,
            EffectKind::CallHttp { .. } => Self::Http,
            EffectKind::OpenHandoff { .. } => Self::Handoff,
            EffectKind::OpenTicket { .. } => Self::Ticket,
            EffectKind::Notify { .. } => Self::Notice,
            EffectKind::SendEmail { .. } => Self::Email,
        }
    }
}

/// How far a message is, in the operators' words.
pub fn word(state: SendState) -> &'static str {
    match state {
        SendState::Accepted => "aceita pelo canal",
        SendState::Sent => "enviada",
        SendState::Delivered => "entregue",
        SendState::Read => "lida",
        SendState::Played => "ouvida",
        SendState::Failed => "não entregue",
    }
}
