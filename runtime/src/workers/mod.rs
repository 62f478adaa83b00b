//! What goes on in the background: effects, timers, retention, publishing. Workers keep nothing of their own: a
//! restart, or another process, goes on from the store.

pub mod clock_watch;
pub mod dispatcher;
pub mod publisher;
pub mod retention;
pub mod timers;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::conversations::Conversations;
use crate::foundation::shutdown::Shutdown;

/// How long a worker rests after an error of the store before it asks again.
const REST: Duration = Duration::from_secs(1);

/// Starts all workers but the publisher, which needs to know where the flows are. Turns can be played again for
/// `replay`.
pub fn start(conversations: &Arc<Conversations>, replay: Duration, shutdown: &Shutdown) {
    let (here, stop) = (conversations, shutdown);
    shutdown.run(dispatcher::run(Arc::clone(here), stop.clone()));
    shutdown.run(timers::run(Arc::clone(here), stop.clone()));
    shutdown.run(clock_watch::run(Arc::clone(here), stop.clone()));
    shutdown.run(retention::run(Arc::clone(here), replay, stop.clone()));
}

/// Waits for a moment, or for ever.
async fn until(conversations: &Conversations, moment: Option<Timestamp>) {
    match moment {
        Some(moment) => conversations.clock().until(moment).await,
        None => std::future::pending().await,
    }
}
