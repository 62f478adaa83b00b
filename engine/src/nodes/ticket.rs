//! Opens a ticket without handing the conversation over.
//!
//! ```json
//! {
//!   "type": "ticket",
//!   "desk": "jira",
//!   "kind": "autorizacao",
//!   "summary": "Autorização de {{ exame.nome }}",
//!   "description": "Pedida por {{ contact.name | default('paciente') }} em {{ today | date('DD/MM/YYYY') }}.",
//!   "fields": { "convenio": "{{ convenio.nome }}", "urgente": "{{ urgente | default(false) }}" },
//!   "save": "chamado",
//!   "next": "avisar_paciente",
//!   "on": { "failed": "atendente" }
//! }
//! ```

use serde::Deserialize;

use super::context::NodeContext;
use super::entries::Entries;
use super::inspection::{Inspect, Inspection, Mention};
use super::play::{Next, Play, Stop};
use super::question::OnFailed;
use crate::expr::{Template, TemplateTree};
use crate::ids::{DeskId, NodeId};
use crate::protocol::{EffectKind, TicketOutcome, TicketRequest, TroubleCode, Wake};
use crate::session::WaitKind;

/// What an author writes for a `ticket`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ticket {
    /// Where.
    pub desk: DeskId,
    /// What kind, in the desk's words of the project file.
    pub kind: String,
    /// One line.
    pub summary: Template,
    /// All of it.
    pub description: Template,
    /// The desk's own fields. A member whose value is absent is left out.
    #[serde(default)]
    pub fields: Entries<TemplateTree>,
    /// The variable that takes the ticket (`key`, `url`). With it, play waits until the ticket is open.
    pub save: Option<String>,
    /// Where play goes on.
    pub next: NodeId,
    /// Ways out besides `next`. `failed`: the desk refused for good; with it, play waits for the desk's answer.
    #[serde(default)]
    pub on: OnFailed,
}

impl Ticket {
    /// Whether play stops until the desk has answered.
    pub fn waits(&self) -> bool {
        self.save.is_some() || self.on.failed.is_some()
    }
}

impl Inspect for Ticket {
    fn inspect(&self, found: &mut Inspection) {
        found.waits.call = self.waits();
        found.desks.push(Mention::new(self.desk.clone(), "/desk"));
        found.template("/summary", &self.summary);
        found.template("/description", &self.description);
        found.trees("/fields", &self.fields);
        if let Some(variable) = &self.save {
            found.write(variable, "/save", &["next"]);
        }
        found.port("next", "/next", &self.next);
        found.port_if("failed", "/on/failed", self.on.failed.as_ref());
    }
}

impl Play for Ticket {
    fn enter(&self, cx: &mut NodeContext<'_>) -> Result<Next, Stop> {
        cx.known_desk(&self.desk)?;
        let ticket = TicketRequest {
            desk: self.desk.clone(),
            kind: self.kind.clone(),
            summary: cx.text(&self.summary)?,
            description: cx.text(&self.description)?,
            fields: cx.members(&self.fields)?,
        };
        let effect = cx.effect(EffectKind::OpenTicket { ticket }, self.waits());
        if !self.waits() {
            return Ok(Next::port("next", &self.next));
        }
        cx.wait(WaitKind::Ticket { effect }, None)?;
        Ok(Next::Stay)
    }

    fn resume(&self, cx: &mut NodeContext<'_>, wake: &Wake) -> Result<Next, Stop> {
        let Wake::Ticket { outcome, .. } = wake else { return Err(cx.wrong_wait()) };
        match outcome {
            TicketOutcome::Opened(ticket) => {
                if let Some(variable) = &self.save {
                    cx.assign(variable, Some(ticket.clone()))?;
                }
                Ok(Next::port("next", &self.next))
            }
            TicketOutcome::Refused(_) => {
                Next::port_or("failed", self.on.failed.as_ref(), TroubleCode::TicketFailed)
            }
        }
    }
}
