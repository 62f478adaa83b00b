//! A conversation under a virtual clock: steps in, what happened out.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::transcript;
use crate::error::Error;
use crate::flow::Library;
use crate::ids::{EffectId, WaitId};
use crate::nodes::Duration;
use crate::protocol::{
    Contact, Content, Conversation, Due, EffectKind, Inbound, Message, Object, Origin, Project, Resume,
    TimerChange, TimerKind, Trigger, Turn, Wake, World,
};
use crate::session::{Hearing, Session};
use crate::{resume, start};

/// A conversation.
pub(super) struct Driver<'a> {
    library: &'a Library,
    world: World,
    flow: String,
    session: Option<Session>,
    /// When the channel accepted a message; one that is not here it has not accepted.
    accepted: BTreeMap<EffectId, Timestamp>,
    accepts: bool,
    timers: BTreeMap<(WaitId, TimerKind), Due>,
    /// Buttons and rows by what is written on them, the latest first.
    choices: Vec<(String, String)>,
    sent: Vec<EffectId>,
    calls: Vec<(EffectId, WaitId)>,
    stopped: Vec<(EffectId, WaitId)>,
    held: VecDeque<Inbound>,
    messages: u32,
    lines: Vec<String>,
}

impl<'a> Driver<'a> {
    pub(super) fn new(library: &'a Library, world: &Value, case: &Value) -> Self {
        let project = Project {
            connections: ["rm".into()].into(),
            queues: [("recepcao".into(), "console".into()), ("geral".into(), "console".into())].into(),
            desks: ["console".into(), "jira".into()].into(),
            default_queue: Some("geral".into()),
            ..Project::default()
        };
        let contact = Contact { name: Some("Ana Souza".to_owned()), ..Contact::new("c1".into()) };
        let conversation = Conversation {
            id: "v1".into(),
            channel: "whatsapp".to_owned(),
            window_open: true,
            limits: Default::default(),
        };
        let mut driver = Self {
            library,
            world: World {
                now: "2026-03-12T12:00:00Z".parse().expect("a moment"),
                epoch: 1,
                contact,
                conversation,
                open_queues: ["recepcao".into(), "geral".into()].into(),
                project: Arc::new(project),
            },
            flow: case["flow"].as_str().unwrap_or("f").to_owned(),
            session: None,
            accepted: BTreeMap::new(),
            accepts: true,
            timers: BTreeMap::new(),
            choices: Vec::new(),
            sent: Vec::new(),
            calls: Vec::new(),
            stopped: Vec::new(),
            held: VecDeque::new(),
            messages: 0,
            lines: Vec::new(),
        };
        driver.change_world(world);
        driver.change_world(&case["world"]);
        driver
    }

    /// Plays a step: exactly one of its members says what happens.
    pub(super) fn step(&mut self, step: &Value) -> Value {
        let (verb, value) = step
            .as_object()
            .expect("a step is an object")
            .iter()
            .find(|(name, _)| !matches!(name.as_str(), "then" | "note" | "written" | "with"))
            .expect("a step says what happens");
        match verb.as_str() {
            "start" => self.start(value),
            "world" => self.change_world(value),
            "accept" => self.accept(value.as_bool().expect("true or false")),
            "say" => self.hear(Content::Text { text: text(value) }, step),
            "tap" => {
                let title = text(value);
                let found = self.choices.iter().find(|(written, _)| *written == title);
                let id = found.map(|(_, id)| id.clone()).unwrap_or_else(|| panic!("no button {title:?}"));
                self.hear(Content::Tap { id, title }, step);
            }
            "send" => self.hear(serde_json::from_value(value.clone()).expect("a content"), step),
            "after" => self.pass(value.as_str().and_then(|text| text.parse().ok()).expect("a duration")),
            "reply" => {
                let (effect, wait) = self.calls.pop().expect("a call in flight");
                let outcome = serde_json::from_value(value.clone()).expect("an outcome");
                self.wake(Wake::Http { wait, effect, outcome });
            }
            "replies" => {
                for _ in 0..value.as_u64().expect("a number") {
                    let (effect, wait) = self.calls.pop().expect("a call in flight");
                    let outcome = serde_json::from_value(step["with"].clone()).expect("an outcome");
                    self.lines.clear();
                    self.wake(Wake::Http { wait, effect, outcome });
                }
            }
            "desk" => {
                let (_, wait) = self.stopped.last().cloned().expect("a handoff");
                self.wake(Wake::Desk {
                    wait,
                    event: serde_json::from_value(value.clone()).expect("an event"),
                });
            }
            "ticket" => {
                let (_, wait) = self.stopped.pop().expect("a ticket");
                self.wake(Wake::Ticket {
                    wait,
                    outcome: serde_json::from_value(value.clone()).expect("an outcome"),
                });
            }
            "refuse" => {
                let back = step["with"].as_u64().unwrap_or(1) as usize;
                let effect = self.sent[self.sent.len() - back].clone();
                self.wake(Wake::SendFailed {
                    effect,
                    failure: serde_json::from_value(value.clone()).expect("a failure"),
                });
            }
            "close" => self.wake(Wake::Close { outcome: text(value) }),
            "timer" => {
                let wait = self.session.as_ref().expect("a session").wait_of(1);
                let timer = serde_json::from_value(value.clone()).expect("a timer");
                self.wake(Wake::Timer { wait, timer });
            }
            other => panic!("there is no step {other:?}"),
        }
        self.deliver_held();
        std::mem::take(&mut self.lines).into()
    }

