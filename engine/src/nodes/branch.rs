//! Goes the first way whose condition holds.
//!
//! ```json
//! {
//!   "type": "branch",
//!   "cases": [
//!     { "if": "horarios | length == 0", "next": "sem_vaga" },
//!     { "if": "convenio.ativo and paciente.idade >= 18", "next": "escolher_horario" }
//!   ],
//!   "else": "particular"
//! }
//! ```

use serde::Deserialize;

use super::context::NodeContext;
use super::inspection::{Inspect, Inspection};
use super::play::{Next, Play, Stop};
use crate::expr::Expression;
use crate::ids::NodeId;

/// What an author writes for a `branch`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// In order; the first whose condition holds is taken. Its port is `cases/<n>`, from 0.
    pub cases: Vec<Case>,
    /// Taken when none holds.
    #[serde(rename = "else")]
    pub otherwise: NodeId,
}

/// One way of a branch.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// For people: how the way is called on the drawing.
    pub title: Option<String>,
    /// The condition; absent counts as false.
    #[serde(rename = "if")]
    pub condition: Expression,
    /// Where it leads.
    pub next: NodeId,
}

impl Inspect for Branch {
    fn inspect(&self, found: &mut Inspection) {
        for (at, case) in self.cases.iter().enumerate() {
            found.expression(format!("/cases/{at}/if"), &case.condition);
            found.port(format!("cases/{at}"), format!("/cases/{at}/next"), &case.next);
        }
        found.port("else", "/else", &self.otherwise);
    }
}

impl Play for Branch {
    fn enter(&self, cx: &mut NodeContext<'_>) -> Result<Next, Stop> {
        for (at, case) in self.cases.iter().enumerate() {
            if cx.holds(&case.condition)? {
                return Ok(Next::port(format!("cases/{at}"), &case.next));
            }
        }
        Ok(Next::port("else", &self.otherwise))
    }
}
