//! Tells whoever watches (the page, a test that waits) that something happened.

use std::time::Duration;

use serde::Serialize;
use tokio::{sync::broadcast, time::Instant};
use tokio_util::sync::CancellationToken;

/// Something that a watcher may want to look at again.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Change {
    /// A message, a status, ticks or the typing indicator of a phone's chat.
    Chat { phone: String },
    /// An appointment was booked, changed or removed.
    Agenda { id: String, date: String },
    /// A patient was registered or changed.
    Patient { id: String },
    /// A request was received or a webhook attempted.
    Request { n: u64 },
    /// Faults or settings were changed.
    Controls,
    /// Everything is back to the beginning.
    Reset,
}

pub(crate) struct Live {
    sender: broadcast::Sender<Change>,
    stop: CancellationToken,
}

impl Live {
    pub(crate) fn new(stop: CancellationToken) -> Self {
        Self { sender: broadcast::Sender::new(1024), stop }
    }

    pub(crate) fn tell(&self, change: Change) {
        // Nobody watching is no failure.
        let _ = self.sender.send(change);
    }

    pub(crate) fn watch(&self) -> broadcast::Receiver<Change> {
        self.sender.subscribe()
    }

    /// Looks until there is something to see, or the time is up.
    pub(crate) async fn wait<T>(&self, limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + limit;
        let mut watch = self.watch();
        loop {
            if let Some(seen) = look() {
                return Some(seen);
            }
            tokio::select! {
                // A lagging watcher looks again like any other.
                _ = watch.recv() => {}
                () = tokio::time::sleep_until(deadline) => return look(),
                () = self.stop.cancelled() => return look(),
            }
        }
    }
}
