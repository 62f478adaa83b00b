//! Open sessions move to another release, or stay, and the contact notices nothing.

use std::sync::Arc;

use fluxo_engine::Migration;
use fluxo_engine::ids::{ConversationId, ReleaseId};
use fluxo_engine::migration::Obstacle;
use serde_json::{Value, json};

use super::script::Flows;
use super::world::{Hospital, SECOND, phone};
use crate::channels::SendError;
use crate::conversations::{Count, Fate, Way};
use crate::foundation::clock::Clock;
use crate::releases::{Announcement, Disk, Release};
use crate::replay::{Replay, Verdict};
use crate::store::{Address, Documents, Kept, Moved, Occasion};

const DAY: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

/// Asks for a name and a menu's option; may call, and give to people.
fn flow() -> Value {
    json!({
        "format": 1, "flow": "recado", "title": "Recado", "start": "nome",
        "triggers": [{ "when": "default" }],
        "nodes": {
            "nome": {
                "type": "ask", "text": "Qual é o seu nome?", "answer": { "type": "name" }, "save": "nome",
                "no_answer": { "after": "15m", "next": "fim" }, "next": "qual"
            },
            "qual": {
                "type": "menu", "text": "O que deseja, {{ nome }}?", "style": "list",
                "options": [
                    { "id": "ver", "title": "Ver", "next": "buscar" },
                    { "id": "falar", "title": "Falar", "next": "gente" },
                    { "id": "sair", "title": "Sair", "next": "fim" }
                ]
            },
            "buscar": {
                "type": "http", "connection": "rm", "request": { "method": "GET", "path": "/x" },
                "on": { "success": "fim", "failure": "fim" }
            },
            "gente": {
                "type": "handoff", "queue": "recepcao", "summary": "{{ nome }}", "on": { "returned": "fim" }
            },
            "fim": { "type": "end", "outcome": "ok", "text": "Até logo, {{ nome | default('você') }}." }
        }
    })
}

fn documents(flow: &Value) -> Documents {
    vec![("recado.json".to_owned(), flow.to_string())]
}

/// With other texts; nothing stands in the way.
fn other_texts() -> Value {
    let mut flow = flow();
    flow["nodes"]["qual"]["text"] = json!("Como posso ajudar, {{ nome }}?");
    flow["nodes"]["fim"]["text"] = json!("Um abraço, {{ nome | default('você') }}.");
    flow
}

async fn publish(hospital: &Hospital, flow: &Value) -> Arc<dyn Release> {
    let disk = Disk { flows: documents(flow), tests: Vec::new() };
    let announcement = Announcement::of_ours(Occasion::Edit, hospital.clock.now());
    let releases = hospital.here.releases();
    assert!(releases.publish(&disk, &announcement).await.unwrap().changed());
    releases.current()
}

/// Moves a conversation from the release it plays to another.
async fn moved(hospital: &Hospital, id: &ConversationId, to: &Arc<dyn Release>) -> Fate {
    let from: ReleaseId = hospital.read(id).await.conversation.release.unwrap();
    let old = hospital.here.releases().get(&from).await.unwrap().unwrap();
    let libraries = old.library().zip(to.library());
    let migration = libraries.map(|(old, new)| Migration::between(old, new));
    let way = Way { from: &from, to: to.id(), migration };
    let before = hospital.read(id).await;
    let would = hospital.here.would_move(id, &way).await.unwrap();
    assert_eq!(hospital.read(id).await, before, "looking changes nothing");
    let fate = hospital.here.move_session(id, &way).await.unwrap();
    assert_eq!(would, fate);
    if fate != Fate::Moved {
        assert_eq!(hospital.read(id).await, before, "what stays is left alone");
    }
    fate
}

async fn stays(hospital: &Hospital, id: &ConversationId, because: &[Obstacle]) {
    let next = publish(hospital, &other_texts()).await;
    assert_eq!(moved(hospital, id, &next).await, Fate::Kept(because.to_vec()));
}

async fn hospital() -> (Hospital, Address) {
    (Hospital::with(Flows::Engine(documents(&flow()))).await, phone("5511987654321"))
}

