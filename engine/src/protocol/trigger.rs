//! What starts a session.

use serde::{Deserialize, Serialize};

use super::{Inbound, Object, World};
use crate::ids::{FlowId, SessionId};

/// Starts a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trigger {
    /// The new session's id, never used before.
    pub session: SessionId,
    /// The world as it is.
    pub world: World,
    /// The flow to play.
    pub flow: FlowId,
    /// Why.
    pub origin: Origin,
    /// What the contact sent, when that is the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Inbound>,
    /// The flow's inputs.
    #[serde(default, skip_serializing_if = "Object::is_empty")]
    pub inputs: Object,
}

/// Why a session starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "origin")]
pub enum Origin {
    /// A keyword of a `message` trigger.
    Message,
    /// Nothing else claimed the message.
    Default,
    /// A click-to-chat advertisement.
    Ad,
    /// A reply to a campaign.
    Campaign {
        /// `campaign` in templates.
        facts: Object,
    },
    /// A call of our API.
    Api,
}
