//! A copy of the store in one file: what is told of it, and why there is none.

use std::io;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::StoreError;

/// A backup that was written whole, and is durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Where it is.
    pub file: PathBuf,
    /// The moment whose state it holds.
    pub at: Timestamp,
    /// The format of the store.
    pub format: u32,
    /// The epoch of effect ids.
    pub epoch: u32,
    /// Records in it.
    pub records: u64,
    /// Its size.
    pub bytes: u64,
    /// Records that the store has lost, or that cannot be read: the copy is as good as the store is, and earlier ones
    /// may be better. 0 is what it should be.
    pub unsound: u64,
    /// How long the writing of the service was held up at most by any one step, in microseconds.
    pub longest_pause_us: u64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// Why there is no backup. What was begun is taken away; an older one is never touched.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file of this name is there.
    #[error("{} exists already: a backup never replaces a file", .0.display())]
    Exists(PathBuf),
    /// Somebody else is writing a backup to this name.
    #[error("another backup to {} is being written", .0.display())]
    UnderWay(PathBuf),
    /// Nobody wanted it any more.
    #[error("the backup was given up")]
    GivenUp,
    /// The file could not be written.
    #[error("{} could not be written: {source}", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The store's own trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is wrong with a backup's file.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// It does not begin as one does.
    #[error("it is no backup of fluxo")]
    Foreign,
    /// It is written in a newer way than this version of fluxo knows.
    #[error("it was written by a newer version of fluxo")]
    Newer,
    /// It ends before its end: the writing was interrupted, or the copying of the file.
    #[error("it is cut short after {records} records")]
    CutShort {
        /// How many whole records it has.
        records: u64,
    },
    /// It is not what was written.
    #[error("it is damaged after {records} records")]
    Damaged {
        /// How many records before it are sound.
        records: u64,
    },
    /// The system could not read it.
    #[error(transparent)]
    Io(#[from] io::Error),
}
