//! The thread that writes: it takes every commit that waits, applies them as one batch, makes the batch durable,
//! and only then acknowledges them all. While it syncs, the next group gathers: no timer, no fixed size.
//!
//! # What a power cut does to sled's log
//!
//! The log is a chain of segments. sled takes for durable what it has merely written, and writes into the header of each
//! new segment up to where the log is durable; when it opens, it checks the log for gaps from the segment on in which that
//! place lies, and no earlier. So if a power cut keeps such a header and loses a part of the log before that segment, sled
//! replays a log with a hole: it panics, or takes old pages for the newest. Segments of half a mebibyte, sled's usual
//! size, were hurt like this by 3 to 9 of 40 power cuts (`tests/power`).
//!
//! Inside a batch sled's mark stands still at the batch's beginning, so what counts is what it wrote before that and we had
//! not synced: pages that are split late, by whoever comes by, were it only to read. A header can vouch for those only if
//! the log leaves their segment and the next one between two syncs. A group of at most [`SMALL`] keys writes less than
//! that; before a larger one all that came before is synced.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use sled::Batch;
use tokio::sync::{mpsc, oneshot};

use super::digest::Digest;
use super::directory::Mark;
use super::envelope;
use super::fault::Fault;
use super::keyspace::{GROUP, SEGMENT_BYTES, Shared};
use super::snapshot::lock;
use super::transaction::{Kept, Transaction};
use super::view::Overlay;

/// How many keys a group may write without coming near a whole segment. A key costs 2 KiB of log as a rule, and up to
/// 14 KiB just after the store was opened, when its page is written anew and another one moved.
const SMALL: usize = SEGMENT_BYTES / (16 << 10);

/// A commit that waits for the writer.
pub(super) trait Waiting: Send {
    /// Plays the commit and remembers what came of it. An error is handed back only if the store itself failed.
    fn play(&mut self, transaction: Transaction<'_>) -> Result<Kept, Fault>;
    /// Tells the one who waits: what came of the commit, or that the store went down with it.
    fn acknowledge(self: Box<Self>, fate: Result<(), Fault>);
}

/// A commit: a function of what stands when its turn comes.
pub(super) struct Commit<F, T> {
    work: Option<F>,
    outcome: Option<Result<T, Fault>>,
    reply: oneshot::Sender<Result<T, Fault>>,
}

impl<F, T> Commit<F, T> {
    pub(super) fn new(work: F, reply: oneshot::Sender<Result<T, Fault>>) -> Self {
        Self { work: Some(work), outcome: None, reply }
    }
}

impl<F, T> Waiting for Commit<F, T>
where
    F: FnOnce(&mut Transaction<'_>) -> Result<T, Fault> + Send,
    T: Send,
{
    fn play(&mut self, mut transaction: Transaction<'_>) -> Result<Kept, Fault> {
        let Some(work) = self.work.take() else { return Ok(Kept::default()) };
        match work(&mut transaction) {
            Ok(value) => {
                self.outcome = Some(Ok(value));
                Ok(transaction.keep())
            }
            Err(fault @ Fault::Down { .. }) => Err(fault),
            Err(
                refusal @ (Fault::Conflict
                | Fault::Fenced
                | Fault::Damaged { .. }
                | Fault::TooLarge { .. }
                | Fault::KeyLength { .. }
                | Fault::Overrun),
            ) => {
                transaction.discard();
                self.outcome = Some(Err(refusal));
                Ok(Kept::default())
            }
        }
    }

    fn acknowledge(self: Box<Self>, fate: Result<(), Fault>) {
        let outcome = match (fate, self.outcome) {
            (Err(down), _) => Err(down),
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(Fault::down("a commit was acknowledged before it was played")),
        };
        // Nobody waiting any more is no failure: the commit stands.
        let _ = self.reply.send(outcome);
    }
}

/// Makes durable what was written.
pub(super) type Sync = Box<dyn FnMut() -> io::Result<()> + Send>;

/// The writer's own things.
pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    /// Syncs our own descriptor of sled's data file: `flush` writes the pages, this makes them durable.
    pub(super) sync: Sync,
    /// Where the last group acknowledged is noted.
    pub(super) mark: Mark,
    /// What all records come to.
    pub(super) digest: Digest,
    pub(super) queue: mpsc::Receiver<Box<dyn Waiting>>,
    /// How many bytes of changes a group may have before the rest waits for the next.
    pub(super) group_bytes: usize,
}

impl Writer {
    /// Writes until every handle of the store is gone, or until it fails.
    pub(super) fn run(mut self) {
        while let Some(first) = self.queue.blocking_recv() {
            let mut group = vec![first];
            // On a busy core those who are about to commit go first: a group costs nearly the same for one as for many.
            thread::yield_now();
            let written = catch_unwind(AssertUnwindSafe(|| self.write(&mut group)))
                .unwrap_or_else(|panic| Err(Fault::down(told(&*panic))));
            self.shared.vigil.end();
            if let Err(fault) = &written {
                self.shared.fail(fault);
            }
            for commit in group {
                commit.acknowledge(written.clone());
            }
            if let Err(fault) = written {
                self.refuse_the_rest(&fault);
                return;
            }
        }
    }

