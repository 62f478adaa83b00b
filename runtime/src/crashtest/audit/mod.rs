//! The books compared: what patients wrote, what the world saw, what the store holds, what RM has. One file per kind of
//! promise; each says what is broken.

mod answers;
mod inbound;
mod outbound;
mod rm;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use fluxo_sandbox::Bubble;
use serde::Serialize;
use serde_json::{Value, json};

use super::held::Held;
use super::ledger::Ledger;
use super::patients::Deeds;
use super::phone::Silence;
use super::world::Appointment;

/// What is promised, in the order in which a broken one explains others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Promise {
    /// The service starts after every death, and stops when asked.
    Starts,
    /// The store passes its own check.
    StoreWhole,
    /// A message that was acknowledged is in its conversation.
    AcknowledgedKept,
    /// A message that was not acknowledged is delivered again, and taken in at last.
    AllTakenIn,
    /// However often it is delivered, it is in its conversation once.
    TakenInOnce,
    /// It is played once.
    PlayedOnce,
    /// Messages are taken in in the order in which they were written.
    InboundInOrder,
    /// All that was asked to be said is on the phone, or on the list of what could not be sent.
    SaidOrListed,
    /// Nothing is said twice but where a doubt was left.
    SaidOnce,
    /// What is said arrives in the order of asking.
    OutboundInOrder,
    /// Nothing is in a book that nobody wrote or asked for.
    NothingInvented,
    /// RM holds the bookings that patients were told, once each.
    BookingsAsTold,
    /// RM holds the confirmations and cancellations that patients were told.
    PresenceAsTold,
    /// Everybody is answered, and nothing is left over.
    AllAnswered,
}

/// A promise that is broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Breach {
    /// Which.
    pub promise: Promise,
    /// How often.
    pub count: usize,
    /// The first case, in words for people.
    pub example: String,
}

/// Everything that is compared.
#[derive(Debug, Clone, Default)]
pub(super) struct Evidence {
    /// What the patients did.
    pub(super) deeds: Deeds,
    /// Who waited in vain.
    pub(super) silences: Vec<Silence>,
    /// All chats.
    pub(super) chats: BTreeMap<String, Vec<Bubble>>,
    /// The world's book.
    pub(super) ledger: Ledger,
    /// Webhooks that were never taken.
    pub(super) webhooks_pending: u64,
    /// What the store holds.
    pub(super) held: Held,
    /// What RM holds.
    pub(super) appointments: Vec<Appointment>,
    /// Messages that the service gave up, as it told: people see them, unless they are found to have arrived.
    pub(super) given_up: BTreeSet<String>,
    /// When the service died.
    pub(super) deaths: Vec<i64>,
}

impl Evidence {
    /// For whoever looks into a broken promise: all chats, with what the store and the world's book say of each message.
    pub(super) fn in_json(&self) -> Value {
        let chat = |(phone, chat): (&String, &Vec<Bubble>)| {
            let held = self.held.conversations.get(phone);
            let lines: Vec<Value> = chat
                .iter()
                .map(|bubble| match &bubble.key {
                    Some(key) => json!({
                        "at_ms": bubble.at_ms, "said": bubble.text, "key": key,
                        "asked_times": held.map(|held| held.said.iter().filter(|said| *said == key).count()),
                        "sends": self.ledger.sends.get(key).map(|sends| {
                            sends.iter().map(|send| json!([send.at_ms, send.status])).collect::<Vec<_>>()
                        }),
                        "status_taken_ms": self.ledger.told.get(key),
                    }),
                    None => json!({
                        "at_ms": bubble.at_ms, "wrote": bubble.text, "id": bubble.id,
                        "acknowledged": bubble.acknowledged,
                        "deliveries": self.ledger.deliveries.get(&bubble.id),
                        "taken_in": held.map(|held| held.received.iter().filter(|id| **id == bubble.id).count()),
                        "played": held.and_then(|held| held.played.get(&bubble.id)),
                    }),
                })
                .collect();
            let never_said: Vec<&String> = held
                .map(|held| {
                    held.said.iter().filter(|key| !chat.iter().any(|b| b.key.as_ref() == Some(key))).collect()
                })
                .unwrap_or_default();
            (phone.clone(), json!({ "chat": lines, "asked_and_not_on_the_phone": never_said }))
        };
        json!({
            "deaths_ms": self.deaths,
            "given_up": self.held.dead,
            "chats": self.chats.iter().map(chat).collect::<serde_json::Map<_, _>>(),
        })
    }
}

/// What was found while the books were compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tallies {
    /// Messages of patients.
    pub written: usize,
    /// Webhooks that carried them.
    pub delivered: u64,
    /// Messages on phones.
    pub said: usize,
    /// Messages that were given up and that people see.
    pub listed: usize,
    /// Messages that a phone shows twice, each after a doubt that nothing could resolve.
    pub doubled: usize,
    /// Bookings that patients were told.
    pub booked: usize,
    /// Bookings that patients were told to be unknown, and people saw to.
    pub unsure: usize,
    /// Confirmations and cancellations that patients were told.
    pub confirmed: usize,
}

/// The breaches so far.
#[derive(Debug, Default)]
struct Findings(BTreeMap<Promise, Vec<String>>);

impl Findings {
    fn add(&mut self, promise: Promise, case: String) {
        self.0.entry(promise).or_default().push(case);
    }
}

/// Compares the books.
pub(super) fn compare(evidence: &Evidence) -> (Vec<Breach>, Tallies) {
    let mut findings = Findings::default();
    let mut tallies = Tallies::default();
    inbound::compare(evidence, &mut findings, &mut tallies);
    outbound::compare(evidence, &mut findings, &mut tallies);
    rm::compare(evidence, &mut findings, &mut tallies);
    answers::compare(evidence, &mut findings);
    let breaches = findings.0.into_iter().map(|(promise, cases)| Breach {
        promise,
        count: cases.len(),
        example: cases.into_iter().next().unwrap_or_default(),
    });
    (breaches.collect(), tallies)
}

/// Whether a list of positions never goes back; where it first does.
fn goes_back(positions: impl Iterator<Item = usize>) -> Option<usize> {
    let mut highest = None;
    positions.enumerate().find_map(|(at, position)| {
        let back = highest.is_some_and(|highest| position < highest);
        highest = highest.max(Some(position));
        back.then_some(at)
    })
}

/// What the service said on all phones.
fn texts_said(evidence: &Evidence) -> impl Iterator<Item = &Bubble> {
    evidence.chats.values().flatten().filter(|bubble| !bubble.by_patient)
}

/// Texts of the service that end with a code, each with what stands before it; a message shown twice counts once.
fn told(evidence: &Evidence) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut told: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for bubble in texts_said(evidence) {
        if let Some((what, code)) = bubble.text.rsplit_once(": ") {
            told.entry(code).or_default().insert(what);
        }
    }
    told
}
