//! What comes before the open question: a keyword, silence, trouble.
//!
//! ```json
//! { "when": "keyword", "keywords": ["atendente", "humano"], "next": "atendente" }
//! ```

use serde::Deserialize;

use super::triggers::stands_in;
use crate::answer::fold::fold_words;
use crate::ids::NodeId;
use crate::nodes::Duration;

/// An interrupt. Searched from the innermost flow outwards, in the order written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub enum Interrupt {
    /// The contact wrote one of these.
    Keyword {
        /// Compared folded and without punctuation.
        keywords: Vec<String>,
        /// How they are compared.
        matching: Match,
        /// Where it leads.
        next: NodeId,
    },
    /// The contact has been silent for so long while an `ask`, `menu` or `consent` is open.
    Idle {
        /// Counted from the contact's last message.
        after: Duration,
        /// Where it leads.
        next: NodeId,
    },
    /// Something failed during play.
    Trouble {
        /// Where it leads.
        next: NodeId,
    },
}

/// How a keyword is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// The whole message is the keyword.
    #[default]
    Whole,
    /// The keyword stands in the message as whole words.
    Contains,
}

/// As authors write it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    when: Occasion,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default, rename = "match")]
    matching: Match,
    after: Option<Duration>,
    next: NodeId,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Occasion {
    Keyword,
    Idle,
    Trouble,
}

impl TryFrom<Written> for Interrupt {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let Written { when, keywords, matching, after, next } = written;
        match (when, after) {
            (Occasion::Keyword, _) => Ok(Self::Keyword { keywords, matching, next }),
            (Occasion::Idle, Some(after)) => Ok(Self::Idle { after, next }),
            (Occasion::Idle, None) => Err("an `idle` interrupt has `after`"),
            (Occasion::Trouble, _) => Ok(Self::Trouble { next }),
        }
    }
}

impl Interrupt {
    /// Where it leads.
    pub fn next(&self) -> &NodeId {
        match self {
            Self::Keyword { next, .. } | Self::Idle { next, .. } | Self::Trouble { next } => next,
        }
    }

    /// Whether a message is one of its keywords.
    pub fn hears(&self, text: &str) -> bool {
        match self {
            Self::Keyword { keywords, matching, .. } => {
                let text = fold_words(text);
                keywords.iter().map(|keyword| fold_words(keyword)).any(|keyword| match matching {
                    Match::Whole => !keyword.is_empty() && keyword == text,
                    Match::Contains => stands_in(&keyword, &text),
                })
            }
            Self::Idle { .. } | Self::Trouble { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keyword(matching: &str) -> Interrupt {
        let written = json!({ "when": "keyword", "keywords": ["atendente"], "match": matching, "next": "x" });
        crate::nodes::authored::read(&written).expect("an interrupt")
    }

    #[test]
    fn the_whole_message_is_the_keyword_unless_the_author_says_otherwise() {
        assert!(keyword("whole").hears("Atendente!"));
        assert!(!keyword("whole").hears("quero um atendente"));
        assert!(keyword("contains").hears("Quero um ATENDENTE, por favor"));
        assert!(!keyword("contains").hears("atendentes"));
    }
}
