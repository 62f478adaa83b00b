//! What was made current when, why and by whom, and the open sessions that play it.

use fluxo_engine::ids::{ConversationId, ReleaseId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A release was made the current one. The newest says which one is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// Which.
    pub release: ReleaseId,
    /// When.
    pub at: Timestamp,
    /// By whom: a name of the operating system, or `fluxo`.
    pub by: String,
    /// On what occasion.
    pub occasion: Occasion,
    /// Why, in the words of whoever did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Digest of the flows that lay in the project's folder at that moment: as long as they are these, nothing else is
    /// published by itself. After a rollback they are not those of the release.
    pub disk: String,
}

/// On what occasion a release was made current.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// The service started and found these flows.
    Start,
    /// The files changed while the service ran.
    Edit,
    /// Somebody gave the command.
    Command,
    /// Somebody went back to it.
    Rollback,
}

/// A session that has not ended, as far as releases are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSession {
    /// Whose.
    pub conversation: ConversationId,
    /// The release it is pinned to; absent in no sound store.
    pub release: Option<ReleaseId>,
    /// The stored form.
    pub session: Vec<u8>,
    /// People have the conversation or are asked to take it.
    pub with_people: bool,
}

/// Some of the open sessions, by conversation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionPage {
    /// Those found.
    pub sessions: Vec<OpenSession>,
    /// Conversations that could not be read, and may have one.
    pub unreadable: u64,
    /// Where to go on; absent at the end.
    pub next: Option<ConversationId>,
}
