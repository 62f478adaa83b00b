//! What becomes of an effect that was given up: people try it again or let it go, or it turns out to have arrived.

use fluxo_engine::ids::{ConversationId, EffectId};
use fluxo_engine::protocol::{EffectKind, HttpOutcome, TicketOutcome, Wake};
use jiff::Timestamp;

use super::draft::Draft;
use super::words::Words;
use super::{Conversations, Decided, TRIES};
use crate::store::{LineBody, OutboxEntry, OutboxState, SendState, StoreError};

/// Lines of a transcript read at a time.
const PAGE: usize = 500;

/// What people do with a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Settling {
    Retry,
    Discard,
}

impl Conversations {
    /// Puts a dead letter at the end of its conversation's outbox, as if it were asked now. `false` when there is no
    /// such dead letter (any more).
    ///
    /// # Errors
    /// The store's.
    pub async fn retry_dead_letter(&self, effect: &EffectId) -> Result<bool, StoreError> {
        self.settle_dead_letter(effect, Settling::Retry).await
    }

    /// Takes a dead letter off the list. `false` when there is no such dead letter (any more).
    ///
    /// # Errors
    /// The store's.
    pub async fn discard_dead_letter(&self, effect: &EffectId) -> Result<bool, StoreError> {
        self.settle_dead_letter(effect, Settling::Discard).await
    }

    async fn settle_dead_letter(&self, effect: &EffectId, settling: Settling) -> Result<bool, StoreError> {
        for _ in 0..TRIES {
            let Some(letter) = self.store.dead_letter(effect).await? else { return Ok(false) };
            let Some(loaded) = self.store.load(&letter.conversation).await? else { return Ok(false) };
            // Read once more after the revision: a status may have told meanwhile that it arrived.
            if self.store.dead_letter(effect).await?.is_none() {
                return Ok(false);
            }
            let settled = self.change(&letter.conversation, None, |draft| {
                if draft.commit.expected != loaded.revision {
                    return Decided::Leave(false);
                }
                draft.commit.dead_settled.push(effect.clone());
                match settling {
                    Settling::Retry => {
                        draft.note(&Words::Retried);
                        ask_again(draft, &letter.entry);
                    }
                    Settling::Discard => {
                        draft.note(&Words::Discarded);
                        let_go(draft, &letter.entry);
                    }
                }
                Decided::Commit(true)
            });
            if settled.await?.unwrap_or(false) {
                return Ok(true);
            }
        }
        Err(StoreError::Conflict)
    }

    /// What was heard of a message to the contact, oldest first, by its transcript: when it was written down, how far the
    /// message was, and why it failed.
    ///
    /// # Errors
    /// The store's.
    pub async fn heard_of(
        &self,
        conversation: &ConversationId,
        effect: &EffectId,
    ) -> Result<Vec<(Timestamp, SendState, Option<String>)>, StoreError> {
        let mut heard = Vec::new();
        let mut after = 0;
        loop {
            let page = self.store.lines(conversation, after, PAGE).await?;
            let last = page.last().map(|(number, _)| *number).filter(|_| page.len() == PAGE);
            for (_, line) in page {
                if let LineBody::Sent { effect: of, state, reason } = line.body
                    && of == *effect
                {
                    heard.push((line.at, state, reason));
                }
            }
            match last {
                Some(last) => after = last,
                None => return Ok(heard),
            }
        }
    }
}

/// A session that still waits for what was let go must not wait for ever: so it is after a restore, which puts effects
/// before people without telling the session.
fn let_go(draft: &mut Draft<'_>, entry: &OutboxEntry) {
    let effect = &entry.effect;
    let open = draft.standing().ok().flatten().and_then(|standing| standing.wait);
    let Some(wait) = effect.wait.clone().filter(|wait| Some(wait) == open.as_ref()) else { return };
    match effect.kind {
        EffectKind::CallHttp { .. } => {
            draft.wake(Wake::Http { wait, effect: effect.id.clone(), outcome: HttpOutcome::Unknown });
        }
        EffectKind::OpenTicket { .. } => {
            let outcome = TicketOutcome::Refused("let go by people".to_owned());
            draft.wake(Wake::Ticket { wait, outcome });
        }
        // A question has its clock, and people have a conversation from the commit that asked for them.
        EffectKind::SendMessage { .. }
        | EffectKind::OpenHandoff { .. }
        | EffectKind::Notify { .. }
        | EffectKind::SendEmail { .. } => {}
    }
}

fn ask_again(draft: &mut Draft<'_>, entry: &OutboxEntry) {
    if draft.entry(&entry.effect.id).is_some() {
        return;
    }
    let now = draft.now;
    draft.outbox.push(OutboxEntry {
        effect: entry.effect.clone(),
        asked_at: now,
        ready_at: now,
        attempts: 0,
        failing_since: None,
        state: OutboxState::Ready,
        on_accept: Vec::new(),
    });
}
