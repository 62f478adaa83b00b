//! What a contact sends, free of any provider's shape.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One message of a contact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inbound {
    /// The provider's message id, opaque.
    pub id: String,
    /// When it was written, by the provider's clock: seconds at best.
    pub written_at: Timestamp,
    /// When it reached us.
    pub received_at: Timestamp,
    /// What it says.
    pub content: Content,
    /// The provider's id of the message it quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quoted: Option<String>,
    /// The advertisement it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referral: Option<Referral>,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Content {
    /// Typed text.
    Text {
        /// As typed.
        text: String,
    },
    /// A tap on a reply button or a list row of ours.
    Tap {
        /// The id we gave it.
        id: String,
        /// The title the contact saw.
        title: String,
    },
    /// A tap on a button of a template.
    TemplateTap {
        /// The payload we gave it, or the button's text.
        payload: String,
        /// The button's text.
        title: String,
    },
    /// A file, a picture, a voice note.
    Media(Media),
    /// A place on the map.
    Location(Place),
    /// Contact cards.
    Contacts {
        /// The people on the cards.
        people: Vec<SharedContact>,
    },
    /// An emoji on one of our messages: never an answer.
    Reaction {
        /// Absent when it was taken back.
        emoji: Option<String>,
        /// The provider's id of the message it stands on.
        to: String,
    },
    /// Something this channel cannot read yet: kept, acknowledged, no answer to anything.
    Other {
        /// The provider's name of the type.
        name: String,
    },
}

/// A media message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// What it is.
    pub media: MediaKind,
    /// Where its bytes are.
    pub source: MediaSource,
    /// MIME type, with parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime: Option<String>,
    /// The text below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// The file's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// A voice note.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub voice: bool,
}

/// Kinds of media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A recording.
    Audio,
    /// A film.
    Video,
    /// A file.
    Document,
    /// A sticker.
    Sticker,
}

/// Where media bytes are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaSource {
    /// The channel's own id of a stored file.
    Id(String),
    /// A public address.
    Url(String),
}

/// A place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Degrees.
    pub latitude: f64,
    /// Degrees.
    pub longitude: f64,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Street, number, city.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// A person on a contact card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedContact {
    /// Full name.
    pub name: String,
    /// As written on the card.
    pub phones: Vec<String>,
}

/// The advertisement or post that led to the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referral {
    /// The advertisement's id.
    pub id: String,
    /// `ad` or `post`.
    pub source: String,
    /// Its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its headline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headline: Option<String>,
    /// Its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}
