//! A store in memory, for tests: all that the trait promises, and a disk that can be watched and taken away.
//!
//! Written apart from the embedded store and from nothing but the trait and its suite, so that a mistake in one shows
//! in the other. Read from below: `people`, `book` and `expiry` (what is kept), `tables` (all of it), `commit` (all of
//! a turn), [`disk`] (what outlives a process, and when it is durable), `store` (the trait).

mod book;
mod commit;
mod disk;
mod erase;
mod expiry;
mod leases;
mod people;
mod size;
mod store;
mod tables;
mod tests;

pub(crate) use disk::{Disk, Durable};
pub(crate) use store::MemoryStore;
