//! Releases: all flows published together. The current one, and the older ones that open sessions still play.

mod checked;
mod library;

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
pub use checked::Checked;
use fluxo_engine::error::Error;
use fluxo_engine::flow::Library;
use fluxo_engine::ids::{EffectId, FlowId, ReleaseId, WaitId};
use fluxo_engine::protocol::{Inbound, Project, Resume, Trigger, Turn};
pub use fluxo_engine::{Hearing, Route};

use crate::store::{Documents, Store, StoreError};

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

/// Makes releases of documents.
pub trait Compiler: fmt::Debug + Send + Sync {
    /// Documents that are to be published. The errors are the checker's findings, ready to be shown.
    ///
    /// # Errors
    /// Documents with errors are not published.
    fn check(&self, documents: &Documents) -> Result<Arc<dyn Release>, Vec<String>>;

    /// Documents that were published before, perhaps by an older checker.
    ///
    /// # Errors
    /// Why they cannot be read, for developers.
    fn read(&self, documents: &Documents) -> Result<Arc<dyn Release>, String>;
}

/// Why nothing was published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The checker found errors.
    #[error("the flows have {} errors", .0.len())]
    Findings(Vec<String>),
    /// The store did not keep the documents.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The releases.
pub struct Releases {
    store: Arc<dyn Store>,
    compiler: Box<dyn Compiler>,
    current: ArcSwap<Arc<dyn Release>>,
    /// The most recently used last.
    older: Mutex<VecDeque<Arc<dyn Release>>>,
}

impl fmt::Debug for Releases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Releases").field("current", self.current().id()).finish_non_exhaustive()
    }
}

impl Releases {
    /// Publishes the first release of this process.
    ///
    /// # Errors
    /// As [`Releases::publish`].
    pub async fn open(
        store: Arc<dyn Store>,
        compiler: Box<dyn Compiler>,
        documents: &Documents,
    ) -> Result<Self, PublishError> {
        let first = compiler.check(documents).map_err(PublishError::Findings)?;
        store.keep_release(first.id(), documents).await?;
        let current = ArcSwap::from_pointee(first);
        Ok(Self { store, compiler, current, older: Mutex::default() })
    }

    /// For work on the store while no service runs: the releases that are kept can be read, and the current one is an
    /// empty one, because nothing begins.
    pub fn resting(store: Arc<dyn Store>, compiler: Box<dyn Compiler>) -> Self {
        let nothing: Arc<dyn Release> = Arc::new(Library::new([]));
        Self { store, compiler, current: ArcSwap::from_pointee(nothing), older: Mutex::default() }
    }

    /// The release that new sessions begin on.
    pub fn current(&self) -> Arc<dyn Release> {
        Arc::clone(&self.current.load())
    }

    /// Makes documents the current release once the store has them, and says whether that changed anything.
    /// Open sessions stay on theirs.
    ///
    /// # Errors
    /// [`PublishError::Findings`] when the documents have errors: the current release stays.
    pub async fn publish(&self, documents: &Documents) -> Result<bool, PublishError> {
        let next = self.compiler.check(documents).map_err(PublishError::Findings)?;
        let before = self.current();
        if next.id() == before.id() {
            return Ok(false);
        }
        self.store.keep_release(next.id(), documents).await?;
        self.remember(before);
        self.current.store(Arc::new(next));
        Ok(true)
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
        let Some(documents) = self.store.release_documents(id).await? else { return Ok(None) };
        match self.compiler.read(&documents) {
            Ok(release) => {
                self.remember(Arc::clone(&release));
                Ok(Some(release))
            }
            Err(reason) => {
                tracing::error!(release = %id, reason, "a kept release cannot be read any more");
                Ok(None)
            }
        }
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
