//! Fires timers: one moment in memory, the next that is due; never a task per timer, never a scan of conversations.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use fluxo_engine::ids::ConversationId;
use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use super::{REST, until};
use crate::conversations::Conversations;
use crate::foundation::clock;
use crate::foundation::shutdown::Shutdown;
use crate::store::{StoreError, TimerRow};

/// Timers read at a time.
const PAGE: usize = 256;
/// Timers fired at the same time: they share the store's flushes.
const AT_ONCE: usize = 32;
/// How often a conversation that cannot be read is tried again: its timers stay due, and are passed over until then.
const AGAIN: Duration = Duration::from_secs(5 * 60);

/// Until stopping is asked.
pub async fn run(conversations: Arc<Conversations>, stop: Shutdown) {
    let mut stuck = Stuck::default();
    while !stop.is_asked() {
        let next = match fire_all(&conversations, &mut stuck).await {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(%error, "timers cannot be fired");
                Some(clock::after(conversations.clock().now(), REST))
            }
        };
        tokio::select! {
            biased;
            () = stop.asked() => {}
            () = conversations.timers_armed().notified() => {}
            () = until(&conversations, next) => {}
        }
    }
}

/// Fires all that is due at this moment; answers when to look again.
///
/// # Errors
/// The store's: what was not fired stays due.
pub async fn pass(conversations: &Conversations) -> Result<Option<Timestamp>, StoreError> {
    fire_all(conversations, &mut Stuck::default()).await
}

/// Conversations that cannot be read: their timers are due and hold up no other.
#[derive(Debug, Default)]
struct Stuck {
    conversations: HashSet<ConversationId>,
    /// When they are tried again.
    again: Option<Timestamp>,
}

async fn fire_all(conversations: &Conversations, stuck: &mut Stuck) -> Result<Option<Timestamp>, StoreError> {
    let store = conversations.store();
    if stuck.again.is_some_and(|again| again <= conversations.clock().now()) {
        *stuck = Stuck::default();
    }
    let mut after: Option<TimerRow> = None;
    let mut fired = false;
    loop {
        let due = store.due(conversations.clock().now(), after.as_ref(), PAGE).await?;
        let Some(last) = due.last().cloned() else {
            if !fired {
                break;
            }
            // Meanwhile others may have been armed that are due before those that were passed over.
            (after, fired) = (None, false);
            continue;
        };
        let readable = due.into_iter().filter(|row| !stuck.conversations.contains(&row.conversation));
        let firing = stream::iter(readable.collect::<Vec<_>>()).map(|row| async move {
            let fired = fire(conversations, &row).await?;
            Ok::<_, StoreError>((row.conversation, fired))
        });
        let ends: Vec<_> = firing.buffer_unordered(AT_ONCE).collect().await;
        for end in ends {
            match end? {
                (_, true) => fired = true,
                (conversation, false) => {
                    stuck.conversations.insert(conversation);
                }
            }
        }
        after = Some(last);
    }
    // What is left before this one is due and cannot be fired.
    let next = store.due(Timestamp::MAX, after.as_ref(), 1).await?.first().map(|row| row.due);
    if stuck.conversations.is_empty() {
        return Ok(next);
    }
    let again = *stuck.again.get_or_insert_with(|| clock::after(conversations.clock().now(), AGAIN));
    Ok(Some(next.map_or(again, |next| next.min(again))))
}

/// Whether it was fired: one of a conversation that cannot be read holds up no other.
async fn fire(conversations: &Conversations, row: &TimerRow) -> Result<bool, StoreError> {
    match conversations.timer_due(row).await {
        Ok(true) => Ok(true),
        Ok(false) => {
            conversations.tell_unreadable(&row.conversation, "a timer is there, the conversation is not");
            Ok(false)
        }
        Err(StoreError::Damaged(what)) => {
            conversations.tell_unreadable(&row.conversation, &what);
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
