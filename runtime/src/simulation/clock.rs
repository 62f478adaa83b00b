//! Virtual time, as a process sees it: its clock on the wall may jump, and who waits for that looks again.

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

/// Like the machine's: a moment that the clock jumps over is noticed soon after.
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
        Box::pin(Pause { world: self.0.clone(), due: Due::Wall(moment), key: None })
    }
}

/// Up to the next whole millisecond, so that it is never too early.
fn milliseconds(wait: SignedDuration) -> u64 {
    let nanos = wait.max(SignedDuration::ZERO).as_nanos();
    u64::try_from((nanos + 999_999) / 1_000_000).unwrap_or(u64::MAX).min(u64::MAX / 4)
}

/// Ends so many virtual milliseconds later.
pub(super) fn pause(world: &Shared, ms: u64) -> Pause {
    let due = Due::Steady(lock(world).agenda.now().saturating_add(ms));
    Pause { world: world.clone(), due, key: None }
}

/// Until when: by a clock that does not jump, or by the one on the wall.
#[derive(Debug, Clone, Copy)]
enum Due {
    Steady(u64),
    Wall(Timestamp),
}

/// See [`pause`].
pub(super) struct Pause {
    world: Shared,
    due: Due,
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
        let waker = cx.waker().clone();
        let (wait, event) = match this.due {
            Due::Steady(due) => (due.saturating_sub(world.agenda.now()), Event::Wake(waker)),
            Due::Wall(moment) => (milliseconds(moment.duration_since(world.our_time())), Event::Look(waker)),
        };
        if wait == 0 {
            return Poll::Ready(());
        }
        this.key = Some(world.agenda.after(wait, event));
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
