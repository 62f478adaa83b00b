//! A contact, a clock and a desk around one session: everything of the runtime that a conversation notices,
//! without a disk, a network or a wall clock.

mod delivery;
mod effects;
mod replay;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::Failure;
use super::document::{Case, Document};
use super::outside::{Outside, PlayerError};
use super::said::Said;
use crate::flow::Library;
use crate::ids::{ContactId, EffectId, FlowId, SessionId, WaitId};
use crate::protocol::{
    Choice, Contact, Content, Conversation, DeskEvent, Due, Event, Handoff, Inbound, Object, Origin, Project,
    Resume, SendFailure, TicketRequest, TimerChange, TimerKind, Trigger, Wake, World,
};
use crate::session::{Hearing, Session};
use replay::Input;

/// The channel that tests are held on.
const CHANNEL: &str = "whatsapp";

/// Plays one conversation.
#[derive(Debug)]
pub struct Player<'a> {
    library: &'a Library,
    project: Arc<Project>,
    now: Timestamp,
    contact: Contact,
    window_open: bool,
    closed: Vec<String>,
    refuse_tickets: bool,
    session: Option<Session>,
    sessions: u32,
    messages: u32,
    accepted: BTreeMap<EffectId, Timestamp>,
    timers: BTreeMap<(WaitId, TimerKind), Timestamp>,
    held: VecDeque<Inbound>,
    said: Vec<Said>,
    shown: Vec<Choice>,
    handoffs: Vec<(Option<WaitId>, Handoff)>,
    tickets: Vec<TicketRequest>,
    notices: Vec<String>,
    events: Vec<Event>,
    fresh_events: usize,
}

impl<'a> Player<'a> {
    /// A conversation that has not begun.
    pub fn new(library: &'a Library, project: Project, document: &Document, case: &Case) -> Self {
        let mut project = project;
        project.env.extend(document.env.clone());
        let who = case.contact.clone().or_else(|| document.contact.clone()).unwrap_or_default();
        let mut contact = Contact::new(ContactId::from("contato"));
        contact.name = who.name;
        contact.phone = who.phone;
        contact.tags.extend(who.tags);
        contact.fields = who.fields;
        let mut player = Self::with(library, project, contact, case.now.unwrap_or(document.now));
        player.window_open = case.window_open;
        player.closed.clone_from(&case.closed);
        player.refuse_tickets = case.refuse_tickets;
        player
    }

    /// A conversation that has not begun, of a contact at a moment.
    pub fn with(library: &'a Library, project: Project, contact: Contact, now: Timestamp) -> Self {
        Self {
            library,
            project: Arc::new(project),
            now,
            contact,
            window_open: true,
            closed: Vec::new(),
            refuse_tickets: false,
            session: None,
            sessions: 0,
            messages: 0,
            accepted: BTreeMap::new(),
            timers: BTreeMap::new(),
            held: VecDeque::new(),
            said: Vec::new(),
            shown: Vec::new(),
            handoffs: Vec::new(),
            tickets: Vec::new(),
            notices: Vec::new(),
            events: Vec::new(),
            fresh_events: 0,
        }
    }

    /// The session, the last one when it has ended.
    pub fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// What was said since the contact last did something.
    pub fn said(&self) -> &[Said] {
        &self.said
    }

    /// Buttons and rows the contact can tap, the newest message's last.
    pub fn shown(&self) -> &[Choice] {
        &self.shown
    }

    /// All that happened.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// What happened since the contact last did something.
    pub fn fresh_events(&self) -> &[Event] {
        &self.events[self.fresh_events..]
    }

    /// Handoffs since the contact last did something.
    pub fn handoffs(&self) -> impl Iterator<Item = &Handoff> {
        self.handoffs.iter().map(|(_, handoff)| handoff)
    }

    /// Tickets opened since the contact last did something.
    pub fn tickets(&self) -> &[TicketRequest] {
        &self.tickets
    }

