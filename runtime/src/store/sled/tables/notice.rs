//! What the staff is to hear: `n/<when, newest first><conversation><revision><place>`.

use fluxo_engine::ids::ConversationId;

use super::super::fault::Fault;
use super::super::key::{Key, KeyRange, Parts};
use super::super::transaction::Transaction;
use crate::store::{Notice, Revision};

pub(in super::super) const TABLE: u8 = b'n';

/// All notices, newest first.
pub(in super::super) fn all() -> KeyRange {
    Key::of(TABLE).range()
}

/// The conversation in whose commit a notice came.
pub(in super::super) fn conversation(key: &[u8]) -> Option<ConversationId> {
    let mut parts = Parts::of(TABLE, key)?;
    parts.number()?;
    Some(parts.text()?.into())
}

/// Keeps the notices of one commit: conversation, revision and place tell those of the same moment apart.
pub(in super::super) fn put(
    tx: &mut Transaction<'_>,
    id: &ConversationId,
    revision: Revision,
    notices: &[(Notice, Vec<u8>)],
) -> Result<(), Fault> {
    for (place, (notice, bytes)) in (0..).zip(notices) {
        let key = Key::of(TABLE).newest_first(notice.at).text(id.as_str()).number(revision.0).number(place);
        tx.put(&key.bytes(), 0, bytes)?;
    }
    Ok(())
}
