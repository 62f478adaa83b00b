//! All between an input and the next wait.

use serde::{Deserialize, Serialize};

use super::{ContactChange, Effect, Event, TimerChange};

/// What one input led to. Committed whole, with the session, or not at all.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Turn {
    /// Counts the session's turns, from 1.
    pub number: u32,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// What is asked, in order; performed in this order for one conversation.
    pub effects: Vec<Effect>,
    /// What becomes of timers, in order. All timers of a session that ended are stale.
    pub timers: Vec<TimerChange>,
    /// What becomes of the contact, in order.
    pub contact: Vec<ContactChange>,
    /// The outcome, when the session ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
}