    /// What the staff was told since the contact last did something.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// The contact as it is now.
    pub fn contact(&self) -> &Contact {
        &self.contact
    }

    /// The virtual clock.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Moves the virtual clock to the real one, for a conversation held live.
    pub fn set_now(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
    }

    /// When the earliest timer is due.
    pub fn next_timer(&self) -> Option<Timestamp> {
        self.timers.values().min().copied()
    }

    /// Starts a flow.
    ///
    /// # Errors
    /// [`PlayerError`].
    pub fn start(
        &mut self,
        flow: &FlowId,
        origin: Origin,
        message: Option<&str>,
        inputs: Object,
        outside: &mut dyn Outside,
    ) -> Result<(), PlayerError> {
        let message = message.map(|text| self.inbound(Content::Text { text: text.to_owned() }));
        self.begin(flow.clone(), origin, message, inputs, outside)
    }

    /// The contact types.
    ///
    /// # Errors
    /// [`PlayerError`].
    pub fn say(&mut self, text: &str, outside: &mut dyn Outside) -> Result<(), PlayerError> {
        self.send(Content::Text { text: text.to_owned() }, outside)
    }

    /// The contact sends something.
    ///
    /// # Errors
    /// [`PlayerError`].
    pub fn send(&mut self, content: Content, outside: &mut dyn Outside) -> Result<(), PlayerError> {
        self.step(outside);
        let message = self.inbound(content);
        self.deliver(message, outside)
    }

    /// The contact taps an option, by its title or its id: of the open menu, else of any menu shown before.
    ///
    /// # Errors
    /// A failure that names what could be tapped.
    pub fn choose(&mut self, option: &str, outside: &mut dyn Outside) -> Result<(), Failure> {
        let wanted = crate::answer::fold::fold(option);
        let by_id = self.session.as_ref().and_then(|session| session.wire_id(option));
        let shown = self.shown.iter().rev();
        let found = shown
            .clone()
            .find(|choice| Some(&choice.id) == by_id.as_ref())
            .or_else(|| shown.clone().find(|choice| crate::answer::fold::fold(&choice.title) == wanted))
            .cloned()
            .or_else(|| by_id.map(|id| Choice { id, title: option.to_owned(), description: None }));
        let Some(choice) = found else {
            let there: Vec<String> = self.shown.iter().map(|choice| format!("{:?}", choice.title)).collect();
            let there = if there.is_empty() { "—".to_owned() } else { there.join(", ") };
            return Err(Failure::new(
                format!("não há opção {option:?} para tocar; opções: {there}"),
                format!("there is no option {option:?} to tap; options: {there}"),
            ));
        };
        Ok(self.send(Content::Tap { id: choice.id, title: choice.title }, outside)?)
    }

