//! What people do with an effect that was given up: try it again, or let it go.

use fluxo_engine::ids::EffectId;

use super::{Conversations, Decided};
use crate::store::{OutboxEntry, OutboxState, StoreError};

impl Conversations {
    /// Puts a dead letter at the end of its conversation's outbox, as if it were asked now. `false` when there is no
    /// such dead letter.
    ///
    /// # Errors
    /// The store's.
    pub async fn retry_dead_letter(&self, effect: &EffectId) -> Result<bool, StoreError> {
        self.settle_dead_letter(effect, true).await
    }

    /// Takes a dead letter off the list. `false` when there is no such dead letter.
    ///
    /// # Errors
    /// The store's.
    pub async fn discard_dead_letter(&self, effect: &EffectId) -> Result<bool, StoreError> {
        self.settle_dead_letter(effect, false).await
    }

    async fn settle_dead_letter(&self, effect: &EffectId, again: bool) -> Result<bool, StoreError> {
        let Some(letter) = self.store.dead_letter(effect).await? else { return Ok(false) };
        let settled = self.change(&letter.conversation, None, |draft| {
            draft.commit.dead_settled.push(effect.clone());
            if again && draft.entry(effect).is_none() {
                let now = draft.now;
                draft.outbox.push(OutboxEntry {
                    effect: letter.entry.effect.clone(),
                    asked_at: now,
                    ready_at: now,
                    attempts: 0,
                    failing_since: None,
                    state: OutboxState::Ready,
                    on_accept: Vec::new(),
                });
            }
            Decided::Commit(true)
        });
        Ok(settled.await?.unwrap_or(false))
    }
}
