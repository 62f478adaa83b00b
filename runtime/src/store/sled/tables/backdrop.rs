//! What turns were played against: `$/<hash>`, JSON. Nothing of a contact's; kept like releases.

use super::super::fault::Fault;
use super::super::key::Key;
use super::super::transaction::Transaction;
use super::super::view::View;
use crate::store::BackdropId;

pub(in super::super) const TABLE: u8 = b'$';

fn key(id: BackdropId) -> Vec<u8> {
    Key::of(TABLE).key(&id.0).bytes()
}

/// Keeps one; one that is kept already is left as it is, since its id is its hash.
pub(in super::super) fn put(tx: &mut Transaction<'_>, id: BackdropId, bytes: &[u8]) -> Result<(), Fault> {
    let key = key(id);
    if tx.get(&key)?.is_some() {
        return Ok(());
    }
    tx.put(&key, 0, bytes)
}

pub(in super::super) fn get(view: &View<'_>, id: BackdropId) -> Result<Option<Vec<u8>>, Fault> {
    Ok(view.get(&key(id))?.map(|stored| stored.bytes))
}
