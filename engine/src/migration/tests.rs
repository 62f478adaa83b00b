//! Plays every case: a session is begun on one release, its flows are changed, and it is moved or stays.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Migration, Obstacle};
use crate::check::Language;
use crate::flow::{Flow, Library};
use crate::protocol::{
    Contact, Content, Conversation, EffectKind, Inbound, Message, Object, Origin, Project, Resume,
    SendFailure, Trigger, Turn, Wake, World,
};
use crate::session::Session;
use crate::test::{Document, Mocks, Player, Step};
use crate::{ENGINE_VERSION, resume, start};

fn cases() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/migration/cases");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("the cases").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let read = |file: &std::path::PathBuf| -> Vec<Value> {
        let text = std::fs::read_to_string(file).expect("a case file");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    };
    files.iter().flat_map(read).collect()
}

/// The flows of a case: each with the members that are always the same added.
fn library(flows: &Value) -> Library {
    Library::new(flows.as_object().expect("flows by id").iter().map(|(id, flow)| {
        let mut flow = flow.clone();
        let members = flow.as_object_mut().expect("a flow");
        members.entry("format").or_insert(json!(1));
        members.insert("flow".into(), json!(id));
        members.insert("title".into(), json!(id));
        let first =
            members["nodes"].as_object().and_then(|nodes| nodes.keys().next()).expect("a node").clone();
        members.entry("start").or_insert(json!(first));
        Flow::parse(&flow.to_string()).unwrap_or_else(|error| panic!("{id}: {error}\n{flow}"))
    }))
}

/// The flows with the changes of a case: a pointer and what stands there; `null` takes it away.
fn changed(flows: &Value, changes: &Value) -> Value {
    let mut flows = flows.clone();
    for (pointer, value) in changes.as_object().expect("changes by pointer") {
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        let parent = flows.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer} leads nowhere"));
        match parent {
            Value::Object(members) if value.is_null() => {
                drop(members.shift_remove(key).expect("it was there"))
            }
            Value::Object(members) => drop(members.insert(key.to_owned(), value.clone())),
            Value::Array(items) => items[key.parse::<usize>().expect("a place")] = value.clone(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => panic!("{pointer}"),
        }
    }
    flows
}

struct Contacts {
    world: World,
    messages: u32,
}

impl Contacts {
    fn new() -> Self {
        let project = Project {
            connections: ["rm".into()].into(),
            queues: [("recepcao".into(), "console".into())].into(),
            desks: ["console".into()].into(),
            default_queue: Some("recepcao".into()),
            ..Project::default()
        };
        let conversation = Conversation {
            id: "v1".into(),
            channel: "whatsapp".to_owned(),
            window_open: true,
            limits: Default::default(),
        };
        let world = World {
            now: "2026-03-12T12:00:00Z".parse().expect("a moment"),
            epoch: 1,
            contact: Contact::new("c1".into()),
            conversation,
            open_queues: ["recepcao".into()].into(),
            project: Arc::new(project),
        };
        Self { world, messages: 0 }
    }

    fn begin(&mut self, library: &Library, flow: &str) -> (Session, Turn) {
        let trigger = Trigger {
            session: "s1".into(),
            world: self.world.clone(),
            flow: flow.into(),
            origin: Origin::Api,
            message: None,
            inputs: Object::new(),
        };
        start(library, &trigger).expect("it starts")
    }

    fn wake(&mut self, library: &Library, session: Session, wake: Wake) -> (Session, Turn) {
        let bytes = session.encode();
        let session = Session::decode(&bytes).expect("what was stored is read");
        resume(library, session, &Resume { world: self.world.clone(), wake }).expect("it goes on")
    }

    /// `"text"`, `{"choose": id}` or `{"refused": turn}`.
    fn step(&mut self, library: &Library, session: Session, step: &Value) -> (Session, Turn) {
        self.messages += 1;
        self.world.now += jiff::SignedDuration::from_secs(60);
        if let Some(number) = step.get("refused").and_then(Value::as_u64) {
            let effect = crate::ids::EffectId {
                epoch: 1,
                session: session.id().clone(),
                turn: u32::try_from(number).expect("a turn"),
                n: 0,
            };
            let failure = SendFailure::NotReachable;
            return self.wake(library, session, Wake::SendFailed { effect, failure });
        }
        let content = match (step.as_str(), step.get("choose").and_then(Value::as_str)) {
            (Some(text), _) => Content::Text { text: text.to_owned() },
            (None, Some(option)) => {
                let id = session.wire_id(option).unwrap_or_else(|| panic!("no option {option}"));
                Content::Tap { id, title: option.to_owned() }
            }
            (None, None) => panic!("no step: {step}"),
        };
        let message = Inbound {
            id: format!("m{}", self.messages),
            written_at: self.world.now,
            received_at: self.world.now,
            content,
            quoted: None,
            referral: None,
        };
        let asked_at = Some(self.world.now - jiff::SignedDuration::from_secs(30));
        self.wake(library, session, Wake::Message { message, asked_at })
    }
}

