//! Goes back to a release that was current before.

use fluxo_engine::ids::ReleaseId;
use serde::{Deserialize, Serialize};

use crate::operations::{OperationError, Operations, Progress, Request};
use crate::releases::{Announcement, Disk, Finding, RollbackError};
use crate::store::Occasion;

/// Goes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollback {
    /// The beginning of the release's name; absent, the one before the current one.
    pub to: Option<String>,
    /// Who does it.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollbackReport {
    /// What was current.
    pub before: ReleaseId,
    /// What is current.
    pub now: ReleaseId,
    /// What the checker finds in it, as the project is today: it is current all the same.
    pub findings: Vec<Finding>,
    /// What lies on the disk is something else, and stays unpublished until it changes.
    pub disk_differs: bool,
    /// A service runs; else it is current at the next start.
    pub serving: bool,
}

impl Request for Rollback {
    type Answer = RollbackReport;

    async fn carry_out(self, here: &Operations, _: &Progress) -> Result<RollbackReport, OperationError> {
        let releases = here.conversations().releases();
        let Some(last) = releases.publication().await? else {
            return Err(OperationError::not_there("nenhuma versão foi publicada ainda"));
        };
        // Going back must be possible while the folder cannot be read: then it holds what it held, as far as is known.
        let disk = here.disk().await.map_or(last.disk, |disk| disk.digest());
        let to = releases.before(self.to.as_deref()).await?;
        let at = here.conversations().clock().now();
        let announcement =
            Announcement { by: self.by.clone(), occasion: Occasion::Rollback, reason: self.reason, at };
        let went = releases.go_back(&to, disk.clone(), &announcement).await?;
        tracing::warn!(release = %went.now, before = %went.before, by = self.by, "went back by command");
        Ok(RollbackReport {
            findings: releases.findings(&to).await?,
            disk_differs: differs(&disk, here, &to).await?,
            before: went.before,
            now: went.now,
            serving: here.is_serving(),
        })
    }
}

/// Whether the disk, named by its digest, holds other flows than a release.
async fn differs(disk: &str, here: &Operations, release: &ReleaseId) -> Result<bool, OperationError> {
    let flows = here.conversations().store().release_documents(release).await?.unwrap_or_default();
    Ok(disk != Disk { flows, tests: Vec::new() }.digest())
}

impl From<RollbackError> for OperationError {
    fn from(error: RollbackError) -> Self {
        match error {
            RollbackError::NothingBefore => {
                Self::refused("não há versão anterior à atual; veja `fluxo flows list`")
            }
            RollbackError::Unknown(named) => Self::not_there(format!(
                "nenhuma versão guardada começa com {named}; veja `fluxo flows list`"
            )),
            RollbackError::Ambiguous(named) => {
                Self::refused(format!("mais de uma versão começa com {named}: escreva mais letras"))
            }
            RollbackError::Current(release) => Self::refused(format!("{release} já é a versão atual")),
            RollbackError::Unreadable(release) => {
                Self::failed(format!("a versão {release} não pode mais ser lida por este fluxo"))
            }
            RollbackError::Store(error) => error.into(),
        }
    }
}
