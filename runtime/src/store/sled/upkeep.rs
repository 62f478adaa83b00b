//! What operators ask of the store: a copy, a store made of a copy, a check.

use std::path::Path;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::handle::SledStore;
use super::{backup, check, restore};
use crate::store::upkeep::{
    Backup, BackupError, Check, CheckError, Checkup, RestoreError, Restored, Review, Told, Upkeep,
};
use crate::store::{Store, StoreError};

impl SledStore {
    /// Makes a store of a backup, in a directory that is empty or not there. The whole file is read first, and the
    /// store gets its place when it is whole. What was pending waits for people: see [`Review`].
    ///
    /// # Errors
    /// See [`RestoreError`]; the directory is then as it was.
    pub async fn restore(
        file: &Path,
        directory: &Path,
        now: Timestamp,
        review: &Review,
    ) -> Result<Restored, RestoreError> {
        restore::restore(file, directory, now, review).await
    }
}

impl Upkeep for SledStore {
    fn backup<'a>(
        &'a self,
        file: &'a Path,
        now: Timestamp,
        mut told: Told,
    ) -> BoxFuture<'a, Result<Backup, BackupError>> {
        Box::pin(async move {
            let (keyspace, epoch, file) = (self.keyspace().clone(), self.epoch(), file.to_owned());
            let write = move || backup::write(&keyspace, epoch, &file, now, &mut told);
            tokio::task::spawn_blocking(write).await.map_err(|error| StoreError::Down(error.to_string()))?
        })
    }

    fn check(&self, asked: Check, mut told: Told) -> BoxFuture<'_, Result<Checkup, CheckError>> {
        let (keyspace, epoch) = (self.keyspace().clone(), self.epoch());
        let run = move || {
            let readable = Arc::clone(&asked.readable);
            let run = check::Run { readable: &*readable, repair: asked.repair, progress: &mut told };
            check::run(&keyspace, epoch, asked.now, run)
        };
        Box::pin(async move {
            tokio::task::spawn_blocking(run).await.map_err(|error| StoreError::Down(error.to_string()))?
        })
    }
}
