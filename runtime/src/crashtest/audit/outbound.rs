//! What was said: all that was asked is on the phone or on the list, in order, and twice only after a doubt that nothing
//! could resolve.

use std::collections::{BTreeMap, BTreeSet};

use super::{Evidence, Findings, Promise, Tallies, goes_back};

/// A message in doubt is sent once more after half a minute, and not before, in milliseconds.
const PAUSE: i64 = 29_000;
/// How much later than a status a send may arrive that had already left, in milliseconds.
const ON_ITS_WAY: i64 = 1_000;
/// How long after the death of who sent it a message may arrive: it lay in the wire. In milliseconds.
const IN_THE_WIRE: i64 = 2_000;

pub(super) fn compare(evidence: &Evidence, findings: &mut Findings, tallies: &mut Tallies) {
    tallies.listed = evidence.held.dead.len();
    for (phone, chat) in &evidence.chats {
        let mut shown: BTreeMap<&str, Vec<(usize, i64, &str)>> = BTreeMap::new();
        for (place, bubble) in chat.iter().enumerate().filter(|(_, bubble)| !bubble.by_patient) {
            tallies.said += 1;
            let key = bubble.key.as_deref().unwrap_or_default();
            shown.entry(key).or_default().push((place, bubble.at_ms, &bubble.text));
        }
        let asked = evidence.held.conversations.get(phone).map(|held| &held.said[..]).unwrap_or_default();
        let known: BTreeSet<&str> = asked.iter().map(String::as_str).collect();
        for key in asked {
            if !shown.contains_key(key.as_str()) && !evidence.held.dead.contains(key) {
                findings.add(
                    Promise::SaidOrListed,
                    format!("{phone}: a mensagem {key} foi pedida e não está no telefone nem entre as não enviadas"),
                );
            }
        }
        for (key, times) in &shown {
            let (_, first, text) = times[0];
            if !known.contains(key) {
                findings.add(
                    Promise::NothingInvented,
                    format!("{phone}: \"{text}\" está no telefone e ninguém pediu que fosse dita"),
                );
            }
            match times[1..] {
                [] => {}
                [(_, again, _)] if left_in_doubt(evidence, key, first, again) => tallies.doubled += 1,
                _ => findings.add(
                    Promise::SaidOnce,
                    format!("{phone}: \"{text}\" foi dita {} vezes sem que houvesse dúvida", times.len()),
                ),
            }
        }
        let positions = asked.iter().filter_map(|key| Some(shown.get(key.as_str())?[0].0));
        if let Some(at) = goes_back(positions) {
            findings.add(
                Promise::OutboundInOrder,
                format!("{phone}: a {}ª mensagem dita chegou antes de uma pedida antes dela", at + 1),
            );
        }
    }
}

/// Whether nothing could tell that the first one had arrived: its answer was lost, or the service died before it was
/// recorded; no status was taken before the second; and half a minute was waited for one.
fn left_in_doubt(evidence: &Evidence, key: &str, first: i64, again: i64) -> bool {
    let sends = evidence.ledger.sends.get(key).map(Vec::as_slice).unwrap_or_default();
    let lost = sends.iter().any(|send| send.status.is_none() && send.at_ms <= again);
    let died = evidence.deaths.iter().any(|death| (first - IN_THE_WIRE..=again).contains(death));
    let told = evidence.ledger.told.get(key).is_some_and(|told| told + ON_ITS_WAY < again);
    (lost || died) && !told && again - first >= PAUSE
}
