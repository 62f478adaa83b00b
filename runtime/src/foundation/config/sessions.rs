//! `[sessions]` and `[identity]`: bounds of play.

use serde::Deserialize;

use super::span::Span;

/// `[sessions]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionsSection {
    /// Ends a wait for a patient that nothing else ends.
    pub expire: Span,
}

/// `[identity]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IdentitySection {
    /// Failed identity checks per contact and day.
    pub tries: u32,
}

impl Default for SessionsSection {
    fn default() -> Self {
        Self { expire: Span::seconds(24 * 60 * 60) }
    }
}

impl Default for IdentitySection {
    fn default() -> Self {
        Self { tries: 5 }
    }
}
