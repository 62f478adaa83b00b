//! Trouble on demand: what a rule matches and what it does to a request.

use std::{collections::BTreeMap, sync::Mutex};

use serde_json::{Value, json};

use crate::{seed::Random, settings::ConflictForm};

/// What goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fault {
    /// This answer instead of the right one.
    Status { status: u16, body: Value, headers: BTreeMap<String, String>, after_accepting: bool },
    /// The right answer, late.
    Slow { ms: u64 },
    /// The right answer, each time so late as the seed draws: answers come back in another order.
    SlowBetween { from: u64, to: u64, seed: u64 },
    /// The connection is reset and nothing is done.
    CutBefore,
    /// What was asked is done; then the connection is reset.
    CutAfterAccepting,
    /// A proxy's page, with status 502, instead of JSON.
    Html { after_accepting: bool },
    /// What was asked is done; then half of the answer's body comes, and the connection ends.
    Torn,
    /// The right answer, called something else.
    ContentType { content_type: String },
    /// No answer at all, the connection stays open.
    Silence { after_accepting: bool },
    /// The next booking loses the race for its slot: somebody else gets it.
    Conflict { form: ConflictForm },
    /// A message is accepted, then reported `failed` with this code.
    AsyncFailed { code: i64, after_sent: bool },
}

impl Fault {
    /// Whether it strikes the connection, whatever was asked; the others are for one kind of request.
    fn is_transport(&self) -> bool {
        match self {
            Self::Status { .. }
            | Self::Slow { .. }
            | Self::SlowBetween { .. }
            | Self::CutBefore
            | Self::CutAfterAccepting
            | Self::Html { .. }
            | Self::Torn
            | Self::ContentType { .. }
            | Self::Silence { .. } => true,
            Self::Conflict { .. } | Self::AsyncFailed { .. } => false,
        }
    }

    pub(crate) fn name(&self) -> String {
        match self {
            Self::Status { status, .. } => format!("status {status}"),
            Self::Slow { ms } => format!("slow {ms} ms"),
            Self::SlowBetween { from, to, .. } => format!("slow {from} to {to} ms"),
            Self::CutBefore => "cut_before".into(),
            Self::CutAfterAccepting => "cut_after_accepting".into(),
            Self::Html { .. } => "html".into(),
            Self::Torn => "torn".into(),
            Self::ContentType { content_type } => format!("content type {content_type}"),
            Self::Silence { .. } => "silence".into(),
            Self::Conflict { .. } => "conflict".into(),
            Self::AsyncFailed { code, .. } => format!("async_failed {code}"),
        }
    }

    fn parse(value: &Value) -> Result<Self, String> {
        let empty = serde_json::Map::new();
        let (members, word) = match value {
            Value::Object(members) => (members, None),
            Value::String(word) => (&empty, Some(word.as_str())),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
                return Err("fault is an object or a word".into());
            }
        };
        let has = |name: &str| {
            word == Some(name) || members.get(name).is_some_and(|member| *member != json!(false))
        };
        let after_accepting = members.get("after_accepting") == Some(&json!(true));
        if let Some(status) = members.get("status") {
            let status =
                status.as_u64().and_then(|status| u16::try_from(status).ok()).ok_or("status is a number")?;
            let headers = match members.get("headers") {
                None => BTreeMap::new(),
                Some(headers) => {
                    serde_json::from_value(headers.clone()).map_err(|error| format!("headers: {error}"))?
                }
            };
            let body = members.get("body").cloned().unwrap_or(Value::Null);
            return Ok(Self::Status { status, body, headers, after_accepting });
        }
        if let Some(ms) = members.get("slow_ms") {
            return Ok(Self::Slow { ms: ms.as_u64().ok_or("slow_ms is a number")? });
        }
        if let Some(between) = members.get("slow_between_ms") {
            let (from, to): (u64, u64) = serde_json::from_value(between.clone())
                .ok()
                .filter(|(from, to)| from <= to)
                .ok_or("slow_between_ms is [from, to]")?;
            let seed = members.get("seed").and_then(Value::as_u64).unwrap_or(1);
            return Ok(Self::SlowBetween { from, to, seed });
        }
        if let Some(content_type) = members.get("content_type") {
            let content_type = content_type.as_str().ok_or("content_type is a text")?.to_owned();
            return Ok(Self::ContentType { content_type });
        }
        if let Some(form) = members.get("conflict") {
            let form = match form {
                Value::Bool(true) => ConflictForm::Conflict,
                Value::Number(number) => parse_form(&number.to_string())?,
                Value::String(text) => parse_form(text)?,
                Value::Null | Value::Bool(false) | Value::Array(_) | Value::Object(_) => {
                    return Err("conflict is \"409\", \"400\" or \"500\"".into());
                }
            };
            return Ok(Self::Conflict { form });
        }
        if let Some(code) = members.get("async_failed") {
            let code = code.as_i64().ok_or("async_failed is an error code")?;
            return Ok(Self::AsyncFailed {
                code,
                after_sent: members.get("after_sent") == Some(&json!(true)),
            });
        }
        match () {
            () if has("cut_before") => Ok(Self::CutBefore),
            () if has("cut_after_accepting") => Ok(Self::CutAfterAccepting),
            () if has("html") => Ok(Self::Html { after_accepting }),
            () if has("torn") => Ok(Self::Torn),
            () if has("silence") => Ok(Self::Silence { after_accepting }),
            () if has("conflict") => Ok(Self::Conflict { form: ConflictForm::Conflict }),
            () => Err(format!("unknown fault {value}")),
        }
    }
}

