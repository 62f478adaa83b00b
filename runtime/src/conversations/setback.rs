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
        // Of an attempt that was cut off nobody hears, so its pause must not last any longer either.
        OutboxState::InDoubt { since: begun, .. } | OutboxState::Started { at: begun } if *begun > now => {
            *begun = back(*begun);
        }
        // What is younger than the jump has its pause before it.
        OutboxState::InDoubt { .. } | OutboxState::Started { .. } => return None,
    }
    if entry.ready_at <= now {
        return None;
    }
    moved.ready_at = back(entry.ready_at).max(now);
    moved.failing_since = entry.failing_since.map(|since| if since > now { back(since) } else { since });
    Some(moved)
}

#[cfg(test)]
mod tests {
    use fluxo_engine::ids::EffectId;
    use fluxo_engine::protocol::{Effect, EffectKind};

    use super::*;

    /// Found by the simulation: an answer whose attempt a kill had cut off waited for as long as the clock went back.
    #[test]
    fn an_attempt_that_was_begun_before_the_jump_moves_with_it() {
        let now: Timestamp = "2026-03-12T12:00:00Z".parse().unwrap();
        let (hour, pause) = (SignedDuration::from_hours(1), SignedDuration::from_secs(30));
        let begun = |at: Timestamp| OutboxEntry {
            effect: Effect {
                id: EffectId { epoch: 1, session: "c.1".into(), turn: 1, n: 0 },
                wait: None,
                kind: EffectKind::Notify { queue: None, desk: None, text: "oi".to_owned() },
            },
            asked_at: at,
            ready_at: at + pause,
            attempts: 0,
            failing_since: None,
            state: OutboxState::Started { at },
            on_accept: Vec::new(),
        };
        let found = moved(&begun(now + hour), hour, now).unwrap();
        assert_eq!((found.state, found.ready_at), (OutboxState::Started { at: now }, now + pause));
        assert_eq!(moved(&begun(now), hour, now), None, "begun after the jump");
    }
}
