//! One message of a chat, as the phone shows it and as tests read it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Author {
    Patient,
    Service,
}

/// A button or a row of a list.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Choice {
    /// Reply id, or the payload of a template's quick reply; empty for a link.
    pub(crate) id: String,
    pub(crate) title: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) section: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) url: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Media {
    /// `image`, `video`, `audio`, `document` or `sticker`.
    pub(crate) kind: String,
    /// Where the page finds the bytes.
    pub(crate) url: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) mime_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) filename: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) caption: Option<String>,
}

/// A status of a message, and when it was reached.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Stamp {
    pub(crate) status: String,
    pub(crate) time: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) code: Option<i64>,
}

/// One message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Position in the chat, from 1; what `?after=` counts.
    pub(crate) n: u64,
    pub(crate) from: Author,
    pub(crate) wamid: String,
    /// `text`, `button` or `list` (interactive), `template`, `image`, … ; a patient's tap is `tap`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) header: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) footer: Option<String>,
    /// Reply buttons, a template's buttons, or one link.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) buttons: Vec<Choice>,
    /// Rows of a list, sections flattened.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) rows: Vec<Choice>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) list_button: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) template: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) media: Option<Media>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) location: Option<Value>,
    /// The message that this one answers or quotes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) context: Option<String>,
    /// What a tap chose.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) choice: Option<String>,
    /// Emoji that the other side reacted with.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) reaction: Option<String>,
    /// Of the service's messages: sent, delivered, read, failed. Of the patient's: sent, delivered (the webhook was
    /// answered with 200), read (the service sent a read receipt).
    pub(crate) statuses: Vec<Stamp>,
    pub(crate) time: String,
    /// What the service asked to be echoed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) biz_opaque_callback_data: Option<String>,
    /// The message exactly as it travelled.
    pub(crate) raw: Value,
}

impl Entry {
    pub(crate) fn has(&self, status: &str) -> bool {
        self.statuses.iter().any(|stamp| stamp.status == status)
    }
}
