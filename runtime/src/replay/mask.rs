//! Takes out of a difference what may be a contact's: an operator sees where and how, and the values when they ask.

use serde_json::Value;

use super::difference::Difference;
use super::other::{Branch, shown_id, shown_port};
use crate::foundation::redact::redact;

/// Stands in the place of what is not shown.
const HIDDEN: &str = "•••";

/// Members whose texts are names that authors or fluxo itself give.
const NAMES: &[&str] = &[
    "event",
    "effect",
    "op",
    "wait",
    "id",
    "flow",
    "node",
    "code",
    "reason",
    "outcome",
    "connection",
    "method",
    "queue",
    "desk",
    "timer",
    "due",
    "print",
    "assign",
    "type",
];

/// Numbers from which one may be a phone, a document or a date.
const LARGE: f64 = 10_000.0;

impl Difference {
    /// Without what may be a contact's.
    #[must_use]
    pub fn masked(self) -> Self {
        let member = last_member(&self.place);
        let hide = |value: &Value| masked(member.as_deref(), value);
        Self { expected: self.expected.as_ref().map(hide), actual: self.actual.as_ref().map(hide), ..self }
    }
}

impl Branch {
    /// Without what may be a contact's.
    #[must_use]
    pub fn masked(self) -> Self {
        let detail = self.detail.map(|(place, expected, actual)| {
            let member = last_member(&place);
            let hide = |value: &Value| masked(member.as_deref(), value);
            (place, expected.as_ref().map(hide), actual.as_ref().map(hide))
        });
        Self { detail, ..self }
    }
}

/// The member a JSON pointer ends at, numbers of lists left out.
fn last_member(place: &str) -> Option<String> {
    let members = place.rsplit('/').filter(|part| !part.is_empty());
    members.into_iter().find(|part| part.parse::<usize>().is_err()).map(str::to_owned)
}

fn masked(member: Option<&str>, value: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::Number(number) if number.as_f64().is_some_and(|number| number.abs() < LARGE) => value.clone(),
        Value::Number(_) => Value::from(HIDDEN),
        Value::String(text) => Value::from(match member {
            Some("port") => shown_port(text),
            Some("how") => shown_id(text),
            Some("error") => redact(text),
            Some(member) if NAMES.contains(&member) => text.clone(),
            Some(_) | None => HIDDEN.to_owned(),
        }),
        Value::Array(items) => items.iter().map(|item| masked(member, item)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), masked(Some(name), value))).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_stay_and_values_go() {
        let shown = json!({
            "event": "port_taken", "flow": "menu", "node": "qual", "port": "options/•••", "how": "…",
            "text": "•••", "cpf": "•••", "fields": { "nome": "•••", "idade": 41, "ids": ["•••"] }, "print": "0a0b0c0d"
        });
        let value = json!({
            "event": "port_taken", "flow": "menu", "node": "qual", "port": "options/Ana", "how": "52998224725",
            "text": "Olá, Ana", "cpf": 52998224725u64, "fields": { "nome": "Ana", "idade": 41, "ids": ["x"] },
            "print": "0a0b0c0d"
        });
        let mut shown = shown;
        shown["port"] = json!("options/…");
        assert_eq!(masked(None, &value), shown);
        assert_eq!(masked(last_member("/1/kind/message/text").as_deref(), &json!("Ana")), json!(HIDDEN));
        assert_eq!(masked(last_member("/3/node").as_deref(), &json!("qual")), json!("qual"));
        assert_eq!(last_member("/3"), None);
    }
}
