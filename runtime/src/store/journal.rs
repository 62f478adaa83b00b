//! A turn as it was played, and what is left of it once it is not to be played again any more.

use fluxo_engine::ids::{ReleaseId, SessionId};
use fluxo_engine::protocol::{Event, Trouble};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A turn, as it can be played again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// When.
    pub at: Timestamp,
    /// The session.
    pub session: SessionId,
    /// Its turn.
    pub turn: u32,
    /// The trigger or resume, as JSON; `null` once it was cut.
    pub input: Value,
    /// The turn's events, as JSON; the way through the flows and how they ended, once it was cut.
    pub events: Value,
    /// Set where nothing was played: the session was moved between two turns, and `turn` is the one before. Whoever
    /// plays the session again moves it here as well, before the turns that follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Moved>,
}

/// A session's move from the release it was pinned to, to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// What it played until here.
    pub from: ReleaseId,
    /// What it plays from here on.
    pub to: ReleaseId,
}

impl JournalEntry {
    /// Takes out all that a contact said or that was known of them: what stays is which nodes were visited, how flows
    /// and session ended, and the codes of what failed.
    #[must_use]
    pub fn cut(self) -> Self {
        // What an older engine wrote and this one does not know says nothing that is worth the risk.
        let events: Vec<Value> = match self.events {
            Value::Array(events) => events,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                Vec::new()
            }
        };
        let kept = events.into_iter().filter_map(|event| stays(serde_json::from_value(event).ok()?));
        let events = kept.filter_map(|event| serde_json::to_value(event).ok()).collect();
        Self { input: Value::Null, events: Value::Array(events), ..self }
    }
}

/// An event without what may be a contact's: ports and answers may name an option that was made of their data.
fn stays(event: Event) -> Option<Event> {
    match event {
        Event::SessionStarted { .. }
        | Event::NodeEntered { .. }
        | Event::Interrupted { .. }
        | Event::FlowEntered { .. }
        | Event::FlowEnded { .. }
        | Event::WentTo { .. }
        | Event::SessionEnded { .. } => Some(event),
        Event::Trouble(trouble) => Some(Event::Trouble(Trouble { detail: String::new(), ..trouble })),
        Event::PortTaken { .. }
        | Event::WaitBegan { .. }
        | Event::Answered { .. }
        | Event::AnswerInvalid { .. }
        | Event::NotPlayed { .. }
        | Event::ResultTooLate { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use fluxo_engine::protocol::TroubleCode;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_way_and_the_outcome_stay_and_nothing_of_the_contact() {
        let trouble = Trouble {
            code: TroubleCode::SendFailed,
            flow: "menu".into(),
            node: "fim".into(),
            detail: "Ana".to_owned(),
        };
        let entry = JournalEntry {
            at: "2026-03-12T12:00:00Z".parse().unwrap(),
            session: "c1.1".into(),
            turn: 3,
            input: json!({ "world": { "contact": { "phone": "+5511987654321" } } }),
            events: json!([
                { "event": "port_taken", "flow": "menu", "node": "qual", "port": "options/52998224725" },
                { "event": "node_entered", "flow": "menu", "node": "fim", "visit": 4 },
                { "event": "answered", "wait": "c1.1:3", "how": "52998224725" },
                Event::Trouble(trouble),
                { "event": "of_another_version", "text": "Ana" },
                { "event": "session_ended", "outcome": "ok" }
            ]),
            moved: Some(Moved { from: "r1".into(), to: "r2".into() }),
        };
        let cut = entry.clone().cut();
        assert_eq!((cut.at, &cut.session, cut.turn), (entry.at, &entry.session, entry.turn));
        assert_eq!(cut.moved, entry.moved, "a move says nothing of the contact");
        assert_eq!(cut.input, Value::Null);
        let kinds: Vec<&str> =
            cut.events.as_array().unwrap().iter().filter_map(|event| event["event"].as_str()).collect();
        assert_eq!(kinds, ["node_entered", "trouble", "session_ended"]);
        let text = serde_json::to_string(&cut).unwrap();
        for gone in ["52998224725", "5511987654321", "Ana"] {
            assert!(!text.contains(gone), "{text}");
        }
        assert_eq!(cut.clone().cut(), cut);
        assert_eq!(JournalEntry { events: json!("?"), ..entry }.cut().events, json!([]));
    }
}
