//! Whatever happens in a conversation can be played again to the same bytes, and what was tampered with is named.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use fluxo_engine::ids::ConversationId;
use fluxo_engine::protocol::{Content, Event, Object, Origin, SendFailure, Wake};
use serde_json::{Value, json};

use super::script::Flows;
use super::world::{ACCOUNT, Hospital, SECOND, both, phone};
use crate::channels::{SendError, Told};
use crate::foundation::clock::Clock;
use crate::replay::{Kind, Left, Part, Replay, Replayed, Scope, Verdict};
use crate::store::{Documents, Input, JournalEntry, Kept, SendState};
use crate::workers;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const QUARTER: Duration = Duration::from_secs(15 * 60);

/// Asks, calls, remembers, hands over, repeats, gives up.
fn flow() -> Value {
    json!({
        "format": 1, "flow": "recado", "title": "Recado", "start": "nome",
        "triggers": [{ "when": "default" }, { "when": "api" }],
        "variables": { "nome": { "type": "name", "remember": true } },
        "interrupts": [
            { "when": "keyword", "keywords": ["atendente"], "next": "gente" },
            { "when": "idle", "after": "10m", "next": "ainda" }
        ],
        "nodes": {
            "nome": {
                "type": "ask", "text": "Qual é o seu nome?", "answer": { "type": "name" }, "save": "nome",
                "invalid": { "text": "Não entendi.", "attempts": 2, "next": "gente" },
                "no_answer": { "after": "15m", "next": "fim" }, "next": "gravar"
            },
            "gravar": {
                "type": "http", "connection": "rm",
                "request": { "method": "POST", "path": "/recados", "body": { "nome": "{{ nome }}" } },
                "on": { "success": "marcar", "failure": "fora", "unknown": "fora" }
            },
            "marcar": { "type": "tag", "add": ["recado"], "next": "qual" },
            "qual": {
                "type": "menu", "text": "Obrigado, {{ nome | first_name }}. Mais alguma coisa?",
                "options": [
                    { "id": "sim", "title": "Sim", "next": "gente" },
                    { "id": "nao", "title": "Não", "next": "fim" }
                ],
                "invalid": { "text": "Escolha uma opção.", "attempts": 3, "next": "gente" },
                "no_answer": { "after": "15m", "next": "fim" }
            },
            "gente": {
                "type": "handoff", "queue": "recepcao", "text": "Vou chamar alguém.",
                "summary": "{{ nome | default('?') }} deixou um recado", "on": { "returned": "fim" }
            },
            "ainda": { "type": "message", "text": "Ainda está aí?", "next": "fim" },
            "fora": { "type": "end", "outcome": "fora", "text": "O sistema está fora do ar." },
            "fim": { "type": "end", "outcome": "ok", "text": "Até logo, {{ nome | default('você') }}." }
        }
    })
}

fn documents(flow: &Value) -> Documents {
    vec![("recado.json".to_owned(), flow.to_string())]
}

fn replay(hospital: &Hospital) -> Arc<Replay> {
    let (store, releases) = (hospital.here.store(), hospital.here.releases());
    Arc::new(Replay::new(Arc::clone(store), Arc::clone(releases)))
}