#[tokio::test]
async fn a_waiting_session_is_moved_and_goes_on_on_the_new_text() {
    let (hospital, ana) = hospital().await;
    hospital.hears(&ana, "oi").await;
    let id = hospital.only().await;
    let (old, before) = (hospital.here.releases().current(), hospital.read(&id).await.conversation);
    let next = publish(&hospital, &other_texts()).await;
    assert_eq!(moved(&hospital, &id, &next).await, Fate::Moved);
    let after = hospital.read(&id).await.conversation;
    assert_eq!((after.release.as_ref(), &after.asked), (Some(next.id()), &before.asked));
    assert_eq!(hospital.said(), ["Qual é o seu nome?"], "the contact notices nothing");
    hospital.later(SECOND).await;
    hospital.hears(&ana, "Ana Lima").await;
    hospital.later(SECOND).await;
    hospital.hears(&ana, "sair").await;
    let said = hospital.said();
    assert!(said[1].contains("Como posso ajudar, Ana Lima?"), "{said:?}");
    assert_eq!(said[2], "Um abraço, Ana Lima.");

    let journal = hospital.here.store().journal(&id, 10).await.unwrap();
    let moves: Vec<_> = journal
        .iter()
        .enumerate()
        .filter_map(|(at, entry)| {
            if let Kept::Moved(moved) = &entry.kept { Some((at, entry.turn, moved.clone())) } else { None }
        })
        .collect();
    let expected = Moved { from: old.id().clone(), to: next.id().clone() };
    assert_eq!(moves, [(1, 1, expected)], "after the first turn and before the second");
    let replay = Replay::new(Arc::clone(hospital.here.store()), Arc::clone(hospital.here.releases()));
    let sessions = replay.conversation(&id).await.unwrap();
    assert_eq!(
        (sessions.len(), &sessions[0].verdict),
        (1, &Verdict::Equal),
        "replayed over the move as well"
    );
}

#[tokio::test]
async fn a_timer_armed_before_the_move_wakes_the_moved_session() {
    let (hospital, ana) = hospital().await;
    hospital.hears(&ana, "oi").await;
    let id = hospital.only().await;
    let next = publish(&hospital, &other_texts()).await;
    assert_eq!(moved(&hospital, &id, &next).await, Fate::Moved);
    hospital.later(std::time::Duration::from_secs(15 * 60)).await;
    assert_eq!(hospital.said()[1..], ["Um abraço, você."]);
}

#[tokio::test]
async fn a_move_survives_a_kill() {
    let (hospital, ana) = hospital().await;
    hospital.hears(&ana, "oi").await;
    let id = hospital.only().await;
    let next = publish(&hospital, &other_texts()).await;
    assert_eq!(moved(&hospital, &id, &next).await, Fate::Moved);
    drop(next);
    let hospital = hospital.killed().await;
    hospital.later(SECOND).await;
    hospital.hears(&ana, "Ana Lima").await;
    assert!(hospital.said()[1].contains("Como posso ajudar, Ana Lima?"));
}

#[tokio::test]
async fn a_session_whose_node_is_gone_stays() {
    let (hospital, ana) = hospital().await;
    hospital.hears(&ana, "oi").await;
    let id = hospital.only().await;
    let mut flow = flow();
    let node = flow["nodes"].as_object_mut().unwrap().shift_remove("nome").unwrap();
    flow["nodes"]["como_se_chama"] = node;
    flow["start"] = json!("como_se_chama");
    let next = publish(&hospital, &flow).await;
    let gone = Obstacle::NoNode { flow: "recado".into(), node: "nome".into() };
    assert_eq!(moved(&hospital, &id, &next).await, Fate::Kept(vec![gone]));
    hospital.later(SECOND).await;
    hospital.hears(&ana, "Ana Lima").await;
    assert!(hospital.said()[1].contains("O que deseja, Ana Lima?"), "it ends on its own release");
}

