//! What a node may see and do in play: values of the moment, variables, effects, timers, the contact.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::Value;

use super::bubbles::texts;
use super::duration::Duration;
use super::play::Stop;
use super::values::Roots;
use crate::error::Error;
use crate::expr::Facts;
use crate::ids::{DeskId, EffectId, NodeId, QueueId, WaitId};
use crate::protocol::{
    Contact, ContactChange, Due, Effect, EffectKind, Event, Message, Object, Timer, TimerChange, TimerKind,
    TroubleCode, Turn, World,
};
use crate::session::{Frame, Sent, Session, WaitKind, Waiting};

/// Messages since the last input that was not the result of an effect.
pub(crate) const MAX_MESSAGES: u32 = 20;
/// Calls since the last input that was not the result of an effect.
pub(crate) const MAX_CALLS: u32 = 50;
/// Messages remembered for a refusal that comes later.
const REMEMBERED_SENDS: usize = MAX_MESSAGES as usize;

/// What a flow says about its variables, as far as assigning one goes.
pub(crate) trait Declares {
    /// Whether a variable is kept with the contact.
    fn remembers(&self, variable: &str) -> bool;
}

/// One turn, as a node sees it.
pub(crate) struct NodeContext<'a> {
    pub(crate) world: &'a World,
    pub(crate) session: Session,
    pub(crate) turn: Turn,
    /// The turn's copy, with its changes applied.
    pub(crate) contact: Contact,
    /// The flow of the innermost frame.
    pub(crate) declares: &'a dyn Declares,
    /// The message being played came before the open question could be seen.
    pub(crate) early: bool,
    pub(super) now: Zoned,
    pub(super) facts: Facts,
    pub(super) roots: Roots,
    pub(super) locals: Vec<(String, Value)>,
}

impl<'a> NodeContext<'a> {
    /// The turn that comes next in a session.
    pub(crate) fn new(
        world: &'a World,
        mut session: Session,
        declares: &'a dyn Declares,
    ) -> Result<Self, Error> {
        let zone = TimeZone::get(&world.project.time_zone)
            .map_err(|_| Error::Invariant(format!("time zone {} is not known", world.project.time_zone)))?;
        let facts = Facts {
            holidays: world.project.holidays.clone(),
            open_queues: world.open_queues.iter().map(|queue| (queue.0.clone(), true)).collect(),
        };
        let roots = Roots::new(world, &session);
        session.turns += 1;
        let turn = Turn { number: session.turns, ..Turn::default() };
        Ok(Self {
            now: world.now.to_zoned(zone),
            contact: world.contact.clone(),
            world,
            session,
            turn,
            declares,
            early: false,
            facts,
            roots,
            locals: Vec::new(),
        })
    }

    // What is known.

    /// The moment of the turn, in the project's time zone.
    pub(crate) fn now(&self) -> &Zoned {
        &self.now
    }

    /// The innermost frame.
    pub(crate) fn frame(&self) -> Result<&Frame, Error> {
        self.session.frames.last().ok_or_else(no_frame)
    }

    /// The innermost frame.
    pub(crate) fn frame_mut(&mut self) -> Result<&mut Frame, Error> {
        self.session.frames.last_mut().ok_or_else(no_frame)
    }

    /// The node being played.
    pub(crate) fn node(&self) -> Result<&NodeId, Error> {
        Ok(&self.frame()?.node)
    }

    /// The open wait, or the one that the visit would begin.
    pub(crate) fn wait_id(&self) -> WaitId {
        let visit = self.session.waiting.as_ref().map_or(self.session.visits, |waiting| waiting.visit);
        self.session.wait_of(visit)
    }

    /// The open wait.
    pub(crate) fn waiting(&mut self) -> Result<&mut Waiting, Error> {
        self.session
            .waiting
            .as_mut()
            .ok_or_else(|| Error::Invariant("a node was resumed that does not wait".to_owned()))
    }

    /// A failure of the engine: a wait of another kind than the node's.
    pub(crate) fn wrong_wait(&self) -> Stop {
        Stop::Broken(Error::Invariant(format!("the wait {} is of another kind of node", self.wait_id())))
    }

    // Effects.

    /// Asks something of the world. With `answers`, its result wakes this node's wait.
    pub(crate) fn effect(&mut self, kind: EffectKind, answers: bool) -> EffectId {
        let id = EffectId {
            epoch: self.world.epoch,
            session: self.session.id.clone(),
            turn: self.turn.number,
            n: u32::try_from(self.turn.effects.len()).unwrap_or(u32::MAX),
        };
        let wait = answers.then(|| self.wait_id());
        self.turn.effects.push(Effect { id: id.clone(), wait, kind });
        id
    }

    /// Says something.
    pub(crate) fn say(&mut self, message: Message) -> Result<EffectId, Stop> {
        self.send(message, false)
    }

    /// Says a text, in several bubbles if it is too long for one.
    pub(crate) fn say_text(&mut self, text: &str) -> Result<(), Stop> {
        for bubble in texts(text, self.world.conversation.limits.text) {
            self.say(bubble)?;
        }
        Ok(())
    }

    /// Says something that puts the question of this node's wait.
    pub(crate) fn question(&mut self, message: Message) -> Result<EffectId, Stop> {
        self.send(message, true)
    }

