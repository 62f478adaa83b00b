//! Everything as of one moment, read in small steps while writing goes on.
//!
//! A step holds the writer up for [`STEP`] at most. What the writer changes ahead of the steps it saves first, as it
//! stood: so the steps hand out every record exactly as it was when the snapshot began, in no particular order, and
//! nobody ever waits for the whole.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sled::{IVec, Tree};

use super::digest::Digest;
use super::fault::Fault;
use super::keyspace::{GROUP, Shared};
use super::view::View;
use super::writer::told;

/// How long one step may hold the writer up: it ends with the record at which this is over.
const STEP: Duration = Duration::from_millis(3);
/// Bytes of changes that may be saved at once. Who writes so much faster than a disk can be read is told to try later.
const SAVED_BYTES: usize = 256 << 20;

/// A record that a step hands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// As it stood at the snapshot's moment, and still does.
    Unchanged,
    /// As it stood at the snapshot's moment; it is another by now, or gone.
    Was,
    /// As it stands now: not part of the snapshot.
    Is,
}

/// The writer's side: what it must save before it changes it.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// The last key that the steps have passed.
    passed: Option<Vec<u8>>,
    /// Keys not passed yet that were changed since the moment.
    changed: BTreeSet<Vec<u8>>,
    /// What stood there, where there was something.
    saved: Vec<(Vec<u8>, IVec)>,
    bytes: usize,
    overrun: bool,
}

impl Ahead {
    /// Saves what stands under a key, if the steps still need it. The tree is as it was before the change.
    pub(super) fn before_change(&mut self, tree: &Tree, key: &[u8]) -> Result<(), Fault> {
        let behind = self.passed.as_deref().is_some_and(|passed| key <= passed);
        if self.overrun || behind || self.changed.contains(key) {
            return Ok(());
        }
        let stood = tree.get(key)?;
        self.bytes += key.len() + stood.as_ref().map_or(0, |record| key.len() + record.len());
        self.changed.insert(key.to_vec());
        self.saved.extend(stood.map(|record| (key.to_vec(), record)));
        if self.bytes > SAVED_BYTES {
            *self = Self { overrun: true, ..Self::default() };
        }
        Ok(())
    }

    fn pass(&mut self, key: &[u8]) {
        while self.changed.first().is_some_and(|first| first.as_slice() <= key) {
            if let Some(first) = self.changed.pop_first() {
                self.bytes = self.bytes.saturating_sub(first.len());
            }
        }
        self.passed = Some(key.to_vec());
    }
}

/// All snapshots that are being read.
pub(super) type Snapshots = Mutex<Vec<Arc<Mutex<Ahead>>>>;

/// Everything as of one moment; see the module.
pub(super) struct Snapshot {
    shared: Arc<Shared>,
    ahead: Arc<Mutex<Ahead>>,
    group: u64,
    digest: Option<Digest>,
    longest: Duration,
    over: bool,
}

impl Snapshot {
    /// Begins now.
    pub(super) fn begin(shared: Arc<Shared>) -> Result<Self, Fault> {
        let ahead = Arc::new(Mutex::new(Ahead::default()));
        let (group, digest) = {
            let _writer_out = shared.gate.read().unwrap_or_else(PoisonError::into_inner);
            let noted = guarded(|| View::of(&shared.tree).get(GROUP))?;
            lock(&shared.snapshots).push(Arc::clone(&ahead));
            let digest = noted.and_then(|noted| Digest::from_bytes(&noted.bytes));
            (shared.applied.load(Ordering::Acquire), digest)
        };
        Ok(Self { shared, ahead, group, digest, longest: Duration::ZERO, over: false })
    }

    /// The number of the group of commits after which the snapshot was taken.
    pub(super) fn group(&self) -> u64 {
        self.group
    }

    /// What all records come to, as the writer has noted it.
    pub(super) fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// How long the longest step has held the writer up so far.
    pub(super) fn longest_step(&self) -> Duration {
        self.longest
    }

    /// Hands out the next records; `false` when there are no more. The view shows what stands now, and nothing changes
    /// while a step is under way.
    pub(super) fn step(
        &mut self,
        mut each: impl FnMut(&View<'_>, Found, &[u8], &[u8]) -> Result<(), Fault>,
    ) -> Result<bool, Fault> {
        if self.over {
            return Ok(false);
        }
        let shared = Arc::clone(&self.shared);
        let _writer_out = shared.gate.read().unwrap_or_else(PoisonError::into_inner);
        let begun = Instant::now();
        let mut ahead = lock(&self.ahead);
        let more = guarded(|| walk(&shared.tree, &mut ahead, begun, &mut each));
        drop(ahead);
        self.longest = self.longest.max(begun.elapsed());
        self.over = !more?;
        Ok(!self.over)
    }

    /// Fails if the store has failed: what was read of it is worth nothing then.
    pub(super) fn in_service(&self) -> Result<(), Fault> {
        self.shared.in_service()
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        lock(&self.shared.snapshots).retain(|other| !Arc::ptr_eq(other, &self.ahead));
    }
}

fn walk(
    tree: &Tree,
    ahead: &mut Ahead,
    begun: Instant,
    each: &mut impl FnMut(&View<'_>, Found, &[u8], &[u8]) -> Result<(), Fault>,
) -> Result<bool, Fault> {
    if ahead.overrun {
        return Err(Fault::Overrun);
    }
    let view = View::of(tree);
    for (key, record) in std::mem::take(&mut ahead.saved) {
        ahead.bytes = ahead.bytes.saturating_sub(key.len() + record.len());
        each(&view, Found::Was, &key, &record)?;
    }
    let from = ahead.passed.clone().map_or(Bound::Unbounded, Bound::Excluded);
    let mut last = None;
    let mut more = false;
    for (place, found) in tree.range::<Vec<u8>, _>((from, Bound::Unbounded)).enumerate() {
        if place > 0 && begun.elapsed() >= STEP {
            more = true;
            break;
        }
        let (key, record) = found?;
        let kind = if ahead.changed.contains(key.as_ref()) { Found::Is } else { Found::Unchanged };
        each(&view, kind, &key, &record)?;
        last = Some(key);
    }
    if let Some(last) = last {
        ahead.pass(&last);
    }
    Ok(more)
}

/// What sled finds wrong while it reads it tells by an error or by a panic. The store goes on: only who reads all of it
/// has met this.
fn guarded<T>(look: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(look)).unwrap_or_else(|panic| Err(Fault::down(told(&*panic))))
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