#[tokio::test]
async fn a_session_with_people_stays() {
    let (hospital, ana) = hospital().await;
    for text in ["oi", "Ana Lima", "falar"] {
        hospital.hears(&ana, text).await;
        hospital.later(SECOND).await;
    }
    let id = hospital.only().await;
    stays(&hospital, &id, &[Obstacle::WithPeople]).await;
}

#[tokio::test]
async fn a_session_with_a_call_in_flight_stays() {
    let (hospital, ana) = hospital().await;
    for text in ["oi", "Ana Lima"] {
        hospital.hears(&ana, text).await;
        hospital.later(SECOND).await;
    }
    // Taken in; no worker has called yet.
    hospital.here.intake("whatsapp", vec![hospital.told(&ana, "ver", "ver")]).await.unwrap();
    let id = hospital.only().await;
    stays(&hospital, &id, &[Obstacle::CallInFlight]).await;
    hospital.works().await;
    assert_eq!(hospital.said()[2..], ["Até logo, Ana Lima."]);
}

#[tokio::test]
async fn a_session_whose_question_is_in_doubt_stays_until_the_doubt_is_over() {
    let (hospital, ana) = hospital().await;
    hospital.answers([SendError::Unclear]);
    hospital.hears(&ana, "oi").await;
    let id = hospital.only().await;
    stays(&hospital, &id, &[Obstacle::SendInDoubt]).await;
    hospital.later(std::time::Duration::from_secs(30)).await;
    let next = hospital.here.releases().current();
    assert_eq!(moved(&hospital, &id, &next).await, Fate::Moved);
}

#[tokio::test]
async fn a_session_that_has_ended_or_is_elsewhere_is_no_matter_of_a_move() {
    let (hospital, ana) = hospital().await;
    for text in ["oi", "Ana Lima", "sair"] {
        hospital.hears(&ana, text).await;
        hospital.later(SECOND).await;
    }
    let id = hospital.only().await;
    let current = hospital.here.releases().current();
    let way = Way { from: &"r".into(), to: current.id(), migration: None };
    assert_eq!(hospital.here.move_session(&id, &way).await.unwrap(), Fate::Elsewhere);
    hospital.hears(&ana, "oi de novo").await;
    assert_eq!(hospital.here.move_session(&id, &way).await.unwrap(), Fate::Elsewhere, "it plays another");
    let way = Way { from: current.id(), to: &"r".into(), migration: None };
    let unreadable = Fate::Kept(vec![Obstacle::OtherRelease]);
    assert_eq!(hospital.here.move_session(&id, &way).await.unwrap(), unreadable);
    assert_eq!(hospital.here.move_session(&"nobody".into(), &way).await.unwrap(), Fate::Elsewhere);
}

/// A message and a move at the same moment: whichever comes first, both happen, and the answer is one of one release.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_that_changes_while_it_is_moved_is_looked_at_again() {
    let (hospital, _) = hospital().await;
    let people: Vec<Address> = (0..20).map(|n| phone(&format!("55119876543{n:02}"))).collect();
    for ana in &people {
        hospital.hears(ana, "oi").await;
    }
    let old = hospital.here.releases().current();
    let next = publish(&hospital, &other_texts()).await;
    hospital.later(SECOND).await;
    let migration = old.library().zip(next.library()).map(|(old, new)| Migration::between(old, new));
    let way = Way { from: old.id(), to: next.id(), migration };
    let ids: Vec<ConversationId> = hospital.all().await.into_iter().map(|one| one.id).collect();
    let told: Vec<_> =
        people.iter().enumerate().map(|(n, ana)| hospital.told(ana, &format!("n{n}"), "Ana Lima")).collect();
    let moving = futures_util::future::join_all(ids.iter().map(|id| hospital.here.move_session(id, &way)));
    let (fates, heard) = tokio::join!(moving, hospital.here.intake("whatsapp", told));
    assert_eq!(heard.unwrap().messages, people.len());
    for (id, fate) in ids.iter().zip(fates) {
        let fate = fate.unwrap();
        // The new question is on its way when the message was first: no doubt about it yet.
        assert_eq!(fate, Fate::Moved, "{id}");
        let conversation = hospital.read(id).await.conversation;
        assert_eq!(conversation.release.as_ref(), Some(next.id()));
    }
    hospital.works().await;
    assert_eq!(hospital.said().len(), 2 * people.len(), "everybody was answered once");
}

