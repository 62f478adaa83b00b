//! How far a conversation's sequences are: `k/<conversation>`. Only the writer reads and writes it.

use fluxo_engine::ids::ConversationId;
use serde::{Deserialize, Serialize};

use super::super::fault::Fault;
use super::super::key::Key;
use super::super::transaction::Transaction;
use super::super::view::View;

pub(in super::super) const TABLE: u8 = b'k';

/// The numbers that come next, and where the conversation stands in the tables that are ordered by time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Progress {
    pub(in super::super) inbox: u64,
    pub(in super::super) outbox: u64,
    pub(in super::super) journal: u64,
    /// Begins at 1, so that "after 0" is all lines.
    pub(in super::super) line: u64,
    /// Whether it stands in [`super::backlog`].
    pub(in super::super) waiting: bool,
    /// Its place in [`super::ready`], in nanoseconds since 1970.
    pub(in super::super) ready: Option<i64>,
    /// Its place in [`super::with_people`], in nanoseconds since 1970.
    pub(in super::super) with_people: Option<i64>,
}

impl Default for Progress {
    fn default() -> Self {
        Self { inbox: 0, outbox: 0, journal: 0, line: 1, waiting: false, ready: None, with_people: None }
    }
}

pub(in super::super) fn key(id: &ConversationId) -> Vec<u8> {
    Key::of(TABLE).text(id.as_str()).bytes()
}

pub(in super::super) fn get(view: &View<'_>, id: &ConversationId) -> Result<Progress, Fault> {
    let key = key(id);
    view.get(&key)?.map_or_else(|| Ok(Progress::default()), |stored| super::read(&key, &stored.bytes))
}

pub(in super::super) fn put(
    tx: &mut Transaction<'_>,
    id: &ConversationId,
    progress: &Progress,
) -> Result<(), Fault> {
    let key = key(id);
    let bytes = super::write(&key, progress)?;
    tx.put(&key, 0, &bytes)
}

pub(in super::super) fn delete(tx: &mut Transaction<'_>, id: &ConversationId) -> Result<(), Fault> {
    tx.delete(&key(id))
}

/// The next number of a sequence.
pub(in super::super) fn next(sequence: &mut u64) -> u64 {
    let number = *sequence;
    *sequence += 1;
    number
}
