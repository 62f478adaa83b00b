//! Promises that a store may break, and the check that finds it out.

use std::sync::{Arc, Mutex};

use fluxo_engine::ids::{ConversationId, EffectId};
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use super::twist::{Twist, Twisted};
use crate::store::{Commit, Committed, Fence, Lease, Loaded, Merge, Revision, Store, StoreError};

type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// What a store does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sabotage {
    Nothing,
    ForgetsWhatItSaw,
    IgnoresTheRevision,
    IgnoresTheFence,
    AcknowledgesBeforeItWrites,
    LeavesOutTheTimers,
    WritesAMergeInParts,
    LeasesTwice,
    LeavesNoMark,
    TurnsTheInboxAround,
    ForgetsItsEpoch,
    SweepsADayEarly,
}

/// Each, with a check of the suite that must fail.
pub(crate) const SABOTAGES: &[(Sabotage, &str)] = &[
    (Sabotage::ForgetsWhatItSaw, "a_message_is_taken_once"),
    (Sabotage::IgnoresTheRevision, "a_commit_on_an_old_revision_changes_nothing"),
    (Sabotage::IgnoresTheFence, "a_lease_ends_and_its_fence_with_it"),
    (Sabotage::AcknowledgesBeforeItWrites, "what_was_acknowledged_survives_a_crash"),
    (Sabotage::LeavesOutTheTimers, "a_turn_is_whole_and_survives_a_reopening"),
    (Sabotage::WritesAMergeInParts, "a_merge_that_is_refused_leaves_no_trace"),
    (Sabotage::LeasesTwice, "a_lease_ends_and_its_fence_with_it"),
    (Sabotage::LeavesNoMark, "an_attempt_once_started_stays_started"),
    (Sabotage::TurnsTheInboxAround, "the_inbox_keeps_the_order_of_commits"),
    (Sabotage::ForgetsItsEpoch, "the_epoch_stays"),
    (Sabotage::SweepsADayEarly, "a_message_is_forgotten_after_thirty_days"),
];

impl Sabotage {
    /// The store, sabotaged from now on.
    pub(crate) fn of(self, inner: Arc<dyn Store>) -> Arc<dyn Store> {
        let twist = Arc::new(Saboteur { what: self, held_back: Mutex::default(), opened: opened() });
        Arc::new(Twisted { inner, twist })
    }
}

/// How many stores were opened: what a store that forgets its epoch goes by.
fn opened() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static OPENED: AtomicU32 = AtomicU32::new(1000);
    OPENED.fetch_add(1, Ordering::Relaxed)
}

#[derive(Debug)]
struct Saboteur {
    what: Sabotage,
    /// A commit that was acknowledged and is written with the next.
    held_back: Mutex<Option<Commit>>,
    opened: u32,
}

impl Saboteur {
    fn does(&self, what: Sabotage) -> bool {
        self.what == what
    }
}

impl Twist for Saboteur {
    fn epoch(&self, inner: &dyn Store) -> u32 {
        if self.does(Sabotage::ForgetsItsEpoch) { self.opened } else { inner.epoch() }
    }

    fn load<'a>(&'a self, inner: &'a dyn Store, id: &'a ConversationId) -> Answer<'a, Option<Loaded>> {
        Box::pin(async move {
            let mut loaded = inner.load(id).await?;
            if self.does(Sabotage::TurnsTheInboxAround)
                && let Some(loaded) = &mut loaded
            {
                loaded.inbox.reverse();
            }
            Ok(loaded)
        })
    }

    fn commit<'a>(&'a self, inner: &'a Arc<dyn Store>, mut commit: Commit) -> Answer<'a, Committed> {
        Box::pin(async move {
            match self.what {
                Sabotage::ForgetsWhatItSaw => commit.seen.clear(),
                Sabotage::IgnoresTheFence => commit.fence = None,
                Sabotage::LeavesOutTheTimers => commit.timers_arm.clear(),
                Sabotage::IgnoresTheRevision => {
                    let loaded = inner.load(&commit.conversation.id).await?;
                    commit.expected = loaded.map_or(Revision(0), |loaded| loaded.revision);
                }
                Sabotage::AcknowledgesBeforeItWrites => {
                    let done = Committed::Done(Revision(commit.expected.0 + 1));
                    let before = self.held_back.lock().unwrap().replace(commit);
                    if let Some(before) = before {
                        inner.commit(before).await?;
                    }
                    return Ok(done);
                }
                Sabotage::Nothing
                | Sabotage::WritesAMergeInParts
                | Sabotage::LeasesTwice
                | Sabotage::LeavesNoMark
                | Sabotage::TurnsTheInboxAround
                | Sabotage::ForgetsItsEpoch
                | Sabotage::SweepsADayEarly => {}
            }
            inner.commit(commit).await
        })
    }

    fn merge<'a>(&'a self, inner: &'a Arc<dyn Store>, merge: Merge) -> Answer<'a, Committed> {
        Box::pin(async move {
            if !self.does(Sabotage::WritesAMergeInParts) {
                return inner.merge(merge).await;
            }
            let mut last = Committed::Duplicate;
            for commit in merge.commits {
                last = inner.commit(commit).await?;
            }
            Ok(last)
        })
    }

    fn lease<'a>(
        &'a self,
        inner: &'a dyn Store,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Answer<'a, Vec<Lease>> {
        let until = if self.does(Sabotage::LeasesTwice) { now } else { until };
        inner.lease(now, until, limit)
    }

    fn attempt_started<'a>(
        &'a self,
        inner: &'a dyn Store,
        conversation: &'a ConversationId,
        effect: &'a EffectId,
        fence: Fence,
        now: Timestamp,
    ) -> Answer<'a, ()> {
        if self.does(Sabotage::LeavesNoMark) {
            return Box::pin(async { Ok(()) });
        }
        inner.attempt_started(conversation, effect, fence, now)
    }

    fn sweep<'a>(&'a self, inner: &'a dyn Store, now: Timestamp) -> Answer<'a, u64> {
        let early = if self.does(Sabotage::SweepsADayEarly) {
            SignedDuration::from_hours(24)
        } else {
            SignedDuration::ZERO
        };
        inner.sweep(now + early)
    }
}
