//! Ordered keys and values on sled, made durable: opening, committing, reading, and the end.
//!
//! sled 0.34 is fast and not durable as documented: on Linux its `flush` writes pages but waits neither for the
//! disk's cache nor for metadata. What makes it durable is kept here and nowhere else:
//!
//! - one tree, and a commit is part of one batch, so it is atomic;
//! - one writer (see [`super::writer`]) that flushes and then syncs its own descriptor of the data file;
//! - records small enough to stay inside the log (see [`super::envelope`]);
//! - a lock on the directory and a tidy start (see [`super::directory`]);
//! - groups are numbered, and the number of the last one acknowledged stands in a file of its own: sled takes a data
//!   file that was cut or overwritten for an older, shorter one, and would open it without a word;
//! - after any error of the store nothing more is taken: a store in doubt acknowledges nothing. The process is
//!   expected to end, see [`Keyspace::failed`], and to be started again by its supervisor.
//!
//! **What a reader sees is durable.** [`Keyspace::read`] looks at what is applied and, if the group it saw is still
//! being synced, hands the answer over only when that is done. Otherwise an effect could be performed for a turn that a
//! power cut then takes back. Refusals are acknowledged after the sync as well, so "this message is known already"
//! also rests on what is durable. A commit needs no such wait for what it reads, since it is durable only after it.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;
use std::{io, thread};

use sled::Tree;
use tokio::sync::{mpsc, oneshot, watch};

use super::digest::Digest;
use super::directory::{Contents, Directory};
use super::envelope;
use super::fault::Fault;
use super::snapshot::{Snapshot, Snapshots};
use super::transaction::Transaction;
use super::view::View;
use super::watchdog::{self, Vigil};
use super::writer::{Commit, Sync, Waiting, Writer, told};

/// The key that every group writes; its version is the group's number, its value what all other records come to.
/// Reserved like a table's prefix.
pub(super) const GROUP: &[u8] = b"!";
/// The size of a segment of sled's log; why it matters stands at the head of [`super::writer`].
pub(super) const SEGMENT_BYTES: usize = 8 << 20;
/// How many commits may wait; who comes then waits to wait.
const QUEUE: usize = 4096;

/// How a keyspace is opened.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Bytes of pages sled may keep in memory. The process takes several times as much at its peak.
    pub(crate) cache_bytes: u64,
    /// Bytes of changes one group of commits may have. A commit is never cut: a group may go over by its last one.
    pub(crate) group_bytes: usize,
    /// How long to wait for whoever has the store to let go.
    pub(crate) patience: Duration,
    /// How long making a group durable may take before the store is given up.
    pub(crate) sync_patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache_bytes: 16 << 20,
            group_bytes: 1 << 20,
            patience: Duration::from_secs(3),
            sync_patience: watchdog::PATIENCE,
        }
    }
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// Another process, or another handle in this one, has it.
    #[error("the store in {} is in use by another process", .directory.display())]
    InUse {
        /// Where the store is.
        directory: PathBuf,
    },
    /// What is there is not a sound store, and is left as it is.
    #[error(
        "the store in {} is damaged ({detail}): stop the service, move this directory aside and keep it, \
         put the latest backup in its place and start again", .directory.display()
    )]
    Damaged {
        /// Where the store is.
        directory: PathBuf,
        /// What was found.
        detail: String,
    },
    /// sled refused, or has failed.
    #[error(transparent)]
    Refused(Fault),
    /// The operating system refused.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: &'static str,
        /// What it said.
        source: io::Error,
    },
}

/// Ordered keys and values on disk. Cheap to clone; the store is closed when the last clone is dropped, which waits
/// for the commits that are under way.
#[derive(Clone)]
pub(crate) struct Keyspace {
    open: Arc<Open>,
}

struct Open {
    shared: Arc<Shared>,
    queue: Option<mpsc::Sender<Box<dyn Waiting>>>,
    writer: Option<JoinHandle<()>>,
}

