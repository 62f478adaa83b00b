//! The clock, given to whoever needs one: tests give a clock of their own and never sleep.

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

/// Tells the time, and waits for it.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The moment.
    fn now(&self) -> Timestamp;

    /// Ends at a moment, at once when it has passed.
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
        let wait = Duration::try_from(moment.duration_since(Timestamp::now())).unwrap_or(Duration::ZERO);
        Box::pin(tokio::time::sleep(wait))
    }
}

/// A moment so much later; the end of time rather than an overflow.
pub fn after(moment: Timestamp, wait: Duration) -> Timestamp {
    moment.checked_add(wait).unwrap_or(Timestamp::MAX)
}
