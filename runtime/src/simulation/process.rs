//! A process of ours: conversations and their workers on a runtime of their own, which a crash takes away at any await.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

use tokio::runtime::{Builder, Runtime};

use super::clock::Virtual;
use super::flows::{Here, Read};
use super::hospital::Line;
use super::network::Phones;
use super::weather::{Mistake, Weather};
use super::world::{Shared, lock};
use crate::channels::Channel;
use crate::conversations::{Conversations, Outside};
use crate::foundation::clock::Clock;
use crate::foundation::shutdown::Shutdown;
use crate::releases::{Disk as Folder, Releases};
use crate::store::compliance::twist::Twisted;
use crate::store::memory::{Disk, MemoryStore};
use crate::store::{Store, StoreError};
use crate::workers::{dispatcher, timers};

/// Tells when nobody in the process can go on.
#[derive(Debug, Default)]
struct Idle {
    reached: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Idle {
    fn reach(&self) {
        self.reached.store(true, Ordering::Relaxed);
        let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

#[derive(Debug)]
pub(super) struct Process {
    runtime: Runtime,
    idle: Arc<Idle>,
    /// There once the process answers.
    here: Arc<Mutex<Option<Arc<Conversations>>>>,
}

impl Process {
    pub(super) fn boot(world: &Shared, disk: &Disk, flows: Folder, mistake: Option<Mistake>) -> Self {
        let idle = Arc::new(Idle::default());
        let reach = Arc::clone(&idle);
        let runtime =
            Builder::new_current_thread().enable_time().on_thread_park(move || reach.reach()).build();
        let runtime = runtime.expect("a runtime needs nothing but memory");
        let here = Arc::new(Mutex::new(None));
        let ready = Arc::clone(&here);
        let inner: Arc<dyn Store> = Arc::new(MemoryStore::open(disk, 1));
        let twist = Arc::new(Weather { world: world.clone(), mistake });
        let store: Arc<dyn Store> = Arc::new(Twisted { inner, twist });
        let world = world.clone();
        runtime.spawn(async move {
            if let Ok(conversations) = open(&world, store, &flows).await {
                *ready.lock().unwrap_or_else(PoisonError::into_inner) = Some(conversations);
            }
        });
        Self { runtime, idle, here }
    }

    /// Lets everybody go on until nobody can.
    pub(super) fn settle(&self) {
        self.idle.reached.store(false, Ordering::Relaxed);
        self.runtime.block_on(std::future::poll_fn(|cx| {
            if self.idle.reached.swap(false, Ordering::Relaxed) {
                return Poll::Ready(());
            }
            *self.idle.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
            Poll::Pending
        }));
    }

    /// The conversations, once the process answers.
    pub(super) fn here(&self) -> Option<Arc<Conversations>> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has something done in the process; nobody waits for it.
    pub(super) fn begin(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(work);
    }
}

/// As the service starts: the release, what was held, the workers.
async fn open(
    world: &Shared,
    store: Arc<dyn Store>,
    flows: &Folder,
) -> Result<Arc<Conversations>, StoreError> {
    let now = lock(world).our_time();
    let opened = Releases::open(Arc::clone(&store), Arc::new(Read), flows, now, true).await;
    let releases = opened.map_err(|error| StoreError::Down(error.to_string()))?;
    let phones: Arc<dyn Channel> = Arc::new(Phones(world.clone()));
    let outside = Outside::new([phones], Arc::new(Line(world.clone())));
    let clock: Arc<dyn Clock> = Arc::new(Virtual(world.clone()));
    let here = Arc::new(Conversations::new(store, Arc::new(releases), Arc::new(Here), outside, clock));
    here.recover().await?;
    let shutdown = Shutdown::new();
    shutdown.run(dispatcher::run(Arc::clone(&here), shutdown.clone()));
    shutdown.run(timers::run(Arc::clone(&here), shutdown.clone()));
    Ok(here)
}
