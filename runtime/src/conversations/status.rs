//! How our messages fare: statuses tie back to their effect, whatever order and however often they come.

use fluxo_engine::ids::EffectId;
use fluxo_engine::protocol::{SendFailure, Wake};
use jiff::Timestamp;

use super::words::Words;
use super::{Conversations, Decided, names};
use crate::store::{Account, DeadLetter, KeptStatus, LineBody, OutboxState, SendState, Speaker, StoreError};

impl Conversations {
    /// Takes in a status: by effect id first, by message id second; one that ties to nothing is kept.
    pub(super) async fn status(
        &self,
        account: &Account,
        message: &str,
        effect: Option<EffectId>,
        state: SendState,
        at: Timestamp,
        failure: Option<SendFailure>,
    ) -> Result<(), StoreError> {
        let status = KeptStatus { state, at, failure };
        let tied = match effect {
            Some(effect) => names::conversation_of(&effect.session).map(|id| (id, effect)),
            None => self.store.effect_of(account, message).await?,
        };
        if let Some((conversation, effect)) = tied
            && self.tell_status(&conversation, &effect, message, &status).await?.is_some()
        {
            return Ok(());
        }
        self.store.keep_status(account, message, &status).await?;
        // The send's response may have come between the two.
        self.tell_kept_statuses(account, message).await
    }

    /// Tells what was kept for a message before its effect was known; nothing happens while it is not.
    pub(super) async fn tell_kept_statuses(
        &self,
        account: &Account,
        message: &str,
    ) -> Result<(), StoreError> {
        let kept = self.store.kept_statuses(account, message).await?;
        if kept.is_empty() {
            return Ok(());
        }
        let Some((conversation, effect)) = self.store.effect_of(account, message).await? else {
            return Ok(());
        };
        for status in kept {
            self.tell_status(&conversation, &effect, message, &status).await?;
        }
        Ok(())
    }

    /// `None` when there is no such conversation.
    async fn tell_status(
        &self,
        conversation: &fluxo_engine::ids::ConversationId,
        effect: &EffectId,
        message: &str,
        status: &KeptStatus,
    ) -> Result<Option<()>, StoreError> {
        let state = status.state;
        let given_up = self.store.dead_letter(effect).await?;
        // A late `sent` says nothing about a message that has failed since; it ends a doubt.
        let settled = match state {
            SendState::Accepted | SendState::Sent => {
                given_up.as_ref().is_some_and(DeadLetter::may_have_arrived)
            }
            SendState::Delivered | SendState::Read | SendState::Played => true,
            SendState::Failed => false,
        };
        // Each state of a message counts once.
        let key = format!("{message}/{state:?}");
        self.change(conversation, None, |draft| {
            draft.seen(key.clone());
            if state == SendState::Failed {
                let failure = status
                    .failure
                    .clone()
                    .unwrap_or_else(|| SendFailure::Other("no reason given".to_owned()));
                if let Some(entry) = draft.entry(effect) {
                    // Of two that left, the other one may still arrive.
                    if !matches!(entry.state, OutboxState::InDoubt { repeated: true, .. }) {
                        draft.certainly_not_done(effect);
                    }
                    draft.not_sent(effect, failure);
                    return Decided::Commit(());
                }
                let words = Words::NotSent { failure: &failure };
                let reason = words.text(draft.here.surroundings.language());
                let sent = LineBody::Sent { effect: effect.clone(), state, reason: Some(reason) };
                draft.line(Speaker::System, sent);
                draft.notice(None, &words);
                if draft.is_of_open_session(effect) {
                    draft.wake(Wake::SendFailed { effect: effect.clone(), failure });
                }
                return Decided::Commit(());
            }
            if settled && draft.entry(effect).is_none() {
                // Given up in doubt, and there: nobody is to send it again.
                draft.commit.dead_settled.push(effect.clone());
                if given_up.is_some() {
                    draft.commit.accepted.push((message.to_owned(), effect.clone()));
                    draft.notice(None, &Words::Arrived);
                }
            }
            // A status may come before the send's response, or instead of it: the message was accepted, and the contact
            // may have answered since.
            draft.accepted(effect, Some(message), status.at);
            draft.line(Speaker::System, LineBody::Sent { effect: effect.clone(), state, reason: None });
            Decided::Commit(())
        })
        .await
    }
}
