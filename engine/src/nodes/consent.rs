//! Asks for a consent, records one, or withdraws it, with evidence.
//!
//! ```json
//! {
//!   "type": "consent",
//!   "purpose": "lembretes",
//!   "action": "ask",
//!   "text": "Podemos enviar lembretes de consulta por aqui?",
//!   "invalid": { "text": "Responda sim ou não.", "attempts": 2, "next": "sem_lembretes" },
//!   "no_answer": { "after": "1h", "next": "inatividade" },
//!   "on": { "granted": "com_lembretes", "denied": "sem_lembretes" }
//! }
//! ```

use serde::Deserialize;

use super::inspection::{Inspect, Inspection};
use super::question::{self, Invalid, NoAnswer};
use crate::expr::Template;
use crate::ids::NodeId;

/// What an author writes for a `consent`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// What for, a stable word: `contact.consents.<purpose>`.
    pub purpose: String,
    /// What to do.
    pub action: Action,
    /// The question for `ask`; said after `grant` and `withdraw` when given. Kept as evidence word for word.
    pub text: Option<Template>,
    /// What happens to an answer that is neither yes nor no.
    pub invalid: Option<Invalid>,
    /// What happens when no answer comes.
    pub no_answer: Option<NoAnswer>,
    /// Ways out.
    pub on: OnConsent,
}

/// What to do with a consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Asks with yes and no buttons and records the answer.
    Ask,
    /// Records that it is given; leaves by `granted`.
    Grant,
    /// Records that it is withdrawn; leaves by `denied`.
    Withdraw,
}

/// Ways out of a consent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnConsent {
    /// Given.
    pub granted: Option<NodeId>,
    /// Refused or withdrawn.
    pub denied: Option<NodeId>,
    /// The channel refused for good, or the window for free text is closed.
    pub failed: Option<NodeId>,
}

impl Inspect for Consent {
    fn inspect(&self, found: &mut Inspection) {
        found.sends = self.text.is_some();
        found.waits.patient = self.action == Action::Ask;
        found.template_if("/text", self.text.as_ref());
        found.port_if("granted", "/on/granted", self.on.granted.as_ref());
        found.port_if("denied", "/on/denied", self.on.denied.as_ref());
        question::inspect(self.invalid.as_ref(), self.no_answer.as_ref(), found);
        found.port_if("failed", "/on/failed", self.on.failed.as_ref());
    }
}
