//! The keys that seal what is kept of conversations: `s/<conversation>`, a form byte and the key. Destroying one makes
//! worthless what was sealed with it, wherever copies of that are.

use fluxo_engine::ids::ConversationId;

use super::super::fault::Fault;
use super::super::key::Key;
use super::super::secret::{KEY_BYTES, Secret};
use super::super::transaction::{Expected, Transaction};
use super::super::view::View;

pub(in super::super) const TABLE: u8 = b's';
const FORM: u8 = 1;

fn key(id: &ConversationId) -> Vec<u8> {
    Key::of(TABLE).text(id.as_str()).bytes()
}

pub(in super::super) fn get(view: &View<'_>, id: &ConversationId) -> Result<Option<Secret>, Fault> {
    let key = key(id);
    let Some(stored) = view.get(&key)? else { return Ok(None) };
    let bytes: Option<[u8; KEY_BYTES]> = match stored.bytes.split_first() {
        Some((&FORM, bytes)) => bytes.try_into().ok(),
        Some(_) | None => None,
    };
    Secret::of(&bytes.ok_or_else(|| Fault::damaged(&key))?).map(Some)
}

/// Keeps a conversation's first key. One that has a key already keeps it: what was sealed with the new one must not be
/// written.
pub(in super::super) fn put(
    tx: &mut Transaction<'_>,
    id: &ConversationId,
    bytes: &[u8; KEY_BYTES],
) -> Result<(), Fault> {
    let key = key(id);
    tx.expect(&key, Expected::Absent)?;
    let mut value = vec![FORM];
    value.extend_from_slice(bytes);
    tx.put(&key, 0, &value)
}

/// Destroys a conversation's key; says whether there was one.
pub(in super::super) fn destroy(tx: &mut Transaction<'_>, id: &ConversationId) -> Result<bool, Fault> {
    let key = key(id);
    let had = tx.get(&key)?.is_some();
    tx.delete(&key)?;
    Ok(had)
}
