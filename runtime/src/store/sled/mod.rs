//! The embedded store: sled, with the discipline that makes it durable.
//!
//! Read from below: [`keyspace`] (what sled needs to be trusted), `tables` (what is stored where), `commit` (all of a
//! turn), `store` (the trait).

mod commit;
mod directory;
mod envelope;
mod erase;
mod fault;
mod journaled;
mod key;
mod keyspace;
mod leases;
mod listing;
mod recorded;
mod releases;
mod retention;
#[cfg(test)]
mod rows;
mod secret;
mod store;
mod tables;
#[cfg(test)]
mod tests;
mod transaction;
mod view;
mod writer;

pub use store::{Options, SledStore};
