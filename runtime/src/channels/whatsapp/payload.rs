//! Meta's JSON as it comes and goes (whatsapp-cloud.md §3 to §6, §10). Everything that can be missing is optional.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A webhook's body.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope {
    pub(super) object: String,
    #[serde(default)]
    pub(super) entry: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Entry {
    #[serde(default)]
    pub(super) changes: Vec<Change>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Change {
    pub(super) field: String,
    #[serde(default)]
    pub(super) value: Value,
}

/// The value of a change of the field `messages`. Its lists are read one by one: a strange member must not take
/// its neighbours with it.
#[derive(Debug, Deserialize)]
pub(super) struct Messages {
    pub(super) metadata: Metadata,
    #[serde(default)]
    pub(super) contacts: Vec<Value>,
    #[serde(default)]
    pub(super) messages: Vec<Value>,
    #[serde(default)]
    pub(super) statuses: Vec<Value>,
    #[serde(default)]
    pub(super) errors: Vec<Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    #[serde(deserialize_with = "text")]
    pub(super) phone_number_id: String,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct ContactInfo {
    #[serde(default)]
    pub(super) profile: Profile,
    pub(super) wa_id: Option<String>,
    pub(super) user_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Profile {
    pub(super) name: Option<String>,
    pub(super) username: Option<String>,
}

/// What all messages share. What they say stands in the member named like their type.
#[derive(Debug, Deserialize)]
pub(super) struct MessageHead {
    pub(super) id: String,
    #[serde(default)]
    pub(super) timestamp: Value,
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    pub(super) from: Option<String>,
    pub(super) from_user_id: Option<String>,
    pub(super) group_id: Option<String>,
    pub(super) context: Option<Context>,
    pub(super) referral: Option<ReferralInfo>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Context {
    pub(super) id: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ReferralInfo {
    pub(super) source_id: Option<String>,
    pub(super) source_type: Option<String>,
    pub(super) source_url: Option<String>,
    pub(super) headline: Option<String>,
    pub(super) body: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Text {
    pub(super) body: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct File {
    pub(super) id: Option<String>,
    pub(super) url: Option<String>,
    pub(super) mime_type: Option<String>,
    pub(super) caption: Option<String>,
    pub(super) filename: Option<String>,
    #[serde(default)]
    pub(super) voice: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Location {
    pub(super) latitude: f64,
    pub(super) longitude: f64,
    pub(super) name: Option<String>,
    pub(super) address: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Card {
    pub(super) name: CardName,
    #[serde(default)]
    pub(super) phones: Vec<CardPhone>,
}

#[derive(Debug, Deserialize)]
pub(super) struct CardName {
    pub(super) formatted_name: Option<String>,
    pub(super) first_name: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct CardPhone {
    pub(super) phone: Option<String>,
    pub(super) wa_id: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Interactive {
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    pub(super) button_reply: Option<Reply>,
    pub(super) list_reply: Option<Reply>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Reply {
    pub(super) id: String,
    #[serde(default)]
    pub(super) title: String,
}

/// A tap on a template's quick reply.
#[derive(Debug, Deserialize)]
pub(super) struct Button {
    pub(super) payload: Option<String>,
    pub(super) text: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Reaction {
    pub(super) message_id: String,
    pub(super) emoji: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct System {
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    pub(super) wa_id: Option<String>,
    pub(super) user_id: Option<String>,
    pub(super) previous_user_id: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Unsupported {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Status {
    pub(super) id: String,
    pub(super) status: String,
    #[serde(default)]
    pub(super) timestamp: Value,
    pub(super) biz_opaque_callback_data: Option<String>,
    #[serde(default)]
    pub(super) errors: Vec<GraphError>,
}

/// An error, wherever it stands.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct GraphError {
    pub(super) code: i64,
    pub(super) title: Option<String>,
    pub(super) message: Option<String>,
    #[serde(default)]
    pub(super) error_data: Value,
}

/// The answer to a send.
#[derive(Debug, Deserialize)]
pub(super) struct Sent {
    pub(super) messages: Vec<SentMessage>,
    #[serde(default)]
    pub(super) contacts: Vec<SentContact>,
}

#[derive(Debug, Deserialize)]
pub(super) struct SentMessage {
    pub(super) id: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct SentContact {
    pub(super) wa_id: Option<String>,
    pub(super) user_id: Option<String>,
}

/// The answer to a send that was refused.
#[derive(Debug, Deserialize)]
pub(super) struct Refused {
    pub(super) error: GraphError,
}

impl GraphError {
    /// In Meta's words: the title, and the details, which say more.
    pub(super) fn words(&self) -> String {
        let details = self.error_data.get("details").and_then(Value::as_str);
        let title = self.title.as_deref().or(self.message.as_deref()).unwrap_or("no reason given");
        match details {
            Some(details) => format!("{}: {title}: {details}", self.code),
            None => format!("{}: {title}", self.code),
        }
    }
}

/// Ids are texts; some samples have them as numbers.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Err(serde::de::Error::custom("not an id"))
        }
    }
}
