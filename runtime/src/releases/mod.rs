//! Releases: all flows published together. The current one, and the older ones that open sessions still play.

mod checked;
mod disk;
mod library;
mod published;
#[cfg(test)]
mod tests;
mod verdict;

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
pub use checked::Checked;
pub use disk::Disk;
use fluxo_engine::error::Error;
use fluxo_engine::flow::Library;
use fluxo_engine::ids::{EffectId, FlowId, NodeId, ReleaseId, WaitId};
use fluxo_engine::protocol::{Inbound, Project, Resume, Trigger, Turn};
pub use fluxo_engine::{Hearing, Route};
use jiff::Timestamp;
pub use published::{Announcement, PublishError, Published, RollbackError};
pub use verdict::{Finding, Tested, Verdict};

use crate::store::{Documents, Occasion, Publication, Store, StoreError};

/// Older releases kept in memory; the others are read again when a session needs them.
const KEPT: usize = 8;

/// A release as conversations play it.
pub trait Release: fmt::Debug + Send + Sync {
    /// Its name.
    fn id(&self) -> &ReleaseId;

    /// What a message begins when no session is open.
    fn route(&self, project: &Project, channel: &str, message: &Inbound) -> Route;

    /// Whether a flow may be started from outside.
    fn door(&self, flow: &FlowId) -> Door;

    /// The engine's own form of it; absent where something else stands in for the engine.
    fn library(&self) -> Option<&Library> {
        None
    }

    /// The node at which a stored session stands, of this or any other release.
    ///
    /// # Errors
    /// A session that cannot be read.
    fn place(&self, session: &[u8]) -> Result<Place, Error>;

    /// Where a stored session stands.
    ///
    /// # Errors
    /// A session that cannot be read.
    fn standing(&self, session: &[u8]) -> Result<Standing, Error>;

    /// Starts a session.
    ///
    /// # Errors
    /// What the engine refuses.
    fn start(&self, trigger: &Trigger) -> Result<Played, Error>;

    /// Wakes a stored session.
    ///
    /// # Errors
    /// What the engine refuses, and a session that cannot be read.
    fn resume(&self, session: &[u8], resume: &Resume) -> Result<Played, Error>;
}

/// Whether a flow may be started from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// It has a trigger `when: api`.
    Open,
    /// It is started otherwise.
    Closed,
    /// There is no such flow.
    Missing,
}

/// A turn with the session it left.
#[derive(Debug, Clone, PartialEq)]
pub struct Played {
    /// The stored form.
    pub session: Vec<u8>,
    /// Where the session stands now.
    pub standing: Standing,
    /// What it led to.
    pub turn: Turn,
}

/// Where a session stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Who gets the contact's next message.
    pub hearing: Hearing,
    /// The open wait.
    pub wait: Option<WaitId>,
    /// The message that puts the open question.
    pub question: Option<EffectId>,
}

/// The node at which a session stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The innermost flow.
    pub flow: FlowId,
    /// Its node.
    pub node: NodeId,
    /// The result of something asked of the world is awaited.
    pub in_flight: bool,
}

/// Makes releases of documents.
pub trait Compiler: fmt::Debug + Send + Sync {
    /// Documents that are to be published. The errors are the checker's findings, ready to be shown.
    ///
    /// # Errors
    /// Documents with errors are not published.
    fn check(&self, documents: &Documents) -> Result<Arc<dyn Release>, Vec<Finding>>;

    /// Documents that were published before, perhaps by an older checker.
    ///
    /// # Errors
    /// Why they cannot be read, for developers.
    fn read(&self, documents: &Documents) -> Result<Arc<dyn Release>, String>;

    /// Plays the flows' tests on a release. Takes as long as they do.
    fn test(&self, library: &Library, tests: &Documents) -> Tested;
}

/// The releases.
pub struct Releases {
    store: Arc<dyn Store>,
    compiler: Arc<dyn Compiler>,
    current: ArcSwap<Arc<dyn Release>>,
    /// The most recently used last.
    older: Mutex<VecDeque<Arc<dyn Release>>>,
    /// What was said of the flows looked at last: it is asked for again and again, and takes a while to find.
    judged: Mutex<Option<(Disk, Arc<Verdict>)>>,
    /// Held while the current release is being changed.
    changing: tokio::sync::Mutex<()>,
}

impl fmt::Debug for Releases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Releases").field("current", self.current().id()).finish_non_exhaustive()
    }
}

impl Releases {
    fn new(store: Arc<dyn Store>, compiler: Arc<dyn Compiler>, current: Arc<dyn Release>) -> Self {
        Self {
            store,
            compiler,
            current: ArcSwap::from_pointee(current),
            older: Mutex::default(),
            judged: Mutex::default(),
            changing: tokio::sync::Mutex::default(),
        }
    }

