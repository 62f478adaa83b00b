//! The embedded store: sled, with the discipline that makes it durable.
//!
//! Read from below: [`keyspace`] (what sled needs to be trusted), `tables` (what is stored where), `commit` (all of a
//! turn), `store` (the trait).

mod backup;
mod build;
mod check;
mod commit;
mod digest;
mod directory;
mod disk;
mod envelope;
mod erase;
mod fault;
mod handle;
mod journaled;
mod key;
mod keyspace;
mod leases;
mod listing;
mod recorded;
mod releases;
mod restore;
mod retention;
#[cfg(test)]
mod rows;
mod secret;
mod snapshot;
mod store;
mod stream;
mod tables;
#[cfg(test)]
mod tests;
mod transaction;
mod upgrade;
mod upkeep;
mod view;
mod watchdog;
mod writer;

pub use handle::{Options, SledStore};
