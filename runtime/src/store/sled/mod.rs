//! The embedded store: sled, with the discipline that makes it durable.
#![cfg_attr(not(test), expect(dead_code, reason = "the tables that stand on it come next"))]

mod directory;
mod envelope;
mod fault;
mod keyspace;
#[cfg(test)]
mod tests;
mod transaction;
mod view;
mod writer;
