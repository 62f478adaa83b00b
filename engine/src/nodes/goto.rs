//! Moves to another flow for good, in the same session.
//!
//! ```json
//! { "type": "goto", "flow": "menu", "inputs": { "saudar": false } }
//! ```

use serde::Deserialize;

use super::entries::Entries;
use super::inspection::{Inspect, Inspection, Mention};
use crate::expr::TemplateTree;
use crate::ids::FlowId;

/// What an author writes for a `goto`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goto {
    /// Which flow. The whole stack of flows is left behind.
    pub flow: FlowId,
    /// The flow's inputs. A member whose value is absent is left out.
    #[serde(default)]
    pub inputs: Entries<TemplateTree>,
}

impl Inspect for Goto {
    fn inspect(&self, found: &mut Inspection) {
        found.flows.push(Mention::new(self.flow.clone(), "/flow"));
        found.trees("/inputs", &self.inputs);
        found.leaves = true;
    }
}
