//! What operators ask of the embedded store: a copy while it runs, a store made of a copy, and whether all is well.

mod backup;
mod checkup;
mod invariant;
mod restore;

use std::path::Path;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::{Documents, StoreError};
pub use backup::{Backup, BackupError, StreamError};
pub use checkup::{Checkup, Finding, Outcome};
pub use invariant::Invariant;
pub use restore::{RestoreError, Restored, Review};

/// Hears how many records were dealt with so far, and says whether the work is still wanted.
pub type Told = Box<dyn FnMut(u64) -> bool + Send>;

/// Says why the documents of a release cannot be played.
pub type Readable = Arc<dyn Fn(&Documents) -> Result<(), String> + Send + Sync>;

/// What a store that keeps its own files can be asked for.
pub trait Upkeep: Send + Sync {
    /// Writes a backup of everything as of now into a file that is not there yet, while the store stays in service.
    fn backup<'a>(
        &'a self,
        file: &'a Path,
        now: Timestamp,
        told: Told,
    ) -> BoxFuture<'a, Result<Backup, BackupError>>;

    /// Looks at everything; with [`Check::repair`], puts right what can be.
    fn check(&self, asked: Check, told: Told) -> BoxFuture<'_, Result<Checkup, CheckError>>;
}

/// How a store is to be checked.
#[derive(Clone)]
pub struct Check {
    /// The moment.
    pub now: Timestamp,
    /// Whether releases can be played.
    pub readable: Readable,
    /// Whether what can be put right is. Nobody else may use the store meanwhile.
    pub repair: bool,
}

/// Why a check came to no end.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Nobody wanted it any more.
    #[error("the check was given up")]
    GivenUp,
    /// The store's own trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
}
