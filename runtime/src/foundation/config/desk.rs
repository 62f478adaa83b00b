//! `[desks.*]`: where people work.

use serde::Deserialize;

/// `[desks.<name>]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeskSection {
    /// Which desk.
    pub kind: DeskKind,
}

/// Kinds of desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeskKind {
    /// Our own page.
    Console,
}