/// All that can happen to a contact in one conversation.
async fn lived() -> (Hospital, ConversationId) {
    let hospital = Hospital::with(Flows::Engine(documents(&flow()))).await;
    let ana = both("BR.1", "5511987654321");
    for text in ["oi", "!!!", "Ana Lima", "não"] {
        hospital.hears(&ana, text).await;
        hospital.clock.forward(SECOND);
    }
    // A question that is never answered, after one that was misunderstood.
    hospital.hears(&ana, "oi").await;
    hospital.later(QUARTER).await;
    // People take it, talk, and give it back.
    for text in ["oi", "atendente"] {
        hospital.hears(&ana, text).await;
    }
    let id = hospital.only().await;
    hospital.here.take(&id, "Rita").await.unwrap();
    hospital.hears(&ana, "o que vocês precisam saber?").await;
    hospital.here.give_back(&id, "Rita", Some("resolvido"), Some("ligar para 52998224725")).await.unwrap();
    hospital.works().await;
    // A message that is refused, a session that is replaced, a reaction, something late.
    hospital.hears(&ana, "oi").await;
    let failed = Told::Status {
        account: ACCOUNT.to_owned(),
        message: "x".to_owned(),
        effect: Some(hospital.last_effect()),
        state: SendState::Failed,
        at: hospital.clock.now(),
        failure: Some(SendFailure::Media),
    };
    hospital.here.intake("whatsapp", vec![failed]).await.unwrap();
    hospital.works().await;
    hospital.here.take(&id, "Rita").await.unwrap();
    hospital.here.finish(&id, "Rita", None, None).await.unwrap();
    hospital.hears(&ana, "oi").await;
    hospital.answers([SendError::Unclear]);
    let flow = "recado".into();
    let inputs = Object::new();
    hospital.here.start_session("whatsapp", &ana, None, &flow, &inputs, None).await.unwrap();
    hospital.later(DAY).await;
    let reaction = Content::Reaction { emoji: Some("👍".into()), to: "out-0".into() };
    let told = hospital.told_of(&ana, "r1", reaction, Duration::ZERO);
    hospital.here.intake("whatsapp", vec![told]).await.unwrap();
    // The name is known by now, and stays with a contact who moves to another number.
    hospital.hears(&ana, "oi").await;
    let (from, to) = (ana.clone(), both("BR.1", "5511912345678"));
    let moved =
        Told::AddressChanged { account: ACCOUNT.to_owned(), from, to: to.clone(), id: "m".to_owned() };
    hospital.here.intake("whatsapp", vec![moved]).await.unwrap();
    hospital.hears(&to, "Ana Maria Lima").await;
    (hospital, id)
}

