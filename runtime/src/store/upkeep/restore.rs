//! A store made of a backup: what is told of it, and why there is none.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::StoreError;
use super::StreamError;

/// What is told of effects that were pending when the backup was taken, in the language of the staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Why each of them is a dead letter.
    pub reason: String,
    /// What the staff hears, once.
    pub notice: String,
}

/// A store that was made of a backup, checked and durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// Where it is.
    pub directory: PathBuf,
    /// The moment whose state it has.
    pub at: Timestamp,
    /// Records it was made of.
    pub records: u64,
    /// The epoch of effect ids before and now.
    pub epochs: (u32, u32),
    /// Effects that were pending, and wait for people now.
    pub for_review: u64,
    /// Conversations with pending effects that cannot be read: nothing of theirs is sent either.
    pub unreadable: u64,
    /// Records that the store had lost, or that could not be read, when the backup was taken.
    pub unsound: u64,
}

/// Why no store was made. Nothing is left behind but perhaps an unfinished directory beside the store's, which the
/// next restore removes.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// There is something in the store's directory.
    #[error("{} is not empty: a restore never replaces a store", .0.display())]
    Occupied(PathBuf),
    /// The backup's file.
    #[error("the backup {} cannot be used: {source}", .file.display())]
    Stream {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        source: StreamError,
    },
    /// The store in the making, or its disk.
    #[error(transparent)]
    Store(#[from] StoreError),
}
