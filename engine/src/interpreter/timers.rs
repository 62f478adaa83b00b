//! Time passes: timers that are due, and those that every question gets.

use super::walk::Walk;
use crate::ids::WaitId;
use crate::nodes::Duration;
use crate::nodes::context::add;
use crate::nodes::play::{Next, Stop};
use crate::protocol::{Due, Event, NotPlayed, TimerKind, Wake};

/// The outcome of a session that nothing else ended.
const EXPIRED: &str = "expired";

impl Walk<'_> {
    /// A timer is due. One for a wait that is gone, or that was disarmed, does nothing.
    pub(super) fn timer(&mut self, wake: &Wake, wait: &WaitId, timer: TimerKind) -> Result<Next, Stop> {
        let open = self.cx.session.wait_id().as_ref() == Some(wait);
        let armed = self.cx.session.waiting.as_ref().is_some_and(|waiting| waiting.timers.contains(&timer));
        if !open || !armed {
            self.cx.event(Event::NotPlayed { reason: NotPlayed::StaleTimer });
            return Ok(Next::Stay);
        }
        self.cx.waiting()?.timers.retain(|armed| *armed != timer);
        match timer {
            TimerKind::NoAnswer | TimerKind::Remind | TimerKind::Idle => self.silence(),
            TimerKind::Collect | TimerKind::Expire | TimerKind::Until | TimerKind::AcceptWithin => {
                self.fresh_input()
            }
        }
        match timer {
            TimerKind::Expire => Ok(Next::Close { outcome: EXPIRED.to_owned() }),
            TimerKind::Idle => match self.idle_interrupt()? {
                Some((found, _)) => {
                    self.cx.session.idled = true;
                    self.interrupt(found)
                }
                None => Ok(Next::Stay),
            },
            TimerKind::NoAnswer
            | TimerKind::Remind
            | TimerKind::Collect
            | TimerKind::Until
            | TimerKind::AcceptWithin => self.node()?.play().resume(&mut self.cx, wake),
        }
    }

    /// Play has come to rest: a question gets the timers that all questions have, and what had to wait for a call
    /// in flight is played now.
    pub(super) fn settle(&mut self) -> Result<Option<Next>, Stop> {
        let Some(waiting) = &self.cx.session.waiting else { return Ok(None) };
        if waiting.kind.is_in_flight() {
            return Ok(None);
        }
        if !self.cx.session.refused.is_empty() {
            let refused = self.cx.session.refused.remove(0);
            return self.send_failed(&refused.effect, &refused.failure).map(Some);
        }
        if !waiting.kind.is_question() {
            return Ok(None);
        }
        let armed = |kind: TimerKind| waiting.timers.contains(&kind);
        let (idle_armed, expire_armed, no_answer) =
            (armed(TimerKind::Idle), armed(TimerKind::Expire), armed(TimerKind::NoAnswer));
        let heard_now = self.heard_now;
        // Else a question that the interrupt itself asks would be interrupted at once, again and again.
        let idle = if self.cx.session.idled { None } else { self.idle_interrupt()? };
        if let Some((_, after)) = idle {
            if !idle_armed || heard_now {
                let due = add(self.cx.session.last_heard, after).max(self.cx.world.now);
                self.cx.arm(TimerKind::Idle, Due::At(due))?;
            }
        } else if !no_answer {
            let seconds = u64::try_from(self.cx.world.project.expire_seconds).unwrap_or(0);
            let after = Duration::from_secs(seconds);
            if !expire_armed {
                self.cx.arm_after_question(TimerKind::Expire, after)?;
            } else if heard_now {
                let due = Due::At(self.cx.later(after));
                self.cx.arm(TimerKind::Expire, due)?;
            }
        }
        Ok(None)
    }
}