    /// Gathers the group behind its first commit and makes it durable.
    fn write(&mut self, group: &mut Vec<Box<dyn Waiting>>) -> Result<(), Fault> {
        self.shared.in_service()?;
        let tree = &self.shared.tree;
        let mut changes = Overlay::new();
        let mut bytes = 0;
        let mut digest = self.digest;
        let mut played = 0;
        while let Some(commit) = group.get_mut(played) {
            let kept = commit.play(Transaction::begin(tree, &mut changes))?;
            bytes += kept.bytes;
            digest.join(kept.digest);
            played += 1;
            if bytes < self.group_bytes
                && let Ok(next) = self.queue.try_recv()
            {
                group.push(next);
            }
        }
        if changes.is_empty() {
            // All before this group is durable already, so its refusals may be told.
            return Ok(());
        }
        let number = self.shared.applied.load(Ordering::Acquire) + 1;
        let keys = changes.len();
        for (key, record) in envelope::seal(GROUP, number, &digest.to_bytes())? {
            changes.insert(key, Some(record.into()));
        }
        let mut batch = Batch::default();
        for (key, record) in &changes {
            match record {
                Some(record) => batch.insert(key.as_slice(), record),
                None => batch.remove(key.as_slice()),
            }
        }
        self.shared.vigil.begin();
        if keys > SMALL {
            tree.flush()?;
            (self.sync)().map_err(unsynced)?;
        }
        {
            // Readers see a group whole or not at all.
            let _readers_out = self.shared.gate.write().unwrap_or_else(|poisoned| poisoned.into_inner());
            if keys > SMALL && tree.flush()? > 0 {
                (self.sync)().map_err(unsynced)?;
            }
            self.save_for_snapshots(&changes)?;
            tree.apply_batch(batch)?;
            self.shared.applied.store(number, Ordering::Release);
        }
        tree.flush()?;
        (self.sync)().map_err(unsynced)?;
        self.mark.note(number).map_err(|error| Fault::io("could not note a group", &error))?;
        // Who was told meanwhile that the store is down was told the truth: nothing is acknowledged after that.
        self.shared.in_service()?;
        self.digest = digest;
        self.shared.durable(number);
        Ok(())
    }

    /// Lets those who read everything as of an earlier moment keep what is about to change.
    fn save_for_snapshots(&self, changes: &Overlay) -> Result<(), Fault> {
        for ahead in lock(&self.shared.snapshots).iter() {
            let mut ahead = lock(ahead);
            changes.keys().try_for_each(|key| ahead.before_change(&self.shared.tree, key))?;
        }
        Ok(())
    }

    fn refuse_the_rest(&mut self, fault: &Fault) {
        self.queue.close();
        while let Some(commit) = self.queue.blocking_recv() {
            commit.acknowledge(Err(fault.clone()));
        }
    }
}

fn unsynced(error: io::Error) -> Fault {
    Fault::io("could not sync the data file", &error)
}

/// What a panic said.
pub(super) fn told(panic: &(dyn std::any::Any + Send)) -> String {
    let words = panic.downcast_ref::<&str>().map(|words| (*words).to_owned());
    let words = words.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("panic: {}", words.as_deref().unwrap_or("without words"))
}