    /// Time passes, and timers fire in their order.
    ///
    /// # Errors
    /// [`PlayerError`].
    pub fn after(&mut self, ms: u64, outside: &mut dyn Outside) -> Result<(), PlayerError> {
        self.step(outside);
        let until = self.now + SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX));
        self.fire_until(until, outside)
    }

    /// Fires what is due up to a moment, which the clock then shows.
    ///
    /// # Errors
    /// [`PlayerError`].
    pub fn fire_until(&mut self, until: Timestamp, outside: &mut dyn Outside) -> Result<(), PlayerError> {
        while let Some((due, key)) = self.timers.iter().map(|(key, due)| (*due, key.clone())).min() {
            if due > until {
                break;
            }
            self.timers.remove(&key);
            self.now = self.now.max(due);
            let (wait, timer) = key;
            if self.open_wait().as_ref() == Some(&wait) {
                self.resume(Wake::Timer { wait, timer }, outside)?;
            }
        }
        self.now = self.now.max(until);
        Ok(())
    }

    /// People do something with the open handoff.
    ///
    /// # Errors
    /// A failure when people do not have the conversation.
    pub fn desk(&mut self, event: DeskEvent, outside: &mut dyn Outside) -> Result<(), Failure> {
        let with_people = self.session.as_ref().is_some_and(|session| session.hearing() == Hearing::People);
        let Some(wait) = self.open_wait().filter(|_| with_people) else {
            return Err(Failure::new(
                "a conversa não está com atendentes",
                "people do not have the conversation",
            ));
        };
        self.step(outside);
        Ok(self.resume(Wake::Desk { wait, event }, outside)?)
    }

    /// The channel refuses the last message for good.
    ///
    /// # Errors
    /// A failure when nothing was said, or the session is over.
    pub fn refuse(&mut self, failure: SendFailure, outside: &mut dyn Outside) -> Result<(), Failure> {
        let Some(said) = self.said.last().filter(|_| self.is_open()) else {
            return Err(Failure::new(
                "não há mensagem que o canal pudesse recusar",
                "there is no message the channel could refuse",
            ));
        };
        let effect = said.effect.clone();
        self.step(outside);
        Ok(self.resume(Wake::SendFailed { effect, failure }, outside)?)
    }

    /// Whether a session is open.
    pub fn is_open(&self) -> bool {
        self.session.as_ref().is_some_and(|session| !session.is_ended())
    }

    fn open_wait(&self) -> Option<WaitId> {
        self.session.as_ref().and_then(Session::wait_id)
    }

    fn step(&mut self, outside: &mut dyn Outside) {
        outside.step();
        self.said.clear();
        self.handoffs.clear();
        self.tickets.clear();
        self.notices.clear();
        self.fresh_events = self.events.len();
    }

    fn world(&self) -> World {
        let open = self.project.queues.keys().filter(|queue| !self.closed.contains(&queue.0)).cloned();
        World {
            now: self.now,
            epoch: 1,
            contact: self.contact.clone(),
            conversation: Conversation {
                id: "conversa".into(),
                channel: CHANNEL.to_owned(),
                window_open: self.window_open,
                limits: crate::protocol::ChannelLimits::default(),
            },
            open_queues: open.collect(),
            project: Arc::clone(&self.project),
        }
    }

    fn begin(
        &mut self,
        flow: FlowId,
        origin: Origin,
        message: Option<Inbound>,
        inputs: Object,
        outside: &mut dyn Outside,
    ) -> Result<(), PlayerError> {
        self.sessions += 1;
        let session = SessionId(format!("t{}", self.sessions));
        let trigger = Trigger { session, world: self.world(), flow, origin, message, inputs };
        self.play(Input::Start(Box::new(trigger)), outside)
    }

    fn resume(&mut self, wake: Wake, outside: &mut dyn Outside) -> Result<(), PlayerError> {
        let resume = Resume { world: self.world(), wake };
        self.play(Input::Resume(Box::new(resume)), outside)
    }

    fn play(&mut self, input: Input, outside: &mut dyn Outside) -> Result<(), PlayerError> {
        let (session, turn) = replay::twice(self.library, self.session.as_ref(), &input)?;
        self.session = Some(session);
        self.events.extend(turn.events);
        for change in &turn.contact {
            self.contact.apply(change);
        }
        let mut wakes = VecDeque::new();
        for effect in turn.effects {
            self.perform(effect, &mut wakes, outside)?;
        }
        for change in turn.timers {
            match change {
                TimerChange::Arm(timer) => {
                    let due = match timer.due {
                        Due::At(at) => at,
                        // Every message is accepted at once here.
                        Due::AfterAccepted { ms, .. } => self.now + SignedDuration::from_millis(ms),
                    };
                    self.timers.insert((timer.wait, timer.kind), due);
                }
                TimerChange::Disarm { wait, kind } => {
                    self.timers.remove(&(wait, kind));
                }
            }
        }
        if turn.ended.is_some() {
            self.timers.clear();
        }
        for wake in wakes {
            self.resume(wake, outside)?;
        }
        self.deliver_held(outside)
    }
}
