//! Watches the clock on the wall, by which all is timed, for jumps: a machine that slept, a wrong time put right.
//!
//! Moments it jumped over are noticed at once. When it went back, moments that were computed before are further away
//! than was meant: what waits in outboxes is moved along. Timers stay: they are moments of the calendar.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use crate::conversations::Conversations;
use crate::foundation::shutdown::Shutdown;

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(10);
/// Less is no jump: clocks are put right little by little all the time.
const JUMP: SignedDuration = SignedDuration::from_secs(2);

/// Until stopping is asked.
pub async fn run(conversations: Arc<Conversations>, stop: Shutdown) {
    let mut watch = Watch { wall: conversations.clock().now(), steady: Duration::ZERO };
    let begun = Instant::now();
    loop {
        tokio::select! {
            () = stop.asked() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        let jump = watch.look(conversations.clock().now(), begun.elapsed());
        if let Some(jump) = jump {
            tell(&conversations, jump).await;
        }
    }
}

/// What both clocks showed.
#[derive(Debug, Clone, Copy)]
struct Watch {
    wall: Timestamp,
    steady: Duration,
}

impl Watch {
    /// By how much the clock on the wall jumped since the last look; what is below zero went back.
    fn look(&mut self, wall: Timestamp, steady: Duration) -> Option<SignedDuration> {
        let passed =
            SignedDuration::try_from(steady.saturating_sub(self.steady)).unwrap_or(SignedDuration::MAX);
        let jump = wall.duration_since(self.wall).saturating_sub(passed);
        *self = Self { wall, steady };
        (jump.abs() > JUMP).then_some(jump)
    }
}

/// Lets the workers look again, and moves what is too far away.
pub(crate) async fn tell(conversations: &Conversations, jump: SignedDuration) {
    tracing::warn!(seconds = jump.as_secs(), "the machine's clock jumped");
    if jump.is_negative()
        && let Err(error) = conversations.clock_went_back(jump.abs()).await
    {
        tracing::error!(%error, "what waits in outboxes waits longer than was meant");
    }
    conversations.effects_asked().notify_one();
    conversations.timers_armed().notify_one();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_is_told_from_time_that_passes() {
        let start: Timestamp = "2026-03-12T12:00:00Z".parse().unwrap();
        let mut watch = Watch { wall: start, steady: Duration::ZERO };
        let mut look = |wall: i64, steady: u64| {
            let wall = start + SignedDuration::from_secs(wall);
            watch.look(wall, Duration::from_secs(steady)).map(|jump| jump.as_secs())
        };
        assert_eq!(look(10, 10), None);
        assert_eq!(look(21, 20), None, "a second is put right");
        assert_eq!(look(3631, 30), Some(3600), "it slept for an hour");
        assert_eq!(look(41, 40), Some(-3600), "and was set back");
        assert_eq!(look(51, 50), None);
    }
}