fn parse_form(text: &str) -> Result<ConflictForm, String> {
    serde_json::from_value(json!(text)).map_err(|_| "conflict is \"409\", \"400\" or \"500\"".into())
}

struct Rule {
    id: u64,
    /// As it was given, for listing.
    given: Value,
    target: String,
    method: Option<String>,
    path: Option<String>,
    path_prefix: Option<String>,
    /// A member that the JSON body must have.
    body_has: Option<String>,
    left: Option<u64>,
    /// How many requests it has struck.
    struck: u64,
    fault: Fault,
}

impl Rule {
    /// What it does to the next request.
    fn next(&mut self) -> Fault {
        self.left = self.left.map(|left| left - 1);
        self.struck += 1;
        match self.fault {
            Fault::SlowBetween { from, to, seed } => {
                let span = usize::try_from(to - from).unwrap_or(usize::MAX).saturating_add(1);
                let drawn = Random::of(&[seed, self.struck]).below(span);
                Fault::Slow { ms: from + drawn as u64 }
            }
            ref fault @ (Fault::Status { .. }
            | Fault::Slow { .. }
            | Fault::CutBefore
            | Fault::CutAfterAccepting
            | Fault::Html { .. }
            | Fault::Torn
            | Fault::ContentType { .. }
            | Fault::Silence { .. }
            | Fault::Conflict { .. }
            | Fault::AsyncFailed { .. }) => fault.clone(),
        }
    }

    fn matches(&self, request: Asked<'_>) -> bool {
        let Asked { target, method, path, body } = request;
        self.target == target
            && self.left != Some(0)
            && self.method.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.path.as_ref().is_none_or(|wanted| wanted == path)
            && self.path_prefix.as_ref().is_none_or(|prefix| path.starts_with(prefix.as_str()))
            && self.body_has.as_ref().is_none_or(|member| !body[member.as_str()].is_null())
    }
}

/// A request, as rules look at it.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// `rm` or `graph`.
    pub(crate) target: &'static str,
    pub(crate) method: &'a str,
    /// Without the base.
    pub(crate) path: &'a str,
    /// JSON, or null.
    pub(crate) body: &'a Value,
}

/// The rules in force, first match first.
#[derive(Default)]
pub(crate) struct Faults {
    rules: Mutex<(u64, Vec<Rule>)>,
}

impl Faults {
    /// Adds one rule or a list of them, all or none; gives their ids.
    pub(crate) fn add(&self, given: &Value) -> Result<Vec<u64>, String> {
        let list: Vec<&Value> = match given {
            Value::Array(list) => list.iter().collect(),
            Value::Object(_) => vec![given],
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                return Err("a fault is an object".into());
            }
        };
        let parsed = list.into_iter().map(parse_rule).collect::<Result<Vec<_>, _>>()?;
        let mut rules = self.rules.lock().expect("no holder panics");
        let mut ids = Vec::new();
        for mut rule in parsed {
            rules.0 += 1;
            rule.id = rules.0;
            ids.push(rule.id);
            rules.1.push(rule);
        }
        Ok(ids)
    }

    pub(crate) fn list(&self) -> Value {
        let rules = self.rules.lock().expect("no holder panics");
        rules
            .1
            .iter()
            .map(|rule| {
                let mut shown = rule.given.clone();
                shown["id"] = json!(rule.id);
                shown["left"] = json!(rule.left);
                shown
            })
            .collect()
    }

    /// Removes one rule, or all.
    pub(crate) fn clear(&self, id: Option<u64>) {
        let mut rules = self.rules.lock().expect("no holder panics");
        rules.1.retain(|rule| id.is_some_and(|id| id != rule.id));
    }

    /// The faults of the connection that strike a request, each used up by one. Delays add up; of the others the
    /// first counts.
    pub(crate) fn strike(&self, request: Asked<'_>) -> Vec<Fault> {
        let mut rules = self.rules.lock().expect("no holder panics");
        let mut struck: Vec<Fault> = Vec::new();
        for rule in rules.1.iter_mut().filter(|rule| rule.fault.is_transport() && rule.matches(request)) {
            let slow = matches!(rule.fault, Fault::Slow { .. } | Fault::SlowBetween { .. });
            if slow || struck.iter().all(|fault| matches!(fault, Fault::Slow { .. })) {
                struck.push(rule.next());
            }
        }
        rules.1.retain(|rule| rule.left != Some(0));
        struck
    }

    /// The fault of a booking or a message, used up by it.
    pub(crate) fn operation(&self, request: Asked<'_>) -> Option<Fault> {
        let mut rules = self.rules.lock().expect("no holder panics");
        let rule = rules.1.iter_mut().find(|rule| !rule.fault.is_transport() && rule.matches(request))?;
        let fault = rule.next();
        rules.1.retain(|rule| rule.left != Some(0));
        Some(fault)
    }
}

