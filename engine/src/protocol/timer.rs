//! Timers: armed and disarmed in the turn's own commit, addressed to a wait.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{EffectId, WaitId};

/// A timer. `(wait, kind)` is its key: arming again moves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// Whom it wakes.
    pub wait: WaitId,
    /// Which of the wait's timers.
    pub kind: TimerKind,
    /// When.
    pub due: Due,
}

/// A wait's timers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerKind {
    /// `no_answer.after` of an `ask`, `menu` or `consent`.
    NoAnswer,
    /// `no_answer.remind`.
    Remind,
    /// The silence that ends a collected answer.
    Collect,
    /// The `idle` interrupt.
    Idle,
    /// `[sessions] expire`.
    Expire,
    /// A `wait` node's moment.
    Until,
    /// `accept_within` of a `handoff`.
    AcceptWithin,
}

/// When a timer is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Due {
    /// At a moment.
    At(Timestamp),
    /// So long after the channel accepted a message: a question's clock starts when the contact can see it.
    AfterAccepted {
        /// The message's effect.
        effect: EffectId,
        /// In milliseconds.
        ms: i64,
    },
}

/// What a turn does to timers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerChange {
    /// Arms or moves.
    Arm(Timer),
    /// Disarms one; that it is not armed is no error.
    Disarm {
        /// Whose.
        wait: WaitId,
        /// Which.
        kind: TimerKind,
    },
}
