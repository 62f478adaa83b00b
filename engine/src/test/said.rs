//! What the contact was told, for people who read a test's failure.

use crate::ids::EffectId;
use crate::protocol::{Choice, Message};

/// Something said to the contact.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// The effect that carries it.
    pub effect: EffectId,
    /// What.
    pub message: Message,
}

impl Said {
    /// As the contact sees it, on one line.
    pub fn in_words(&self) -> String {
        let titles = |choices: &[Choice]| {
            let titles: Vec<String> = choices.iter().map(|choice| format!("[{}]", choice.title)).collect();
            titles.join(" ")
        };
        match &self.message {
            Message::Text { text } | Message::LocationRequest { text } | Message::PhoneRequest { text } => {
                text.clone()
            }
            Message::Media { caption, filename, media, .. } => {
                let name = caption.as_ref().or(filename.as_ref()).cloned().unwrap_or_default();
                format!("({media:?}) {name}")
            }
            Message::Location { place } => format!("(location) {}", place.name.clone().unwrap_or_default()),
            Message::Link { text, title, .. } => format!("{text} [{title}]"),
            Message::Buttons { text, buttons } => format!("{text} {}", titles(buttons)),
            Message::List { text, rows, .. } => format!("{text} {}", titles(rows)),
            Message::Template { name, body, .. } => {
                format!("(template {name}) {}", serde_json::to_string(body).unwrap_or_default())
            }
        }
    }
}