fn said(turn: &Turn) -> Vec<String> {
    let texts = turn.effects.iter().filter_map(|effect| match &effect.kind {
        EffectKind::SendMessage { message } => Some(match message {
            Message::Text { text } | Message::Buttons { text, .. } | Message::List { text, .. } => {
                text.clone()
            }
            Message::Media { .. }
            | Message::Location { .. }
            | Message::Link { .. }
            | Message::Template { .. }
            | Message::LocationRequest { .. }
            | Message::PhoneRequest { .. } => format!("{message:?}"),
        }),
        EffectKind::CallHttp { .. }
        | EffectKind::OpenTicket { .. }
        | EffectKind::Notify { .. }
        | EffectKind::OpenHandoff { .. }
        | EffectKind::SendEmail { .. } => None,
    });
    texts.collect()
}

#[test]
fn every_case_moves_or_says_why_not() {
    let mut wrong = Vec::new();
    for case in cases() {
        let title = case["title"].as_str().expect("a title");
        let (old, new) = (library(&case["flows"]), library(&changed(&case["flows"], &case["changes"])));
        assert_ne!(old.release(), new.release(), "{title}: nothing changes");
        let mut contacts = Contacts::new();
        let (mut session, _) = contacts.begin(&old, case["flow"].as_str().unwrap_or("f"));
        for step in case["steps"].as_array().into_iter().flatten() {
            (session, _) = contacts.step(&old, session, step);
        }
        let migration = Migration::between(&old, &new);
        let back = Migration::between(&new, &old);
        match (migration.of(&session), case.get("obstacles")) {
            (Ok(_), Some(expected)) => wrong.push(format!("{title}: it was moved, in spite of {expected}")),
            (Err(found), expected) => {
                let told: Vec<String> = found.iter().map(|found| found.told(Language::Portuguese)).collect();
                if expected != Some(&json!(told)) {
                    wrong.push(format!("{title}: {}", json!(told)));
                }
            }
            (Ok(moved), None) => {
                assert_eq!(moved.release(), new.release());
                assert_eq!((moved.wait_id(), moved.question()), (session.wait_id(), session.question()));
                assert_eq!(migration.of(&session).as_ref(), Ok(&moved), "the same again");
                assert_eq!(migration.of(&moved), Err(vec![Obstacle::OtherRelease]), "{title}");
                if case.get("one_way").is_none() {
                    assert_eq!(back.of(&moved).as_ref(), Ok(&session), "{title}: there and back");
                }
                let mut heard: Vec<String> = Vec::new();
                let mut session = moved;
                for step in case["then"].as_array().expect("what happens then") {
                    let turn;
                    (session, turn) = contacts.step(&new, session, step);
                    heard.extend(said(&turn));
                    heard.extend(turn.ended.map(|outcome| format!("[{outcome}]")));
                }
                if json!(heard) != case["hears"] {
                    wrong.push(format!("{title}: hears {}", json!(heard)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a case has to show; the rest is the caller's to know, or shown below.
fn shown_by_a_case(obstacle: &Obstacle) -> bool {
    match obstacle {
        Obstacle::OtherRelease | Obstacle::Engine { .. } | Obstacle::SendInDoubt => false,
        Obstacle::Ended
        | Obstacle::CallInFlight
        | Obstacle::TicketInFlight
        | Obstacle::WithPeople
        | Obstacle::NoFlow { .. }
        | Obstacle::NoNode { .. }
        | Obstacle::Type { .. }
        | Obstacle::Ports { .. }
        | Obstacle::Call { .. }
        | Obstacle::Question { .. }
        | Obstacle::Unassigned { .. } => true,
    }
}

#[test]
fn every_obstacle_has_a_case_and_a_text_in_both_languages() {
    let mut kinds = std::collections::BTreeSet::new();
    for case in cases() {
        let (old, new) = (library(&case["flows"]), library(&changed(&case["flows"], &case["changes"])));
        let mut contacts = Contacts::new();
        let (mut session, _) = contacts.begin(&old, case["flow"].as_str().unwrap_or("f"));
        for step in case["steps"].as_array().into_iter().flatten() {
            (session, _) = contacts.step(&old, session, step);
        }
        for obstacle in Migration::between(&old, &new).of(&session).err().unwrap_or_default() {
            assert!(shown_by_a_case(&obstacle));
            let text = obstacle.text();
            assert_ne!(text.pt, text.en);
            kinds.insert(json!(obstacle)["obstacle"].to_string());
        }
    }
    assert_eq!(kinds.len(), 11, "{kinds:?}");
}

#[test]
fn a_session_of_another_engine_or_release_stays() {
    let flows = json!({ "f": { "nodes": { "q": { "type": "ask", "text": "?", "answer": { "type": "any" }, "next": "q" } } } });
    let (old, new) = (library(&flows), library(&changed(&flows, &json!({ "/f/nodes/q/text": "??" }))));
    let (session, _) = Contacts::new().begin(&old, "f");
    let older = Session { engine: ENGINE_VERSION + 1, ..session.clone() };
    let (from, to) = (ENGINE_VERSION + 1, ENGINE_VERSION);
    let refused = Migration::between(&old, &new).of(&older);
    assert_eq!(refused, Err(vec![Obstacle::Engine { session: from, engine: to }]));
    assert_eq!(Migration::between(&new, &old).of(&session), Err(vec![Obstacle::OtherRelease]));
}

/// A text with more at its end, wherever a flow says something.
fn reworded(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (key, member) in members.iter_mut() {
                match member {
                    Value::String(text) if key == "text" => text.push_str(" Obrigado."),
                    Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
                    Value::Array(_) | Value::Object(_) => reworded(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(reworded),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A project that has all that flows name.
fn named_by(library: &Library) -> Project {
    let mut project = Project::default();
    for found in library.flows().flat_map(|flow| flow.nodes()).map(|(_, node)| node.inspection()) {
        project.connections.extend(found.connections.into_iter().map(|named| named.name));
        project.desks.extend(found.desks.into_iter().map(|named| named.name));
        project.queues.extend(found.queues.into_iter().map(|named| (named.name, "console".into())));
    }
    project.desks.insert("console".into());
    project
}

/// Wherever the tests of the shipped flows leave a patient, new words keep nobody from going along.
#[test]
fn sessions_of_the_shipped_flows_go_along_when_only_words_change() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../flows");
    let read = |folder: &Path| -> Vec<Value> {
        let entries =
            std::fs::read_dir(folder).expect("the flows").map(|entry| entry.expect("an entry").path());
        let mut files: Vec<_> =
            entries.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
        files.sort();
        let text = |file: &std::path::PathBuf| std::fs::read_to_string(file).expect("a document");
        files.iter().map(|file| serde_json::from_str(&text(file)).expect("JSON")).collect()
    };
    let mut flows = read(&folder);
    let library = |flows: &[Value]| {
        Library::new(flows.iter().map(|flow| Flow::parse(&flow.to_string()).expect("a flow")))
    };
    let old = library(&flows);
    flows.iter_mut().for_each(reworded);
    let new = library(&flows);
    let (there, back) = (Migration::between(&old, &new), Migration::between(&new, &old));
    let (mut moved, mut kept) = (0, 0);
    let mut look = |session: Option<&Session>| {
        let Some(session) = session.filter(|session| !session.is_ended()) else { return };
        match there.of(session) {
            Ok(found) => {
                assert_eq!(back.of(&found).as_ref(), Ok(session));
                moved += 1;
            }
            Err(obstacles) => {
                let busy = [Obstacle::CallInFlight, Obstacle::TicketInFlight, Obstacle::WithPeople];
                let place = session.place();
                assert!(obstacles.iter().all(|found| busy.contains(found)), "{place:?}: {obstacles:?}");
                kept += 1;
            }
        }
    };
    let project = named_by(&old);
    for document in read(&folder.join("tests")) {
        let document = Document::from_value(document).expect("a flow test");
        for case in &document.cases {
            let mut mocks = Mocks::new(case.http.iter().chain(&document.http));
            let mut player = Player::new(&old, project.clone(), &document, case);
            let origin = if case.message.is_some() { Origin::Message } else { Origin::Api };
            let (message, inputs) = (case.message.as_deref(), case.inputs.clone());
            player.start(&document.flow, origin, message, inputs, &mut mocks).expect("it starts");
            look(player.session());
            for step in &case.steps {
                match step {
                    Step::Say(text) => player.say(text, &mut mocks).expect("it goes on"),
                    Step::Choose(option) if player.choose(option, &mut mocks).is_ok() => {}
                    Step::After(time) => player.after(time.as_millis(), &mut mocks).expect("it goes on"),
                    Step::Expect(_) => {}
                    // What the desk or the channel does, or what another project would offer.
                    Step::Choose(_)
                    | Step::Send(_)
                    | Step::Return(_)
                    | Step::Finish(_)
                    | Step::Desk(_)
                    | Step::Refuse(_) => break,
                }
                look(player.session());
            }
        }
    }
    assert!(moved > 400 && kept > 0, "{moved} moved, {kept} kept");
}