fn parse_rule(given: &Value) -> Result<Rule, String> {
    let text = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned);
    for (name, _) in given.as_object().into_iter().flatten() {
        if !["target", "method", "path", "path_prefix", "body_has", "times", "fault"].contains(&name.as_str())
        {
            return Err(format!("unknown member {name}"));
        }
    }
    let target = text("target").ok_or("target is missing")?;
    if !["rm", "graph"].contains(&target.as_str()) {
        return Err(format!("unknown target {target}"));
    }
    Ok(Rule {
        id: 0,
        given: given.clone(),
        target,
        method: text("method"),
        path: text("path"),
        path_prefix: text("path_prefix"),
        body_has: text("body_has"),
        left: given.get("times").and_then(Value::as_u64),
        struck: 0,
        fault: Fault::parse(given.get("fault").unwrap_or(&Value::Null))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(target: &'static str, method: &'static str, path: &'static str) -> Asked<'static> {
        Asked { target, method, path, body: &Value::Null }
    }

    #[test]
    fn a_rule_is_used_up_and_matches_only_what_it_names() {
        let faults = Faults::default();
        let rule = json!({ "target": "rm", "method": "POST", "path_prefix": "/api/hcg/v2/appointments", "times": 1, "fault": "cut_after_accepting" });
        faults.add(&json!([rule])).unwrap();
        assert!(faults.strike(asked("rm", "GET", "/api/hcg/v2/appointments")).is_empty());
        assert!(faults.strike(asked("graph", "POST", "/api/hcg/v2/appointments")).is_empty());
        assert_eq!(
            faults.strike(asked("rm", "POST", "/api/hcg/v2/appointments")),
            [Fault::CutAfterAccepting]
        );
        assert!(faults.strike(asked("rm", "POST", "/api/hcg/v2/appointments")).is_empty());
    }

    #[test]
    fn delays_add_to_another_fault_and_bad_rules_are_refused_together() {
        let faults = Faults::default();
        let slow = json!({ "target": "rm", "fault": { "slow_ms": 5 } });
        let down = json!({ "target": "rm", "fault": { "status": 503 } });
        faults.add(&json!([slow, down, { "target": "rm", "fault": "html" }])).unwrap();
        assert_eq!(faults.strike(asked("rm", "GET", "/x")).len(), 2);
        assert!(faults.add(&json!([slow, { "target": "mars", "fault": "html" }])).is_err());
        assert!(faults.add(&json!({ "target": "rm", "fault": "explode" })).is_err());
        assert_eq!(faults.list().as_array().unwrap().len(), 3);
        faults.clear(None);
        assert!(faults.strike(asked("rm", "GET", "/x")).is_empty());
    }

    #[test]
    fn drawn_delays_stay_within_bounds_differ_and_come_again_with_their_seed() {
        let delays = |seed: u64| -> Vec<u64> {
            let faults = Faults::default();
            faults
                .add(&json!({ "target": "rm", "fault": { "slow_between_ms": [20, 400], "seed": seed } }))
                .unwrap();
            let strike = |_| match faults.strike(asked("rm", "GET", "/x"))[..] {
                [Fault::Slow { ms }] => ms,
                ref other => panic!("{other:?}"),
            };
            (0..50).map(strike).collect()
        };
        let drawn = delays(7);
        assert!(drawn.iter().all(|ms| (20..=400).contains(ms)), "{drawn:?}");
        assert!(drawn.iter().collect::<std::collections::BTreeSet<_>>().len() > 20, "{drawn:?}");
        assert_eq!(drawn, delays(7));
        assert_ne!(drawn, delays(8));
        let wrong = json!({ "target": "rm", "fault": { "slow_between_ms": [400, 20] } });
        assert!(Faults::default().add(&wrong).is_err());
    }

    #[test]
    fn conflicts_wait_for_a_booking() {
        let faults = Faults::default();
        faults.add(&json!({ "target": "rm", "times": 1, "fault": { "conflict": "400" } })).unwrap();
        assert!(faults.strike(asked("rm", "POST", "/api/hcg/v2/appointments")).is_empty());
        let fault = faults.operation(asked("rm", "POST", "/api/hcg/v2/appointments"));
        assert_eq!(fault, Some(Fault::Conflict { form: ConflictForm::BadRequest }));
        assert_eq!(faults.operation(asked("rm", "POST", "/api/hcg/v2/appointments")), None);
    }

    #[test]
    fn a_rule_can_ask_for_a_member_of_the_body() {
        let faults = Faults::default();
        faults.add(&json!({ "target": "graph", "body_has": "type", "fault": "cut_before" })).unwrap();
        let (receipt, message) = (json!({ "status": "read" }), json!({ "type": "text" }));
        let with = |body| Asked { body, ..asked("graph", "POST", "/messages") };
        assert!(faults.strike(with(&receipt)).is_empty());
        assert_eq!(faults.strike(with(&message)), [Fault::CutBefore]);
    }
}
