//! Conversations as operators find them: without anything personal.

use fluxo_engine::ids::{ContactId, ConversationId, ReleaseId, SessionId};
use fluxo_engine::protocol::Event;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{OperationError, Operations, Progress, Request};
use crate::store::{Conversation, JournalEntry, Kept, Mode};

/// Read at a time.
const PAGE: usize = 256;

/// Asks for a list of conversations, the most recently written in first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationsList {
    /// Only those in which the contact wrote since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Only those that people have or are asked to take.
    #[serde(default)]
    pub with_people: bool,
    /// How many at most.
    pub limit: usize,
}

/// Asks for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationShow {
    /// Which.
    pub conversation: ConversationId,
}

/// Conversations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// As many as were asked for at most.
    pub conversations: Vec<Row>,
    /// How many there are like these.
    pub of: u64,
}

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Which.
    pub conversation: ConversationId,
    /// Whose.
    pub contact: ContactId,
    /// The channel's name.
    pub channel: String,
    /// When the contact last wrote.
    pub last: Option<Timestamp>,
    /// The queue whose people have it or are asked to take it.
    pub queue: Option<String>,
    /// The open session.
    pub session: Option<SessionId>,
    /// The release that plays.
    pub release: Option<ReleaseId>,
    /// How many sessions it has had.
    pub sessions: u32,
}

/// A conversation with what is recorded of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The conversation; absent when its contact was erased.
    pub conversation: Option<Row>,
    /// Its sessions, in the order in which they began.
    pub sessions: Vec<SessionRow>,
}

/// What is recorded of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    /// Which.
    pub session: SessionId,
    /// Its first turn that is recorded.
    pub began: Timestamp,
    /// Its last.
    pub last: Timestamp,
    /// How many are recorded.
    pub turns: u64,
    /// How many of them can be played again.
    pub whole: u64,
    /// The way through the flows, `flow/node` by `flow/node`.
    pub path: Vec<String>,
    /// How it ended.
    pub outcome: Option<String>,
}

impl Row {
    fn of(conversation: Conversation) -> Self {
        let queue = match &conversation.mode {
            Mode::Bot => None,
            Mode::Queued { queue, .. } | Mode::People { queue, .. } => Some(queue.to_string()),
        };
        let open = conversation.session.is_some();
        Self {
            conversation: conversation.id,
            contact: conversation.contact,
            channel: conversation.account.channel,
            last: conversation.last_inbound,
            queue,
            session: conversation.session_id.filter(|_| open),
            release: conversation.release.filter(|_| open),
            sessions: conversation.sessions,
        }
    }
}

impl Request for ConversationsList {
    type Answer = Listed;

    async fn carry_out(self, here: &Operations, progress: &Progress) -> Result<Listed, OperationError> {
        let store = here.conversations().store();
        let mut rows: Vec<Row> = Vec::new();
        let (mut after, mut of, mut seen) = (None, 0, 0);
        loop {
            if !progress.is_wanted() {
                return Err(OperationError::interrupted());
            }
            let page = store.conversations(after.as_ref(), PAGE).await?;
            seen += page.len() as u64;
            progress.tell(seen, None);
            after = (page.len() == PAGE).then(|| page.last().map(|last| last.id.clone())).flatten();
            for row in page.into_iter().map(Row::of) {
                let recent = self.since.is_none_or(|since| row.last >= Some(since));
                if recent && (!self.with_people || row.queue.is_some()) {
                    of += 1;
                    rows.push(row);
                }
            }
            // Never more in memory than is shown, and a page.
            rows.sort_by(|one, other| (other.last, &one.conversation).cmp(&(one.last, &other.conversation)));
            rows.truncate(self.limit);
            if after.is_none() {
                return Ok(Listed { conversations: rows, of });
            }
        }
    }
}

impl Request for ConversationShow {
    type Answer = Shown;

    async fn carry_out(self, here: &Operations, _: &Progress) -> Result<Shown, OperationError> {
        let store = here.conversations().store();
        let id = &self.conversation;
        let conversation = store.load(id).await?.map(|loaded| Row::of(loaded.conversation));
        let mut sessions: Vec<SessionRow> = Vec::new();
        for entry in store.journal(id, usize::MAX).await? {
            match sessions.iter_mut().rev().find(|session| session.session == entry.session) {
                Some(session) => session.add(&entry),
                None => {
                    let mut session = SessionRow::beginning(&entry);
                    session.add(&entry);
                    sessions.push(session);
                }
            }
        }
        if conversation.is_none() && sessions.is_empty() {
            return Err(OperationError::not_there(format!("não há conversa {id}")));
        }
        Ok(Shown { conversation, sessions })
    }
}

impl SessionRow {
    fn beginning(entry: &JournalEntry) -> Self {
        Self {
            session: entry.session.clone(),
            began: entry.at,
            last: entry.at,
            turns: 0,
            whole: 0,
            path: Vec::new(),
            outcome: None,
        }
    }

    fn add(&mut self, entry: &JournalEntry) {
        self.last = entry.at;
        match &entry.kept {
            Kept::Whole(_) => {
                self.turns += 1;
                self.whole += 1;
            }
            Kept::Cut | Kept::Erased | Kept::Older => self.turns += 1,
            Kept::Moved(moved) => self.path.push(format!("→ {}", moved.to)),
        }
        for event in &entry.events {
            match event {
                Event::NodeEntered { flow, node, .. } => self.path.push(format!("{flow}/{node}")),
                Event::SessionEnded { outcome } => self.outcome = Some(outcome.clone()),
                Event::SessionStarted { .. }
                | Event::PortTaken { .. }
                | Event::WaitBegan { .. }
                | Event::Answered { .. }
                | Event::AnswerInvalid { .. }
                | Event::NotPlayed { .. }
                | Event::Interrupted { .. }
                | Event::Trouble(_)
                | Event::FlowEntered { .. }
                | Event::FlowEnded { .. }
                | Event::WentTo { .. }
                | Event::ResultTooLate { .. } => {}
            }
        }
    }
}
