//! What happened in a turn: the journal's lines, the tests' coverage, the console's trail.

use serde::{Deserialize, Serialize};

use super::Trouble;
use crate::ids::{FlowId, NodeId, WaitId};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// The session began.
    SessionStarted {
        /// Its root flow.
        flow: FlowId,
    },
    /// Play came to a node.
    NodeEntered {
        /// Whose.
        flow: FlowId,
        /// Which.
        node: NodeId,
        /// Counts visits over the session, from 1.
        visit: u32,
    },
    /// A node was left.
    PortTaken {
        /// Whose.
        flow: FlowId,
        /// Which.
        node: NodeId,
        /// By which way: `next`, `success`, `cases/0`, `options/sim`, `invalid` …
        port: String,
    },
    /// A wait began.
    WaitBegan {
        /// Which.
        wait: WaitId,
        /// Whose.
        flow: FlowId,
        /// At which node.
        node: NodeId,
    },
    /// An answer was taken.
    Answered {
        /// Which wait.
        wait: WaitId,
        /// The chosen option's id, or the answer's type.
        how: String,
    },
    /// An answer was not valid and cost an attempt.
    AnswerInvalid {
        /// Which wait.
        wait: WaitId,
        /// Why, a stable word.
        reason: String,
        /// How many so far.
        attempt: u32,
    },
    /// A message went to the transcript without playing.
    NotPlayed {
        /// Why.
        reason: NotPlayed,
    },
    /// An interrupt took over.
    Interrupted {
        /// The flow that declares it.
        flow: FlowId,
        /// Its place in the flow's list, from 0.
        index: usize,
    },
    /// Trouble.
    Trouble(Trouble),
    /// A sub-flow began.
    FlowEntered {
        /// Which.
        flow: FlowId,
    },
    /// A flow ended.
    FlowEnded {
        /// Which.
        flow: FlowId,
        /// With which outcome.
        outcome: String,
    },
    /// The session moved to another flow for good.
    WentTo {
        /// Which.
        flow: FlowId,
    },
    /// The result of a call came for a wait that is gone. If it changed something outside, the staff hears of it.
    ResultTooLate {
        /// The wait it was for.
        wait: WaitId,
    },
    /// The session ended.
    SessionEnded {
        /// With which outcome.
        outcome: String,
    },
}

/// Why a message did not play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotPlayed {
    /// Sent before the open question could be seen, and no answer to it.
    Early,
    /// A tap on a menu that is no longer open: the question was repeated.
    StaleTap,
    /// A reaction: never an answer.
    Reaction,
    /// A timer for a wait that is gone.
    StaleTimer,
    /// First seen more than 24 hours after it was written.
    TooOld,
}
