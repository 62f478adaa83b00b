//! A release whose flow does what the contact says, so that each test reads as a conversation.

use std::collections::BTreeMap;
use std::sync::Arc;

use fluxo_engine::error::Error;
use fluxo_engine::flow::{Flow, Library};
use fluxo_engine::ids::{EffectId, FlowId, ReleaseId, SessionId, WaitId};
use fluxo_engine::protocol::{
    Assign, Content, DeskEvent, Due, Effect, EffectKind, Event, Handoff, HttpOutcome, HttpRequest, Inbound,
    Message, Method, NotPlayed, Object, Origin, Project, Resume, TicketRequest, Timer, TimerChange,
    TimerKind, Trigger, Turn, Wake, World,
};
use serde::{Deserialize, Serialize};

use crate::releases::{Compiler, Door, Finding, Hearing, Place, Played, Release, Route, Standing, Tested};
use crate::store::Documents;

/// One flow, `eco`; the name of the release stands in what it says.
#[derive(Debug)]
pub(super) struct Script(pub(super) ReleaseId);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct State {
    id: SessionId,
    turn: u32,
    visit: u32,
    wait: Kind,
    question: Option<EffectId>,
    closing: Option<String>,
    ended: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    Ask,
    Http,
    Handoff,
    Ticket,
}

struct Playing<'a> {
    world: &'a World,
    state: State,
    turn: Turn,
}

impl Playing<'_> {
    fn wait(&self) -> WaitId {
        WaitId { session: self.state.id.clone(), visit: self.state.visit }
    }

    fn effect(&mut self, kind: EffectKind, waits: bool) -> EffectId {
        let id = EffectId {
            epoch: self.world.epoch,
            session: self.state.id.clone(),
            turn: self.state.turn,
            n: u32::try_from(self.turn.effects.len()).unwrap(),
        };
        let wait = waits.then(|| self.wait());
        self.turn.effects.push(Effect { id: id.clone(), wait, kind });
        id
    }

    fn say(&mut self, text: &str) -> EffectId {
        self.effect(EffectKind::SendMessage { message: Message::Text { text: text.to_owned() } }, false)
    }

    fn begin(&mut self, kind: Kind) {
        self.state.visit += 1;
        self.state.wait = kind;
        self.state.question = None;
    }

    fn ask(&mut self, text: &str) {
        self.begin(Kind::Ask);
        let id = self.say(text);
        self.state.question = Some(id);
    }

    fn call(&mut self, method: Method) {
        self.begin(Kind::Http);
        let request = HttpRequest {
            connection: "rm".into(),
            method,
            path: "/agenda".into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            timeout_ms: 10_000,
            retry: None,
            idempotency_key: None,
        };
        self.effect(EffectKind::CallHttp { request }, true);
    }

    fn end(&mut self, outcome: &str) {
        self.state.ended = Some(outcome.to_owned());
        self.turn.ended = Some(outcome.to_owned());
        self.turn.events.push(Event::SessionEnded { outcome: outcome.to_owned() });
    }

    fn hear(&mut self, text: &str) -> Result<(), Error> {
        match text {
            "chamar" => self.call(Method::Get),
            "gravar" => {
                self.say("gravando");
                self.call(Method::Post);
            }
            "pessoa" | "fechada" => {
                self.begin(Kind::Handoff);
                let handoff = Handoff {
                    queue: if text == "pessoa" { "recepcao".into() } else { "fechada".into() },
                    summary: "quer uma pessoa".into(),
                    ticket: None,
                    assign: Assign::Queue,
                    prefer_last_attendant: false,
                };
                self.effect(EffectKind::OpenHandoff { handoff }, true);
                let due = Due::At(self.world.now + jiff::SignedDuration::from_mins(10));
                self.arm(TimerKind::AcceptWithin, due);
            }
            "chamado" => {
                self.begin(Kind::Ticket);
                let ticket = TicketRequest {
                    desk: "console".into(),
                    kind: "ti".into(),
                    summary: "sem rede".into(),
                    description: "no balcão".into(),
                    fields: Object::new(),
                };
                self.effect(EffectKind::OpenTicket { ticket }, true);
            }
            "email" => {
                let (to, subject) = (vec!["a@b.example".into()], "oi".into());
                self.effect(EffectKind::SendEmail { to, subject, text: "oi".into(), html: None }, false);
                self.ask("enviado?");
            }
            "velha" => {
                self.turn.events.push(Event::NotPlayed { reason: NotPlayed::TooOld });
                self.ask("e agora?");
            }
            "prazo" => {
                self.ask("responda em um minuto");
                let effect = self.state.question.clone().unwrap();
                self.arm(TimerKind::NoAnswer, Due::AfterAccepted { effect, ms: 60_000 });
            }
            "fim" => {
                self.say("tchau");
                self.end("ok");
            }
            "enorme" => {
                self.ask(&"x".repeat(300 * 1024));
            }
            "erro" => return Err(Error::Invariant("asked for".into())),
            "panico" => panic!("asked for"),
            other => self.ask(&format!("eco {other}")),
        }
        Ok(())
    }

    fn arm(&mut self, kind: TimerKind, due: Due) {
        let wait = self.wait();
        self.turn.timers.push(TimerChange::Arm(Timer { wait, kind, due }));
    }

    fn played(mut self) -> Played {
        self.turn.number = self.state.turn;
        Played {
            standing: standing(&self.state),
            session: serde_json::to_vec(&self.state).unwrap(),
            turn: self.turn,
        }
    }
}

