//! The world's own book in the kit's words: what was delivered and acknowledged, what was sent, what RM was asked to book.

use std::collections::{BTreeMap, BTreeSet};

use fluxo_sandbox::Asked;

/// A request that is still open after so long was cut off and never ends, in milliseconds.
const CUT_OFF: i64 = 20_000;

/// What the book told so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Ledger {
    seen: u64,
    open: BTreeSet<u64>,
    /// Requests to RM and WhatsApp, and webhooks.
    pub(super) requests: u64,
    /// Patients' messages by id: how often a webhook carried each.
    pub(super) deliveries: BTreeMap<String, u64>,
    /// Messages whose webhook was answered with 200.
    pub(super) acknowledged: BTreeSet<String>,
    /// Messages whose webhook was answered with something else at least once: they come again beside the others, in
    /// any order.
    pub(super) aside: BTreeSet<String>,
    /// Requests to send, by what they ask to be echoed.
    pub(super) sends: BTreeMap<String, Vec<Send>>,
    /// When a status of a message was first acknowledged by the service, in milliseconds since the epoch.
    pub(super) told: BTreeMap<String, i64>,
    /// Requests to book that RM may have acted upon, by the booking's code.
    pub(super) bookings: BTreeMap<String, u64>,
}

/// A request to send a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Send {
    /// In milliseconds since the epoch.
    pub(super) at_ms: i64,
    /// Absent where the connection was cut.
    pub(super) status: Option<u16>,
}

impl Ledger {
    /// From which number on the book is to be read.
    pub(super) fn after(&self) -> u64 {
        self.open.first().map_or(self.seen, |first| first - 1)
    }

    /// Takes in what the book says after [`Ledger::after`].
    pub(super) fn note(&mut self, requests: Vec<Asked>, now_ms: i64) {
        for request in requests {
            if request.n <= self.seen && !self.open.contains(&request.n) {
                continue;
            }
            self.seen = self.seen.max(request.n);
            if request.over_ms.is_none() && now_ms - request.at_ms < CUT_OFF {
                self.open.insert(request.n);
                continue;
            }
            self.open.remove(&request.n);
            self.record(request);
        }
    }

    fn record(&mut self, request: Asked) {
        self.requests += 1;
        let taken = request.status == Some(200);
        match request.target {
            "webhook" => {
                for id in request.messages {
                    *self.deliveries.entry(id.clone()).or_default() += 1;
                    if taken {
                        self.acknowledged.insert(id);
                    } else if request.status.is_some() {
                        self.aside.insert(id);
                    }
                }
                let at = request.over_ms.unwrap_or(request.at_ms);
                for key in request.keys.into_iter().filter(|_| taken) {
                    let first = self.told.entry(key).or_insert(at);
                    *first = (*first).min(at);
                }
            }
            "rm" => {
                // Refused for its login, it was not acted upon, and comes again under a new one.
                let refused = request.status == Some(401);
                if let Some(code) = request.patient.filter(|_| request.method == "POST" && !refused) {
                    *self.bookings.entry(code).or_default() += 1;
                }
            }
            _ => {
                for key in request.keys {
                    let send = Send { at_ms: request.at_ms, status: request.status };
                    self.sends.entry(key).or_default().push(send);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook(n: u64, status: Option<u16>, over: bool) -> Asked {
        Asked {
            n,
            target: "webhook",
            method: "POST".into(),
            path: "/".into(),
            at_ms: 1_000,
            status,
            over_ms: over.then_some(1_400),
            messages: vec!["a".into()],
            keys: vec!["k".into()],
            patient: None,
        }
    }

    #[test]
    fn what_was_open_is_read_again_and_counted_once() {
        let mut ledger = Ledger::default();
        ledger
            .note(vec![webhook(1, None, true), webhook(2, None, false), webhook(3, Some(503), true)], 2_000);
        assert_eq!((ledger.after(), ledger.requests), (1, 2));
        assert!(ledger.acknowledged.is_empty() && ledger.told.is_empty());
        ledger.note(vec![webhook(2, Some(200), true), webhook(3, Some(503), true)], 2_000);
        assert_eq!((ledger.after(), ledger.requests), (3, 3));
        assert_eq!((ledger.deliveries["a"], ledger.told["k"]), (3, 1_400));
        assert!(ledger.acknowledged.contains("a") && ledger.aside.contains("a"));
    }

    #[test]
    fn what_never_ends_is_cut_off() {
        let mut ledger = Ledger::default();
        ledger.note(vec![webhook(1, None, false)], 1_500);
        assert_eq!(ledger.after(), 0);
        ledger.note(vec![webhook(1, None, false)], 60_000);
        assert_eq!((ledger.after(), ledger.requests), (1, 1));
    }
}
