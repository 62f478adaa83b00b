//! How what was recorded of a turn differs from what playing it again came to.

use fluxo_engine::ids::{FlowId, NodeId};
use fluxo_engine::protocol::{Effect, EffectKind};
use fluxo_engine::{ENGINE_VERSION, last_node};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Said;
use super::stage::Scene;
use crate::releases::Played;
use crate::store::{JournalEntry, Prints, Recorded};

/// A part of what a turn comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Whether it can be played at all.
    Play,
    /// What happened.
    Events,
    /// What was asked of the world.
    Effects,
    /// What became of timers.
    Timers,
    /// What became of the contact.
    Contact,
    /// What was remembered.
    Session,
}

/// The first difference between a recorded turn and the same turn played again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The session's turn.
    pub turn: u32,
    /// When it was played.
    pub at: Timestamp,
    /// The flow in which it stood last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<FlowId>,
    /// The node at which it stood last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeId>,
    /// Where.
    pub part: Part,
    /// The place in it, as a JSON pointer.
    pub place: String,
    /// What was recorded there; absent when nothing was, `{"print": …}` where only that is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Value>,
    /// What came now; absent when nothing did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<Value>,
    /// The engine's semantic version that played it, when that is another than this one's: the same bytes are promised
    /// within a version only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<u32>,
}

/// A difference's place, and both sides there.
pub(super) type Apart = (String, Option<Value>, Option<Value>);

impl Difference {
    /// Of a turn that could not be played.
    pub(super) fn refused(entry: &JournalEntry, scene: &Scene, words: String) -> Self {
        let apart = (String::new(), Some(json!("a turn")), Some(json!({ "error": words })));
        Self::at(entry, scene, Part::Play, apart)
    }

    /// The first one, if there is any.
    pub(super) fn of(
        entry: &JournalEntry,
        recorded: &Recorded,
        scene: &Scene,
        played: &Played,
        said: &Said,
    ) -> Option<Self> {
        let prints = Prints::of(&played.session, &played.turn);
        let turn = &played.turn;
        let found = |part: Part, apart: Apart| Some(Self::at(entry, scene, part, apart));
        if entry.events != turn.events {
            let apart = first(&value(&entry.events), &value(&turn.events));
            return found(Part::Events, apart.unwrap_or_default());
        }
        if recorded.prints.effects != prints.effects {
            return found(Part::Effects, effects(recorded, &prints, &turn.effects, said));
        }
        let print = |print: u32| Some(json!({ "print": format!("{print:08x}") }));
        if recorded.prints.timers != prints.timers {
            let apart = (String::new(), print(recorded.prints.timers), Some(value(&turn.timers)));
            return found(Part::Timers, apart);
        }
        if recorded.prints.contact != prints.contact {
            let apart = (String::new(), print(recorded.prints.contact), Some(value(&turn.contact)));
            return found(Part::Contact, apart);
        }
        if recorded.prints.session != prints.session {
            let stored = played.session.get(1..).and_then(|text| serde_json::from_slice(text).ok());
            return found(Part::Session, (String::new(), print(recorded.prints.session), stored));
        }
        None
    }

    fn at(entry: &JournalEntry, scene: &Scene, part: Part, (place, expected, actual): Apart) -> Self {
        let (flow, node) = last_node(&entry.events).unzip();
        let engine = (scene.backdrop.engine != ENGINE_VERSION).then_some(scene.backdrop.engine);
        Self { turn: entry.turn, at: entry.at, flow, node, part, place, expected, actual, engine }
    }
}

/// The first effect that differs, whose place begins with its number. What was asked is in the journal, what was said
/// in the transcript.
pub(super) fn effects(recorded: &Recorded, prints: &Prints, now: &[Effect], said: &Said) -> Apart {
    let was = &recorded.prints.effects;
    let at = (0..was.len().max(now.len())).find(|at| was.get(*at) != prints.effects.get(*at));
    let Some(at) = at else { return Apart::default() };
    let place = format!("/{at}");
    let actual = now.get(at);
    let Some(print) = was.get(at) else {
        return (place, None, actual.map(value));
    };
    let expected = recalled(recorded, at, actual, now, said);
    match (expected, actual) {
        (Some(expected), Some(actual)) => match first(&value(&expected), &value(actual)) {
            Some((inside, was, is)) => (format!("{place}{inside}"), was, is),
            None => (place, Some(json!({ "print": format!("{print:08x}") })), Some(value(actual))),
        },
        (Some(expected), None) => (place, Some(value(&expected)), None),
        (None, actual) => (place, Some(json!({ "print": format!("{print:08x}") })), actual.map(value)),
    }
}

/// The effect that was recorded at a place.
fn recalled(
    recorded: &Recorded,
    at: usize,
    actual: Option<&Effect>,
    now: &[Effect],
    said: &Said,
) -> Option<Effect> {
    let n = u32::try_from(at).ok()?;
    if let Some(asked) = recorded.asked.iter().find(|effect| effect.id.n == n) {
        return Some(asked.clone());
    }
    // Effects of a turn differ in their numbers only.
    let mut id = now.first().or(recorded.asked.first()).map(|effect| effect.id.clone())?;
    id.n = n;
    let message = said.get(&id)?.clone();
    let wait = actual.and_then(|effect| effect.wait.clone());
    Some(Effect { id, wait, kind: EffectKind::SendMessage { message } })
}

fn value<T: Serialize + ?Sized>(of: &T) -> Value {
    serde_json::to_value(of).unwrap_or(Value::Null)
}

/// The first place in which two values differ.
fn first(expected: &Value, actual: &Value) -> Option<Apart> {
    let below = |name: String, found: Option<Apart>| {
        found.map(|(inside, was, is)| (format!("/{name}{inside}"), was, is))
    };
    match (expected, actual) {
        (Value::Object(was), Value::Object(is)) => {
            let own = was.iter().find_map(|(name, was)| {
                let found = match is.get(name) {
                    Some(is) => first(was, is),
                    None => Some((String::new(), Some(was.clone()), None)),
                };
                below(name.clone(), found)
            });
            own.or_else(|| {
                let more = is.iter().find(|(name, _)| !was.contains_key(*name));
                more.map(|(name, is)| (format!("/{name}"), None, Some(is.clone())))
            })
        }
        (Value::Array(was), Value::Array(is)) => (0..was.len().max(is.len())).find_map(|at| {
            let found = match (was.get(at), is.get(at)) {
                (Some(was), Some(is)) => first(was, is),
                (was, is) => Some((String::new(), was.cloned(), is.cloned())),
            };
            below(at.to_string(), found)
        }),
        (was, is) => (was != is).then(|| (String::new(), Some(was.clone()), Some(is.clone()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_place_is_named_and_both_sides_are_told() {
        let was = json!({ "a": [1, { "b": "x" }], "c": null });
        for (is, expected) in [
            (was.clone(), None),
            (
                json!({ "a": [1, { "b": "y" }], "c": null }),
                Some(("/a/1/b", Some(json!("x")), Some(json!("y")))),
            ),
            (json!({ "a": [1], "c": null }), Some(("/a/1", Some(json!({ "b": "x" })), None))),
            (json!({ "a": [1, { "b": "x" }] }), Some(("/c", Some(Value::Null), None))),
            (json!({ "a": [1, { "b": "x" }], "c": null, "d": 1 }), Some(("/d", None, Some(json!(1))))),
            (json!([]), Some(("", Some(was.clone()), Some(json!([]))))),
        ] {
            let expected = expected.map(|(place, was, is)| (place.to_owned(), was, is));
            assert_eq!(first(&was, &is), expected);
        }
    }
}