fn standing(state: &State) -> Standing {
    let hearing = match state.wait {
        Kind::Ask => Hearing::Plays,
        Kind::Http | Kind::Ticket => Hearing::Held,
        Kind::Handoff => Hearing::People,
    };
    let open = state.ended.is_none();
    let wait = open.then(|| WaitId { session: state.id.clone(), visit: state.visit });
    Standing { hearing, wait, question: state.question.clone().filter(|_| open) }
}

fn read(session: &[u8]) -> Result<State, Error> {
    serde_json::from_slice(session).map_err(|error| Error::Stored(error.to_string()))
}

fn text(message: &Inbound) -> &str {
    if let Content::Text { text } = &message.content { text } else { "?" }
}

/// What a hospital of these tests plays.
#[derive(Debug, Clone)]
pub(super) enum Flows {
    /// The script: its release is named by the text of the first document.
    Script,
    /// The engine, with these documents.
    Engine(Documents),
}

impl Flows {
    pub(super) fn documents(&self) -> Documents {
        match self {
            Self::Script => vec![("eco.json".to_owned(), "v1".to_owned())],
            Self::Engine(documents) => documents.clone(),
        }
    }
}

impl Compiler for Flows {
    fn check(&self, documents: &Documents) -> Result<Arc<dyn Release>, Vec<Finding>> {
        self.read(documents).map_err(|reason| vec![Finding::plain(reason)])
    }

    fn test(&self, _: &Library, _: &Documents) -> Tested {
        Tested::default()
    }

    fn read(&self, documents: &Documents) -> Result<Arc<dyn Release>, String> {
        if let Self::Engine(_) = self {
            let flows: Result<Vec<Flow>, _> = documents.iter().map(|(_, text)| Flow::parse(text)).collect();
            return Ok(Arc::new(Library::new(flows.map_err(|error| error.to_string())?)));
        }
        match documents.first() {
            Some((_, text)) if text != "broken" => Ok(Arc::new(Script(text.as_str().into()))),
            Some(_) | None => Err("broken".to_owned()),
        }
    }
}

impl Release for Script {
    fn id(&self) -> &ReleaseId {
        &self.0
    }

