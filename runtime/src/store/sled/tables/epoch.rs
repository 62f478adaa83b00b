//! The epoch of effect ids: `e`, a number. It changes when a backup is restored, so that no id is given out twice.

use super::super::fault::Fault;
use super::super::key::Key;
use super::super::transaction::Transaction;
use super::super::view::View;

pub(in super::super) const TABLE: u8 = b'e';

/// The store's epoch; a new store has none yet.
pub(in super::super) fn get(view: &View<'_>) -> Result<Option<u32>, Fault> {
    let key = Key::of(TABLE).bytes();
    let Some(stored) = view.get(&key)? else { return Ok(None) };
    let number = stored.bytes.first_chunk().copied().map(u32::from_be_bytes);
    number.map(Some).ok_or_else(|| Fault::damaged(&key))
}

/// Gives the store an epoch that no store of this house has had.
pub(in super::super) fn put(tx: &mut Transaction<'_>, epoch: u32) -> Result<(), Fault> {
    tx.put(&Key::of(TABLE).bytes(), 0, &epoch.to_be_bytes())
}
