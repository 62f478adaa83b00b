//! Tells whoever watches (the page, a test that waits) that something happened.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde::Serialize;
use tokio::{
    sync::{Notify, broadcast},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::phone::number;

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
    /// Whoever waits for one chat, by the shortest form of its number.
    chats: Mutex<HashMap<String, Arc<Notify>>>,
    stop: CancellationToken,
}

impl Live {
    pub(crate) fn new(stop: CancellationToken) -> Self {
        Self { sender: broadcast::Sender::new(1024), chats: Mutex::default(), stop }
    }

    pub(crate) fn tell(&self, change: Change) {
        if let Change::Chat { phone } = &change {
            self.chat(phone).notify_waiters();
        }
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

    /// Looks whenever one chat changes, until there is something to see, or the time is up: many may wait, each for
    /// their own.
    pub(crate) async fn wait_for_chat<T>(
        &self,
        phone: &str,
        limit: Duration,
        mut look: impl FnMut() -> Option<T>,
    ) -> Option<T> {
        let deadline = Instant::now() + limit;
        let chat = self.chat(phone);
        loop {
            let changed = chat.notified();
            tokio::pin!(changed);
            // From here on no change is missed.
            changed.as_mut().enable();
            if let Some(seen) = look() {
                return Some(seen);
            }
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep_until(deadline) => return look(),
                () = self.stop.cancelled() => return look(),
            }
        }
    }

    fn chat(&self, phone: &str) -> Arc<Notify> {
        let shortest = number::variants(phone).into_iter().min_by_key(String::len).unwrap_or_default();
        Arc::clone(self.chats.lock().expect("no holder panics").entry(shortest).or_default())
    }
}
