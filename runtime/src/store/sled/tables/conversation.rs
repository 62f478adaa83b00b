//! Conversations: `c/<conversation>`. The version of the value is the conversation's revision.

use fluxo_engine::ids::ConversationId;

use super::super::fault::Fault;
use super::super::key::{Key, KeyRange, Parts};
use super::super::transaction::{Expected, Transaction};
use crate::store::Revision;

pub(in super::super) const TABLE: u8 = b'c';

pub(in super::super) fn key(id: &ConversationId) -> Vec<u8> {
    Key::of(TABLE).text(id.as_str()).bytes()
}

/// The keys of the conversations after one, or of all.
pub(in super::super) fn after(id: Option<&ConversationId>) -> KeyRange {
    let end = Key::of(TABLE).after();
    let start = id.map_or_else(|| Key::of(TABLE).bytes(), |id| Key::of(TABLE).text(id.as_str()).after());
    KeyRange { start, end }
}

/// The conversation of a key, or a text with the same key if its id is too long for one.
pub(in super::super) fn named(key: &[u8]) -> Result<ConversationId, Fault> {
    let id = Parts::of(TABLE, key).and_then(|mut parts| parts.text());
    id.map(ConversationId::from).ok_or_else(|| Fault::damaged(key))
}

/// Goes on only at the revision that was read; `0` is a conversation that does not exist yet.
pub(in super::super) fn expect(
    tx: &Transaction<'_>,
    id: &ConversationId,
    revision: Revision,
) -> Result<(), Fault> {
    let expected = if revision.0 == 0 { Expected::Absent } else { Expected::Version(revision.0) };
    tx.expect(&key(id), expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_by_id_and_what_comes_after_one_leaves_it_out() {
        let ids = ["a", "ab", "b"].map(ConversationId::from);
        let keys = ids.each_ref().map(key);
        assert!(keys.is_sorted());
        let inside =
            |range: KeyRange| keys.iter().filter(|key| range.as_range().contains(&key.as_slice())).count();
        assert_eq!(inside(after(None)), 3);
        assert_eq!(inside(after(Some(&ids[0]))), 2);
        assert_eq!(inside(after(Some(&ids[2]))), 0);
    }
}
