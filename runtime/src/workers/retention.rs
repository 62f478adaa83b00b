//! Forgets what need not be remembered any longer: dedupe keys whose time has passed, and of the journal's turns all but
//! the way through the flows and how it ended.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::until;
use crate::conversations::Conversations;
use crate::foundation::clock;
use crate::foundation::shutdown::Shutdown;
use crate::store::StoreError;

/// How often.
const EVERY: Duration = Duration::from_secs(10 * 60);

/// Until stopping is asked. Turns can be played again for so long: `[retention] replay`.
pub async fn run(conversations: Arc<Conversations>, replay: Duration, stop: Shutdown) {
    while !stop.is_asked() {
        let next = clock::after(conversations.clock().now(), EVERY);
        if let Err(error) = pass(&conversations, replay).await {
            tracing::error!(%error, "what is old cannot be forgotten");
        }
        tokio::select! {
            () = stop.asked() => {}
            () = until(&conversations, Some(next)) => {}
        }
    }
}

/// Forgets what is old at this moment.
///
/// # Errors
/// The store's: what is left is forgotten by the next pass.
pub async fn pass(conversations: &Conversations, replay: Duration) -> Result<(), StoreError> {
    let now = conversations.clock().now();
    let swept = conversations.store().sweep(now).await?;
    let kept = SignedDuration::try_from(replay).unwrap_or(SignedDuration::MAX);
    let before = now.checked_sub(kept).unwrap_or(Timestamp::MIN);
    let cut = conversations.store().cut_journal(before).await?;
    if swept + cut > 0 {
        tracing::info!(swept, cut, "dedupe keys expired, turns of the journal cut");
    }
    Ok(())
}
