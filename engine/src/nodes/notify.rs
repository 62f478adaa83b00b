//! Tells the staff something; the patient notices nothing.
//!
//! ```json
//! {
//!   "type": "notify",
//!   "queue": "recepcao",
//!   "text": "Consulta {{ agenda.id }} cancelada pelo paciente: o horário das {{ agenda.StartTime | time }} ficou livre.",
//!   "next": "despedida"
//! }
//! ```

use serde::Deserialize;

use super::context::NodeContext;
use super::inspection::{Inspect, Inspection, Mention};
use super::play::{Next, Play, Stop};
use crate::expr::Template;
use crate::ids::{DeskId, NodeId, QueueId};
use crate::protocol::EffectKind;

/// What an author writes for a `notify`: to a queue or to a desk.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// The queue told.
    pub queue: Option<QueueId>,
    /// Or the desk told.
    pub desk: Option<DeskId>,
    /// What.
    pub text: Template,
    /// Where play goes on, at once.
    pub next: NodeId,
}

impl Inspect for Notify {
    fn inspect(&self, found: &mut Inspection) {
        if let Some(queue) = &self.queue {
            found.queues.push(Mention::new(queue.clone(), "/queue"));
        }
        if let Some(desk) = &self.desk {
            found.desks.push(Mention::new(desk.clone(), "/desk"));
        }
        found.template("/text", &self.text);
        found.port("next", "/next", &self.next);
    }
}

impl Play for Notify {
    fn enter(&self, cx: &mut NodeContext<'_>) -> Result<Next, Stop> {
        if let Some(queue) = &self.queue {
            cx.known_queue(queue)?;
        }
        if let Some(desk) = &self.desk {
            cx.known_desk(desk)?;
        }
        let text = cx.text(&self.text)?;
        cx.effect(EffectKind::Notify { queue: self.queue.clone(), desk: self.desk.clone(), text }, false);
        Ok(Next::port("next", &self.next))
    }
}
