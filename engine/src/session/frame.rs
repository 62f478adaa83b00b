//! A flow being played: its place and its variables.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{FlowId, NodeId};
use crate::protocol::{Object, Trouble};

/// One flow on the stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Frame {
    /// Counts the session's frames, so that a frame that is gone is told apart from a later one of the same flow.
    #[serde(rename = "i")]
    pub(crate) number: u32,
    #[serde(rename = "f")]
    pub(crate) flow: FlowId,
    /// The node being visited, waited at, or calling the frame above.
    #[serde(rename = "n")]
    pub(crate) node: NodeId,
    /// Inputs and variables.
    #[serde(rename = "v", default, skip_serializing_if = "Object::is_empty")]
    pub(crate) variables: Object,
    /// Set while the frame above plays for this frame's `call` node.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub(crate) calling: Option<Calling>,
    /// `trouble` in templates, once this frame handles one.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub(crate) trouble: Option<Trouble>,
}

/// A `call` node's repetition over a list.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Calling {
    /// What is still to be played, the current item first. Empty without `for_each`.
    #[serde(rename = "q", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) items: Vec<Value>,
    /// `results` so far.
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) results: Vec<Value>,
}
