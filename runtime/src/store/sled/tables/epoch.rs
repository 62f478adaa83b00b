//! The epoch of effect ids: `e`, a number. It changes when a backup is restored, so that no id is given out twice.

use super::super::fault::Fault;
use super::super::key::Key;
use super::super::transaction::Transaction;

pub(in super::super) const TABLE: u8 = b'e';

/// The store's epoch; a new store takes the one proposed.
pub(in super::super) fn get_or_put(tx: &mut Transaction<'_>, proposed: u32) -> Result<u32, Fault> {
    let key = Key::of(TABLE).bytes();
    if let Some(stored) = tx.get(&key)? {
        let number = stored.bytes.first_chunk().copied().map(u32::from_be_bytes);
        return number.ok_or_else(|| Fault::damaged(&key));
    }
    tx.put(&key, 0, &proposed.to_be_bytes())?;
    Ok(proposed)
}
