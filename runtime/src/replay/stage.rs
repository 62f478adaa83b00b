//! What turns were played against: project, channel, release; read once for all the turns that name it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use fluxo_engine::ids::ReleaseId;
use fluxo_engine::protocol::Project;

use crate::releases::{Release, Releases};
use crate::store::{Backdrop, BackdropId, JournalEntry, Kept, Store, StoreError};

/// What a turn was played against.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) backdrop: Backdrop,
    pub(super) project: Arc<Project>,
    /// Absent when the store has it no more, or it cannot be read.
    pub(super) release: Option<Arc<dyn Release>>,
}

/// Those of a conversation.
#[derive(Debug, Default)]
pub(super) struct Scenes {
    by_id: BTreeMap<BackdropId, Arc<Scene>>,
    releases: BTreeMap<ReleaseId, Arc<dyn Release>>,
}

impl Scenes {
    pub(super) fn of(&self, id: BackdropId) -> Option<&Scene> {
        self.by_id.get(&id).map(|scene| &**scene)
    }

    /// A release that a session was moved from or to.
    pub(super) fn release(&self, id: &ReleaseId) -> Option<&dyn Release> {
        self.releases.get(id).map(|release| &**release)
    }
}

/// All that were read.
#[derive(Debug)]
pub(super) struct Stage {
    store: Arc<dyn Store>,
    releases: Arc<Releases>,
    scenes: Mutex<HashMap<BackdropId, Option<Arc<Scene>>>>,
    read: Mutex<HashMap<ReleaseId, Option<Arc<dyn Release>>>>,
}

impl Stage {
    pub(super) fn new(store: Arc<dyn Store>, releases: Arc<Releases>) -> Self {
        Self { store, releases, scenes: Mutex::default(), read: Mutex::default() }
    }

    /// What a conversation's turns were played against.
    pub(super) async fn scenes(&self, entries: &[JournalEntry]) -> Result<Scenes, StoreError> {
        let mut scenes = Scenes::default();
        for entry in entries {
            match &entry.kept {
                Kept::Whole(recorded) => {
                    let id = recorded.backdrop;
                    if !scenes.by_id.contains_key(&id)
                        && let Some(scene) = self.scene(id).await?
                    {
                        scenes.by_id.insert(id, scene);
                    }
                }
                Kept::Moved(moved) => {
                    for id in [&moved.from, &moved.to] {
                        if let Some(release) = self.release(id).await? {
                            scenes.releases.insert(id.clone(), release);
                        }
                    }
                }
                Kept::Cut | Kept::Erased | Kept::Older => {}
            }
        }
        Ok(scenes)
    }

    async fn scene(&self, id: BackdropId) -> Result<Option<Arc<Scene>>, StoreError> {
        if let Some(known) = self.scenes.lock().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Ok(known.clone());
        }
        let scene = match self.store.backdrop(id).await? {
            None => None,
            Some(backdrop) => {
                let release = self.release(&backdrop.release).await?;
                let project = Arc::new(backdrop.project.clone());
                Some(Arc::new(Scene { backdrop, project, release }))
            }
        };
        self.scenes.lock().unwrap_or_else(PoisonError::into_inner).insert(id, scene.clone());
        Ok(scene)
    }

    async fn release(&self, id: &ReleaseId) -> Result<Option<Arc<dyn Release>>, StoreError> {
        if let Some(known) = self.read.lock().unwrap_or_else(PoisonError::into_inner).get(id) {
            return Ok(known.clone());
        }
        let release = self.releases.get(id).await?;
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), release.clone());
        Ok(release)
    }
}
