//! What turns are played against, named once: project, channel, open queues and release hardly ever change.

use std::sync::{Arc, Mutex, PoisonError};

use fluxo_engine::ENGINE_VERSION;
use fluxo_engine::ids::ReleaseId;
use fluxo_engine::protocol::{Project, World};

use super::Conversations;
use crate::store::{Backdrop, BackdropId, Commit, Kept, StoreError};

/// Those of this process.
#[derive(Debug, Default)]
pub(super) struct Backdrops(Mutex<Vec<Named>>);

#[derive(Debug)]
struct Named {
    id: BackdropId,
    backdrop: Arc<Backdrop>,
    /// Held so that another project never has its address.
    project: Arc<Project>,
    /// The store has it, durably.
    kept: bool,
}

impl Named {
    fn is(&self, release: &ReleaseId, world: &World) -> bool {
        (Arc::ptr_eq(&self.project, &world.project) || *self.project == *world.project)
            && self.backdrop.open_queues == world.open_queues
            && self.backdrop.release == *release
            && self.backdrop.channel == world.conversation.channel
            && self.backdrop.epoch == world.epoch
            && self.backdrop.limits == world.conversation.limits
    }
}

impl Backdrops {
    /// The name of what a turn is played against.
    pub(super) fn of(&self, release: &ReleaseId, world: &World) -> BackdropId {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The newest is the one in use.
        if let Some(known) = all.iter().rev().find(|known| known.is(release, world)) {
            return known.id;
        }
        let backdrop = Arc::new(Backdrop {
            release: release.clone(),
            engine: ENGINE_VERSION,
            epoch: world.epoch,
            channel: world.conversation.channel.clone(),
            limits: world.conversation.limits.clone(),
            open_queues: world.open_queues.clone(),
            project: Project::clone(&world.project),
        });
        let id = backdrop.id();
        all.push(Named { id, backdrop, project: Arc::clone(&world.project), kept: false });
        id
    }

    fn missing(&self, id: BackdropId) -> Option<Arc<Backdrop>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().find(|known| known.id == id && !known.kept).map(|known| Arc::clone(&known.backdrop))
    }

    fn kept(&self, id: BackdropId) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter_mut().filter(|known| known.id == id).for_each(|known| known.kept = true);
    }
}

impl Conversations {
    /// Sees to it that the store has what a commit's turn was played against: once for each, not once for each turn.
    pub(super) async fn keep_backdrop(&self, commit: &Commit) -> Result<(), StoreError> {
        let Some(Kept::Whole(recorded)) = commit.journal.as_ref().map(|entry| &entry.kept) else {
            return Ok(());
        };
        let id = recorded.backdrop;
        if let Some(backdrop) = self.backdrops.missing(id) {
            self.store.keep_backdrop(id, &backdrop).await?;
            self.backdrops.kept(id);
        }
        Ok(())
    }
}
