//! The store as operators see it: whether all is well in it, and a copy of it.

use std::path::PathBuf;
use std::sync::Arc;

use fluxo_engine::check::Language;
use serde::{Deserialize, Serialize};

use super::{OperationError, Operations, Progress, Request};
use crate::store::upkeep::{self, BackupError, CheckError, Checkup, Told, Upkeep};

/// Asks for a look at everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Whether what can be put right is; only while no service runs.
    pub repair: bool,
}

/// Asks for a copy of everything as of now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// An absolute path: the service may work elsewhere. Nothing is there yet.
    pub file: PathBuf,
}

impl Request for Check {
    type Answer = Checkup;

    async fn carry_out(self, here: &Operations, progress: &Progress) -> Result<Checkup, OperationError> {
        if self.repair && here.is_serving() {
            return Err(OperationError::refused(
                "o serviço está no ar: pare-o e rode de novo com --repair; sem --repair, a conferência roda com ele",
            ));
        }
        let releases = Arc::clone(here.conversations().releases());
        let asked = upkeep::Check {
            now: here.conversations().clock().now(),
            readable: Arc::new(move |documents| releases.readable(documents)),
            repair: self.repair,
        };
        upkeep(here)?.check(asked, told(progress)).await.map_err(|error| match error {
            CheckError::GivenUp => OperationError::interrupted(),
            CheckError::Store(error) => error.into(),
        })
    }
}

impl Request for Backup {
    type Answer = upkeep::Backup;

    async fn carry_out(
        self,
        here: &Operations,
        progress: &Progress,
    ) -> Result<upkeep::Backup, OperationError> {
        let now = here.conversations().clock().now();
        upkeep(here)?.backup(&self.file, now, told(progress)).await.map_err(|error| match error {
            BackupError::Exists(file) => OperationError::refused(format!(
                "{} já existe: um backup nunca substitui um arquivo, dê outro nome",
                file.display()
            )),
            BackupError::UnderWay(file) => {
                OperationError::refused(format!("outro backup para {} está sendo gravado", file.display()))
            }
            BackupError::File { file, source } => OperationError::failed(format!(
                "não foi possível gravar {}: {source}; nenhum arquivo ficou e o serviço não foi afetado",
                file.display()
            )),
            BackupError::GivenUp => {
                OperationError::failed("o backup foi interrompido e nenhum arquivo ficou")
            }
            BackupError::Store(error) => OperationError::failed(error.told(Language::Portuguese)),
        })
    }
}

fn upkeep(here: &Operations) -> Result<&dyn Upkeep, OperationError> {
    let refused =
        || OperationError::refused("estes dados são de outro sistema, que tem os comandos dele para isso");
    here.conversations().store().upkeep().ok_or_else(refused)
}

fn told(progress: &Progress) -> Told {
    let progress = progress.clone();
    Box::new(move |records| {
        progress.tell(records, None);
        progress.is_wanted()
    })
}
