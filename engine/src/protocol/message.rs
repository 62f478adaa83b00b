//! What is said to a contact, free of any provider's shape. Lengths already fit the channel.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{MediaKind, MediaSource, Place};

/// One bubble.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Message {
    /// Text; WhatsApp's own marks (`*bold*`) pass through.
    Text {
        /// What is said.
        text: String,
    },
    /// A file, a picture, a recording.
    Media {
        /// What it is.
        media: MediaKind,
        /// Where its bytes are.
        source: MediaSource,
        /// The text below it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caption: Option<String>,
        /// The file's name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        filename: Option<String>,
    },
    /// A place on the map.
    Location {
        /// Where.
        place: Place,
    },
    /// Text with one button that opens an address.
    Link {
        /// What is said.
        text: String,
        /// On the button.
        title: String,
        /// What it opens.
        url: String,
    },
    /// Text with up to the channel's number of reply buttons.
    Buttons {
        /// What is said.
        text: String,
        /// In order.
        buttons: Vec<Choice>,
    },
    /// Text with a list that opens on a tap.
    List {
        /// What is said.
        text: String,
        /// On the button that opens the list.
        button: String,
        /// In order.
        rows: Vec<Choice>,
    },
    /// A message approved beforehand, the only one allowed outside the window.
    Template {
        /// Its name at the provider.
        name: String,
        /// For example `pt_BR`.
        language: String,
        /// What fills its header.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        header: Option<TemplateHeader>,
        /// What fills its body.
        body: TemplateValues,
        /// By place, from 0.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        buttons: Vec<TemplateButton>,
    },
    /// Asks for the contact's position with the channel's own button.
    LocationRequest {
        /// What is said.
        text: String,
    },
    /// Asks for the contact's phone with the channel's own button.
    PhoneRequest {
        /// What is said.
        text: String,
    },
}

/// A reply button or a list row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Comes back when it is tapped; names the wait.
    pub id: String,
    /// What the contact sees.
    pub title: String,
    /// Below the title, in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// What fills a template's header.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum TemplateHeader {
    /// A text hole.
    Text {
        /// Its value.
        text: String,
    },
    /// A picture, film or file.
    Media {
        /// What it is.
        media: MediaKind,
        /// Where its bytes are.
        source: MediaSource,
        /// The file's name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        filename: Option<String>,
    },
    /// A place.
    Location {
        /// Where.
        place: Place,
    },
}

/// What fills a template's body: by position or by name, never both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TemplateValues {
    /// `{{1}}`, `{{2}}` …
    Positional(Vec<String>),
    /// `{{nome}}` …
    Named(BTreeMap<String, String>),
}

/// What a template's button carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplateButton {
    /// Comes back when the button is tapped.
    Payload(String),
    /// The end of the button's address.
    UrlSuffix(String),
}
