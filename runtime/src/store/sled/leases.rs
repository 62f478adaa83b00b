//! Who may perform the effects of which conversation, and until when.
//!
//! One process at a time has the store, so a lease cannot outlive it and is not written down: after a start nobody
//! holds any, and `attempt_started`, which is durable, says what was under way. Whoever gets a lease reads the
//! conversation after that, and a lease is given back only when what was committed under it is durable: so the next
//! holder sees all of it. Fences are looked at on the writer's thread, in order with commits: what comes late is refused.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use fluxo_engine::ids::ConversationId;
use jiff::{SignedDuration, Timestamp};

use crate::store::Fence;

/// A lease that ended so long ago is forgotten. Until then its holder may still be late with a result, which is welcome
/// as long as nobody else has begun.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(1);

#[derive(Debug, Default)]
pub(super) struct Leases {
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    /// The last fence given.
    last: u64,
    by: HashMap<ConversationId, (Fence, Timestamp)>,
}

impl Leases {
    /// Gives a lease, unless somebody holds one that has not ended.
    pub(super) fn take(&self, id: &ConversationId, now: Timestamp, until: Timestamp) -> Option<Fence> {
        let mut held = self.held();
        if held.by.get(id).is_some_and(|(_, until)| *until > now) {
            return None;
        }
        held.last += 1;
        let fence = Fence(held.last);
        held.by.insert(id.clone(), (fence, until));
        Some(fence)
    }

    /// Whether this is the last lease given for the conversation, and was not given back.
    pub(super) fn holds(&self, id: &ConversationId, fence: Fence) -> bool {
        self.held().by.get(id).is_some_and(|(held, _)| *held == fence)
    }

    /// When the lease ends, if there is one.
    pub(super) fn ends(&self, id: &ConversationId) -> Option<Timestamp> {
        self.held().by.get(id).map(|(_, until)| *until)
    }

    /// The leases that end after a moment.
    pub(super) fn ending_after(&self, now: Timestamp) -> Vec<(ConversationId, Timestamp)> {
        let held = self.held();
        let ending = held.by.iter().filter(|(_, (_, until))| *until > now);
        ending.map(|(id, (_, until))| (id.clone(), *until)).collect()
    }

    /// Gives a lease back; an old one is no longer there to give.
    pub(super) fn release(&self, id: &ConversationId, fence: Fence) {
        let mut held = self.held();
        if held.by.get(id).is_some_and(|(found, _)| *found == fence) {
            held.by.remove(id);
        }
    }

    /// Forgets the leases of workers that never came back.
    pub(super) fn forget(&self, now: Timestamp) {
        let before = now.checked_sub(FORGOTTEN).unwrap_or(Timestamp::MIN);
        self.held().by.retain(|_, (_, until)| *until > before);
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_that_ended_is_forgotten_an_hour_later() {
        let (id, leases) = (ConversationId::from("c"), Leases::default());
        let now: Timestamp = "2026-11-21T23:00:00Z".parse().unwrap();
        let fence = leases.take(&id, now, now + SignedDuration::from_secs(30)).unwrap();
        leases.forget(now + SignedDuration::from_mins(60));
        assert!(leases.holds(&id, fence));
        leases.forget(now + SignedDuration::from_mins(61));
        assert!(!leases.holds(&id, fence));
        let next = leases.take(&id, now, now + SignedDuration::from_secs(30)).unwrap();
        assert!(next > fence, "a fence is never given twice");
    }
}