fn all_equal(sessions: &[Replayed]) {
    for session in sessions {
        assert_eq!((&session.verdict, session.equal), (&Verdict::Equal, session.turns), "{session:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_turn_comes_to_the_same_bytes_whatever_happened() {
    let (hospital, id) = lived().await;
    let journal = hospital.here.store().journal(&id, 1000).await.unwrap();
    let kept =
        |entry: &JournalEntry| if let Kept::Whole(kept) = &entry.kept { Some(kept.clone()) } else { None };
    let kept: Vec<_> = journal.iter().filter_map(kept).collect();
    assert_eq!(kept.len(), journal.len());
    let wakes: Vec<&str> = kept
        .iter()
        .map(|kept| match &kept.input {
            Input::Start { origin: Origin::Api, .. } => "api",
            Input::Start { .. } => "start",
            Input::Wake(Wake::Message { .. }) => "message",
            Input::Wake(Wake::Timer { .. }) => "timer",
            Input::Wake(Wake::Http { .. }) => "http",
            Input::Wake(Wake::SendFailed { .. }) => "failed",
            Input::Wake(Wake::Desk { .. }) => "desk",
            Input::Wake(Wake::Ticket { .. }) => "ticket",
            Input::Wake(Wake::Close { .. }) => "close",
        })
        .collect();
    for wake in ["api", "start", "message", "timer", "http", "failed", "desk", "close"] {
        assert!(wakes.contains(&wake), "nothing of {wake} happened: {wakes:?}");
    }
    let whole = kept.iter().filter(|kept| kept.contact.is_some()).count();
    assert!(whole < journal.len() * 2 / 3, "{whole} of {} turns repeat the contact", journal.len());

    let replay = replay(&hospital);
    let sessions = replay.conversation(&id).await.unwrap();
    assert!(sessions.len() >= 5, "{sessions:?}");
    all_equal(&sessions);
    let all = replay.all(Scope::default(), |_| true).await.unwrap().unwrap();
    assert_eq!((all.conversations, all.sessions, all.differ), (1, sessions.len() as u64, 0));
    assert_eq!((all.turns, all.equal), (journal.len() as u64, journal.len() as u64));
    let later = Scope { since: Some(hospital.clock.now() + jiff::SignedDuration::from_secs(1)) };
    assert_eq!(replay.all(later, |_| true).await.unwrap().unwrap().sessions, 0);
    assert_eq!(replay.all(Scope::default(), |_| false).await.unwrap(), None, "nobody wanted it");
    // The same after a kill, from the disk alone.
    drop(replay);
    let hospital = hospital.killed().await;
    all_equal(&self::replay(&hospital).conversation(&id).await.unwrap());
}

#[tokio::test]
async fn what_was_tampered_with_is_named() {
    let (hospital, id) = lived().await;
    let journal = hospital.here.store().journal(&id, 1000).await.unwrap();
    let replay = replay(&hospital);
    let first = async |change: &dyn Fn(&mut JournalEntry)| {
        let mut tampered = journal.clone();
        change(&mut tampered[2]);
        let sessions = replay.entries(&id, tampered).await.unwrap();
        assert_eq!(sessions[0].equal, 2, "the turns before are as they were");
        all_equal(&sessions[1..]);
        match sessions[0].verdict.clone() {
            Verdict::Differs(difference) => *difference,
            other @ (Verdict::Equal | Verdict::Left(_)) => panic!("{other:?}"),
        }
    };
    let of = |entry: &mut JournalEntry, change: &dyn Fn(&mut crate::store::Recorded)| {
        if let Kept::Whole(recorded) = &mut entry.kept {
            change(recorded);
        }
    };

    // The third turn: the name was taken, and is written to RM.
    let said = first(&|entry| {
        of(entry, &|recorded| {
            if let Input::Wake(Wake::Message { message, .. }) = &mut recorded.input {
                message.content = Content::Text { text: "Eva Lima".to_owned() };
            }
        });
    })
    .await;
    assert_eq!((said.turn, said.part, said.place.as_str()), (3, Part::Effects, "/0/kind/request/body/nome"));
    assert_eq!((&said.expected, &said.actual), (&Some(json!("Ana Lima")), &Some(json!("Eva Lima"))));
    assert_eq!(said.flow.as_ref().map(|flow| flow.as_str()), Some("recado"));
    assert_eq!(said.node.as_ref().map(|node| node.as_str()), Some("gravar"));
    let masked = said.masked();
    assert_eq!((&masked.expected, &masked.actual), (&Some(json!("•••")), &Some(json!("•••"))));

    let event = first(&|entry| {
        for event in &mut entry.events {
            if let Event::PortTaken { port, .. } = event {
                *port = "invalid".to_owned();
            }
        }
    })
    .await;
    assert_eq!((event.part, event.place.ends_with("/port")), (Part::Events, true), "{event:?}");
    assert_eq!((event.expected, event.actual), (Some(json!("invalid")), Some(json!("next"))));

    let lost = first(&|entry| entry.events.truncate(1)).await;
    assert_eq!((lost.part, lost.expected), (Part::Events, None));

    for (part, change) in [
        (Part::Session, (|recorded| recorded.prints.session ^= 1) as fn(&mut crate::store::Recorded)),
        (Part::Timers, |recorded| recorded.prints.timers ^= 1),
        (Part::Contact, |recorded| recorded.prints.contact ^= 1),
        (Part::Effects, |recorded| recorded.prints.effects.push(7)),
    ] {
        let found = first(&|entry| of(entry, &change)).await;
        assert_eq!((found.turn, found.part), (3, part), "{found:?}");
        assert!(found.expected.is_some());
    }

    // What was said is found in the transcript: the fourth turn, after the call was answered.
    let mut tampered = journal.clone();
    of(&mut tampered[3], &|recorded| recorded.prints.effects[0] ^= 1);
    let verdict = replay.entries(&id, tampered).await.unwrap()[0].verdict.clone();
    let Verdict::Differs(found) = verdict else { panic!("{verdict:?}") };
    assert_eq!((found.turn, found.part, found.place.as_str()), (4, Part::Effects, "/0"));

    let mut gap = journal.clone();
    gap.remove(2);
    let verdict = &replay.entries(&id, gap).await.unwrap()[0].verdict;
    assert_eq!(*verdict, Verdict::Left(Left::Gap));
    let mut late = journal.clone();
    late.remove(0);
    let verdict = &replay.entries(&id, late).await.unwrap()[0].verdict;
    assert_eq!(*verdict, Verdict::Left(Left::Cut));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_release_says_where_it_would_have_done_something_else() {
    let (hospital, id) = lived().await;
    let replay = replay(&hospital);
    let sessions = replay.conversation(&id).await.unwrap().len() as u64;
    let with = async |change: &dyn Fn(&mut Value)| {
        let mut flow = flow();
        change(&mut flow);
        let release = hospital.here.releases().unpublished(&documents(&flow)).unwrap();
        let courses = replay.conversation_with(&id, &*release).await.unwrap();
        let other = replay.all_with(release, Scope::default(), |_| true).await.unwrap().unwrap();
        assert_eq!((other.conversations, other.sessions), (1, sessions));
        assert_eq!(other.same + other.words + other.way, sessions);
        assert!(other.left.is_empty() && other.unreadable.is_empty());
        (other, courses)
    };

    let (same, courses) = with(&|_| {}).await;
    assert_eq!((same.same, same.ways.len(), same.texts.len()), (sessions, 0, 0));
    assert!(courses.iter().all(|course| course.same == course.turns));
    let (same, _) = with(&|flow| flow["title"] = json!("Recados")).await;
    assert_eq!(same.same, sessions, "what nobody sees makes no difference");

    let (texts, courses) =
        with(&|flow| flow["nodes"]["qual"]["text"] = json!("Algo mais, {{ nome }}?")).await;
    assert_eq!((texts.way, texts.texts.len()), (0, 1), "{texts:?}");
    let group = &texts.texts[0];
    assert_eq!((group.kind, group.node.as_ref().map(|node| node.as_str())), (Kind::Text, Some("qual")));
    assert_eq!((group.sessions, &group.conversation), (texts.words, &id));
    assert_eq!(courses[0].same, courses[0].turns, "other words do not end the comparison");
    let (place, was, is) = courses[0].words.clone().unwrap().detail.unwrap();
    assert_eq!(place, "/0/kind/message/text");
    assert_eq!(
        (was, is),
        (Some(json!("Obrigado, Ana. Mais alguma coisa?")), Some(json!("Algo mais, Ana Lima?")))
    );
    let masked = courses[0].words.clone().unwrap().masked();
    assert!(!serde_json::to_string(&masked).unwrap().contains("Ana"));

    let (ways, _) = with(&|flow| flow["nodes"]["qual"]["options"][1]["next"] = json!("gente")).await;
    assert_eq!((ways.way, ways.ways.len()), (1, 1), "{ways:?}");
    let group = &ways.ways[0];
    assert_eq!((group.kind, group.node.as_ref().map(|node| node.as_str())), (Kind::Node, Some("qual")));
    assert_eq!(group.expected.as_deref(), Some("recado/fim"));
    assert_eq!(group.actual.as_deref(), Some("recado/gente"));
    assert!(group.example.as_str().ends_with(".1"), "{group:?}");

    let (answers, _) = with(&|flow| flow["nodes"]["nome"]["answer"] = json!({ "type": "cpf" })).await;
    assert!(answers.ways.iter().any(|group| group.kind == Kind::Answer), "{answers:?}");
    assert!(answers.ways.iter().all(|group| group.node.as_ref().is_some_and(|node| node.as_str() == "nome")));

    let (calls, courses) = with(&|flow| flow["nodes"]["gravar"]["request"]["path"] = json!("/avisos")).await;
    assert_eq!(calls.texts.iter().map(|group| group.kind).collect::<Vec<_>>(), [Kind::Effect], "{calls:?}");
    let detail = courses[0].words.clone().unwrap().detail.unwrap();
    assert_eq!(detail.0, "/0/kind/request/path");

    let (gone, _) = with(&|flow| {
        flow["flow"] = json!("outro");
    })
    .await;
    assert_eq!(gone.way, sessions);
    assert!(gone.ways.iter().any(|group| group.kind == Kind::Start));
    assert!(gone.ways.iter().any(|group| group.kind == Kind::Input), "the one that the API began");
}

#[tokio::test]
async fn a_session_whose_beginning_is_cut_says_so_and_the_others_replay() {
    let (hospital, id) = lived().await;
    let sessions = replay(&hospital).conversation(&id).await.unwrap();
    let began: Vec<_> = sessions.iter().map(|session| session.began.unwrap()).collect();
    // So that the second session is cut in its middle.
    let kept = hospital.clock.now().duration_since(began[1]) - jiff::SignedDuration::from_secs(1);
    workers::retention::pass(&hospital.here, Duration::try_from(kept).unwrap()).await.unwrap();
    let sessions = replay(&hospital).conversation(&id).await.unwrap();
    let verdicts: Vec<&Verdict> = sessions.iter().map(|session| &session.verdict).collect();
    assert_eq!(verdicts[..2], [&Verdict::Left(Left::Cut), &Verdict::Left(Left::Cut)]);
    all_equal(&sessions[2..]);
}

/// The tables that a replay reads, from a store of engine version 1: a later fluxo must read them, and while the version
/// is the same, play them to the same bytes. With `UPDATE_CASES=1` it is written anew: only together with a new version.
const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/conversations/tests/journal_1.json");

#[tokio::test]
async fn a_journal_of_engine_version_1_replays() {
    if std::env::var_os("UPDATE_CASES").is_some() {
        let (hospital, id) = lived().await;
        let rows = hospital.rows().await;
        let read = |(key, _, _): &(Vec<u8>, u64, Vec<u8>)| b"jzs$v".contains(&key[0]);
        let rows: Vec<Value> = rows
            .iter()
            .filter(|row| read(row))
            .map(|(key, version, value)| {
                json!([BASE64_STANDARD.encode(key), version, BASE64_STANDARD.encode(value)])
            })
            .collect();
        let fixture = json!({ "conversation": id, "rows": rows });
        std::fs::write(FIXTURE, serde_json::to_string_pretty(&fixture).unwrap() + "\n").unwrap();
    }
    let fixture: Value = serde_json::from_str(&std::fs::read_to_string(FIXTURE).unwrap()).unwrap();
    let bytes = |value: &Value| BASE64_STANDARD.decode(value.as_str().unwrap()).unwrap();
    let rows = fixture["rows"].as_array().unwrap().iter();
    let rows = rows.map(|row| (bytes(&row[0]), row[1].as_u64().unwrap(), bytes(&row[2]))).collect();
    let id = ConversationId::from(fixture["conversation"].as_str().unwrap());
    let hospital = Hospital::with_rows(Flows::Engine(documents(&flow())), rows).await;
    let sessions = replay(&hospital).conversation(&id).await.unwrap();
    assert!(sessions.len() >= 5);
    if fluxo_engine::ENGINE_VERSION == 1 {
        all_equal(&sessions);
    }
}

#[tokio::test]
async fn nobody_is_asked_to_trust_what_is_not_recorded() {
    let hospital = Hospital::open().await;
    hospital.hears(&phone("5511987654321"), "oi").await;
    let replay = replay(&hospital);
    assert_eq!(replay.conversation(&"c0".into()).await.unwrap(), []);
    let id = hospital.only().await;
    let mut journal = hospital.here.store().journal(&id, 10).await.unwrap();
    journal[0].kept = Kept::Older;
    let sessions = replay.entries(&id, journal).await.unwrap();
    assert_eq!((sessions[0].equal, &sessions[0].verdict), (0, &Verdict::Left(Left::Older)));
}