/// What readers and the writer have in common. Fields drop in this order: the lock on the directory goes last.
pub(super) struct Shared {
    pub(super) tree: Tree,
    /// Held by readers while they look, by the writer while it applies: never across a wait.
    pub(super) gate: RwLock<()>,
    /// The number of the last group applied.
    pub(super) applied: AtomicU64,
    /// Who reads everything as of a moment, and needs what is about to change.
    pub(super) snapshots: Snapshots,
    pub(super) vigil: Arc<Vigil>,
    state: watch::Sender<State>,
    _database: sled::Db,
    directory: Directory,
}

#[derive(Debug, Clone)]
struct State {
    /// The number of the last group that is durable.
    durable: u64,
    fault: Option<Fault>,
}

impl Keyspace {
    /// Opens the store in a directory, or makes one where there never was any. Blocks while sled recovers.
    pub(crate) fn open(path: &Path, options: &Options) -> Result<Self, OpenError> {
        Self::open_with(path, options, |data| Box::new(move || data.sync_data()))
    }

    /// The same with another way to sync, so that a test can hold it up and let it fail.
    pub(super) fn open_with(
        path: &Path,
        options: &Options,
        sync: impl FnOnce(File) -> Sync,
    ) -> Result<Self, OpenError> {
        let io = |what: &'static str| move |source| OpenError::Io { what, source };
        let directory = Directory::claim(path, options.patience)?;
        let damaged = |detail: String| OpenError::Damaged { directory: path.to_owned(), detail };
        let contents = directory.contents().map_err(io("could not look into the store's directory"))?;
        if matches!(contents, Contents::Store { .. }) && !directory.has_data() {
            return Err(damaged("its data file is missing or empty".to_owned()));
        }
        let database = recover(&directory, options, damaged)?;
        directory.sync().map_err(io("could not sync the store's directory"))?;
        let data = directory.data_file().map_err(io("could not open the store's data file"))?;
        let tree = Tree::clone(&database);
        let last = View::of(&tree).version(GROUP).map_err(|fault| damaged(fault.to_string()))?;
        let last = match (contents, last) {
            (Contents::Store { acknowledged }, Some(last)) if last >= acknowledged => last,
            (Contents::NeverCreated, Some(last)) => last,
            (Contents::NeverCreated, None) if tree.is_empty() => create(&tree, &data).map_err(|fault| {
                OpenError::Io { what: "could not make the store", source: io::Error::other(fault) }
            })?,
            (Contents::NeverCreated, None) => {
                return Err(damaged("its data file is not a store of fluxo".to_owned()));
            }
            (Contents::Store { .. }, _) => {
                return Err(damaged("work that was acknowledged is missing from its data file".to_owned()));
            }
        };
        let digest = noted_or_counted(&tree).map_err(|fault| damaged(fault.to_string()))?;
        let mark = directory.mark().map_err(io("could not note that the store was created"))?;
        let shared = Arc::new(Shared {
            tree,
            gate: RwLock::new(()),
            applied: AtomicU64::new(last),
            snapshots: Snapshots::default(),
            vigil: Vigil::new(),
            state: watch::Sender::new(State { durable: last, fault: None }),
            _database: database,
            directory,
        });
        watchdog::start(shared.vigil.clone(), Arc::downgrade(&shared), options.sync_patience)
            .map_err(io("could not start the store's watchdog"))?;
        let (queue, waiting) = mpsc::channel(QUEUE);
        let writer = Writer {
            shared: shared.clone(),
            sync: sync(data),
            mark,
            digest,
            queue: waiting,
            group_bytes: options.group_bytes,
        };
        let writer = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run())
            .map_err(io("could not start the store's writer"))?;
        Ok(Self { open: Arc::new(Open { shared, queue: Some(queue), writer: Some(writer) }) })
    }

    /// Plays `work` on the writer's thread, after every commit that was asked for before it, and returns when what it
    /// wrote is durable. If it returns an error, nothing of it is written.
    ///
    /// `work` holds all other commits up: what can be prepared before is prepared before. A caller that stops waiting
    /// does not take the commit back.
    pub(crate) async fn commit<T, F>(&self, work: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnOnce(&mut Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.open.shared.in_service()?;
        let (reply, acknowledged) = oneshot::channel();
        let queue = self.open.queue.as_ref().ok_or_else(|| self.down())?;
        queue.send(Box::new(Commit::new(work, reply))).await.map_err(|_| self.down())?;
        tokio::select! {
            biased;
            outcome = acknowledged => outcome.map_err(|_| self.down())?,
            // A writer that was given up may never tell.
            fault = self.failed() => Err(fault),
        }
    }

    /// [`Keyspace::commit`] for a thread that may block.
    pub(super) fn commit_blocking<T, F>(&self, work: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnOnce(&mut Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.open.shared.in_service()?;
        let (reply, acknowledged) = oneshot::channel();
        let queue = self.open.queue.as_ref().ok_or_else(|| self.down())?;
        queue.blocking_send(Box::new(Commit::new(work, reply))).map_err(|_| self.down())?;
        acknowledged.blocking_recv().map_err(|_| self.down())?
    }

    /// Lets `look` read, for a thread that may block; what it sees may not be durable yet.
    pub(super) fn look<T>(&self, look: impl FnOnce(&View<'_>) -> Result<T, Fault>) -> Result<T, Fault> {
        self.open.shared.look(look).map(|(found, _)| found)
    }

    /// Everything as of now, to be read while writing goes on.
    pub(super) fn snapshot(&self) -> Result<Snapshot, Fault> {
        self.open.shared.in_service()?;
        Snapshot::begin(self.open.shared.clone())
    }

    /// Lets `look` read, and returns what it found when all that it saw is durable. `look` runs on the caller's thread
    /// and holds the writer up: a few lookups or a short range, never a wait.
    pub(crate) async fn read<T>(&self, look: impl FnOnce(&View<'_>) -> Result<T, Fault>) -> Result<T, Fault> {
        let shared = &self.open.shared;
        shared.in_service()?;
        let (found, seen) = shared.look(look)?;
        let mut state = shared.state.subscribe();
        let state = state.wait_for(|state| state.fault.is_some() || state.durable >= seen).await;
        match state.map(|state| state.fault.clone()) {
            Ok(None) => Ok(found),
            Ok(Some(fault)) => Err(fault),
            Err(_) => Err(self.down()),
        }
    }

    /// Waits until the store has failed, and says why; the process should then end.
    pub(crate) fn failed(&self) -> impl Future<Output = Fault> + Send + 'static {
        let mut state = self.open.shared.state.subscribe();
        async move {
            match state.wait_for(|state| state.fault.is_some()).await.map(|state| state.fault.clone()) {
                Ok(Some(fault)) => fault,
                // Closed in good order, which is no failure.
                Ok(None) | Err(_) => std::future::pending().await,
            }
        }
    }

    /// Loses a record as a damaged disk does: without a word to anybody.
    #[cfg(test)]
    pub(super) fn lose(&self, key: &[u8]) {
        assert!(self.open.shared.tree.remove(key).unwrap().is_some());
    }

    /// Puts a record where none should be, or another one than was written.
    #[cfg(test)]
    pub(super) fn plant(&self, key: &[u8], record: &[u8]) {
        self.open.shared.tree.insert(key, record).unwrap();
    }

    /// What all records come to, read from what is there.
    #[cfg(test)]
    pub(super) fn counted(&self) -> Result<Digest, Fault> {
        View::of(&self.open.shared.tree).counted()
    }

    /// How many groups of commits this store has made durable since it was created.
    #[cfg(test)]
    pub(super) fn groups(&self) -> u64 {
        self.open.shared.state.borrow().durable
    }

    fn down(&self) -> Fault {
        self.open.shared.state.borrow().fault.clone().unwrap_or_else(|| Fault::down("the writer has ended"))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.queue = None;
        self.shared.vigil.close();
        if let Some(writer) = self.writer.take()
            && !self.shared.vigil.gave_up()
            && writer.thread().id() != thread::current().id()
        {
            // The writer catches its own panics and has told of them.
            let _ = writer.join();
        }
    }
}

impl Drop for Shared {
    /// sled syncs its file while it closes it, and panics if that fails. Where it would, the file is left open: the process
    /// is about to end.
    fn drop(&mut self) {
        let synced = || self.directory.data_file().and_then(|data| data.sync_all());
        if self.state.borrow().fault.is_some() && synced().is_err() {
            std::mem::forget(Tree::clone(&self.tree));
        }
    }
}

impl Shared {
    /// Fails if the store has failed.
    pub(super) fn in_service(&self) -> Result<(), Fault> {
        self.state.borrow().fault.clone().map_or(Ok(()), Err)
    }

    /// Puts the store out of service; the first reason stands.
    pub(super) fn fail(&self, fault: &Fault) {
        self.state.send_if_modified(|state| {
            let first = state.fault.is_none();
            if first {
                tracing::error!(%fault, "the store has failed and takes nothing more");
                state.fault = Some(fault.clone());
            }
            first
        });
    }

    /// Everything up to this group is durable.
    pub(super) fn durable(&self, group: u64) {
        self.state.send_modify(|state| state.durable = group);
    }

    /// What `look` finds, and the number of the last group it can have seen.
    fn look<T>(&self, look: impl FnOnce(&View<'_>) -> Result<T, Fault>) -> Result<(T, u64), Fault> {
        let _writer_out = self.gate.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        let found = catch_unwind(AssertUnwindSafe(|| look(&View::of(&self.tree))))
            .unwrap_or_else(|panic| Err(Fault::down(told(&*panic))));
        if let Err(fault @ Fault::Down { .. }) = &found {
            self.fail(fault);
        }
        Ok((found?, self.applied.load(Ordering::Acquire)))
    }
}

/// Gives a new store its first group, so that one without any is known for a loss.
fn create(tree: &Tree, data: &File) -> Result<u64, Fault> {
    for (key, record) in envelope::seal(GROUP, 1, &Digest::default().to_bytes())? {
        tree.insert(key, record)?;
    }
    tree.flush()?;
    data.sync_data().map_err(|error| Fault::io("could not sync the data file", &error))?;
    Ok(1)
}

/// What all records come to, as the last group has noted it; a store of format 1 did not, and is read once for it.
fn noted_or_counted(tree: &Tree) -> Result<Digest, Fault> {
    let noted = View::of(tree).get(GROUP)?.and_then(|stored| Digest::from_bytes(&stored.bytes));
    match noted {
        Some(digest) => Ok(digest),
        None => View::of(tree).counted(),
    }
}

/// Lets sled open its files. What it finds wrong it tells by an error or by a panic; both mean damage.
pub(super) fn recover(
    directory: &Directory,
    options: &Options,
    damaged: impl Fn(String) -> OpenError,
) -> Result<sled::Db, OpenError> {
    let segment_bytes = directory.segment_bytes().unwrap_or(SEGMENT_BYTES);
    if segment_bytes < SEGMENT_BYTES {
        tracing::warn!(
            segment_bytes,
            "an older fluxo made this store in a form that a power cut may damage: back it up, and restore the backup"
        );
    }
    let config = sled::Config::new()
        .path(directory.path())
        .segment_size(segment_bytes)
        .cache_capacity(options.cache_bytes)
        .flush_every_ms(None);
    match catch_unwind(AssertUnwindSafe(|| config.open())) {
        Ok(Ok(database)) => Ok(database),
        Ok(Err(sled::Error::Io(source))) if source.kind() == io::ErrorKind::UnexpectedEof => {
            Err(damaged("a file ends too early".to_owned()))
        }
        Ok(Err(sled::Error::Io(source))) => {
            Err(OpenError::Io { what: "could not open the store's files", source })
        }
        Ok(Err(
            error @ (sled::Error::Corruption { .. }
            | sled::Error::CollectionNotFound(_)
            | sled::Error::Unsupported(_)
            | sled::Error::ReportableBug(_)),
        )) => Err(damaged(error.to_string())),
        Err(panic) => Err(damaged(told(&*panic))),
    }
}
