//! Finds out a sync that never ends: a disk that hangs, or a thread of sled that is gone and that its `flush` waits for.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use std::{io, thread};

use super::fault::Fault;
use super::keyspace::Shared;
use crate::store::Trouble;

/// How long making a group of commits durable may take before the store is given up: longer than a disk that is still
/// any good needs, and shorter than a webhook is waited for by people.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// With what the process ends: as a command does that could not go on.
const EXIT: i32 = 3;

/// What the writer tells of its syncs.
#[derive(Debug)]
pub(super) struct Vigil {
    base: Instant,
    /// Milliseconds from the base to the beginning of the sync under way, and one; 0 while there is none.
    since: AtomicU64,
    gave_up: AtomicBool,
    over: AtomicBool,
}

impl Vigil {
    pub(super) fn new() -> Arc<Self> {
        let since = AtomicU64::new(0);
        Arc::new(Self { base: Instant::now(), since, gave_up: false.into(), over: false.into() })
    }

    /// A sync begins.
    pub(super) fn begin(&self) {
        self.since.store(self.now() + 1, Ordering::Release);
    }

    /// It has ended.
    pub(super) fn end(&self) {
        self.since.store(0, Ordering::Release);
    }

    /// The store is closed: nobody is to watch any more.
    pub(super) fn close(&self) {
        self.over.store(true, Ordering::Release);
    }

    /// Whether the writer was given up: it may never return, and nobody may wait for it.
    pub(super) fn gave_up(&self) -> bool {
        self.gave_up.load(Ordering::Acquire)
    }

    fn hangs(&self, patience: Duration) -> bool {
        let since = self.since.load(Ordering::Acquire);
        let patience = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
        since > 0 && (self.now() + 1).saturating_sub(since) > patience
    }

    fn now(&self) -> u64 {
        u64::try_from(self.base.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Who hears that the store is down ends the process in good order. Where even that hangs, because all threads wait for
/// the writer, it is ended here: a supervisor starts it again, and nothing that was acknowledged is lost by it.
fn end_the_process_unless_closed(vigil: &Vigil, patience: Duration, pause: Duration) {
    let deadline = Instant::now() + patience;
    while !vigil.over.load(Ordering::Acquire) {
        if Instant::now() > deadline {
            tracing::error!("the disk hangs and the service cannot end in good order: the process ends here");
            std::process::exit(EXIT);
        }
        thread::sleep(pause);
    }
}

/// Watches the writer's syncs on a thread of its own, which holds nothing of the store.
pub(super) fn start(vigil: Arc<Vigil>, shared: Weak<Shared>, patience: Duration) -> io::Result<()> {
    let pause = (patience / 10).min(Duration::from_secs(1));
    let watch = move || {
        while !vigil.over.load(Ordering::Acquire) {
            if vigil.hangs(patience) {
                vigil.gave_up.store(true, Ordering::Release);
                if let Some(shared) = shared.upgrade() {
                    let seconds = patience.as_secs_f32();
                    let reason = format!("writing to the disk has not ended for {seconds} s");
                    shared.fail(&Fault::disk(Trouble::Hangs, reason));
                }
                break;
            }
            thread::sleep(pause);
        }
        end_the_process_unless_closed(&vigil, patience, pause);
    };
    thread::Builder::new().name("store-watchdog".to_owned()).spawn(watch).map(drop)
}
