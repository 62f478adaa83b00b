//! A whole booking on the shipped flows, recorded: the input of every turn, so that it can be played again and again.
//!
//! Steps and the hospital's answers are those of the flows' own tests, so that this stays the conversation we ship.

mod project;

use std::collections::VecDeque;
use std::sync::Arc;

use fluxo_engine::check::{ProjectFacts, Severity, check};
use fluxo_engine::flow::Library;
use fluxo_engine::flow::source::Source;
use fluxo_engine::ids::{ContactId, FlowId};
use fluxo_engine::protocol::{
    Choice, Contact, Content, Conversation, Effect, EffectKind, HttpRequest, Inbound, Message, Method,
    Object, Origin, Resume, Trigger, Turn, Wake, World,
};
use fluxo_engine::test::{Case, Document, Mocks, Outside, Step};
use fluxo_engine::{Session, resume, start};

pub(crate) use project::{project, sources};

/// The case of `tests/agendamento.test.json` that is played.
const CASE: &str = "do CPF à consulta marcada por convênio, com e-mail";
/// The outcome without which nothing was booked.
const BOOKED: &str = "marcada";

/// What a turn is played with.
#[derive(Clone)]
pub(crate) enum Input {
    /// The first turn.
    Start(Box<Trigger>),
    /// Any other.
    Resume(Box<Resume>),
}

/// The recorded conversation.
pub(crate) struct Booking {
    pub(crate) library: Library,
    /// One a turn.
    pub(crate) inputs: Vec<Input>,
    /// What was tapped, and the place of the turn that the tap began.
    taps: Vec<(String, usize)>,
}

/// The checked library of these documents.
///
/// # Panics
/// When the checker finds an error.
pub(crate) fn library(sources: &[(String, String)], facts: &ProjectFacts) -> Library {
    let report = check(sources.iter().map(|(path, text)| Source::read(path, text)), facts);
    assert_eq!(report.count(Severity::Error), 0, "{:?}", report.diagnostics);
    report.library.expect("without an error there is a library")
}

/// Plays one turn.
///
/// # Panics
/// When the engine refuses its input.
pub(crate) fn play(library: &Library, session: Option<Session>, input: &Input) -> (Session, Turn) {
    let played = match (input, session) {
        (Input::Start(trigger), _) => start(library, trigger),
        (Input::Resume(input), Some(session)) => resume(library, session, input),
        (Input::Resume(_), None) => panic!("there is no session to resume"),
    };
    played.expect("the engine takes what it was recorded with")
}

/// That the conversation came to its end with an appointment.
///
/// # Panics
/// When it did not.
pub(crate) fn assert_booked(session: Option<&Session>) {
    assert_eq!(session.and_then(Session::outcome), Some(BOOKED), "no appointment was booked");
}

impl Booking {
    /// Plays the case once and keeps the input of every turn.
    ///
    /// # Panics
    /// When the case does not end with an appointment that the hospital's system was asked for.
    pub(crate) fn record() -> Self {
        let text = project::read("tests/agendamento.test.json");
        let value = serde_json::from_str(&text).expect("a flow test is JSON");
        let document = Document::from_value(value).expect("a flow test of ours is well formed");
        let case = document.cases.iter().find(|case| case.title == CASE).expect("the case is there");
        let mut recorder = Recorder::new(&document, case);
        recorder.play(&document.flow, case);
        assert_booked(recorder.session.as_ref());
        assert!(recorder.asked_to_book, "the hospital's system was not asked for an appointment");
        Self { library: recorder.library, inputs: recorder.inputs, taps: recorder.taps }
    }

    /// The session before an option was tapped, and the tap.
    ///
    /// # Panics
    /// When the case taps no such option.
    pub(crate) fn before_tap(&self, option: &str) -> (Session, &Input) {
        let tap = self.taps.iter().find(|(tapped, _)| tapped == option);
        let (_, place) = tap.unwrap_or_else(|| panic!("{option:?} is not tapped"));
        let mut session = None;
        for input in &self.inputs[..*place] {
            session = Some(play(&self.library, session, input).0);
        }
        (session.expect("a tap is not the first input"), &self.inputs[*place])
    }
}

/// The conversation while it is recorded.
struct Recorder {
    library: Library,
    world: World,
    mocks: Mocks,
    session: Option<Session>,
    shown: Vec<Choice>,
    inputs: Vec<Input>,
    taps: Vec<(String, usize)>,
    asked_to_book: bool,
}

