//! Forgets what need not be remembered any longer: dedupe keys whose time has passed, of the journal's turns all but the
//! way through the flows and how it ended, and releases that no session plays.

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

/// How often it is asked which releases no session plays: every conversation may have to be looked at.
const RELEASES_EVERY: Duration = Duration::from_secs(60 * 60);

/// Until stopping is asked. Turns can be played again for so long: `[retention] replay`.
pub async fn run(conversations: Arc<Conversations>, replay: Duration, stop: Shutdown) {
    let mut releases_next = Timestamp::MIN;
    while !stop.is_asked() {
        if conversations.clock().now() >= releases_next {
            if let Err(error) = releases_pass(&conversations, replay).await {
                tracing::error!(%error, "old releases cannot be forgotten");
            }
            releases_next = clock::after(conversations.clock().now(), RELEASES_EVERY);
        }
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
    let before = replayed_since(now, replay);
    let cut = conversations.store().cut_journal(before).await?;
    if swept + cut > 0 {
        tracing::info!(swept, cut, "dedupe keys expired, turns of the journal cut");
    }
    Ok(())
}

/// Forgets releases that no session plays and nobody would play again.
///
/// # Errors
/// The store's: what is left is forgotten by the next pass.
pub async fn releases_pass(conversations: &Conversations, replay: Duration) -> Result<(), StoreError> {
    let since = replayed_since(conversations.clock().now(), replay);
    let forgotten = conversations.forget_releases(since).await?;
    if forgotten > 0 {
        tracing::info!(forgotten, "releases that no conversation plays any more were removed");
    }
    Ok(())
}

/// Turns played since then can be played again.
fn replayed_since(now: Timestamp, replay: Duration) -> Timestamp {
    let kept = SignedDuration::try_from(replay).unwrap_or(SignedDuration::MAX);
    now.checked_sub(kept).unwrap_or(Timestamp::MIN)
}
