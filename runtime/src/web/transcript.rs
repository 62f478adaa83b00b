//! What was said and noted in a conversation, as the desk's API shows it.

use fluxo_engine::protocol::{Content, Message};
use serde::Serialize;
use serde_json::{Value, json};

use crate::store::{Line, LineBody, SendState, Speaker};

/// One line.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    /// Its number, for `after`.
    n: u64,
    at: jiff::Timestamp,
    /// `contact`, `bot`, `attendant` or `system`.
    by: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    attendant: Option<String>,
    #[serde(flatten)]
    body: ShownBody,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
enum ShownBody {
    /// What the contact sent, in the protocol's words.
    Received { content: Value },
    /// What the contact was sent.
    Said { effect: String, message: Value },
    /// How something said fares.
    State {
        effect: String,
        state: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Something that happened.
    Note { text: String },
}

impl Shown {
    pub(super) fn new(n: u64, line: Line) -> Self {
        let Line { at, by, body } = line;
        let (by, attendant) = match by {
            Speaker::Contact => ("contact", None),
            Speaker::Bot => ("bot", None),
            Speaker::Attendant(name) => ("attendant", Some(name)),
            Speaker::System => ("system", None),
        };
        let body = match body {
            LineBody::Inbound(inbound) => ShownBody::Received { content: content(&inbound.content) },
            LineBody::Outbound { effect, message } => {
                ShownBody::Said { effect: effect.to_string(), message: message_value(&message) }
            }
            LineBody::Sent { effect, state, reason } => {
                ShownBody::State { effect: effect.to_string(), state: word(state), reason }
            }
            LineBody::Note(text) => ShownBody::Note { text },
        };
        Self { n, at, by, attendant, body }
    }
}

// The protocol's types always are JSON; should one not be, the page shows that something was there.
fn content(content: &Content) -> Value {
    serde_json::to_value(content).unwrap_or_else(|_| json!({ "kind": "other" }))
}

fn message_value(message: &Message) -> Value {
    serde_json::to_value(message).unwrap_or_else(|_| json!({ "kind": "other" }))
}

fn word(state: SendState) -> &'static str {
    match state {
        SendState::Accepted => "accepted",
        SendState::Sent => "sent",
        SendState::Delivered => "delivered",
        SendState::Read => "read",
        SendState::Played => "played",
        SendState::Failed => "failed",
    }
}
