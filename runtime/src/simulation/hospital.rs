//! The hospital's system: it has free hours, takes bookings, and is slow, wrong or gone.

use std::collections::BTreeMap;
use std::fmt;

use fluxo_engine::ids::EffectId;
use fluxo_engine::protocol::{HttpOutcome, HttpRequest, Response};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::clock::pause;
use super::world::{Shared, World, lock};
use crate::conversations::Calls;

#[derive(Debug, Default)]
pub(super) struct Hospital {
    /// Calls that are not safe to repeat, by effect: never more than one.
    pub(super) unsafe_calls: BTreeMap<EffectId, u32>,
    /// Bookings that were made: their codes, by the effect that asked.
    pub(super) booked: BTreeMap<EffectId, String>,
    /// Messages left: calls with the same key leave one.
    pub(super) left: BTreeMap<String, u32>,
}

fn answer(status: u16, body: Value) -> HttpOutcome {
    HttpOutcome::Response(Response { status, headers: BTreeMap::new(), body, error: None })
}

impl World {
    /// A request leaves the process; what comes of it, and after how many milliseconds.
    fn called(&mut self, request: &HttpRequest, effect: &EffectId) -> (u64, HttpOutcome) {
        self.may_be_called(effect);
        let bad = self.plan.calls;
        let wait = match self.chance.below(10) {
            0..7 => self.chance.between(10, 600),
            7..9 => self.chance.between(600, 12_000),
            _ => self.chance.between(12_000, 90_000),
        };
        let outcome = match (&request.idempotency_key, request.method.is_idempotent()) {
            (Some(key), _) => self.takes_a_message(key, bad),
            (None, true) => self.tells_what_is_free(bad),
            (None, false) => self.books(effect, bad),
        };
        self.tell(|| format!("call {effect} {} {}: {outcome:?}", request.method.as_str(), request.path));
        self.may_jump(wait);
        (wait, outcome)
    }

    fn tells_what_is_free(&mut self, bad: u64) -> HttpOutcome {
        if self.chance.per_mille(bad) {
            return match self.chance.below(4) {
                0 => HttpOutcome::Timeout,
                1 => HttpOutcome::Unreachable,
                2 => answer(503, Value::Null),
                _ => answer(200, json!({ "items": [] })),
            };
        }
        let hours: Vec<Value> = (0..self.chance.between(1, 12))
            .map(|n| json!({ "id": n, "hour": format!("{}h", 8 + n) }))
            .collect();
        answer(200, json!({ "items": hours }))
    }

    fn takes_a_message(&mut self, key: &str, bad: u64) -> HttpOutcome {
        let fails = self.chance.per_mille(bad);
        if !fails || self.chance.per_mille(500) {
            *self.hospital.left.entry(key.to_owned()).or_default() += 1;
        }
        match (fails, self.chance.below(2)) {
            (false, _) => answer(201, Value::Null),
            (true, 0) => HttpOutcome::Timeout,
            (true, _) => answer(500, Value::Null),
        }
    }

    fn books(&mut self, effect: &EffectId, bad: u64) -> HttpOutcome {
        let calls = self.hospital.unsafe_calls.entry(effect.clone()).or_default();
        *calls += 1;
        if *calls > 1 {
            self.breaks(format!("{effect} is not safe to repeat and was called twice"));
        }
        let code = format!("R{}", self.hospital.booked.len() + 1);
        let fails = self.chance.per_mille(bad);
        let kind = if fails { self.chance.below(10) } else { 10 };
        if matches!(kind, 0..3 | 10..) {
            self.hospital.booked.insert(effect.clone(), code.clone());
        }
        match kind {
            // Whether it was made is not told.
            0..6 => HttpOutcome::Unknown,
            6 => HttpOutcome::Unreachable,
            7 => answer(500, Value::Null),
            8 | 9 => answer(409, Value::Null),
            _ => answer(201, json!({ "code": code })),
        }
    }
}

/// The hospital's system as the process sees it.
pub(super) struct Line(pub(super) Shared);

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Line")
    }
}

impl Calls for Line {
    fn is_safe_to_repeat(&self, request: &HttpRequest) -> bool {
        request.method.is_idempotent() || request.idempotency_key.is_some()
    }

    fn call<'a>(&'a self, request: &'a HttpRequest, key: &'a EffectId) -> BoxFuture<'a, HttpOutcome> {
        Box::pin(async move {
            let (wait, outcome) = lock(&self.0).called(request, key);
            pause(&self.0, wait).await;
            outcome
        })
    }
}
