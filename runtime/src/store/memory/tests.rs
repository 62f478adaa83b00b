//! The store in memory does what every store must, on a disk that is prompt and on one that is slow; and the suite finds
//! out stores that do not.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::task::JoinHandle;

use super::{Disk, MemoryStore};
use crate::store::compliance::fixtures::birth;
use crate::store::compliance::sabotage::{SABOTAGES, Sabotage};
use crate::store::compliance::{CHECKS, Check, Subject};
use crate::store::{Revision, Store, StoreError};

/// A disk, and who writes it if it is slow.
struct Place {
    disk: Disk,
    writer: Option<JoinHandle<()>>,
}

impl Place {
    fn prompt() -> Self {
        Self { disk: Disk::prompt(), writer: None }
    }

    /// Writes small groups, and now and then tells of one only after the next was begun.
    fn slow() -> Self {
        let disk = Disk::told();
        let writing = disk.clone();
        let writer = tokio::spawn(async move {
            for round in 0u64.. {
                tokio::task::yield_now().await;
                writing.write(3);
                writing.log();
                if round % 3 != 0 {
                    writing.tell();
                }
            }
        });
        Self { disk, writer: Some(writer) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(writer) = &self.writer {
            writer.abort();
        }
    }
}

impl Subject for Place {
    fn open(&self) -> BoxFuture<'_, Arc<dyn Store>> {
        Box::pin(async { Arc::new(MemoryStore::open(&self.disk, 1)) as Arc<dyn Store> })
    }

    fn crash(&self, store: Arc<dyn Store>) {
        self.disk.crash();
        drop(store);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_does_what_every_store_must() {
    for (name, check) in CHECKS {
        eprintln!("{name}");
        check(&Place::prompt()).await;
        check(&Place::slow()).await;
    }
}

#[tokio::test]
async fn who_had_the_disk_before_is_dead() {
    let disk = Disk::told();
    let old = Arc::new(MemoryStore::open(&disk, 7));
    let under_way = tokio::spawn({
        let old = Arc::clone(&old);
        async move { old.sweep(jiff::Timestamp::MAX).await }
    });
    while disk.waiting() == 0 {
        tokio::task::yield_now().await;
    }
    let new = MemoryStore::open(&disk, 8);
    assert_eq!((disk.waiting(), new.epoch()), (0, 7));
    assert!(matches!(under_way.await.unwrap(), Err(StoreError::Down(_))));
    assert!(matches!(old.counts().await, Err(StoreError::Down(_))));
    assert!(new.counts().await.is_ok());
}

#[tokio::test]
async fn a_crash_takes_what_waits_in_line_and_nothing_before_it() {
    let disk = Disk::told();
    let store = Arc::new(MemoryStore::open(&disk, 1));
    let mut callers = tokio::task::JoinSet::new();
    for id in ["a", "b", "c"] {
        let store = Arc::clone(&store);
        callers.spawn(async move { store.commit(birth(id)).await });
    }
    while disk.waiting() < 3 {
        tokio::task::yield_now().await;
    }
    assert_eq!(store.counts().await.unwrap().conversations, 0, "nobody sees what is not durable");
    disk.write(2);
    assert_eq!((disk.waiting(), disk.untold()), (1, 2), "durable, and nobody was told");
    let log = disk.log();
    let told: Vec<_> = log.iter().map(|durable| (durable.commit.expected, durable.revision)).collect();
    assert_eq!(told, [(Revision(0), Revision(1)); 2]);
    assert!(log.iter().all(|durable| durable.fence.is_none()));
    let store = MemoryStore::open(&disk, 1);
    assert_eq!(store.counts().await.unwrap().conversations, 2);
    while let Some(told) = callers.join_next().await {
        assert!(matches!(told.unwrap(), Err(StoreError::Down(_))), "somebody heard after the crash");
    }
}

/// A store that breaks a promise.
struct Liar {
    place: Place,
    sabotage: Sabotage,
}

impl Subject for Liar {
    fn open(&self) -> BoxFuture<'_, Arc<dyn Store>> {
        Box::pin(async { self.sabotage.of(self.place.open().await) })
    }

    fn crash(&self, store: Arc<dyn Store>) {
        self.place.crash(store);
    }
}

/// Whether a check finds nothing wrong.
async fn passes(check: Check, sabotage: Sabotage) -> bool {
    let subject = Liar { place: Place::prompt(), sabotage };
    // A liar may also leave a check waiting for ever.
    let checked = tokio::spawn(async move { check(&subject).await });
    let limit = std::time::Duration::from_secs(20);
    matches!(tokio::time::timeout(limit, checked).await, Ok(Ok(())))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_breaks_a_promise_is_found_out() {
    for (sabotage, by) in SABOTAGES {
        let (_, check) = CHECKS.iter().find(|(name, _)| name == by).expect("the check is in the suite");
        assert!(!passes(*check, *sabotage).await, "{sabotage:?} is not found out by {by}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrapper_that_changes_nothing_is_not_found_out() {
    for (name, check) in CHECKS {
        assert!(passes(*check, Sabotage::Nothing).await, "{name}");
    }
}
