//! Slots: what compiled code reads from outside, each by one name, and no more of it than it needs.

use minijinja::Value;

use super::intern::intern;
use super::path::{Segment, StaticPath};
use super::value::{json_truth, to_jinja};
use super::{EvalError, Scope};

/// How much of a value is needed. Converting a list of agendas costs a hundred times more than counting it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    /// All of it.
    Whole,
    /// Whether it holds in a condition.
    Truth,
    /// Whether it is there at all: true or absent.
    Presence,
    /// How many items, members or characters it has; absent has none.
    Length,
}

/// A value from outside that compiled code reads by one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) name: &'static str,
    root: String,
    segments: Vec<Segment>,
    measure: Measure,
}

impl Slot {
    pub(super) fn new(path: &StaticPath<'_>, measure: Measure) -> Self {
        let kind = match measure {
            Measure::Whole => "",
            Measure::Truth => "$truth",
            Measure::Presence => "$presence",
            Measure::Length => "$length",
        };
        Slot {
            name: intern(&format!("{}{kind}", path.dotted())),
            root: path.root.to_owned(),
            segments: path.segments.clone(),
            measure,
        }
    }

    /// What compiled code finds under the name.
    pub(super) fn load(&self, scope: &Scope<'_>) -> Value {
        let value = self.read(scope);
        match self.measure {
            Measure::Whole => match value {
                None => Value::UNDEFINED,
                Some(value) if value.is_array() || value.is_object() => {
                    scope.converted(self.name, || to_jinja(value))
                }
                Some(value) => to_jinja(value),
            },
            Measure::Truth => Value::from(json_truth(value)),
            Measure::Presence => value.map_or(Value::UNDEFINED, |_| Value::from(true)),
            Measure::Length => length(value),
        }
    }

    /// Follows the path; null anywhere on it is absent.
    pub(super) fn read<'v>(&self, scope: &'v Scope<'_>) -> Option<&'v serde_json::Value> {
        let mut value = scope.get(&self.root)?;
        for segment in &self.segments {
            value = match (segment, value) {
                (Segment::Key(key), serde_json::Value::Object(members)) => members.get(key)?,
                (Segment::Index(index), serde_json::Value::Array(items)) => {
                    let at = if *index < 0 {
                        items.len().checked_sub(usize::try_from(index.unsigned_abs()).ok()?)?
                    } else {
                        usize::try_from(*index).ok()?
                    };
                    items.get(at)?
                }
                _ => return None,
            };
        }
        (!value.is_null()).then_some(value)
    }
}

fn length(value: Option<&serde_json::Value>) -> Value {
    use serde_json::Value as Json;
    Value::from(match value {
        None | Some(Json::Null) => 0,
        Some(Json::String(text)) => text.chars().count(),
        Some(Json::Array(items)) => items.len(),
        Some(Json::Object(members)) => members.len(),
        // An error that strikes only if it is looked at: the branch may not be taken.
        Some(Json::Bool(_)) => return no_length("bool"),
        Some(Json::Number(_)) => return no_length("number"),
    })
}

fn no_length(kind: &str) -> Value {
    Value::from(minijinja::Error::from(EvalError::Type { detail: format!("a {kind} has no length") }))
}
