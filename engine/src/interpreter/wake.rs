//! What wakes a session, one arm per kind.

use jiff::Timestamp;

use super::early::{is_early, is_too_old};
use super::walk::Walk;
use crate::error::Error;
use crate::ids::{EffectId, WaitId};
use crate::nodes::play::{Next, Play, Stop};
use crate::nodes::{input, question};
use crate::protocol::{Content, Event, HttpOutcome, Inbound, NotPlayed, Wake};
use crate::session::{Hearing, WaitKind};

impl Walk<'_> {
    /// What comes of a wake: the outer error is the caller's mistake, the inner result is play.
    pub(super) fn wake(&mut self, wake: &Wake) -> Result<Result<Next, Stop>, Error> {
        Ok(match wake {
            Wake::Message { message, asked_at } => {
                if self.cx.session.hearing() != Hearing::Plays {
                    return Err(Error::NotHearing(self.cx.wait_id()));
                }
                self.message(wake, message, *asked_at)
            }
            Wake::Timer { wait, timer } => self.timer(wake, wait, *timer),
            Wake::Http { wait, effect, outcome } => self.http(wake, wait, effect, outcome),
            Wake::Ticket { wait, .. } => self.ticket(wake, wait),
            Wake::Desk { wait, .. } => self.desk(wake, wait),
            Wake::SendFailed { effect, failure } => self.send_failed(effect, failure),
            Wake::Close { outcome } => Ok(self.close(outcome)),
        })
    }

    fn message(&mut self, wake: &Wake, message: &Inbound, asked_at: Option<Timestamp>) -> Result<Next, Stop> {
        if is_too_old(message) {
            self.cx.event(Event::NotPlayed { reason: NotPlayed::TooOld });
            return Ok(Next::Stay);
        }
        if matches!(message.content, Content::Reaction { .. }) {
            self.cx.event(Event::NotPlayed { reason: NotPlayed::Reaction });
            return Ok(Next::Stay);
        }
        self.fresh_input();
        self.heard_now = true;
        self.cx.session.last_heard = self.cx.world.now;
        self.cx.session.idled = false;
        self.cx.session.heard = Some(message.id.clone());
        self.cx.set_input(input::facts(message));

        let node = self.node()?.play();
        let asked = self.cx.session.waiting.as_ref().is_some_and(|waiting| waiting.kind.is_question());
        let early = asked && is_early(message, asked_at);
        let claimed = !early && node.claims(&mut self.cx, message);
        if !claimed && let Some(found) = self.keyword_interrupt(message)? {
            return self.interrupt(found);
        }
        if !asked {
            return node.resume(&mut self.cx, wake);
        }
        if !claimed && self.is_foreign_tap(message) {
            return self.stale_tap(node, wake);
        }
        if early && !self.hears_early() {
            return question::too_early(&mut self.cx, node);
        }
        self.cx.early = early;
        node.resume(&mut self.cx, wake)
    }

    /// Whether the message is a tap on something else than the open question.
    fn is_foreign_tap(&self, message: &Inbound) -> bool {
        let asks_text = matches!(self.cx.session.waiting.as_ref().map(|w| &w.kind), Some(WaitKind::Ask(_)));
        match &message.content {
            Content::Tap { .. } => true,
            // To an open question, the words on a template's button are words; to a choice, they are not one of it.
            Content::TemplateTap { .. } => !asks_text,
            Content::Text { .. }
            | Content::Media(_)
            | Content::Location(_)
            | Content::Contacts { .. }
            | Content::Reaction { .. }
            | Content::Other { .. } => false,
        }
    }

    /// A tap on another menu's button: it ends an answer that is being collected, else the question is repeated.
    /// It costs no attempt.
    fn stale_tap(&mut self, node: &dyn Play, wake: &Wake) -> Result<Next, Stop> {
        self.cx.event(Event::NotPlayed { reason: NotPlayed::StaleTap });
        let collecting = match self.cx.session.waiting.as_ref().map(|waiting| &waiting.kind) {
            Some(WaitKind::Ask(collected)) => !collected.bubbles.is_empty(),
            Some(
                WaitKind::Menu(_)
                | WaitKind::Consent { .. }
                | WaitKind::Http(_)
                | WaitKind::Handoff { .. }
                | WaitKind::Ticket { .. }
                | WaitKind::Pause { .. },
            )
            | None => false,
        };
        if collecting {
            return node.resume(&mut self.cx, wake);
        }
        node.repeat(&mut self.cx)?;
        Ok(Next::Stay)
    }

    /// Whether the open question may be answered by what came before it could be seen: never a choice or a consent.
    fn hears_early(&self) -> bool {
        match self.cx.session.waiting.as_ref().map(|waiting| &waiting.kind) {
            Some(WaitKind::Ask(_)) => true,
            Some(
                WaitKind::Menu(_)
                | WaitKind::Consent { .. }
                | WaitKind::Http(_)
                | WaitKind::Handoff { .. }
                | WaitKind::Ticket { .. }
                | WaitKind::Pause { .. },
            )
            | None => false,
        }
    }

    fn http(
        &mut self,
        wake: &Wake,
        wait: &WaitId,
        effect: &EffectId,
        _outcome: &HttpOutcome,
    ) -> Result<Next, Stop> {
        let awaited = match self.cx.session.waiting.as_ref() {
            Some(waiting) => match &waiting.kind {
                WaitKind::Http(paging) => {
                    self.cx.session.wait_of(waiting.visit) == *wait && paging.effect == *effect
                }
                WaitKind::Ask(_)
                | WaitKind::Menu(_)
                | WaitKind::Consent { .. }
                | WaitKind::Handoff { .. }
                | WaitKind::Ticket { .. }
                | WaitKind::Pause { .. } => false,
            },
            None => false,
        };
        if !awaited {
            return Ok(self.too_late(wait));
        }
        self.answered(wake)
    }

    fn ticket(&mut self, wake: &Wake, wait: &WaitId) -> Result<Next, Stop> {
        let waits = matches!(
            self.cx.session.waiting.as_ref().map(|waiting| &waiting.kind),
            Some(WaitKind::Ticket { .. })
        );
        if !waits || self.cx.session.wait_id().as_ref() != Some(wait) {
            return Ok(self.too_late(wait));
        }
        self.answered(wake)
    }

    /// The result of something in flight has come: the session ends if it was to, else the node goes on.
    fn answered(&mut self, wake: &Wake) -> Result<Next, Stop> {
        match self.cx.session.closing.take() {
            Some(outcome) => Ok(Next::Close { outcome }),
            None => self.node()?.play().resume(&mut self.cx, wake),
        }
    }

    fn desk(&mut self, wake: &Wake, wait: &WaitId) -> Result<Next, Stop> {
        let Wake::Desk { event, .. } = wake else { return Err(self.cx.wrong_wait()) };
        let last_resort = match self.cx.session.waiting.as_ref().map(|waiting| &waiting.kind) {
            Some(WaitKind::Handoff { last_resort, .. }) => Some(*last_resort),
            Some(
                WaitKind::Ask(_)
                | WaitKind::Menu(_)
                | WaitKind::Consent { .. }
                | WaitKind::Http(_)
                | WaitKind::Ticket { .. }
                | WaitKind::Pause { .. },
            )
            | None => None,
        };
        let Some(last_resort) = last_resort.filter(|_| self.cx.session.wait_id().as_ref() == Some(wait))
        else {
            return Ok(self.too_late(wait));
        };
        self.fresh_input();
        if last_resort {
            return Ok(self.last_resort_ended(event));
        }
        self.node()?.play().resume(&mut self.cx, wake)
    }

    /// The session is to end from outside, but not before a call in flight has answered.
    fn close(&mut self, outcome: &str) -> Next {
        let waiting = self.cx.session.waiting.as_ref();
        if waiting.is_some_and(|waiting| waiting.kind.is_in_flight()) {
            self.cx.session.closing = Some(outcome.to_owned());
            return Next::Stay;
        }
        Next::Close { outcome: outcome.to_owned() }
    }

    /// A result for a wait that is gone.
    fn too_late(&mut self, wait: &WaitId) -> Next {
        self.cx.event(Event::ResultTooLate { wait: wait.clone() });
        Next::Stay
    }
}
