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

use super::entries::Entries;
use super::inspection::{Inspect, Inspection, Mention};
use super::question::OnFailed;
use crate::expr::{Template, TemplateTree};
use crate::ids::{DeskId, NodeId};

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
