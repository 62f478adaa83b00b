//! Why the keyspace refused, or what became of it.

use std::sync::Arc;

use super::disk;
use crate::store::{StoreError, Trouble};

/// Why a read or a commit did not happen. Everything but [`Fault::Down`] leaves the store as it was and in service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// A precondition of the commit does not hold: somebody else won. Nothing of it was written.
    #[error("somebody else has written since this was read")]
    Conflict,
    /// The commit came with a fence that is old.
    #[error("the lease has passed to another worker")]
    Fenced,
    /// A stored value is not what was written. Only the first byte of its key is told: the rest may name a person.
    #[error("a stored value of table '{}' is damaged", .table.escape_ascii())]
    Damaged {
        /// The first byte of the key.
        table: u8,
    },
    /// The value is over the limit of a stored value.
    #[error("a value of {bytes} bytes is over the limit of {limit}")]
    TooLarge {
        /// The value's length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The key is empty or over the limit.
    #[error("a key of {bytes} bytes, where 1 to {limit} are allowed")]
    KeyLength {
        /// The key's length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A snapshot could not keep up with what was written meanwhile.
    #[error("more was written meanwhile than could be put aside: try again when less is going on")]
    Overrun,
    /// The store has failed and takes nothing more until the process is started again.
    #[error("the store is down: {reason}")]
    Down {
        /// What happened first.
        reason: Arc<str>,
        /// What is wrong with the disk, when it is the disk.
        trouble: Option<Trouble>,
    },
}

impl Fault {
    pub(super) fn damaged(key: &[u8]) -> Self {
        Self::Damaged { table: key.first().copied().unwrap_or_default() }
    }

    pub(super) fn down(reason: impl std::fmt::Display) -> Self {
        Self::Down { reason: reason.to_string().into(), trouble: None }
    }

    /// Down because of the disk.
    pub(super) fn disk(trouble: Trouble, reason: impl std::fmt::Display) -> Self {
        Self::Down { reason: reason.to_string().into(), trouble: Some(trouble) }
    }

    /// Down because the operating system refused what was being done.
    pub(super) fn io(what: &str, error: &std::io::Error) -> Self {
        Self::disk(disk::trouble(error), format!("{what}: {error}"))
    }
}

impl From<sled::Error> for Fault {
    fn from(error: sled::Error) -> Self {
        match &error {
            sled::Error::Io(source) => Self::io("the data file", source),
            sled::Error::Corruption { .. }
            | sled::Error::CollectionNotFound(_)
            | sled::Error::Unsupported(_)
            | sled::Error::ReportableBug(_) => Self::down(error),
        }
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Conflict => Self::Conflict,
            Fault::Fenced => Self::Fenced,
            Fault::Damaged { .. } => Self::Damaged(fault.to_string()),
            Fault::TooLarge { bytes, limit } => Self::TooLarge { what: "a value", size: bytes, cap: limit },
            Fault::KeyLength { bytes, limit } => Self::TooLarge { what: "a key", size: bytes, cap: limit },
            Fault::Overrun => Self::Busy,
            Fault::Down { reason, trouble: None } => Self::Down(reason.as_ref().to_owned()),
            Fault::Down { reason, trouble: Some(trouble) } => {
                Self::Disk { trouble, detail: reason.as_ref().to_owned() }
            }
        }
    }
}
