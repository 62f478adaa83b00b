//! Says something to the contact.
//!
//! Doubt: an attempt is marked before it leaves. When no answer comes (`Unclear`, or a stop cut it off), the
//! conversation's outbox pauses 30 seconds for a status that carries the effect's id; then it is sent once more at
//! most. A send that keeps failing blocks what follows for at most two minutes; then the engine hears of it.

use std::time::Duration;

use fluxo_engine::protocol::{Message, SendFailure};
use jiff::Timestamp;

use super::pace::Wait;
use super::{LIMIT, Performing, backoff};
use crate::channels::{Channel, Receipt, SendError};
use crate::conversations::Conversations;
use crate::conversations::words::Words;
use crate::foundation::clock;
use crate::store::{Address, Conversation, OutboxState, StoreError};

/// How long a status is waited for after a doubt.
pub(in crate::conversations) const PAUSE: Duration = Duration::from_secs(30);
/// How long a failing message may hold back what follows.
const DEADLINE: Duration = Duration::from_secs(2 * 60);
/// Waits up to this are spent by the worker; for longer ones the conversation is given back.
const SHORT: Duration = Duration::from_secs(1);

pub(super) async fn perform(at: &Performing<'_>, message: &Message) -> Result<(), StoreError> {
    let repeat = match at.entry.state {
        OutboxState::Ready => false,
        OutboxState::InDoubt { repeated: false, .. } => true,
        // The attempt was cut off by a stop of the service. If a status has not come in all that time, none will.
        OutboxState::Started { at: begun } => {
            if at.here.now() < clock::after(begun.max(at.here.since), PAUSE) {
                return in_doubt(at, false).await;
            }
            true
        }
        OutboxState::InDoubt { repeated: true, .. } => return give_up(at, SendFailure::Unclear, true).await,
    };
    let conversation = at.conversation;
    let Some(channel) = at.here.outside.channel(&conversation.account.channel) else {
        let reason = format!("the project has no channel {}", conversation.account.channel);
        return give_up(at, SendFailure::Other(reason), repeat).await;
    };
    if conversation.address == Address::default() {
        return give_up(at, SendFailure::NotReachable, repeat).await;
    }
    loop {
        let now = at.here.now();
        let to = recipient(&conversation.address);
        match at.here.pace.queue(at.id(), &conversation.account, channel.messages_per_second(), to, now) {
            Ok(()) => break,
            Err(Wait::Turn(until)) if until <= clock::after(now, SHORT) => at.here.clock.until(until).await,
            Err(Wait::Turn(until)) => {
                return at
                    .commit(|draft| {
                        if let Some(entry) = draft.entry_mut(at.id()) {
                            entry.ready_at = until;
                        }
                    })
                    .await;
            }
            Err(Wait::Paused(until)) => return failing(at, until, repeat).await,
        }
    }
    let marked = if repeat {
        // From here on it was sent once more, whatever happens.
        let since = at.here.now();
        at.committed(|draft| {
            if let Some(entry) = draft.entry_mut(at.id()) {
                entry.state = OutboxState::InDoubt { since, repeated: true };
                entry.ready_at = clock::after(since, PAUSE);
            }
        })
        .await?
    } else {
        at.started().await?
    };
    if !marked {
        // A status told meanwhile that it had arrived.
        return Ok(());
    }
    send(at, &**channel, message, repeat).await
}

/// Makes the attempt that the message's own commit has marked.
pub(super) async fn attempt(at: &Performing<'_>, message: &Message) -> Result<(), StoreError> {
    match at.here.outside.channel(&at.conversation.account.channel) {
        Some(channel) => send(at, &**channel, message, false).await,
        // It was there when the message was claimed, and channels do not go away.
        None => in_doubt(at, false).await,
    }
}

