//! A contact taken out of the store, with all that is personal: what goes, and how much it was.

use fluxo_engine::ids::{ContactId, ConversationId, SessionId};
use fluxo_engine::protocol::Event;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Conversation, JournalEntry, Kept, Notice};

/// How a session ends when its contact is erased.
const ERASED: &str = "erased";

/// A contact that is to be erased.
#[derive(Debug, Clone, PartialEq)]
pub struct Erasure {
    /// Who.
    pub contact: ContactId,
    /// All their conversations, also those that came to them when contacts were merged. `Conflict` if the contact's
    /// record names another.
    pub conversations: Vec<ConversationId>,
    /// When.
    pub at: Timestamp,
    /// What the staff is to hear of it. Nothing in it may be the contact's.
    pub notices: Vec<Notice>,
}

/// What was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Erased {
    /// Conversations.
    pub conversations: u64,
    /// Sessions that were open and ended `erased`.
    pub sessions: u64,
    /// Lines of transcripts.
    pub lines: u64,
    /// Turns of the journal, of which only the way through the flows and its outcome stays.
    pub turns: u64,
    /// Messages that waited to be played.
    pub inbox: u64,
    /// Effects that waited to be performed.
    pub outbox: u64,
    /// Dead letters.
    pub dead_letters: u64,
    /// Timers.
    pub timers: u64,
    /// Notices about their conversations.
    pub notices: u64,
    /// Keys that were destroyed, with which what is left of all this anywhere could have been read.
    pub keys: u64,
}

impl Erased {
    /// Together with another.
    #[must_use]
    pub fn and(self, more: Self) -> Self {
        Self {
            conversations: self.conversations + more.conversations,
            sessions: self.sessions + more.sessions,
            lines: self.lines + more.lines,
            turns: self.turns + more.turns,
            inbox: self.inbox + more.inbox,
            outbox: self.outbox + more.outbox,
            dead_letters: self.dead_letters + more.dead_letters,
            timers: self.timers + more.timers,
            notices: self.notices + more.notices,
            keys: self.keys + more.keys,
        }
    }
}

/// The end of a conversation's open session, for its journal; `None` when none is open.
pub(super) fn end(conversation: &Conversation, at: Timestamp, last: Option<u32>) -> Option<JournalEntry> {
    let session: SessionId = conversation.session.as_ref().and(conversation.session_id.clone())?;
    let events = vec![Event::SessionEnded { outcome: ERASED.to_owned() }];
    Some(JournalEntry { at, session, turn: last.unwrap_or_default() + 1, events, kept: Kept::Erased })
}