impl Recorder {
    fn new(document: &Document, case: &Case) -> Self {
        let project = project();
        let mut contact = Contact::new(ContactId::from("contato"));
        if let Some(who) = case.contact.as_ref().or(document.contact.as_ref()) {
            contact.name.clone_from(&who.name);
            contact.phone.clone_from(&who.phone);
        }
        let world = World {
            now: case.now.unwrap_or(document.now),
            epoch: 1,
            contact,
            conversation: Conversation {
                id: "conversa".into(),
                channel: "whatsapp".to_owned(),
                window_open: true,
                limits: fluxo_engine::protocol::ChannelLimits::default(),
            },
            open_queues: project.queues.keys().cloned().collect(),
            project: Arc::new(project),
        };
        Self {
            library: library(&sources(), &ProjectFacts::from(&*world.project)),
            world,
            mocks: Mocks::new(case.http.iter().chain(&document.http)),
            session: None,
            shown: Vec::new(),
            inputs: Vec::new(),
            taps: Vec::new(),
            asked_to_book: false,
        }
    }

    fn play(&mut self, flow: &FlowId, case: &Case) {
        let message = case.message.as_ref().map(|text| self.inbound(Content::Text { text: text.clone() }));
        self.turn(Input::Start(Box::new(Trigger {
            session: "s1".into(),
            world: self.world.clone(),
            flow: flow.clone(),
            origin: Origin::Message,
            message,
            inputs: Object::new(),
        })));
        for step in &case.steps {
            let content = match step {
                Step::Say(text) => Content::Text { text: text.clone() },
                Step::Choose(option) => self.tap(option),
                // The flow test itself holds what is expected on the way.
                Step::Expect(_) => continue,
                Step::Send(_)
                | Step::After(_)
                | Step::Return(_)
                | Step::Finish(_)
                | Step::Desk(_)
                | Step::Refuse(_) => panic!("the case has a step that is not played here"),
            };
            let message = self.inbound(content);
            let wake = Wake::Message { message, asked_at: Some(self.world.now) };
            self.resume(wake);
        }
    }

    fn inbound(&self, content: Content) -> Inbound {
        Inbound {
            id: format!("message-{}", self.inputs.len()),
            written_at: self.world.now,
            received_at: self.world.now,
            content,
            quoted: None,
            referral: None,
        }
    }

    /// A tap on an option of the open menu, by its id or its title.
    fn tap(&mut self, option: &str) -> Content {
        self.taps.push((option.to_owned(), self.inputs.len()));
        let id = self.session.as_ref().and_then(|session| session.wire_id(option));
        let choice = self
            .shown
            .iter()
            .rev()
            .find(|choice| id.as_ref().map_or(choice.title == option, |id| *id == choice.id))
            .unwrap_or_else(|| panic!("there is no option {option:?}"));
        Content::Tap { id: choice.id.clone(), title: choice.title.clone() }
    }

    fn resume(&mut self, wake: Wake) {
        let world = self.world.clone();
        self.turn(Input::Resume(Box::new(Resume { world, wake })));
    }

    /// Plays a turn, and those that the hospital's answers begin.
    fn turn(&mut self, input: Input) {
        let (session, turn) = play(&self.library, self.session.take(), &input);
        self.inputs.push(input);
        self.session = Some(session);
        for change in &turn.contact {
            self.world.contact.apply(change);
        }
        let mut wakes = VecDeque::new();
        for effect in turn.effects {
            wakes.extend(self.perform(effect));
        }
        for wake in wakes {
            self.resume(wake);
        }
    }

    fn perform(&mut self, effect: Effect) -> Option<Wake> {
        match effect.kind {
            EffectKind::SendMessage { message } => {
                if let Message::Buttons { buttons: choices, .. } | Message::List { rows: choices, .. } =
                    message
                {
                    self.shown.extend(choices);
                }
                None
            }
            EffectKind::CallHttp { request } => {
                self.asked_to_book |= books(&request);
                let outcome = self.mocks.call(&request).expect("the test answers every request");
                effect.wait.map(|wait| Wake::Http { wait, effect: effect.id, outcome })
            }
            EffectKind::Notify { .. } | EffectKind::SendEmail { .. } => None,
            EffectKind::OpenHandoff { .. } | EffectKind::OpenTicket { .. } => {
                panic!("a booking that goes well needs no people")
            }
        }
    }
}

fn books(request: &HttpRequest) -> bool {
    request.method == Method::Post && request.path.ends_with("/appointments")
}
