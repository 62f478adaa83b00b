//! Turns as they can be played again: `j/<conversation><number>`, oldest first.

use fluxo_engine::ids::ConversationId;

use super::super::fault::Fault;
use super::super::key::{Key, KeyRange};
use super::super::transaction::Transaction;
use super::progress::{self, Progress};

pub(in super::super) const TABLE: u8 = b'j';

/// The keys of a conversation's turns, oldest first.
pub(in super::super) fn of(id: &ConversationId) -> KeyRange {
    Key::of(TABLE).text(id.as_str()).range()
}

pub(in super::super) fn push(
    tx: &mut Transaction<'_>,
    id: &ConversationId,
    progress: &mut Progress,
    entry: &[u8],
) -> Result<(), Fault> {
    let number = progress::next(&mut progress.journal);
    tx.put(&Key::of(TABLE).text(id.as_str()).number(number).bytes(), 0, entry)
}