    fn start(&mut self, value: &Value) {
        let message =
            value.get("say").map(|said| self.inbound(Content::Text { text: text(said) }, &Value::Null));
        let campaign = value.get("campaign").and_then(Value::as_object);
        let trigger = Trigger {
            session: "s1".into(),
            world: self.world.clone(),
            flow: self.flow.as_str().into(),
            origin: campaign.map_or(Origin::Default, |facts| Origin::Campaign { facts: facts.clone() }),
            message,
            inputs: value.get("inputs").and_then(Value::as_object).cloned().unwrap_or_default(),
        };
        let played = start(self.library, &trigger).expect("play is never an error");
        let again = start(self.library, &trigger).expect("play is never an error");
        assert_eq!(bytes(&played), bytes(&again), "the same input gave another turn");
        self.took(played);
    }

    /// Wakes the session, twice and through the stored form, and takes what came of it.
    fn wake(&mut self, wake: Wake) {
        let session = self.session.take().expect("a session");
        let resumed = Resume { world: self.world.clone(), wake };
        let stored = Session::decode(&session.encode()).expect("a stored session is read");
        assert_eq!(stored, session, "the stored form is not the session");
        let again = resume(self.library, stored, &resumed);
        match resume(self.library, session.clone(), &resumed) {
            Ok(played) => {
                assert_eq!(
                    bytes(&played),
                    bytes(&again.expect("as before")),
                    "the same input gave another turn"
                );
                self.took(played);
            }
            Err(error) => {
                assert_eq!(Err(&error), again.as_ref().map(|_| ()), "the same input gave another error");
                self.lines.push(format!("error: {error}"));
                self.session = (error != Error::Ended).then_some(session);
            }
        }
    }

    fn took(&mut self, (session, turn): (Session, Turn)) {
        for effect in &turn.effects {
            match &effect.kind {
                EffectKind::SendMessage { message } => {
                    if self.accepts {
                        self.accepted.insert(effect.id.clone(), self.world.now);
                    }
                    self.sent.push(effect.id.clone());
                    let (Message::Buttons { buttons: choices, .. } | Message::List { rows: choices, .. }) =
                        message
                    else {
                        continue;
                    };
                    let new = choices.iter().map(|choice| (choice.title.clone(), choice.id.clone()));
                    self.choices.splice(0..0, new);
                }
                EffectKind::CallHttp { .. } => {
                    self.calls.push((effect.id.clone(), effect.wait.clone().expect("a call wakes its wait")));
                }
                EffectKind::OpenHandoff { .. } | EffectKind::OpenTicket { .. } => {
                    self.stopped.extend(effect.wait.clone().map(|wait| (effect.id.clone(), wait)));
                }
                EffectKind::Notify { .. } | EffectKind::SendEmail { .. } => {}
            }
        }
        for change in &turn.timers {
            match change {
                TimerChange::Arm(timer) => {
                    self.timers.insert((timer.wait.clone(), timer.kind), timer.due.clone());
                }
                TimerChange::Disarm { wait, kind } => {
                    self.timers.remove(&(wait.clone(), *kind));
                }
            }
        }
        for change in &turn.contact {
            self.world.contact.apply(change);
        }
        self.lines.extend(transcript::lines(&session, &turn, self.world.now));
        self.session = Some(session);
    }

