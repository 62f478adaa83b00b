//! Waits for a while or until a moment.
//!
//! ```json
//! {
//!   "type": "wait",
//!   "until": "{{ consulta.data }}T07:00:00",
//!   "on": { "done": "lembrete", "message": "menu" }
//! }
//! ```

use serde::Deserialize;

use super::duration::Duration;
use super::inspection::{Inspect, Inspection};
use crate::expr::Template;
use crate::ids::NodeId;

/// What an author writes for a `wait`: `for` or `until`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// So long.
    #[serde(rename = "for")]
    pub length: Option<Duration>,
    /// Until a moment: an ISO date (its start) or date and time, local to the project unless it carries an offset.
    /// A moment that has passed does not wait.
    pub until: Option<Template>,
    /// Ways out.
    pub on: OnWait,
}

/// Ways out of a wait.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnWait {
    /// The time has come.
    pub done: NodeId,
    /// The patient wrote before that. Without it, what arrives is held until then.
    pub message: Option<NodeId>,
}

impl Inspect for Wait {
    fn inspect(&self, found: &mut Inspection) {
        found.waits.time = true;
        found.waits.patient = self.on.message.is_some();
        found.template_if("/until", self.until.as_ref());
        found.port("done", "/on/done", &self.on.done);
        found.port_if("message", "/on/message", self.on.message.as_ref());
    }
}
