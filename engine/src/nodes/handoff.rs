//! Gives the conversation to people and waits until they give it back.
//!
//! ```json
//! {
//!   "type": "handoff",
//!   "queue": "recepcao",
//!   "text": "Vou chamar alguém da recepção.",
//!   "summary": "{{ contact.name | default('Paciente') }} quer remarcar a consulta.",
//!   "ticket": { "kind": "remarcacao", "fields": { "especialidade": "{{ especialidade.nome | default('') }}" } },
//!   "assign": "sequential",
//!   "prefer": "last_attendant",
//!   "accept_within": "10m",
//!   "on": {
//!     "returned": "mais_algo",
//!     "finished": "despedida",
//!     "off_hours": "fora_do_horario",
//!     "nobody": "ninguem_agora",
//!     "unavailable": "ninguem_agora"
//!   }
//! }
//! ```

use serde::Deserialize;

use super::duration::Duration;
use super::inspection::{Inspect, Inspection, Mention};
use crate::expr::{Template, TemplateTree};
use crate::ids::{NodeId, QueueId};
use crate::protocol::Assign;

/// What an author writes for a `handoff`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handoff {
    /// Which queue.
    pub queue: QueueId,
    /// Said to the patient before.
    pub text: Option<Template>,
    /// For the attendant, in words.
    pub summary: Template,
    /// Also opens a ticket: its members are the desk's (`kind`, `summary`, `description`, `fields`).
    pub ticket: Option<TemplateTree>,
    /// Who of the queue gets it.
    #[serde(default)]
    pub assign: Assign,
    /// Whoever served the contact last comes before that.
    pub prefer: Option<Prefer>,
    /// Nobody having accepted by then, it leaves by `nobody`; without it, it waits in the queue.
    pub accept_within: Option<Duration>,
    /// Ways out.
    pub on: OnHandoff,
}

/// Whom a handoff prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prefer {
    /// Whoever served the contact last.
    LastAttendant,
}

/// Ways out of a handoff. `handoff.outcome` and `handoff.note` say what the attendant chose and wrote.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnHandoff {
    /// Given back to the flow.
    pub returned: NodeId,
    /// People ended the conversation. Without it the session ends, with the outcome `finished`.
    pub finished: Option<NodeId>,
    /// The queue is closed. Without it: trouble.
    pub off_hours: Option<NodeId>,
    /// Not accepted within `accept_within`. Without it: trouble.
    pub nobody: Option<NodeId>,
    /// The desk refused for good. Without it: trouble.
    pub unavailable: Option<NodeId>,
    /// The channel refused `text`. Without it the handoff goes on: a patient who waits for people is not left alone.
    pub failed: Option<NodeId>,
}

impl Inspect for Handoff {
    fn inspect(&self, found: &mut Inspection) {
        found.waits.people = true;
        found.sends = self.text.is_some();
        found.queues.push(Mention::new(self.queue.clone(), "/queue"));
        found.template_if("/text", self.text.as_ref());
        found.template("/summary", &self.summary);
        if let Some(ticket) = &self.ticket {
            found.tree("/ticket", ticket);
        }
        found.port("returned", "/on/returned", &self.on.returned);
        found.port_if("finished", "/on/finished", self.on.finished.as_ref());
        found.port_if("off_hours", "/on/off_hours", self.on.off_hours.as_ref());
        found.port_if("nobody", "/on/nobody", self.on.nobody.as_ref());
        found.port_if("unavailable", "/on/unavailable", self.on.unavailable.as_ref());
        found.port_if("failed", "/on/failed", self.on.failed.as_ref());
        found.leaves = self.on.finished.is_none();
    }
}
