//! One turn at a time: a door per conversation, there only while somebody stands at it.
//!
//! Doors only avoid waste: that two changes do not overwrite each other rests on the store's revisions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as Lock, OwnedMutexGuard};

type Open = Mutex<HashMap<String, Arc<Lock<()>>>>;

/// The doors at which somebody stands.
#[derive(Debug, Default)]
pub(crate) struct Doors {
    open: Arc<Open>,
}

/// A place at a door: the door goes away with the last one.
#[derive(Debug)]
struct Place {
    open: Arc<Open>,
    name: String,
    lock: Option<Arc<Lock<()>>>,
}

/// The inside: nobody else passes until it is dropped.
#[derive(Debug)]
pub(crate) struct Inside {
    /// Dropped before the place, so that the last one to leave finds the door unlocked.
    _guard: OwnedMutexGuard<()>,
    _place: Place,
}

impl Doors {
    /// Waits until whoever is inside has left, in the order of asking.
    pub(crate) async fn enter(&self, name: &str) -> Inside {
        let lock = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(open.entry(name.to_owned()).or_default())
        };
        let place =
            Place { open: Arc::clone(&self.open), name: name.to_owned(), lock: Some(Arc::clone(&lock)) };
        let guard = lock.lock_owned().await;
        Inside { _guard: guard, _place: place }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.open.lock().unwrap().len()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        self.lock = None;
        // What is left is the map's own: whoever comes takes theirs under the same lock.
        if open.get(&self.name).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            open.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn one_at_a_time_and_nothing_is_left() {
        let doors = Doors::default();
        let first = doors.enter("a").await;
        let other = doors.enter("b").await;
        let mut second = Box::pin(doors.enter("a"));
        assert!(second.as_mut().now_or_never().is_none(), "somebody is inside");
        assert!(doors.enter("a").now_or_never().is_none(), "one who gives up waiting leaves nothing");
        drop(first);
        drop(second.await);
        assert_eq!(doors.len(), 1);
        drop(other);
        assert_eq!(doors.len(), 0);
    }
}
