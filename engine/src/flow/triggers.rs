//! When a flow begins, as its author writes it, and which text is whose.
//!
//! ```json
//! { "when": "message", "keywords": ["confirmar", "confirmação"] }
//! ```

use serde::Deserialize;

use crate::answer::fold::fold_words;

/// What begins a flow.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// On what occasion.
    pub when: When,
    /// For `message`: whole words, compared folded; the longest one found wins over all flows.
    #[serde(default)]
    pub keywords: Vec<String>,
    /// Only on these channels of the project; all of them when empty.
    #[serde(default)]
    pub channels: Vec<String>,
    /// For `ad`: only these advertisements; all of them when empty.
    #[serde(default)]
    pub ads: Vec<String>,
}

/// Occasions on which a flow begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// A message with a keyword.
    Message,
    /// What nothing else claims; one flow per channel.
    Default,
    /// An advertisement that leads to the chat.
    Ad,
    /// A campaign's reply.
    Campaign,
    /// A call of our API.
    Api,
    /// Only as a part of another flow.
    Call,
}

impl Trigger {
    /// Whether it holds on a channel.
    pub fn covers(&self, channel: &str) -> bool {
        self.channels.is_empty() || self.channels.iter().any(|own| own == channel)
    }

    /// The keywords as they are compared.
    pub fn folded_keywords(&self) -> impl Iterator<Item = String> {
        self.keywords.iter().map(|keyword| fold_words(keyword)).filter(|folded| !folded.is_empty())
    }
}

/// Whether folded words stand in a folded text as whole words.
pub fn stands_in(words: &str, text: &str) -> bool {
    text.match_indices(words).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + words.len()..].chars().next();
        !words.is_empty() && before.is_none_or(|c| c == ' ') && after.is_none_or(|c| c == ' ')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_whole_words() {
        assert!(stands_in("confirmar", "quero confirmar minha consulta"));
        assert!(stands_in("minha consulta", "quero confirmar minha consulta"));
        assert!(!stands_in("firma", "quero confirmar"));
        assert!(stands_in("sim", "sim"));
        assert!(stands_in("sim", "simples sim"));
        assert!(!stands_in("", "sim"));
    }
}
