//! Computes variables, in the order written.
//!
//! ```json
//! {
//!   "type": "set",
//!   "set": {
//!     "total": "{{ itens | sum(attribute='valor') }}",
//!     "saudacao": "Olá, {{ contact.name | first_name }}",
//!     "tentativas": 0
//!   },
//!   "next": "resumo"
//! }
//! ```

use serde::Deserialize;

use super::context::NodeContext;
use super::entries::Entries;
use super::inspection::{Inspect, Inspection};
use super::play::{Next, Play, Stop};
use crate::expr::TemplateTree;
use crate::ids::NodeId;

/// What an author writes for a `set`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// Values by variable. Each sees those before it; a value that is absent removes the variable.
    pub set: Entries<TemplateTree>,
    /// Where play goes on.
    pub next: NodeId,
}

impl Inspect for Set {
    fn inspect(&self, found: &mut Inspection) {
        found.saves("/set", &self.set, &[]);
        found.port("next", "/next", &self.next);
    }
}

impl Play for Set {
    fn enter(&self, cx: &mut NodeContext<'_>) -> Result<Next, Stop> {
        for (name, tree) in self.set.iter() {
            let value = cx.tree(tree)?;
            cx.assign(name, value)?;
        }
        Ok(Next::port("next", &self.next))
    }
}
