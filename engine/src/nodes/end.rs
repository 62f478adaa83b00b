//! Ends its flow with an outcome; at the root, the session.
//!
//! ```json
//! {
//!   "type": "end",
//!   "outcome": "confirmada",
//!   "text": "Até {{ agenda.data | date('DD/MM') }}!",
//!   "outputs": { "protocolo": "{{ protocolo }}" }
//! }
//! ```

use serde::Deserialize;

use super::context::NodeContext;
use super::entries::Entries;
use super::inspection::{Inspect, Inspection, Mention};
use super::play::{Next, Play, Stop};
use crate::expr::{Template, TemplateTree};

/// What an author writes for an `end`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// How it ended, a stable word: the port of the `call` that is returned to, and what reports count.
    pub outcome: String,
    /// Said before.
    pub text: Option<Template>,
    /// What the `call` sees as `outputs`. A member whose value is absent is left out.
    #[serde(default)]
    pub outputs: Entries<TemplateTree>,
}

impl Inspect for End {
    fn inspect(&self, found: &mut Inspection) {
        found.sends = self.text.is_some();
        found.template_if("/text", self.text.as_ref());
        found.trees("/outputs", &self.outputs);
        found.outcome = Some(Mention::new(self.outcome.clone(), "/outcome"));
        found.leaves = true;
    }
}

impl Play for End {
    fn enter(&self, cx: &mut NodeContext<'_>) -> Result<Next, Stop> {
        let outputs = cx.members(&self.outputs)?;
        if let Some(text) = cx.text_if(self.text.as_ref())? {
            cx.say_text(&text)?;
        }
        Ok(Next::End { outcome: self.outcome.clone(), outputs })
    }
}
