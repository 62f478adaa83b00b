//! Each promise, broken by hand in books that were in order.

use super::*;
use crate::crashtest::held::Conversation;
use crate::crashtest::ledger::Send;

const PHONE: &str = "5511980010000";
const BOOKER: &str = "5511980020000";

fn bubble(n: u64, by_patient: bool, id: &str, text: &str) -> Bubble {
    Bubble {
        n,
        by_patient,
        id: id.to_owned(),
        text: text.to_owned(),
        choices: Vec::new(),
        key: (!by_patient).then(|| id.to_owned()),
        at_ms: 1_000 * i64::try_from(n).unwrap(),
        acknowledged: by_patient,
    }
}

fn texts(of: &[&str]) -> Vec<String> {
    of.iter().map(|&text| text.to_owned()).collect()
}

/// Somebody writes twice and is answered twice each; somebody books; somebody confirms.
fn in_order() -> Evidence {
    let mut evidence = Evidence {
        deeds: Deeds {
            noted: texts(&["e00-0000", "e00-0001"]),
            bookings: texts(&["m00-000"]),
            presences: vec![("p00-000".to_owned(), "1|7".to_owned())],
            ..Deeds::default()
        },
        appointments: vec![
            Appointment { id: "1|6".into(), name: "m00-000".into(), state: "scheduled".into() },
            Appointment { id: "1|7".into(), name: "Maria".into(), state: "confirmed".into() },
        ],
        ..Evidence::default()
    };
    evidence.ledger.bookings.insert("m00-000".into(), 1);
    evidence.chats.insert(
        PHONE.into(),
        vec![
            bubble(1, true, "in1", "e00-0000"),
            bubble(2, true, "in2", "e00-0001"),
            bubble(3, false, "k1", "Li: e00-0000"),
            bubble(4, false, "k2", "Anotado: e00-0000"),
            bubble(5, false, "k3", "Li: e00-0001"),
            bubble(6, false, "k4", "Anotado: e00-0001"),
        ],
    );
    evidence.chats.insert(
        BOOKER.into(),
        vec![bubble(1, false, "b1", "Marcada: m00-000"), bubble(2, false, "b2", "Confirmada: p00-000")],
    );
    let conversation = |received: &[&str], said: &[&str]| Conversation {
        received: texts(received),
        said: texts(said),
        played: received.iter().map(|id| ((*id).to_owned(), 1)).collect(),
    };
    evidence
        .held
        .conversations
        .insert(PHONE.into(), conversation(&["in1", "in2"], &["k1", "k2", "k3", "k4"]));
    evidence.held.conversations.insert(BOOKER.into(), conversation(&[], &["b1", "b2"]));
    evidence
}

/// What is found when something was changed.
fn broken(change: impl FnOnce(&mut Evidence)) -> Vec<Promise> {
    let mut evidence = in_order();
    change(&mut evidence);
    compare(&evidence).0.into_iter().map(|breach| breach.promise).collect()
}

fn held(evidence: &mut Evidence) -> &mut Conversation {
    evidence.held.conversations.get_mut(PHONE).unwrap()
}

fn chat(evidence: &mut Evidence) -> &mut Vec<Bubble> {
    evidence.chats.get_mut(PHONE).unwrap()
}

#[test]
fn books_in_order_break_nothing() {
    let (breaches, tallies) = compare(&in_order());
    assert_eq!(breaches, []);
    assert_eq!(
        (tallies.written, tallies.said, tallies.booked, tallies.confirmed, tallies.doubled),
        (2, 4 + 2, 1, 1, 0)
    );
}

#[test]
fn a_message_that_was_acknowledged_and_is_gone() {
    let found = broken(|evidence| {
        held(evidence).received.pop();
        held(evidence).played.remove("in2");
    });
    assert_eq!(found, [Promise::AcknowledgedKept]);
}

#[test]
fn a_message_that_was_never_taken() {
    let found = broken(|evidence| {
        chat(evidence)[1].acknowledged = false;
        held(evidence).received.pop();
    });
    assert_eq!(found, [Promise::AllTakenIn]);
}

#[test]
fn a_message_that_was_taken_in_twice_or_played_twice() {
    assert_eq!(broken(|evidence| held(evidence).received.push("in2".into())), [Promise::TakenInOnce]);
    let played =
        |times| move |evidence: &mut Evidence| *held(evidence).played.get_mut("in2").unwrap() = times;
    assert_eq!(broken(played(2)), [Promise::PlayedOnce]);
    assert_eq!(broken(played(0)), [Promise::PlayedOnce]);
    let answered_twice = broken(|evidence| {
        chat(evidence).push(bubble(7, false, "k5", "Li: e00-0001"));
        held(evidence).said.push("k5".into());
    });
    assert_eq!(answered_twice, [Promise::PlayedOnce]);
}

