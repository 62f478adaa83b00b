//! Forgets what need not be remembered any longer.

use std::sync::Arc;
use std::time::Duration;

use super::until;
use crate::conversations::Conversations;
use crate::foundation::clock;
use crate::foundation::shutdown::Shutdown;

/// How often.
const EVERY: Duration = Duration::from_secs(10 * 60);

/// Until stopping is asked.
pub async fn run(conversations: Arc<Conversations>, stop: Shutdown) {
    while !stop.is_asked() {
        let now = conversations.clock().now();
        match conversations.store().sweep(now).await {
            Ok(0) => {}
            Ok(forgotten) => tracing::info!(forgotten, "dedupe keys expired"),
            Err(error) => tracing::error!(%error, "dedupe keys cannot be swept"),
        }
        tokio::select! {
            () = stop.asked() => {}
            () = until(&conversations, Some(clock::after(now, EVERY))) => {}
        }
    }
}