    /// Goes on with the release that was current. Flows that have changed since take its place if nothing stands
    /// against them and `publishes` says so; what stands against them is told, and the one before stays. Where there
    /// was none, the flows on the disk become the first.
    ///
    /// # Errors
    /// [`PublishError::Refused`] where there is neither a release that can be played nor flows without errors.
    pub async fn open(
        store: Arc<dyn Store>,
        compiler: Arc<dyn Compiler>,
        disk: &Disk,
        now: Timestamp,
        publishes: bool,
    ) -> Result<Self, PublishError> {
        let on_disk = compiler.check(&disk.flows);
        let last = store.publications(1).await?.pop();
        let kept = match &last {
            Some(last) => match &on_disk {
                Ok(release) if *release.id() == last.release => Some(Arc::clone(release)),
                Ok(_) | Err(_) => read(&*store, &*compiler, &last.release).await?,
            },
            None => None,
        };
        let Some((last, kept)) = last.zip(kept) else {
            return Self::begin(store, compiler, disk, now, on_disk).await;
        };
        let releases = Self::new(store, compiler, kept);
        let changed = last.disk != disk.digest();
        match on_disk {
            Err(findings) => releases.stays(&Verdict::of_errors(findings)),
            Ok(_) if !changed => {}
            Ok(_) if !publishes => {
                tracing::warn!(
                    "the flows on the disk are not those that are played, and are not published by themselves: \
                     give `fluxo flows publish`"
                );
            }
            Ok(_) => {
                let announcement = Announcement::of_ours(Occasion::Start, now);
                match releases.publish(disk, &announcement).await {
                    Ok(_) => {}
                    Err(PublishError::Refused(verdict)) => releases.stays(&verdict),
                    Err(error @ PublishError::Store(_)) => return Err(error),
                }
            }
        }
        Ok(releases)
    }

    fn stays(&self, verdict: &Verdict) {
        tracing::error!(release = %self.current().id(), "starting with the release that was current, not with the flows on the disk");
        verdict.tell();
    }

    /// The first release, or one in the place of what cannot be played any more: there is nothing to stay with, so only
    /// errors stand against it.
    async fn begin(
        store: Arc<dyn Store>,
        compiler: Arc<dyn Compiler>,
        disk: &Disk,
        now: Timestamp,
        checked: Result<Arc<dyn Release>, Vec<Finding>>,
    ) -> Result<Self, PublishError> {
        let first = match checked {
            Ok(first) => first,
            Err(findings) => return Err(PublishError::Refused(Arc::new(Verdict::of_errors(findings)))),
        };
        let announcement = Announcement::of_ours(Occasion::Start, now);
        store.publish(&announcement.publication(first.id(), disk.digest()), &disk.flows).await?;
        Ok(Self::new(store, compiler, first))
    }

    /// For work on the store while no service runs: with the release that was current, or an empty one if there never
    /// was any, because nothing begins.
    ///
    /// # Errors
    /// The store's.
    pub async fn resting(store: Arc<dyn Store>, compiler: Arc<dyn Compiler>) -> Result<Self, StoreError> {
        let kept = match store.publications(1).await?.pop() {
            Some(last) => read(&*store, &*compiler, &last.release).await?,
            None => None,
        };
        let current = kept.unwrap_or_else(|| Arc::new(Library::new([])));
        Ok(Self::new(store, compiler, current))
    }

    /// The release that new sessions begin on.
    pub fn current(&self) -> Arc<dyn Release> {
        Arc::clone(&self.current.load())
    }

    /// When, why and by whom it was made current; absent where nothing ever was.
    ///
    /// # Errors
    /// The store's.
    pub async fn publication(&self) -> Result<Option<Publication>, StoreError> {
        Ok(self.store.publications(1).await?.pop())
    }

    /// A release of documents that are not published, and are not by this.
    ///
    /// # Errors
    /// Why they cannot be read, for developers.
    pub fn unpublished(&self, documents: &Documents) -> Result<Arc<dyn Release>, String> {
        self.compiler.read(documents)
    }

    /// The release a session is pinned to; absent when the store no longer has it or it cannot be read any more.
    ///
    /// # Errors
    /// The store's.
    pub async fn get(&self, id: &ReleaseId) -> Result<Option<Arc<dyn Release>>, StoreError> {
        let current = self.current();
        if current.id() == id {
            return Ok(Some(current));
        }
        if let Some(known) = self.recall(id) {
            return Ok(Some(known));
        }
        let release = read(&*self.store, &*self.compiler, id).await?;
        if let Some(release) = &release {
            self.remember(Arc::clone(release));
        }
        Ok(release)
    }

    fn switch(&self, next: Arc<dyn Release>) {
        self.remember(self.current());
        self.current.store(Arc::new(next));
    }

    /// Why documents that were published before cannot be played.
    ///
    /// # Errors
    /// For developers.
    pub fn readable(&self, documents: &Documents) -> Result<(), String> {
        self.compiler.read(documents).map(drop)
    }

    fn recall(&self, id: &ReleaseId) -> Option<Arc<dyn Release>> {
        let mut older = self.older.lock().unwrap_or_else(PoisonError::into_inner);
        let at = older.iter().position(|release| release.id() == id)?;
        let found = older.remove(at)?;
        older.push_back(Arc::clone(&found));
        Some(found)
    }

    fn remember(&self, release: Arc<dyn Release>) {
        let mut older = self.older.lock().unwrap_or_else(PoisonError::into_inner);
        older.retain(|known| known.id() != release.id());
        older.push_back(release);
        while older.len() > KEPT {
            older.pop_front();
        }
    }
}

/// A release as it was kept; absent when it was not, or cannot be read any more.
async fn read(
    store: &dyn Store,
    compiler: &dyn Compiler,
    id: &ReleaseId,
) -> Result<Option<Arc<dyn Release>>, StoreError> {
    let Some(documents) = store.release_documents(id).await? else {
        tracing::error!(release = %id, "a release is not kept any more");
        return Ok(None);
    };
    match compiler.read(&documents) {
        Ok(release) => Ok(Some(release)),
        Err(reason) => {
            tracing::error!(release = %id, reason, "a kept release cannot be read any more");
            Ok(None)
        }
    }
}
