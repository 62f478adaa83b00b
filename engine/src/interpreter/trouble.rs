//! Something failed: the nearest handler takes over, in the flow that declares it; never silence.

use super::walk::Walk;
use crate::error::Error;
use crate::flow::Interrupt;
use crate::ids::EffectId;
use crate::nodes::NodeKind;
use crate::nodes::play::{Next, Stop};
use crate::protocol::{
    Assign, DeskEvent, EffectKind, Event, Handoff, Object, SendFailure, Trouble, TroubleCode,
};
use crate::session::{Counters, Refused, WaitKind};

/// The outcome of a session that people had to take because nothing handled its trouble.
const OUTCOME: &str = "trouble";

impl Walk<'_> {
    /// Trouble at the innermost flow's node. `None`: nothing is left to play.
    pub(super) fn trouble(
        &mut self,
        code: TroubleCode,
        detail: String,
    ) -> Result<Option<Result<Next, Stop>>, Error> {
        if matches!(code, TroubleCode::SendFailed | TroubleCode::WindowClosed)
            && let Some(to) = self.node()?.play().failed()
        {
            return Ok(Some(Ok(Next::port("failed", to))));
        }
        let frame = self.cx.frame()?;
        let trouble = Trouble { code, flow: frame.flow.clone(), node: frame.node.clone(), detail };
        self.meet(trouble)
    }

    /// Finds the handler: from the innermost flow outwards, then the project's flow, then people.
    fn meet(&mut self, trouble: Trouble) -> Result<Option<Result<Next, Stop>>, Error> {
        self.cx.event(Event::Trouble(trouble.clone()));
        self.cx.end_wait();
        if std::mem::replace(&mut self.cx.session.in_trouble, true) {
            return self.last_resort(&trouble);
        }
        // A loop through a sub-flow's `failed` port has no handler to end it: a limit goes to people in the end,
        // because the counts stand there.
        for depth in (0..self.cx.session.frames.len()).rev() {
            let frame = &self.cx.session.frames[depth];
            let flow =
                self.library.flow(&frame.flow).ok_or_else(|| Error::UnknownFlow(frame.flow.clone()))?;
            let handler = flow
                .interrupts
                .iter()
                .enumerate()
                .find(|(_, interrupt)| matches!(interrupt, Interrupt::Trouble { .. }));
            if let Some((index, handler)) = handler {
                self.unwind_to(depth)?;
                self.spare(trouble.code);
                self.cx.frame_mut()?.trouble = Some(trouble);
                self.cx.event(Event::Interrupted { flow: flow.id.clone(), index });
                return Ok(Some(self.visit(handler.next())));
            }
            // Before the flow that called this one is asked, its `call` node is.
            if depth > 0 {
                let caller = &self.cx.session.frames[depth - 1];
                let flow =
                    self.library.flow(&caller.flow).ok_or_else(|| Error::UnknownFlow(caller.flow.clone()))?;
                if let NodeKind::Call(call) = &self.node_of(flow, &caller.node)?.kind
                    && let Some(to) = call.failed_port()
                {
                    let next = Next::port("failed", to);
                    self.unwind_to(depth - 1)?;
                    // A port of the author's is no handler: the next trouble may still be handled.
                    self.cx.session.in_trouble = false;
                    return Ok(Some(Ok(next)));
                }
            }
        }
        let handler = self.cx.world.project.trouble_flow.as_ref().and_then(|flow| self.library.flow(flow));
        match handler {
            Some(flow) => {
                self.cx.event(Event::WentTo { flow: flow.id.clone() });
                self.cx.session.frames.clear();
                self.push(flow);
                self.spare(trouble.code);
                self.cx.frame_mut()?.trouble = Some(trouble);
                Ok(Some(self.fill(flow, Object::new()).and_then(|()| self.visit(&flow.start))))
            }
            None => self.last_resort(&trouble),
        }
    }

    /// A handler of a limit's trouble may still say so: it counts anew. That happens once, because trouble while
    /// handling trouble has no handler.
    fn spare(&mut self, code: TroubleCode) {
        if matches!(
            code,
            TroubleCode::TooManyNodes | TroubleCode::TooManyMessages | TroubleCode::TooManyCalls
        ) {
            self.cx.session.since_input = Counters::default();
        }
    }

    /// Nothing in the release can handle it: people get the conversation, once. If there is no queue for that, the
    /// session ends, so that the contact's next message begins a new one.
    fn last_resort(&mut self, trouble: &Trouble) -> Result<Option<Result<Next, Stop>>, Error> {
        self.cx.end_wait();
        let summary = format!(
            "O fluxo \"{}\" falhou no nó \"{}\" ({}). O paciente aguarda uma resposta.",
            trouble.flow,
            trouble.node,
            trouble.code.as_str()
        );
        let Some(queue) = self.cx.world.project.default_queue.clone() else {
            let desk = self.cx.world.project.desks.first().cloned();
            if desk.is_some() {
                self.cx.effect(EffectKind::Notify { queue: None, desk, text: summary }, false);
            }
            self.end_session(OUTCOME.to_owned());
            return Ok(None);
        };
        // A wait needs a visit of its own: the one in trouble may have had a wait already.
        self.cx.session.visits += 1;
        self.cx.session.handoff = Object::new();
        let handoff = Handoff {
            queue: queue.clone(),
            summary,
            ticket: None,
            assign: Assign::Queue,
            prefer_last_attendant: false,
        };
        self.cx.effect(EffectKind::OpenHandoff { handoff }, true);
        match self.cx.wait(WaitKind::Handoff { queue, last_resort: true }, None) {
            Ok(()) => Ok(None),
            // The wait stands; that variables are too large is the trouble being handed over.
            Err(Stop::Trouble { .. }) => Ok(None),
            Err(Stop::Broken(error)) => Err(error),
        }
    }

    /// People did something with a conversation that came to them as the last resort.
    pub(super) fn last_resort_ended(&mut self, event: &DeskEvent) -> Next {
        match event {
            DeskEvent::Accepted { .. } => Next::Stay,
            DeskEvent::Returned { .. } | DeskEvent::Finished { .. } => {
                Next::Close { outcome: OUTCOME.to_owned() }
            }
            DeskEvent::OffHours | DeskEvent::Nobody | DeskEvent::Unavailable => {
                // Nobody is there now; whoever comes next must still see that somebody is waiting.
                let queue = self.cx.world.project.default_queue.clone();
                if queue.is_some() {
                    let text = "Um paciente ficou sem resposta: o fluxo falhou e ninguém aceitou a conversa.";
                    self.cx.effect(EffectKind::Notify { queue, desk: None, text: text.to_owned() }, false);
                }
                Next::Close { outcome: OUTCOME.to_owned() }
            }
        }
    }

    /// The channel refused a message for good: its node's port `failed` if that flow is still being played, else
    /// trouble.
    pub(super) fn send_failed(&mut self, effect: &EffectId, failure: &SendFailure) -> Result<Next, Stop> {
        let known = self.cx.session.sends.iter().position(|sent| {
            (sent.turn, sent.n) == (effect.turn, effect.n) && self.cx.session.id == effect.session
        });
        let Some(known) = known else {
            // Twenty messages ago, or heard of before: there is no place to go back to.
            return Ok(Next::Stay);
        };
        let waiting = self.cx.session.waiting.as_ref().map(|waiting| &waiting.kind);
        if waiting.is_some_and(WaitKind::is_in_flight) {
            self.cx.session.refused.push(Refused { effect: effect.clone(), failure: failure.clone() });
            return Ok(Next::Stay);
        }
        if matches!(waiting, Some(WaitKind::Handoff { last_resort: true, .. })) {
            return Ok(Next::Stay);
        }
        let with_people = matches!(waiting, Some(WaitKind::Handoff { .. }));
        let sent = self.cx.session.sends.remove(known);
        let alive = self.cx.session.frames.iter().position(|frame| frame.number == sent.frame);
        if with_people {
            // People have the conversation and see that the message did not arrive; only the author's own port of
            // the handoff itself takes it back from them.
            let own = alive == self.cx.session.frames.len().checked_sub(1) && *self.cx.node()? == sent.node;
            return Ok(match self.node()?.play().failed() {
                Some(to) if own => Next::port("failed", to),
                Some(_) | None => Next::Stay,
            });
        }
        if let Some(depth) = alive {
            self.unwind_to(depth)?;
            self.cx.frame_mut()?.node = sent.node.clone();
        }
        let (code, detail) = match failure {
            SendFailure::WindowClosed => (TroubleCode::WindowClosed, "the window for free text is closed"),
            SendFailure::NotReachable => (TroubleCode::SendFailed, "the contact cannot be reached"),
            SendFailure::OptedOut => (TroubleCode::SendFailed, "the contact does not want such messages"),
            SendFailure::Template => (TroubleCode::SendFailed, "the template was refused"),
            SendFailure::Media => (TroubleCode::SendFailed, "the media was refused"),
            SendFailure::Deadline => (TroubleCode::SendFailed, "tried until the deadline"),
            SendFailure::Unclear => (TroubleCode::SendFailed, "nothing is known of it"),
            SendFailure::Other(_) => (TroubleCode::SendFailed, "refused by the channel"),
        };
        if alive.is_some() {
            return Err(Stop::trouble(code, detail));
        }
        // The flow is gone: whoever plays now must still hear of it, and not by a port of another node.
        let trouble = Trouble { code, flow: sent.flow, node: sent.node, detail: detail.to_owned() };
        self.meet(trouble)?.unwrap_or(Ok(Next::Stay))
    }
}
