//! Lists effects: what waits, the longest ready first; then dead letters, the newest first.

use fluxo_engine::ids::{ConversationId, EffectId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Row, Standing};
use crate::operations::{OperationError, Operations, Progress, Request};
use crate::store::{Counts, DeadLetter, StoreError};

/// Read at a time.
const PAGE: usize = 256;

/// Asks for a list of effects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// Which.
    pub only: Only,
    /// Only this conversation's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// How many at most.
    pub limit: usize,
}

/// Which effects are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Only {
    /// All.
    All,
    /// What waits, whatever for.
    Pending,
    /// What left without an answer: waiting for one, or given up and perhaps arrived.
    Doubt,
    /// What was given up.
    Dead,
}

/// A list of effects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// As many as were asked for at most.
    pub effects: Vec<Row>,
    /// Whether there are more like these.
    pub more: bool,
    /// How many effects wait in the whole store.
    pub pending: u64,
    /// How many dead letters there are in the whole store.
    pub dead: u64,
}

impl Request for List {
    type Answer = Listed;

    async fn carry_out(self, here: &Operations, progress: &Progress) -> Result<Listed, OperationError> {
        let store = here.conversations().store();
        // One more than is shown says whether there are more.
        let mut found = Found { list: &self, room: self.limit.saturating_add(1), rows: Vec::new() };
        if self.only.has_pending() {
            found.pending(here, progress).await?;
        }
        if self.only.has_dead() {
            found.dead(here, progress).await?;
        }
        let Found { mut rows, .. } = found;
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let Counts { outbox, dead_letters, .. } = store.counts().await?;
        Ok(Listed { effects: rows, more, pending: outbox, dead: dead_letters })
    }
}

impl Only {
    fn has_pending(self) -> bool {
        match self {
            Self::All | Self::Pending | Self::Doubt => true,
            Self::Dead => false,
        }
    }

    fn has_dead(self) -> bool {
        match self {
            Self::All | Self::Dead | Self::Doubt => true,
            Self::Pending => false,
        }
    }

    fn holds(self, row: &Row) -> bool {
        match self {
            Self::All | Self::Pending | Self::Dead => true,
            Self::Doubt => match row.standing {
                Standing::InDoubt { .. } => true,
                Standing::Dead { unclear, .. } => unclear,
                Standing::Ready | Standing::Waiting { .. } | Standing::Started { .. } => false,
            },
        }
    }
}

struct Found<'a> {
    list: &'a List,
    room: usize,
    rows: Vec<Row>,
}

impl Found<'_> {
    fn add(&mut self, row: Row) {
        if self.list.only.holds(&row) && !self.is_full() {
            self.rows.push(row);
        }
    }

    fn is_full(&self) -> bool {
        self.rows.len() >= self.room
    }

    async fn pending(&mut self, here: &Operations, progress: &Progress) -> Result<(), OperationError> {
        if let Some(id) = &self.list.conversation {
            return self.pending_of(here, id).await;
        }
        let mut after: Option<(Timestamp, ConversationId)> = None;
        while !self.is_full() {
            if !progress.is_wanted() {
                return Err(OperationError::interrupted());
            }
            let page = here.conversations().store().with_effects(after.as_ref(), PAGE).await?;
            for (_, id) in &page {
                self.pending_of(here, id).await?;
            }
            match page.into_iter().nth(PAGE - 1) {
                Some(last) => after = Some(last),
                None => break,
            }
        }
        Ok(())
    }

    async fn pending_of(&mut self, here: &Operations, id: &ConversationId) -> Result<(), OperationError> {
        let loaded = match here.conversations().store().load(id).await {
            Ok(loaded) => loaded,
            // One that cannot be read does not hide the others; whoever asks for it alone is told.
            Err(StoreError::Damaged(_)) if self.list.conversation.is_none() => None,
            Err(error) => return Err(error.into()),
        };
        let now = here.conversations().clock().now();
        for entry in loaded.iter().flat_map(|loaded| &loaded.outbox) {
            self.add(Row::of_entry(id, entry, now));
        }
        Ok(())
    }

    async fn dead(&mut self, here: &Operations, progress: &Progress) -> Result<(), OperationError> {
        let mut letters = Letters::default();
        while !self.is_full()
            && let Some(page) = letters.next(here, progress).await?
        {
            for letter in &page {
                if self.list.conversation.as_ref().is_none_or(|id| *id == letter.conversation) {
                    self.add(Row::of_letter(letter));
                }
            }
        }
        Ok(())
    }
}

/// Reads dead letters a page at a time.
#[derive(Debug, Default)]
pub(super) struct Letters {
    after: Option<(Timestamp, EffectId)>,
    end: bool,
}

impl Letters {
    /// The next page, the newest first; `None` after the last one.
    pub(super) async fn next(
        &mut self,
        here: &Operations,
        progress: &Progress,
    ) -> Result<Option<Vec<DeadLetter>>, OperationError> {
        if self.end {
            return Ok(None);
        }
        if !progress.is_wanted() {
            return Err(OperationError::interrupted());
        }
        let page = here.conversations().store().dead_letters(self.after.as_ref(), PAGE).await?;
        self.end = page.len() < PAGE;
        self.after = page.last().map(|letter| (letter.at, letter.entry.effect.id.clone()));
        Ok(Some(page))
    }
}
