//! The store as the process sees it: with conflicts that nobody made, and, to show that the simulation finds them, with
//! mistakes that we might have made.

use std::fmt;
use std::sync::Arc;

use fluxo_engine::ids::{ConversationId, EffectId};
use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::world::{Shared, lock};
use crate::store::compliance::twist::Twist;
use crate::store::{Commit, Committed, Fence, Lease, Merge, OutboxState, Revision, Store, StoreError};

type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// A mistake, made everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mistake {
    /// What is acknowledged may still be lost.
    AcknowledgesBeforeTheDiskHasIt,
    /// A message that comes again is a new one.
    ForgetsWhatItSaw,
    /// Who has lost the lease still tells.
    ForgetsTheFence,
    /// Nobody knows that an attempt was begun.
    LeavesNoMark,
    /// A message in doubt is sent again at once.
    RepeatsAtOnce,
    /// What cannot be played now is not kept for later.
    HoldsNothing,
    /// Timers of waits that are over stay armed.
    LeavesTimersArmed,
    /// What came of an effect is not written down.
    ForgetsWhatIsOver,
}

pub(super) struct Weather {
    pub(super) world: Shared,
    pub(super) mistake: Option<Mistake>,
}

impl fmt::Debug for Weather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Weather({:?})", self.mistake)
    }
}

impl Weather {
    fn conflicts(&self) -> bool {
        let mut world = lock(&self.world);
        let often = world.plan.conflicts;
        world.chance.per_mille(often)
    }

    fn makes(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }
}

impl Twist for Weather {
    fn commit<'a>(&'a self, inner: &'a Arc<dyn Store>, mut commit: Commit) -> Answer<'a, Committed> {
        Box::pin(async move {
            if self.conflicts() {
                return Err(StoreError::Conflict);
            }
            let passed_on = commit.fence.is_some_and(|fence| {
                let last = lock(&self.world).audit.leased.get(&commit.conversation.id).copied();
                last.is_some_and(|last| last > fence)
            });
            let id = commit.conversation.id.clone();
            match self.mistake {
                Some(Mistake::AcknowledgesBeforeTheDiskHasIt) => {
                    let done = Committed::Done(Revision(commit.expected.0 + 1));
                    let inner = Arc::clone(inner);
                    tokio::spawn(async move { inner.commit(commit).await });
                    return Ok(done);
                }
                Some(Mistake::ForgetsWhatItSaw) => commit.seen.clear(),
                Some(Mistake::ForgetsTheFence) => commit.fence = None,
                Some(Mistake::RepeatsAtOnce) => {
                    for entry in &mut commit.outbox_update {
                        if let OutboxState::InDoubt { since, repeated: false } = entry.state {
                            entry.ready_at = since;
                        }
                    }
                }
                Some(Mistake::HoldsNothing) => commit.inbox_push.clear(),
                Some(Mistake::LeavesTimersArmed) => commit.timers_disarm.clear(),
                Some(Mistake::ForgetsWhatIsOver) => commit.outbox_done.truncate(0),
                Some(Mistake::LeavesNoMark) | None => {}
            }
            let committed = inner.commit(commit).await;
            if passed_on && matches!(committed, Ok(Committed::Done(_))) {
                lock(&self.world).breaks(format!("{id}: a worker told after its lease had passed on"));
            }
            committed
        })
    }

    fn lease<'a>(
        &'a self,
        inner: &'a dyn Store,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Answer<'a, Vec<Lease>> {
        Box::pin(async move {
            let given = inner.lease(now, until, limit).await?;
            let mut world = lock(&self.world);
            world.audit.leased.extend(given.iter().map(|lease| (lease.conversation.clone(), lease.fence)));
            Ok(given)
        })
    }

    fn merge<'a>(&'a self, inner: &'a Arc<dyn Store>, merge: Merge) -> Answer<'a, Committed> {
        if self.conflicts() {
            return Box::pin(async { Err(StoreError::Conflict) });
        }
        inner.merge(merge)
    }

    fn claim<'a>(
        &'a self,
        inner: &'a dyn Store,
        conversation: &'a ConversationId,
        now: Timestamp,
        until: Timestamp,
    ) -> Answer<'a, Option<Lease>> {
        Box::pin(async move {
            let given = inner.claim(conversation, now, until).await?;
            let mut world = lock(&self.world);
            world.audit.leased.extend(given.iter().map(|lease| (lease.conversation.clone(), lease.fence)));
            Ok(given)
        })
    }

    fn attempt_started<'a>(
        &'a self,
        inner: &'a dyn Store,
        conversation: &'a ConversationId,
        effect: &'a EffectId,
        fence: Fence,
        now: Timestamp,
    ) -> Answer<'a, ()> {
        if self.makes(Mistake::LeavesNoMark) {
            return Box::pin(async { Ok(()) });
        }
        inner.attempt_started(conversation, effect, fence, now)
    }
}
