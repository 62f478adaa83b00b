//! The clock, given to whoever needs one: tests give a clock of their own and never sleep.

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

/// How late a moment may be noticed after the machine's clock was set forward or the machine slept, at most.
const LOOK_AGAIN: Duration = Duration::from_secs(15);

/// Tells the time, and waits for it.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The moment.
    fn now(&self) -> Timestamp;

    /// Ends at a moment, at once when it has passed; soon after, should the clock have jumped over it.
    fn until(&self, moment: Timestamp) -> BoxFuture<'static, ()>;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct System;

impl Clock for System {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn until(&self, moment: Timestamp) -> BoxFuture<'static, ()> {
        Box::pin(until(moment, LOOK_AGAIN, Timestamp::now))
    }
}

/// Sleeps by a clock that does not jump and stands still while the machine is suspended, so it looks at the clock on the
/// wall again and again.
async fn until(moment: Timestamp, look_again: Duration, now: impl Fn() -> Timestamp) {
    while let Ok(left) = Duration::try_from(moment.duration_since(now()))
        && !left.is_zero()
    {
        tokio::time::sleep(left.min(look_again)).await;
    }
}

/// A moment so much later; the end of time rather than an overflow.
pub fn after(moment: Timestamp, wait: Duration) -> Timestamp {
    moment.checked_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use jiff::SignedDuration;

    use super::*;

    /// How long it takes, on a wall clock that `at` tells, until a moment ten minutes away is seen.
    async fn waited(at: impl Fn(Duration) -> SignedDuration) -> Duration {
        let (begun, wall) = (std::time::Instant::now(), Timestamp::now());
        let now = || wall.checked_add(at(begun.elapsed())).unwrap();
        until(after(wall, Duration::from_secs(600)), Duration::from_millis(20), now).await;
        begun.elapsed()
    }

    #[tokio::test]
    async fn a_moment_that_the_clock_jumps_over_is_noticed_at_the_next_look() {
        let jump = Duration::from_millis(70);
        let took = waited(|elapsed| SignedDuration::from_secs(if elapsed < jump { 0 } else { 3600 }));
        let took = took.await;
        assert!(took >= jump && took < Duration::from_secs(10), "{took:?}");
    }

    #[tokio::test]
    async fn a_clock_that_goes_back_is_waited_for() {
        // Ten minutes pass in a tenth of a second, with an hour taken back in the midst of it.
        let took = waited(|elapsed| {
            let fast = SignedDuration::try_from(elapsed * 6000).unwrap();
            let back = elapsed > Duration::from_millis(50) && elapsed < Duration::from_millis(300);
            if back { fast - SignedDuration::from_hours(1) } else { fast }
        });
        let took = took.await;
        assert!(took >= Duration::from_millis(300), "{took:?}");
    }

    #[tokio::test]
    async fn what_has_passed_is_not_waited_for() {
        let looks = Mutex::new(0);
        let now = || {
            *looks.lock().unwrap() += 1;
            Timestamp::now()
        };
        until(Timestamp::UNIX_EPOCH, Duration::from_secs(3600), now).await;
        assert_eq!(*looks.lock().unwrap(), 1);
    }
}