/// Whether a message to the contact may leave at this moment; if so, it counts as having left.
pub(in crate::conversations) fn may_leave(
    here: &Conversations,
    conversation: &Conversation,
    now: Timestamp,
) -> bool {
    let Conversation { account, address, .. } = conversation;
    here.outside.channel(&account.channel).is_some_and(|channel| {
        *address != Address::default()
            && here.pace.ask(account, channel.messages_per_second(), recipient(address), now).is_ok()
    })
}

async fn send(
    at: &Performing<'_>,
    channel: &dyn Channel,
    message: &Message,
    repeat: bool,
) -> Result<(), StoreError> {
    let conversation = at.conversation;
    let sent = tokio::time::timeout(LIMIT, channel.send(&conversation.address, message, at.id())).await;
    match sent.unwrap_or(Err(SendError::Unclear)) {
        Ok(receipt) => accepted(at, &receipt).await,
        Err(SendError::Retry { after, reason, account_wide }) => {
            let now = at.here.now();
            // A pause of the account does not grow with the attempts of one of its messages.
            let attempts = if account_wide { 1 } else { at.entry.attempts + 1 };
            let until = clock::after(now, backoff::wait(attempts, at.id(), after));
            // The reason may quote the contact's number: it is for the staff, not for the log.
            tracing::warn!(effect = %at.id(), attempt = at.entry.attempts + 1, account_wide, "a message was not taken");
            if account_wide && at.here.pace.pause(&conversation.account, until, now) {
                let account = &conversation.account.channel;
                at.commit(|draft| {
                    draft.notice(None, &Words::AccountPaused { channel: account, reason: &reason });
                })
                .await?;
            }
            failing(at, until, repeat).await
        }
        Err(SendError::GiveUp { failure }) => give_up(at, failure, repeat).await,
        Err(SendError::Unclear) => in_doubt(at, repeat).await,
    }
}

async fn accepted(at: &Performing<'_>, receipt: &Receipt) -> Result<(), StoreError> {
    let now = at.here.now();
    at.commit(|draft| draft.accepted(at.id(), Some(&receipt.message), now)).await?;
    at.here.tell_kept_statuses(&at.conversation.account, &receipt.message).await
}

/// Not taken now: again later, until the deadline.
async fn failing(at: &Performing<'_>, until: Timestamp, repeat: bool) -> Result<(), StoreError> {
    let now = at.here.now();
    let since = at.entry.failing_since.unwrap_or(now);
    let deadline = clock::after(since, DEADLINE);
    if now >= deadline {
        return give_up(at, SendFailure::Deadline, repeat).await;
    }
    at.commit(|draft| {
        if let Some(entry) = draft.entry_mut(at.id()) {
            entry.attempts += 1;
            entry.failing_since = Some(since);
            entry.ready_at = until.min(deadline);
            // This attempt certainly did not arrive; an earlier one still may have.
            entry.state = match repeat {
                true => OutboxState::InDoubt { since: now, repeated: false },
                false => OutboxState::Ready,
            };
        }
    })
    .await
}

/// It left and no answer came.
async fn in_doubt(at: &Performing<'_>, repeated: bool) -> Result<(), StoreError> {
    tracing::warn!(effect = %at.id(), repeated, "a message is in doubt; waiting for its status");
    let since = at.here.now();
    at.commit(|draft| {
        if let Some(entry) = draft.entry_mut(at.id()) {
            entry.attempts += 1;
            entry.state = OutboxState::InDoubt { since, repeated };
            entry.ready_at = clock::after(since, PAUSE);
        }
    })
    .await
}

/// It will not be tried again. After a doubt, the attempt before may have arrived all the same.
async fn give_up(at: &Performing<'_>, failure: SendFailure, doubted: bool) -> Result<(), StoreError> {
    tracing::warn!(effect = %at.id(), doubted, "a message was given up");
    at.commit(|draft| {
        if !doubted {
            draft.certainly_not_done(at.id());
        }
        draft.not_sent(at.id(), failure.clone());
    })
    .await
}

fn recipient(address: &Address) -> &str {
    let name = address.user.as_deref().or(address.phone.as_deref()).or(address.username.as_deref());
    name.unwrap_or_default()
}
