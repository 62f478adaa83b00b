//! What is to be forgotten, and when: `x/<when><key>`, empty. Swept by range, never by looking at all there is.

use jiff::{SignedDuration, Timestamp};

use super::super::fault::Fault;
use super::super::key::{Key, KeyRange, Parts};
use super::super::transaction::Transaction;

pub(in super::super) const TABLE: u8 = b'x';

/// Has a key forgotten so long after a moment.
pub(in super::super) fn put(
    tx: &mut Transaction<'_>,
    at: Timestamp,
    kept: SignedDuration,
    key: &[u8],
) -> Result<(), Fault> {
    tx.put(&row(at, kept, key), 0, b"")
}

/// The row that has a key forgotten so long after a moment.
pub(in super::super) fn row(at: Timestamp, kept: SignedDuration, key: &[u8]) -> Vec<u8> {
    let when = at.checked_add(kept).unwrap_or(Timestamp::MAX);
    Key::of(TABLE).time(when).key(key).bytes()
}

/// Forgets up to `limit` keys whose time has come; says how many.
pub(in super::super) fn sweep(
    tx: &mut Transaction<'_>,
    now: Timestamp,
    limit: usize,
) -> Result<usize, Fault> {
    let range = due(now);
    let found: Result<Vec<_>, _> = tx.scan(range.as_range()).take(limit).collect();
    let found = found?;
    for (row, _) in &found {
        tx.delete(target(row).ok_or_else(|| Fault::damaged(row))?)?;
        tx.delete(row)?;
    }
    Ok(found.len())
}

fn due(now: Timestamp) -> KeyRange {
    KeyRange { start: Key::of(TABLE).bytes(), end: Key::of(TABLE).time(now).after() }
}

/// What a row has forgotten.
pub(in super::super) fn target(row: &[u8]) -> Option<&[u8]> {
    let mut parts = Parts::of(TABLE, row)?;
    parts.number()?;
    Some(parts.rest())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_names_its_key_and_is_due_at_its_moment() {
        let when: Timestamp = "2026-12-01T00:00:00Z".parse().unwrap();
        let row = Key::of(TABLE).time(when).key(b"gkey").bytes();
        assert_eq!(target(&row), Some(&b"gkey"[..]));
        assert!(due(when).as_range().contains(&row.as_slice()));
        assert!(!due(when - SignedDuration::from_nanos(1)).as_range().contains(&row.as_slice()));
    }
}
