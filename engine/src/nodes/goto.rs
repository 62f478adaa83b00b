//! Moves to another flow for good, in the same session.
//!
//! ```json
//! { "type": "goto", "flow": "menu", "inputs": { "saudar": false } }
//! ```

use serde::Deserialize;

use super::context::NodeContext;
use super::entries::Entries;
use super::inspection::{Inspect, Inspection, Mention};
use super::play::{Next, Play, Stop};
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

impl Play for Goto {
    fn enter(&self, cx: &mut NodeContext<'_>) -> Result<Next, Stop> {
        Ok(Next::Goto { flow: self.flow.clone(), inputs: cx.members(&self.inputs)? })
    }
}
