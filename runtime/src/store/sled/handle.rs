//! The embedded store as it is held: opened, with its epoch, its leases and the keys in use.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::disk;
use super::fault::Fault;
use super::key::KeyRange;
use super::keyspace::{self, Keyspace, OpenError};
use super::leases::Leases;
use super::secret::Secrets;
use super::tables::status;
use super::upgrade;
use super::view::{Stored, View};
use crate::store::StoreError;

/// How the store is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Bytes of pages kept in memory; the process takes several times as much at its peak.
    pub cache_bytes: u64,
    /// The epoch of effect ids, should the store be new: a number no store of this house has had, such as the seconds
    /// since 1970.
    pub new_epoch: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { cache_bytes: keyspace::Options::default().cache_bytes, new_epoch: 1 }
    }
}

/// The embedded store: one directory, one process.
pub struct SledStore {
    pub(super) keyspace: Keyspace,
    pub(super) leases: Arc<Leases>,
    pub(super) secrets: Secrets,
    /// Whether a status was ever kept for a message nobody knew: where none was, none is looked for.
    pub(super) statuses: AtomicBool,
    pub(super) epoch: u32,
}

impl fmt::Debug for SledStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SledStore").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

impl From<OpenError> for StoreError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::InUse { directory } => Self::InUse(directory.display().to_string()),
            OpenError::Damaged { directory, detail } => {
                Self::Broken { directory: directory.display().to_string(), detail }
            }
            OpenError::Refused(fault) => fault.into(),
            OpenError::Io { ref source, .. } => {
                Self::Disk { trouble: disk::trouble(source), detail: error.to_string() }
            }
        }
    }
}

impl SledStore {
    /// Opens the store in a directory, or makes one where there never was any. Dropping it closes it, and waits for
    /// the commits that are under way.
    pub async fn open(directory: &Path, options: &Options) -> Result<Self, StoreError> {
        let keyspace = keyspace::Options { cache_bytes: options.cache_bytes, ..keyspace::Options::default() };
        let path = directory.to_owned();
        // sled recovers on the calling thread, which may take seconds.
        let opened = tokio::task::spawn_blocking(move || Keyspace::open(&path, &keyspace));
        let keyspace = opened.await.map_err(|error| StoreError::Down(error.to_string()))??;
        let opened = upgrade::run(&keyspace, options.new_epoch).await;
        let epoch = opened.map_err(|refused| refused.told(directory))?;
        let statuses = keyspace.read(|view| Ok(view.scan(status::all().as_range()).next().is_some())).await?;
        Ok(Self {
            keyspace,
            leases: Arc::new(Leases::default()),
            secrets: Secrets::default(),
            statuses: statuses.into(),
            epoch,
        })
    }

    pub(super) fn keyspace(&self) -> &Keyspace {
        &self.keyspace
    }

    /// What is stored in a range, oldest key first.
    pub(super) async fn list<T>(
        &self,
        range: KeyRange,
        limit: usize,
        decode: impl Fn(Vec<u8>, Stored) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let found = self.keyspace.read(|view| collect(view, &range, limit)).await?;
        found.into_iter().map(|(key, stored)| decode(key, stored)).collect()
    }
}

/// Keys and values of a range, oldest key first.
pub(super) fn collect(
    view: &View<'_>,
    range: &KeyRange,
    limit: usize,
) -> Result<Vec<(Vec<u8>, Stored)>, Fault> {
    view.scan(range.as_range()).take(limit).collect()
}