    fn inbound(&mut self, content: Content, step: &Value) -> Inbound {
        self.messages += 1;
        let written = step.get("written").and_then(Value::as_str).map_or(self.world.now, |before| {
            let before: Duration = before.parse().expect("so long before");
            self.world.now - signed(before)
        });
        Inbound {
            id: format!("m{}", self.messages),
            written_at: written,
            received_at: self.world.now,
            content,
            quoted: None,
            referral: None,
        }
    }

    fn hear(&mut self, content: Content, step: &Value) {
        let message = self.inbound(content, step);
        self.held.push_back(message);
    }

    fn deliver_held(&mut self) {
        while let Some(session) = &self.session {
            if session.is_ended() || self.held.is_empty() {
                return;
            }
            match session.hearing() {
                Hearing::Held => {
                    self.lines.push("held".to_owned());
                    return;
                }
                Hearing::People => {
                    self.lines.push("to people".to_owned());
                    self.held.pop_front();
                }
                Hearing::Plays => {
                    let asked_at =
                        session.question().and_then(|question| self.accepted.get(question)).copied();
                    let message = self.held.pop_front().expect("not empty");
                    self.wake(Wake::Message { message, asked_at });
                }
            }
        }
    }

    /// Time passes, and the timers that become due go off, in order.
    fn pass(&mut self, duration: Duration) {
        let end = self.world.now + signed(duration);
        loop {
            let moment = |due: &Due| match due {
                Due::At(moment) => Some(*moment),
                Due::AfterAccepted { effect, ms } => {
                    self.accepted.get(effect).map(|at| *at + SignedDuration::from_millis(*ms))
                }
            };
            let next = self
                .timers
                .iter()
                .filter_map(|(key, due)| Some((moment(due)?, key.clone())))
                .filter(|(moment, _)| *moment <= end)
                .min();
            let Some((moment, (wait, timer))) = next else { break };
            self.timers.remove(&(wait.clone(), timer));
            self.world.now = self.world.now.max(moment);
            if self.session.as_ref().is_some_and(|session| !session.is_ended()) {
                self.wake(Wake::Timer { wait, timer });
            }
        }
        self.world.now = end;
    }

    /// The channel accepts what is open and what follows, or stops accepting.
    fn accept(&mut self, accepts: bool) {
        self.accepts = accepts;
        if accepts {
            for effect in &self.sent {
                self.accepted.entry(effect.clone()).or_insert(self.world.now);
            }
        }
    }

    fn change_world(&mut self, changes: &Value) {
        let project = Arc::make_mut(&mut self.world.project);
        for (name, value) in changes.as_object().unwrap_or(&Object::new()) {
            match name.as_str() {
                "window_open" => {
                    self.world.conversation.window_open = value.as_bool().expect("true or false")
                }
                "limits" => {
                    self.world.conversation.limits = serde_json::from_value(value.clone()).expect("limits");
                }
                "open_queues" => {
                    self.world.open_queues = serde_json::from_value(value.clone()).expect("queues")
                }
                "contact" => {
                    let mut whole = json!(self.world.contact);
                    for (name, value) in value.as_object().expect("a contact") {
                        whole[name] = value.clone();
                    }
                    self.world.contact = serde_json::from_value(whole).expect("a contact");
                }
                "env" => project.env = value.as_object().expect("an object").clone(),
                "connections" => {
                    project.connections = serde_json::from_value(value.clone()).expect("connections");
                }
                "default_queue" => project.default_queue = value.as_str().map(Into::into),
                "trouble_flow" => project.trouble_flow = value.as_str().map(Into::into),
                "identity_tries" => project.identity_tries = value.as_u64().expect("a number") as u32,
                "time_zone" => project.time_zone = value.as_str().expect("a name").to_owned(),
                "holidays" => project.holidays = serde_json::from_value(value.clone()).expect("days"),
                other => panic!("the world has no {other:?}"),
            }
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::from_millis(duration.as_millis() as i64)
}

fn bytes((session, turn): &(Session, Turn)) -> (Vec<u8>, String) {
    (session.encode(), serde_json::to_string(turn).expect("a turn is JSON"))
}
