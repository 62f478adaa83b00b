//! Plays conversation flows: a pure function from (flow, session, input) to (session, turn).
//!
//! Nothing here reads a clock, draws a random number, opens a file or a socket, or logs. Time arrives inside
//! the input, ids are derived, and every effect is data that the runtime commits before it acts.
//! Modules from bottom to top: `error`, `ids`, `protocol`, `answer`, `expr`, `session`, `nodes`, `flow`,
//! `interpreter`, `check`, `migration`, `test`. A module uses only those before it.

// Tests read their cases from files; what is shipped does not (`.clippy.toml`).
#![cfg_attr(test, allow(clippy::disallowed_methods, clippy::disallowed_types))]

pub mod answer;
pub mod check;
pub mod engine_version;
pub mod error;
pub mod expr;
pub mod flow;
pub mod ids;
pub mod interpreter;
pub mod migration;
pub mod nodes;
pub mod protocol;
pub mod session;
pub mod test;

pub use engine_version::ENGINE_VERSION;
pub use interpreter::{Parting, Route, last_node, parting, resume, route, start};
pub use migration::Migration;
pub use session::{Hearing, Session};
