//! Turns as they can be played again: `j/<conversation><number>`, oldest first, going on in `z/<conversation><number>
//! <piece>` where they are long; and `l/<when><key>`, empty, for each that is still to be cut.

use fluxo_engine::ids::ConversationId;
use jiff::Timestamp;

use super::super::fault::Fault;
use super::super::journaled::{self, Packed};
use super::super::key::{Key, KeyRange, Parts};
use super::super::transaction::Transaction;
use super::super::view::View;
use super::progress::{self, Progress};

pub(in super::super) const TABLE: u8 = b'j';
pub(in super::super) const PIECES: u8 = b'z';
pub(in super::super) const UNCUT: u8 = b'l';

/// A turn as it is stored: its key and its values.
pub(in super::super) type Row = (Vec<u8>, Packed);

/// The keys of a conversation's turns, oldest first.
fn of(id: &ConversationId) -> KeyRange {
    Key::of(TABLE).text(id.as_str()).range()
}

/// A conversation's turns, oldest first.
pub(in super::super) fn rows(view: &View<'_>, id: &ConversationId, limit: usize) -> Result<Vec<Row>, Fault> {
    view.scan(of(id).as_range())
        .take(limit)
        .map(|found| {
            let (key, stored) = found?;
            let count = journaled::pieces(id, &stored.bytes).map_err(|_| Fault::damaged(&key))?;
            let piece = |number: u16| {
                let piece = view.get(&piece_key(&key, number))?;
                piece.map(|stored| stored.bytes).ok_or_else(|| Fault::damaged(&key))
            };
            let pieces = (0..count).map(piece).collect::<Result<_, _>>()?;
            Ok((key, Packed { head: stored.bytes, pieces }))
        })
        .collect()
}

/// What a turn goes on in; `None` when its first value does not say, or when something is missing.
pub(in super::super) fn pieces_of(
    view: &View<'_>,
    id: &ConversationId,
    key: &[u8],
    head: &[u8],
) -> Result<Option<Vec<Vec<u8>>>, Fault> {
    let Ok(count) = journaled::pieces(id, head) else { return Ok(None) };
    let piece = |number| Ok(view.get(&piece_key(key, number))?.map(|stored| stored.bytes));
    (0..count).map(piece).collect()
}

/// The conversation after one, or the first, that has turns: also one that was erased.
pub(in super::super) fn next_conversation(
    view: &View<'_>,
    after: Option<&ConversationId>,
) -> Result<Option<ConversationId>, Fault> {
    let start = after.map_or_else(|| Key::of(TABLE).bytes(), |id| Key::of(TABLE).text(id.as_str()).after());
    let range = KeyRange { start, end: Key::of(TABLE).after() };
    let Some(first) = view.scan(range.as_range()).next() else { return Ok(None) };
    let (key, _) = first?;
    conversation(&key).map(Some).ok_or_else(|| Fault::damaged(&key))
}

pub(in super::super) fn push(
    tx: &mut Transaction<'_>,
    id: &ConversationId,
    progress: &mut Progress,
    at: Timestamp,
    entry: &Packed,
) -> Result<(), Fault> {
    let number = progress::next(&mut progress.journal);
    let key = Key::of(TABLE).text(id.as_str()).number(number).bytes();
    tx.put_new(&uncut(at, &key), 0, b"")?;
    for (number, piece) in (0..).zip(&entry.pieces) {
        tx.put_new(&piece_key(&key, number), 0, piece)?;
    }
    tx.put_new(&key, 0, &entry.head)
}

/// The row that has a turn cut in time.
pub(in super::super) fn uncut(at: Timestamp, key: &[u8]) -> Vec<u8> {
    Key::of(UNCUT).time(at).key(key).bytes()
}

/// A turn that is to be cut.
#[derive(Debug)]
pub(in super::super) struct Uncut {
    row: Vec<u8>,
    key: Vec<u8>,
    /// How many values follow its first.
    pieces: u16,
    /// What is left of its first value; absent when that cannot be read.
    pub(in super::super) left: Option<Vec<u8>>,
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
        let id = conversation(&key).ok_or_else(|| Fault::damaged(&row))?;
        let head = match view.get(&key) {
            Ok(stored) => stored.map(|stored| stored.bytes),
            Err(Fault::Damaged { .. }) => None,
            Err(fault) => return Err(fault),
        };
        let pieces = head.as_ref().and_then(|head| journaled::pieces(&id, head).ok()).unwrap_or_default();
        let left = head.and_then(|head| journaled::cut(&id, &head, false));
        Ok(Uncut { row, key, pieces, left })
    })
    .collect()
}

/// Puts what is left of a turn in its place; one that could not be read goes.
pub(in super::super) fn put_cut(tx: &mut Transaction<'_>, uncut: &Uncut) -> Result<(), Fault> {
    for number in 0..uncut.pieces {
        tx.delete(&piece_key(&uncut.key, number))?;
    }
    match &uncut.left {
        Some(bytes) => tx.put(&uncut.key, 0, bytes)?,
        None => tx.delete(&uncut.key)?,
    }
    tx.delete(&uncut.row)
}

/// Leaves of a conversation's turns what says nothing of the contact; says how many of the first `limit` that are not
/// erased yet there were.
pub(in super::super) fn erase(
    tx: &mut Transaction<'_>,
    id: &ConversationId,
    limit: usize,
) -> Result<usize, Fault> {
    let mut whole = Vec::new();
    for row in tx.scan(of(id).as_range()) {
        if whole.len() == limit {
            break;
        }
        let (key, stored) = row?;
        if !journaled::is_erased(id, &stored.bytes) {
            whole.push((key, stored.bytes));
        }
    }
    for (key, head) in &whole {
        for number in 0..journaled::pieces(id, head).unwrap_or_default() {
            tx.delete(&piece_key(key, number))?;
        }
        match journaled::cut(id, head, true) {
            Some(left) => tx.put(key, 0, &left)?,
            None => tx.delete(key)?,
        }
    }
    Ok(whole.len())
}

/// The number of the turn that was played last.
pub(in super::super) fn last_turn(view: &View<'_>, id: &ConversationId) -> Result<Option<u32>, Fault> {
    let mut last = None;
    for row in view.scan(of(id).as_range()) {
        last = journaled::turn(id, &row?.1.bytes).or(last);
    }
    Ok(last)
}

fn piece_key(key: &[u8], number: u16) -> Vec<u8> {
    Key::of(PIECES).key(&key[1..]).number(number.into()).bytes()
}

/// The turn that a row has cut.
pub(in super::super) fn target(row: &[u8]) -> Option<&[u8]> {
    let mut parts = Parts::of(UNCUT, row)?;
    parts.number()?;
    Some(parts.rest())
}

fn conversation(key: &[u8]) -> Option<ConversationId> {
    Some(Parts::of(TABLE, key)?.text()?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_names_its_turn_and_a_turn_its_conversation() {
        let key = Key::of(TABLE).text("c").number(7).bytes();
        let row = Key::of(UNCUT).time("2026-12-01T00:00:00Z".parse().unwrap()).key(&key).bytes();
        assert_eq!(target(&row), Some(key.as_slice()));
        assert_eq!(target(&key), None);
        assert_eq!(conversation(&key), Some("c".into()));
        assert_ne!(piece_key(&key, 0), piece_key(&key, 1));
    }
}
