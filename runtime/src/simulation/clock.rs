//! Virtual time, as a process sees it: its clock may jump, its waiting does not.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use super::agenda::{Event, Key};
use super::world::{Shared, lock};
use crate::foundation::clock::Clock;

/// When every simulation begins.
pub(super) fn beginning() -> Timestamp {
    Timestamp::from_second(1_773_316_800).expect("2026-03-12T12:00:00Z is a moment")
}

/// Like the machine's: it tells the time of the day, and waits by a clock that does not jump.
pub(super) struct Virtual(pub(super) Shared);

impl fmt::Debug for Virtual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Virtual")
    }
}

impl Clock for Virtual {
    fn now(&self) -> Timestamp {
        lock(&self.0).our_time()
    }

    fn until(&self, moment: Timestamp) -> BoxFuture<'static, ()> {
        let wait = moment.duration_since(self.now()).max(SignedDuration::ZERO);
        // Up to the next whole millisecond, so that it is never too early.
        let ms = u64::try_from(wait.as_nanos().div_euclid(1_000_000)).unwrap_or(u64::MAX / 4);
        let more = u64::from(wait.as_nanos() % 1_000_000 != 0);
        Box::pin(pause(&self.0, (ms + more).min(u64::MAX / 4)))
    }
}

/// Ends so many virtual milliseconds later.
pub(super) fn pause(world: &Shared, ms: u64) -> Pause {
    let due = lock(world).agenda.now().saturating_add(ms);
    Pause { world: world.clone(), due, key: None }
}

/// See [`pause`].
pub(super) struct Pause {
    world: Shared,
    due: u64,
    key: Option<Key>,
}

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut world = lock(&this.world);
        if let Some(key) = this.key.take() {
            world.agenda.cancel(key);
        }
        let wait = this.due.saturating_sub(world.agenda.now());
        if wait == 0 {
            return Poll::Ready(());
        }
        this.key = Some(world.agenda.after(wait, Event::Wake(cx.waker().clone())));
        Poll::Pending
    }
}

impl Drop for Pause {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            lock(&self.world).agenda.cancel(key);
        }
    }
}
