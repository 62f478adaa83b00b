//! What wakes a session.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{HttpOutcome, Inbound, TimerKind, World};
use crate::ids::{EffectId, WaitId};

/// Wakes a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resume {
    /// The world as it is.
    pub world: World,
    /// What happened.
    pub wake: Wake,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "wake")]
pub enum Wake {
    /// The contact sent something. Only for a session that hears it now.
    Message {
        /// What.
        message: Inbound,
        /// When the channel accepted the open question; absent while it has not.
        asked_at: Option<Timestamp>,
    },
    /// A timer is due. One for a wait that is gone does nothing.
    Timer {
        /// The wait it was armed for.
        wait: WaitId,
        /// Which of the wait's timers.
        timer: TimerKind,
    },
    /// A call of an `http` node ended.
    Http {
        /// The wait of the node.
        wait: WaitId,
        /// The effect that asked, so that an answer to an earlier page is told apart.
        effect: EffectId,
        /// How it ended.
        outcome: HttpOutcome,
    },
    /// The channel refused a message for good.
    SendFailed {
        /// The message's effect.
        effect: EffectId,
        /// Why.
        failure: SendFailure,
    },
    /// People did something with a handoff.
    Desk {
        /// The wait of the `handoff` node.
        wait: WaitId,
        /// What.
        event: DeskEvent,
    },
    /// A ticket was opened, or refused for good.
    Ticket {
        /// The wait of the `ticket` node.
        wait: WaitId,
        /// How it ended.
        outcome: TicketOutcome,
    },
    /// The session is to end from outside: `replaced` (a campaign's reply), `merged`. While a call is in
    /// flight the engine remembers it and ends once the call has answered.
    Close {
        /// The session's outcome.
        outcome: String,
    },
}

/// Why a message was refused for good. Stable words, so that a flow can tell them apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendFailure {
    /// Free text outside the window.
    WindowClosed,
    /// The number is not reachable on this channel.
    NotReachable,
    /// The contact does not want such messages.
    OptedOut,
    /// The template is missing, paused or filled wrongly.
    Template,
    /// Media could not be fetched or is of a wrong type.
    Media,
    /// Tried until the deadline.
    Deadline,
    /// Sent once more after a doubt and still nothing is known.
    Unclear,
    /// Anything else, with the provider's reason in words.
    Other(String),
}

/// What people did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum DeskEvent {
    /// Somebody took it.
    Accepted {
        /// Who, as shown.
        attendant: String,
    },
    /// Given back to the flow.
    Returned {
        /// Chosen by the attendant.
        #[serde(default)]
        outcome: Option<String>,
        /// Written by the attendant.
        #[serde(default)]
        note: Option<String>,
    },
    /// People ended the conversation.
    Finished {
        /// Chosen by the attendant.
        #[serde(default)]
        outcome: Option<String>,
        /// Written by the attendant.
        #[serde(default)]
        note: Option<String>,
    },
    /// The queue is closed.
    OffHours,
    /// Nobody accepted in time.
    Nobody,
    /// The desk refused for good.
    Unavailable,
}

/// How opening a ticket ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketOutcome {
    /// Open; what `save` puts into the variable (`key`, `url`).
    Opened(Value),
    /// Refused for good, in words for the staff.
    Refused(String),
}