#[test]
fn a_message_for_people_is_not_to_be_played() {
    let found = broken(|evidence| evidence.deeds.for_people.push("e00-0001".into()));
    assert_eq!(found, [Promise::PlayedOnce]);
}

#[test]
fn messages_taken_in_out_of_order() {
    assert_eq!(broken(|evidence| held(evidence).received.reverse()), [Promise::InboundInOrder]);
    // One that was refused once comes again beside the others.
    let aside = broken(|evidence| {
        held(evidence).received.reverse();
        evidence.ledger.aside.insert("in1".into());
    });
    assert_eq!(aside, []);
}

#[test]
fn an_answer_that_is_nowhere() {
    assert_eq!(broken(|evidence| drop(chat(evidence).pop())), [Promise::SaidOrListed]);
    let listed = broken(|evidence| {
        chat(evidence).pop();
        evidence.held.dead.insert("k4".into());
    });
    assert_eq!(listed, []);
}

#[test]
fn an_answer_that_is_there_twice() {
    let again = |at_ms| Bubble { at_ms, ..bubble(7, false, "k4", "Anotado: e00-0001") };
    assert_eq!(broken(|evidence| chat(evidence).push(again(7_000))), [Promise::SaidOnce]);
    // A death in between explains it, if half a minute was waited and no status had come.
    let doubt = |status_at: Option<i64>, at_ms| {
        broken(move |evidence| {
            chat(evidence).push(again(at_ms));
            evidence.deaths.push(6_100);
            evidence.ledger.told.extend(status_at.map(|at| ("k4".to_owned(), at)));
        })
    };
    assert_eq!(doubt(None, 36_500), []);
    assert_eq!(doubt(None, 20_000), [Promise::SaidOnce]);
    assert_eq!(doubt(Some(8_000), 36_500), [Promise::SaidOnce]);
    assert_eq!(doubt(Some(40_000), 36_500), []);
    // So does an answer that was lost, and an answer that was not lost does not.
    let lost = |status| {
        broken(move |evidence| {
            chat(evidence).push(again(36_500));
            evidence.ledger.sends.insert("k4".into(), vec![Send { at_ms: 6_000, status }]);
        })
    };
    assert_eq!(lost(None), []);
    assert_eq!(lost(Some(200)), [Promise::SaidOnce]);
}

#[test]
fn answers_out_of_order_and_from_nowhere() {
    assert_eq!(broken(|evidence| chat(evidence).swap(3, 4)), [Promise::OutboundInOrder]);
    let invented = broken(|evidence| chat(evidence).push(bubble(7, false, "k9", "Olá")));
    assert_eq!(invented, [Promise::NothingInvented]);
    let unheard = broken(|evidence| {
        held(evidence).received.push("in9".into());
    });
    assert_eq!(unheard, [Promise::NothingInvented]);
}

#[test]
fn bookings_that_are_not_as_told() {
    assert_eq!(broken(|evidence| drop(evidence.appointments.remove(0))), [Promise::BookingsAsTold]);
    let twice = broken(|evidence| evidence.appointments.push(evidence.appointments[0].clone()));
    assert_eq!(twice, [Promise::BookingsAsTold]);
    let asked_twice = broken(|evidence| *evidence.ledger.bookings.get_mut("m00-000").unwrap() = 2);
    assert_eq!(asked_twice, [Promise::BookingsAsTold]);
    let tell = |evidence: &mut Evidence, what: &str| {
        evidence.chats.get_mut(BOOKER).unwrap()[0].text = format!("{what}: m00-000");
    };
    assert_eq!(broken(|evidence| tell(evidence, "Não marcada")), [Promise::BookingsAsTold]);
    assert_eq!(broken(|evidence| tell(evidence, "Não sei se ficou marcada")), []);
}

#[test]
fn confirmations_that_are_not_as_told() {
    let state = |state: &'static str| {
        move |evidence: &mut Evidence| evidence.appointments[1].state = state.to_owned()
    };
    assert_eq!(broken(state("scheduled")), [Promise::PresenceAsTold]);
    assert_eq!(broken(state("cancelled")), [Promise::PresenceAsTold]);
}

#[test]
fn whoever_is_not_answered_and_what_is_left_over() {
    let silence = Silence { number: PHONE.into(), wanted: texts(&["Anotado: e00-0002"]) };
    assert_eq!(broken(|evidence| evidence.silences.push(silence.clone())), [Promise::AllAnswered]);
    let late = Silence { wanted: texts(&["Anotado: e00-0001"]), ..silence.clone() };
    assert_eq!(broken(|evidence| evidence.silences.push(late)), []);
    let listed = broken(|evidence| {
        evidence.silences.push(silence.clone());
        evidence.given_up.insert("k4".into());
    });
    assert_eq!(listed, []);
    assert_eq!(broken(|evidence| evidence.held.counts.outbox = 1), [Promise::AllAnswered]);
    assert_eq!(broken(|evidence| evidence.webhooks_pending = 1), [Promise::AllAnswered]);
}
