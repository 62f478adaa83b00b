//! Flows: what is published, publishing, and going back.

mod list;
mod publish;
mod rollback;

use fluxo_engine::ids::{ConversationId, ReleaseId};
use serde::{Deserialize, Serialize};

pub use list::{List, Listed, NotPublished, Row};
pub use publish::{Outcome, Publish, PublishReport};
pub use rollback::{Rollback, RollbackReport};

use super::{OperationError, Operations, Progress};
use crate::conversations::InFlight;
use crate::releases::Disk;

/// A session that stays on the release it was begun on, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptSession {
    /// Whose.
    pub conversation: ConversationId,
    /// What it plays.
    pub release: ReleaseId,
    /// What stands in the way, in words.
    pub because: Vec<String>,
}

/// What became of the sessions that were to be moved.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Moves {
    /// Those that play the current release now, or would.
    pub moved: u64,
    /// Those that stay.
    pub kept: Vec<KeptSession>,
}

impl Operations {
    /// What lies in the project's folder.
    async fn disk(&self) -> Result<Disk, OperationError> {
        let folder = self.config().folder().to_path_buf();
        let read = tokio::task::spawn_blocking(move || Disk::read(&folder)).await;
        let read = read.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        read.map_err(|error| {
            OperationError::failed(format!("a pasta {}: {error}", self.config().folder().display()))
        })
    }

    /// What is in flight where.
    async fn in_flight(&self, progress: &Progress) -> Result<InFlight, OperationError> {
        let of = self.conversations().store().counts().await?.conversations;
        let told = progress.clone();
        let looked = move |done: u64| {
            told.tell(done.min(of), Some(of));
            told.is_wanted()
        };
        self.conversations().in_flight(looked).await?.ok_or_else(OperationError::interrupted)
    }
}