    fn route(&self, project: &Project, _channel: &str, message: &Inbound) -> Route {
        if matches!(message.content, Content::Tap { .. }) {
            return Route::StaleTap { text: project.stale_tap_text.clone(), flow: Some("eco".into()) };
        }
        match text(message) {
            "ninguem" => Route::Nothing,
            _ => Route::Start { flow: "eco".into(), origin: Origin::Default },
        }
    }

    fn door(&self, flow: &FlowId) -> Door {
        BTreeMap::from([("eco", Door::Open), ("dentro", Door::Closed)])
            .get(flow.as_str())
            .copied()
            .unwrap_or(Door::Missing)
    }

    fn place(&self, session: &[u8]) -> Result<Place, Error> {
        let wait = read(session)?.wait;
        let in_flight = matches!(wait, Kind::Http | Kind::Ticket);
        Ok(Place { flow: "eco".into(), node: format!("{wait:?}").into(), in_flight })
    }

    fn standing(&self, session: &[u8]) -> Result<Standing, Error> {
        read(session).map(|state| standing(&state))
    }

    fn start(&self, trigger: &Trigger) -> Result<Played, Error> {
        let state = State {
            id: trigger.session.clone(),
            turn: 1,
            visit: 0,
            wait: Kind::Ask,
            question: None,
            closing: None,
            ended: None,
        };
        let mut playing = Playing { world: &trigger.world, state, turn: Turn::default() };
        match trigger.message.as_ref().map(text) {
            Some(word @ ("erro" | "panico" | "chamar" | "gravar" | "pessoa")) => playing.hear(word)?,
            Some(word) => playing.ask(&format!("{} ouviu {word}", self.0)),
            None => playing.ask(&format!("{} começou", self.0)),
        }
        Ok(playing.played())
    }

    fn resume(&self, session: &[u8], resume: &Resume) -> Result<Played, Error> {
        let mut state = read(session)?;
        assert!(state.ended.is_none(), "an ended session is not resumed");
        state.turn += 1;
        let mut playing = Playing { world: &resume.world, state, turn: Turn::default() };
        let open = playing.wait();
        match &resume.wake {
            Wake::Message { message, .. } => {
                assert_eq!(playing.state.wait, Kind::Ask, "the session does not hear");
                playing.hear(text(message))?;
            }
            Wake::Timer { wait, timer } => {
                assert_eq!(*wait, open, "a stale timer came through");
                playing.ask(&format!("{timer:?}"));
            }
            Wake::Http { wait, outcome, .. } if *wait == open => {
                let told = match outcome {
                    HttpOutcome::Response(response) => response.status.to_string(),
                    HttpOutcome::Timeout | HttpOutcome::Unreachable | HttpOutcome::Unknown => {
                        format!("{outcome:?}")
                    }
                };
                match playing.state.closing.clone() {
                    Some(outcome) => playing.end(&outcome),
                    None => playing.ask(&told),
                }
            }
            Wake::Http { wait, .. } => {
                playing.turn.events.push(Event::ResultTooLate { wait: wait.clone() });
            }
            Wake::SendFailed { failure, .. } => {
                let text = format!("falhou {failure:?}");
                playing.effect(EffectKind::Notify { queue: None, desk: None, text }, false);
            }
            Wake::Desk { event, .. } => match event {
                DeskEvent::Accepted { .. } => {}
                DeskEvent::Returned { .. } => playing.ask("voltou"),
                DeskEvent::Finished { .. } => playing.end("atendido"),
                DeskEvent::OffHours | DeskEvent::Nobody | DeskEvent::Unavailable => playing.ask("sem gente"),
            },
            Wake::Ticket { outcome, .. } => playing.ask(&format!("{outcome:?}")),
            Wake::Close { outcome } => match playing.state.wait {
                Kind::Http => playing.state.closing = Some(outcome.clone()),
                Kind::Ask | Kind::Handoff | Kind::Ticket => playing.end(outcome),
            },
        }
        Ok(playing.played())
    }
}