#[tokio::test]
async fn what_is_in_flight_is_counted_by_release_flow_and_node() {
    let (hospital, ana) = hospital().await;
    let (bia, cris, dora) = (phone("5511987650001"), phone("5511987650002"), phone("5511987650003"));
    hospital.hears(&ana, "oi").await;
    for text in ["oi", "Bia Lima", "falar"] {
        hospital.hears(&bia, text).await;
        hospital.later(SECOND).await;
    }
    let old = hospital.here.releases().current();
    let next = publish(&hospital, &other_texts()).await;
    for text in ["oi", "Cris Lima"] {
        hospital.hears(&cris, text).await;
        hospital.hears(&dora, text).await;
        hospital.later(SECOND).await;
    }
    hospital.hears(&dora, "sair").await;
    hospital.here.intake("whatsapp", vec![hospital.told(&cris, "ver", "ver")]).await.unwrap();
    let in_flight = hospital.here.in_flight(|_| true).await.unwrap().unwrap();
    assert_eq!((in_flight.sessions(), in_flight.unreadable), (3, 0));
    let places = |release: &ReleaseId| -> Vec<(String, Count)> {
        let on = in_flight.on(release).unwrap();
        on.places.iter().map(|place| (format!("{}/{}", place.flow, place.node), place.count)).collect()
    };
    let one = Count { sessions: 1, with_people: 0, in_flight: 0 };
    let with_people = Count { with_people: 1, ..one };
    assert_eq!(places(old.id()), [("recado/gente".to_owned(), with_people), ("recado/nome".to_owned(), one)]);
    assert_eq!(places(next.id()), [("recado/buscar".to_owned(), Count { in_flight: 1, ..one })]);
    assert_eq!(in_flight.on(old.id()).unwrap().all, Count { sessions: 2, ..with_people });
    let others = hospital.here.not_on(next.id(), |_| true).await.unwrap().unwrap();
    assert_eq!(others.len(), 1);
    assert_eq!(others[old.id()].len(), 2);
}

#[tokio::test]
async fn releases_are_forgotten_when_no_session_plays_them_and_never_before() {
    let (hospital, ana) = hospital().await;
    hospital.hears(&ana, "oi").await;
    let played = hospital.here.releases().current().id().clone();
    let mut all = vec![played.clone()];
    for n in 0..25 {
        let mut flow = flow();
        flow["title"] = json!(format!("Recado {n}"));
        all.push(publish(&hospital, &flow).await.id().clone());
        hospital.clock.forward(SECOND);
    }
    let kept = async || hospital.here.store().releases().await.unwrap();
    // Turns of a day ago can be played again: so can all that was played since.
    let day_ago = hospital.clock.now() - jiff::SignedDuration::from_hours(24);
    assert_eq!(hospital.here.forget_releases(day_ago).await.unwrap(), 0);
    hospital.clock.forward(DAY);
    let now = hospital.clock.now();
    assert_eq!(
        hospital.here.forget_releases(now).await.unwrap(),
        26 - 1 - 21,
        "but for the session's own and the last"
    );
    let left = kept().await;
    assert!(left.contains(&played), "a session plays it");
    assert!(all[5..].iter().all(|recent| left.contains(recent)));
    assert_eq!(hospital.here.forget_releases(now).await.unwrap(), 0);

    // One that is not in memory any more either is read from the store, to its end.
    hospital.hears(&ana, "Ana Lima").await;
    hospital.later(SECOND).await;
    hospital.hears(&ana, "sair").await;
    assert!(hospital.said().last().unwrap().contains("Até logo, Ana Lima."), "{:?}", hospital.said());
    assert_eq!(hospital.here.forget_releases(now).await.unwrap(), 1, "nobody plays it any more");
    assert!(!kept().await.contains(&played));
}
