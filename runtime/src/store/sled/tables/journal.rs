//! Turns as they can be played again: `j/<conversation><number>`, oldest first; and `l/<when><key>`, empty, for each
//! that is still to be cut.

use fluxo_engine::ids::ConversationId;
use jiff::Timestamp;

use super::super::fault::Fault;
use super::super::key::{Key, KeyRange, Parts};
use super::super::transaction::Transaction;
use super::super::view::View;
use super::progress::{self, Progress};
use crate::store::JournalEntry;

pub(in super::super) const TABLE: u8 = b'j';
pub(in super::super) const UNCUT: u8 = b'l';

/// The keys of a conversation's turns, oldest first.
pub(in super::super) fn of(id: &ConversationId) -> KeyRange {
    Key::of(TABLE).text(id.as_str()).range()
}

pub(in super::super) fn push(
    tx: &mut Transaction<'_>,
    id: &ConversationId,
    progress: &mut Progress,
    at: Timestamp,
    entry: &[u8],
) -> Result<(), Fault> {
    let number = progress::next(&mut progress.journal);
    let key = Key::of(TABLE).text(id.as_str()).number(number).bytes();
    tx.put(&Key::of(UNCUT).time(at).key(&key).bytes(), 0, b"")?;
    tx.put(&key, 0, entry)
}

/// A turn that is to be cut.
#[derive(Debug)]
pub(in super::super) struct Uncut {
    row: Vec<u8>,
    key: Vec<u8>,
    /// As it was played; absent when it cannot be read.
    pub(in super::super) entry: Option<JournalEntry>,
}

/// Turns from before a moment that are not cut yet, oldest first.
pub(in super::super) fn before(
    view: &View<'_>,
    moment: Timestamp,
    limit: usize,
) -> Result<Vec<Uncut>, Fault> {
    let range = KeyRange { start: Key::of(UNCUT).bytes(), end: Key::of(UNCUT).time(moment).bytes() };
    let rows = view.scan(range.as_range()).take(limit);
    rows.map(|found| {
        let (row, _) = found?;
        let key = target(&row).ok_or_else(|| Fault::damaged(&row))?.to_vec();
        let entry = match view.get(&key) {
            Ok(stored) => stored.and_then(|stored| super::read(&key, &stored.bytes).ok()),
            Err(Fault::Damaged { .. }) => None,
            Err(fault) => return Err(fault),
        };
        Ok(Uncut { row, key, entry })
    })
    .collect()
}

/// Puts what is left of a turn in its place; one that could not be read goes.
pub(in super::super) fn put_cut(
    tx: &mut Transaction<'_>,
    uncut: &Uncut,
    left: Option<&[u8]>,
) -> Result<(), Fault> {
    match left {
        Some(bytes) => tx.put(&uncut.key, 0, bytes)?,
        None => tx.delete(&uncut.key)?,
    }
    tx.delete(&uncut.row)
}

fn target(row: &[u8]) -> Option<&[u8]> {
    let mut parts = Parts::of(UNCUT, row)?;
    parts.number()?;
    Some(parts.rest())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_names_its_turn() {
        let key = Key::of(TABLE).text("c").number(7).bytes();
        let row = Key::of(UNCUT).time("2026-12-01T00:00:00Z".parse().unwrap()).key(&key).bytes();
        assert_eq!(target(&row), Some(key.as_slice()));
        assert_eq!(target(&key), None);
    }
}
