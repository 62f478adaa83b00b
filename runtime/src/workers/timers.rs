//! Fires timers: one moment in memory, the next that is due; never a task per timer, never a scan of conversations.

use std::sync::Arc;

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

/// Until stopping is asked.
pub async fn run(conversations: Arc<Conversations>, stop: Shutdown) {
    while !stop.is_asked() {
        let next = match pass(&conversations).await {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(%error, "timers cannot be fired");
                Some(clock::after(conversations.clock().now(), REST))
            }
        };
        tokio::select! {
            () = stop.asked() => {}
            () = conversations.timers_armed().notified() => {}
            () = until(&conversations, next) => {}
        }
    }
}

/// Whether it was fired: one of a conversation that cannot be read holds up no other.
async fn fire(conversations: &Conversations, row: &TimerRow) -> Result<bool, StoreError> {
    match conversations.timer_due(row).await {
        Ok(()) => Ok(true),
        Err(StoreError::Damaged(what)) => {
            conversations.tell_unreadable(&row.conversation, &what);
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Fires all that is due at this moment; answers when the next one is due.
///
/// # Errors
/// The store's: what was not fired stays due.
pub async fn pass(conversations: &Conversations) -> Result<Option<Timestamp>, StoreError> {
    loop {
        let due = conversations.store().due(conversations.clock().now(), None, PAGE).await?;
        if due.is_empty() {
            return conversations.store().next_due().await;
        }
        let fired = stream::iter(due).map(|row| async move { fire(conversations, &row).await });
        let fired: Vec<Result<bool, StoreError>> = fired.buffer_unordered(AT_ONCE).collect().await;
        let fired = fired.into_iter().collect::<Result<Vec<bool>, StoreError>>()?;
        if !fired.contains(&true) {
            // Those that are left stay due and must not be asked for without rest.
            return Ok(Some(clock::after(conversations.clock().now(), REST)));
        }
    }
}
