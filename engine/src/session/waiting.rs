//! What a session waits for.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::FrozenMenu;
use crate::ids::{EffectId, QueueId};
use crate::protocol::TimerKind;

/// An open wait, at the innermost frame's node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Waiting {
    /// The node visit that began it: with the session's id, the wait's id.
    #[serde(rename = "v")]
    pub(crate) visit: u32,
    /// The message that put the question first. Asking again does not change it: the contact has seen the question.
    #[serde(rename = "q", default, skip_serializing_if = "Option::is_none")]
    pub(crate) question: Option<EffectId>,
    /// Invalid answers so far.
    #[serde(rename = "a", default, skip_serializing_if = "is_zero")]
    pub(crate) attempts: u32,
    /// The question was asked once more because of an early message; it is not a third time.
    #[serde(rename = "e", default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) repeated: bool,
    /// Timers that are armed.
    #[serde(rename = "t", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) timers: Vec<TimerKind>,
    #[serde(rename = "k")]
    pub(crate) kind: WaitKind,
}

/// For what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum WaitKind {
    /// An `ask` node's answer.
    #[serde(rename = "ask")]
    Ask(Collected),
    /// A choice.
    #[serde(rename = "menu")]
    Menu(FrozenMenu),
    /// Yes or no to a purpose.
    #[serde(rename = "consent")]
    Consent {
        /// The exact words shown.
        words: String,
    },
    /// The answer of a call.
    #[serde(rename = "http")]
    Http(Paging),
    /// People.
    #[serde(rename = "handoff")]
    Handoff {
        /// Which queue.
        queue: QueueId,
        /// What the engine does when a flow's own trouble cannot be handled: it belongs to no node.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        last_resort: bool,
    },
    /// A ticket's key.
    #[serde(rename = "ticket")]
    Ticket {
        /// The effect that asked.
        effect: EffectId,
    },
    /// A moment.
    #[serde(rename = "pause")]
    Pause {
        /// Whether a message ends it.
        hears: bool,
    },
}

/// The bubbles of one answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Collected {
    #[serde(rename = "b", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) bubbles: Vec<String>,
    /// When the first of them came.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<Timestamp>,
    /// All of them came before the question could be seen.
    #[serde(rename = "e", default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) early: bool,
}

/// A call in flight, and the pages that came before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Paging {
    /// The effect in flight.
    #[serde(rename = "e")]
    pub(crate) effect: EffectId,
    /// Its page, from 1.
    #[serde(rename = "p")]
    pub(crate) page: u32,
    /// The items of the pages before.
    #[serde(rename = "i", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) items: Vec<Value>,
}

impl WaitKind {
    /// Whether the contact is asked something: what interrupts, `idle` and early messages are about.
    pub(crate) fn is_question(&self) -> bool {
        match self {
            Self::Ask(_) | Self::Menu(_) | Self::Consent { .. } => true,
            Self::Http(_) | Self::Handoff { .. } | Self::Ticket { .. } | Self::Pause { .. } => false,
        }
    }

    /// Whether the result of something already asked of the world is awaited, which nothing may cut.
    pub(crate) fn is_in_flight(&self) -> bool {
        match self {
            Self::Http(_) | Self::Ticket { .. } => true,
            Self::Ask(_)
            | Self::Menu(_)
            | Self::Consent { .. }
            | Self::Handoff { .. }
            | Self::Pause { .. } => false,
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde gives a reference
fn is_zero(n: &u32) -> bool {
    *n == 0
}