    fn send(&mut self, message: Message, question: bool) -> Result<EffectId, Stop> {
        if !self.world.conversation.window_open && !matches!(message, Message::Template { .. }) {
            return Err(Stop::trouble(TroubleCode::WindowClosed, "only a template may be sent now"));
        }
        if self.session.since_input.messages >= MAX_MESSAGES {
            let detail = format!("more than {MAX_MESSAGES} messages since the last input");
            return Err(Stop::trouble(TroubleCode::TooManyMessages, detail));
        }
        self.session.since_input.messages += 1;
        let effect = self.effect(EffectKind::SendMessage { message }, question);
        let frame = self.frame()?;
        let sent = Sent {
            turn: effect.turn,
            n: effect.n,
            frame: frame.number,
            flow: frame.flow.clone(),
            node: frame.node.clone(),
        };
        self.session.sends.push(sent);
        let over = self.session.sends.len().saturating_sub(REMEMBERED_SENDS);
        self.session.sends.drain(..over);
        Ok(effect)
    }

    /// Counts a call before it is made.
    pub(crate) fn count_call(&mut self) -> Result<(), Stop> {
        if self.session.since_input.calls >= MAX_CALLS {
            let detail = format!("more than {MAX_CALLS} calls since the last input");
            return Err(Stop::trouble(TroubleCode::TooManyCalls, detail));
        }
        self.session.since_input.calls += 1;
        Ok(())
    }

    /// Something that happened.
    pub(crate) fn event(&mut self, event: Event) {
        self.turn.events.push(event);
    }

    /// Changes the contact, at once for what follows in this turn.
    pub(crate) fn change_contact(&mut self, change: ContactChange) {
        self.contact.apply(&change);
        self.roots.contact = None;
        self.turn.contact.push(change);
    }

    /// What the contact sent last, for `input`.
    pub(crate) fn set_input(&mut self, input: Object) {
        self.session.input = input;
        self.roots.input = None;
    }

    /// The choice that the last message made, for `input.choice`.
    pub(crate) fn set_choice(&mut self, id: &str) {
        self.session.input.insert("choice".to_owned(), Value::from(id));
        self.roots.input = None;
    }

    /// A queue of the project.
    pub(crate) fn known_queue(&self, queue: &QueueId) -> Result<(), Stop> {
        if self.world.project.queues.contains_key(queue) {
            return Ok(());
        }
        Err(Stop::trouble(TroubleCode::UnknownQueue, format!("the project has no queue `{queue}`")))
    }

    /// A desk of the project.
    pub(crate) fn known_desk(&self, desk: &DeskId) -> Result<(), Stop> {
        if self.world.project.desks.contains(desk) {
            return Ok(());
        }
        Err(Stop::trouble(TroubleCode::UnknownDesk, format!("the project has no desk `{desk}`")))
    }

    // Waiting.

    /// Begins the visit's wait.
    pub(crate) fn wait(&mut self, kind: WaitKind, question: Option<EffectId>) -> Result<(), Stop> {
        let frame = self.frame()?;
        let (flow, node) = (frame.flow.clone(), frame.node.clone());
        let visit = self.session.visits;
        self.session.waiting =
            Some(Waiting { visit, question, attempts: 0, repeated: false, timers: Vec::new(), kind });
        let wait = self.session.wait_of(visit);
        self.event(Event::WaitBegan { wait, flow, node });
        self.check_size()
    }

    /// Arms or moves a timer of the open wait.
    pub(crate) fn arm(&mut self, kind: TimerKind, due: Due) -> Result<(), Error> {
        let waiting = self.waiting()?;
        if !waiting.timers.contains(&kind) {
            waiting.timers.push(kind);
        }
        let timer = Timer { wait: self.wait_id(), kind, due };
        self.turn.timers.push(TimerChange::Arm(timer));
        Ok(())
    }

    /// Arms a timer that starts when the open question has been accepted by the channel.
    pub(crate) fn arm_after_question(&mut self, kind: TimerKind, after: Duration) -> Result<(), Error> {
        let ms = i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
        let due = match self.waiting()?.question.clone() {
            Some(effect) => Due::AfterAccepted { effect, ms },
            None => Due::At(self.later(after)),
        };
        self.arm(kind, due)
    }

    /// Disarms a timer of the open wait.
    pub(crate) fn disarm(&mut self, kind: TimerKind) -> Result<(), Error> {
        let waiting = self.waiting()?;
        if waiting.timers.contains(&kind) {
            waiting.timers.retain(|armed| *armed != kind);
            let wait = self.wait_id();
            self.turn.timers.push(TimerChange::Disarm { wait, kind });
        }
        Ok(())
    }

    /// Ends the open wait, with its timers.
    pub(crate) fn end_wait(&mut self) {
        if let Some(waiting) = self.session.waiting.take() {
            let wait = self.session.wait_of(waiting.visit);
            for kind in waiting.timers {
                self.turn.timers.push(TimerChange::Disarm { wait: wait.clone(), kind });
            }
        }
    }

    /// The moment so long from now.
    pub(crate) fn later(&self, after: Duration) -> Timestamp {
        add(self.world.now, after)
    }
}

/// A moment so long after another; the end of time if there is none.
pub(crate) fn add(moment: Timestamp, after: Duration) -> Timestamp {
    let ms = i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
    moment.checked_add(jiff::SignedDuration::from_millis(ms)).unwrap_or(Timestamp::MAX)
}

fn no_frame() -> Error {
    Error::Invariant("no flow is being played".to_owned())
}
