//! Asks and waits for one typed, validated answer.
//!
//! ```json
//! {
//!   "type": "ask",
//!   "text": "Qual é a data de nascimento?",
//!   "answer": {
//!     "type": "date",
//!     "past": true,
//!     "check": [ { "if": "nascimento == paciente.BirthDate", "text": "A data não confere com o cadastro." } ]
//!   },
//!   "save": "nascimento",
//!   "identity": true,
//!   "invalid": { "text": "Escreva a data assim: 15/03/1980.", "attempts": 3, "next": "atendente" },
//!   "no_answer": {
//!     "after": "15m",
//!     "next": "inatividade",
//!     "remind": { "after": "5m", "text": "Você ainda está aí? Preciso da data de nascimento." }
//!   },
//!   "next": "ver_agenda"
//! }
//! ```

use serde::Deserialize;

use super::duration::Duration;
use super::inspection::{Inspect, Inspection};
use super::question::{self, Invalid, NoAnswer, OnFailed};
use crate::answer::AnswerType;
use crate::expr::{Expression, Template, TemplateTree};
use crate::ids::NodeId;

/// What an author writes for an `ask`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// The question.
    pub text: Template,
    /// What counts as an answer.
    pub answer: Answer,
    /// The variable that takes the normalised answer. A `check` reads it under this name, before it is kept.
    pub save: Option<String>,
    /// Whether a failed `check` counts as a failed identity check of the contact. When the day's tries are used up
    /// (`[identity] tries`, over all sessions), it leaves by `invalid` at once.
    #[serde(default)]
    pub identity: bool,
    /// Gathers the bubbles of one answer until a silence that long; at most 10 bubbles and 30 seconds.
    pub collect: Option<Duration>,
    /// Asks with the channel's own button.
    pub request: Option<Request>,
    /// What happens to an answer that does not fit.
    pub invalid: Option<Invalid>,
    /// What happens when no answer comes.
    pub no_answer: Option<NoAnswer>,
    /// Where a valid answer leads.
    pub next: NodeId,
    /// Ways out besides those above.
    #[serde(default)]
    pub on: OnFailed,
}

/// What counts as an answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// What is asked for; decides how it is read and normalised.
    #[serde(rename = "type")]
    pub kind: AnswerType,
    /// The least: a number, an amount, a date, a time; for texts the number of characters. A template may give it.
    pub min: Option<TemplateTree>,
    /// The most, as `min`.
    pub max: Option<TemplateTree>,
    /// A regular expression that the whole text must match, for the type `pattern`.
    pub pattern: Option<String>,
    /// For dates: only before today.
    #[serde(default)]
    pub past: bool,
    /// For dates: only after today.
    #[serde(default)]
    pub future: bool,
    /// What a format cannot say. In order; the first that does not hold refuses the answer.
    #[serde(default)]
    pub check: Vec<Check>,
}

/// A condition on an answer. It uses the same attempts as a wrong format.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Must hold; sees the answer under the name in `save`, or as `answer` without one.
    #[serde(rename = "if")]
    pub condition: Expression,
    /// Said when it does not hold; `invalid.text` unless set.
    pub text: Option<Template>,
}

/// The channel's own buttons for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// "Send my position".
    Location,
    /// "Share my number".
    Phone,
}

impl Inspect for Ask {
    fn inspect(&self, found: &mut Inspection) {
        found.sends = true;
        found.waits.patient = true;
        found.template("/text", &self.text);
        for (name, bound) in [("min", &self.answer.min), ("max", &self.answer.max)] {
            if let Some(bound) = bound {
                found.tree(format!("/answer/{name}"), bound);
            }
        }
        let answer = self.save.as_deref().unwrap_or("answer");
        found.with_names(&[answer], |found| {
            for (at, check) in self.answer.check.iter().enumerate() {
                found.expression(format!("/answer/check/{at}/if"), &check.condition);
                found.template_if(format!("/answer/check/{at}/text"), check.text.as_ref());
            }
        });
        if let Some(variable) = &self.save {
            found.write(variable, "/save", &["next"]);
        }
        found.port("next", "/next", &self.next);
        question::inspect(self.invalid.as_ref(), self.no_answer.as_ref(), found);
        found.port_if("failed", "/on/failed", self.on.failed.as_ref());
    }
}
