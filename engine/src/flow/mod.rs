//! Flows as documents and as definitions: text with places, schema, typed flow, graph, and the library of a release.
//!
//! The way of a document: text → [`source`] (every value knows its place) → [`schema`] (its shape) → [`Flow`] (typed)
//! → [`graph`] (edges by port) → [`Library`] (all flows published together).

pub mod bundle;
pub mod definition;
#[cfg(test)]
mod drift;
pub mod fault;
pub mod graph;
pub mod interrupts;
pub mod library;
pub mod schema;
pub mod source;
pub mod triggers;

pub use definition::{Flow, Input, ValueType, Variable};
pub use interrupts::{Interrupt, Match};
pub use library::Library;
pub use triggers::{Trigger, When};
