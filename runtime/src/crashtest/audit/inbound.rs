//! What patients wrote: acknowledged is kept, everything is taken in, once, in order, and played once.

use std::collections::{BTreeMap, BTreeSet};

use fluxo_sandbox::Bubble;

use super::{Evidence, Findings, Promise, Tallies, goes_back};
use crate::crashtest::held::Conversation;

pub(super) fn compare(evidence: &Evidence, findings: &mut Findings, tallies: &mut Tallies) {
    let for_people: BTreeSet<&str> = evidence.deeds.for_people.iter().map(String::as_str).collect();
    let nothing = Conversation::default();
    tallies.delivered = evidence.ledger.deliveries.values().sum();
    for (phone, chat) in &evidence.chats {
        let held = evidence.held.conversations.get(phone).unwrap_or(&nothing);
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for id in &held.received {
            *times.entry(id).or_default() += 1;
        }
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for (place, bubble) in chat.iter().filter(|bubble| bubble.by_patient).enumerate() {
            tallies.written += 1;
            places.insert(&bubble.id, place);
            let taken_in = times.get(bubble.id.as_str()).copied().unwrap_or_default();
            let acknowledged = bubble.acknowledged || evidence.ledger.acknowledged.contains(&bubble.id);
            let what = || format!("{phone}: \"{}\"", bubble.text);
            match (taken_in, acknowledged) {
                (0, true) => findings.add(
                    Promise::AcknowledgedKept,
                    format!("{} foi confirmada com 200 e não está na conversa", what()),
                ),
                (_, false) => {
                    findings.add(Promise::AllTakenIn, format!("{} nunca foi confirmada com 200", what()))
                }
                (1, true) => {}
                (times, true) => {
                    findings.add(Promise::TakenInOnce, format!("{} está {times} vezes na conversa", what()))
                }
            }
            if taken_in > 0 {
                played(bubble, held, for_people.contains(bubble.text.as_str()), &what(), findings);
            }
        }
        for id in times.keys().filter(|id| !places.contains_key(*id)) {
            findings.add(
                Promise::NothingInvented,
                format!("{phone}: a conversa tem a mensagem {id}, que ninguém escreveu"),
            );
        }
        // What came again beside the others has no order.
        let in_order: Vec<&String> =
            held.received.iter().filter(|id| !evidence.ledger.aside.contains(*id)).collect();
        let positions = in_order.iter().filter_map(|id| places.get(id.as_str()).copied());
        if let Some(at) = goes_back(positions) {
            findings.add(
                Promise::InboundInOrder,
                format!("{phone}: a {}ª mensagem da conversa foi escrita antes da anterior", at + 1),
            );
        }
    }
    noted(evidence, findings);
}

/// The journal has it as the input of one turn, or of none where people had the conversation.
fn played(bubble: &Bubble, held: &Conversation, for_people: bool, what: &str, findings: &mut Findings) {
    let turns = held.played.get(&bubble.id).copied().unwrap_or_default();
    let expected = u64::from(!for_people);
    if turns != expected {
        findings
            .add(Promise::PlayedOnce, format!("{what} acordou a conversa {turns} vezes, e não {expected}"));
    }
}

/// What is to be read and noted shows on the phone what play did with it.
fn noted(evidence: &Evidence, findings: &mut Findings) {
    let mut effects: BTreeMap<&str, BTreeSet<Option<&str>>> = BTreeMap::new();
    for bubble in super::texts_said(evidence) {
        effects.entry(&bubble.text).or_default().insert(bubble.key.as_deref());
    }
    for text in &evidence.deeds.noted {
        for answer in [format!("Li: {text}"), format!("Anotado: {text}")] {
            // A message that arrives twice is one effect; two effects are two turns.
            let answers = effects.get(answer.as_str()).map_or(0, BTreeSet::len);
            if answers > 1 {
                findings.add(
                    Promise::PlayedOnce,
                    format!("\"{text}\" foi respondida {answers} vezes com \"{answer}\""),
                );
            }
        }
    }
}
