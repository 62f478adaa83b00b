//! The clock on the wall went back: what was to be tried again at a moment computed before is not to wait for that.

use fluxo_engine::ids::ConversationId;
use jiff::{SignedDuration, Timestamp};

use super::{Conversations, Decided};
use crate::store::{OutboxEntry, OutboxState, StoreError};

/// Conversations read at a time.
const PAGE: usize = 256;

impl Conversations {
    /// Moves what waits in outboxes back by as much as the clock.
    ///
    /// # Errors
    /// The store's: what is left waits longer than was meant, and is then tried.
    pub async fn clock_went_back(&self, by: SignedDuration) -> Result<(), StoreError> {
        let now = self.now();
        let mut after: Option<(Timestamp, ConversationId)> = None;
        loop {
            let page = self.store.with_effects(after.as_ref(), PAGE).await?;
            for (_, id) in page.iter().filter(|(ready, _)| *ready > now) {
                let moved = self.change(id, None, |draft| {
                    let late: Vec<OutboxEntry> =
                        draft.outbox.iter().filter_map(|entry| moved(entry, by, now)).collect();
                    if late.is_empty() {
                        return Decided::Leave(());
                    }
                    for moved in late {
                        if let Some(entry) = draft.entry_mut(&moved.effect.id) {
                            *entry = moved;
                        }
                    }
                    Decided::Commit(())
                });
                match moved.await {
                    Ok(_) => {}
                    Err(StoreError::Damaged(what)) => self.tell_unreadable(id, &what),
                    Err(error) => return Err(error),
                }
            }
            match page.into_iter().nth(PAGE - 1) {
                Some(last) => after = Some(last),
                None => return Ok(()),
            }
        }
    }
}

/// An entry as it would be had the clock always been right; `None` when nothing of it was computed before the jump.
fn moved(entry: &OutboxEntry, by: SignedDuration, now: Timestamp) -> Option<OutboxEntry> {
    let back = |moment: Timestamp| moment.checked_sub(by).unwrap_or(Timestamp::MIN);
    let mut moved = entry.clone();
    match &mut moved.state {
        OutboxState::Ready => {}
        OutboxState::InDoubt { since, .. } if *since > now => *since = back(*since),
        // A doubt that is younger than the jump has its pause before it.
        OutboxState::InDoubt { .. } | OutboxState::Started { .. } => return None,
    }
    if entry.ready_at <= now {
        return None;
    }
    moved.ready_at = back(entry.ready_at).max(now);
    moved.failing_since = entry.failing_since.map(|since| if since > now { back(since) } else { since });
    Some(moved)
}
