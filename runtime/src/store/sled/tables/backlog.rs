//! Conversations that have inbox entries: `b/<conversation>`, the id. What a start goes on with.

use fluxo_engine::ids::ConversationId;

use super::super::fault::Fault;
use super::super::key::{Key, KeyRange};
use super::super::transaction::Transaction;
use super::inbox;
use super::progress::Progress;

pub(in super::super) const TABLE: u8 = b'b';

/// The keys of those after one, or of all, by id.
pub(in super::super) fn after(id: Option<&ConversationId>) -> KeyRange {
    let end = Key::of(TABLE).after();
    let start = id.map_or_else(|| Key::of(TABLE).bytes(), |id| Key::of(TABLE).text(id.as_str()).after());
    KeyRange { start, end }
}

/// The key of a conversation on the list.
pub(in super::super) fn key(id: &ConversationId) -> Vec<u8> {
    Key::of(TABLE).text(id.as_str()).bytes()
}

/// Lists the conversation or takes it off the list, after its inbox has changed.
pub(in super::super) fn update(
    tx: &mut Transaction<'_>,
    id: &ConversationId,
    progress: &mut Progress,
) -> Result<(), Fault> {
    let waiting = tx.scan(inbox::of(id).as_range()).next().transpose()?.is_some();
    if waiting == progress.waiting {
        return Ok(());
    }
    progress.waiting = waiting;
    let key = key(id);
    if waiting { tx.put(&key, 0, id.as_str().as_bytes()) } else { tx.delete(&key) }
}
