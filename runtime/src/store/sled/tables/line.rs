//! What was said: `h/<conversation><number>`, oldest first, from 1.

use fluxo_engine::ids::ConversationId;

use super::super::fault::Fault;
use super::super::key::{Key, KeyRange, Parts};
use super::super::transaction::Transaction;
use super::progress::{self, Progress};

pub(in super::super) const TABLE: u8 = b'h';

fn key(id: &ConversationId, number: u64) -> Vec<u8> {
    Key::of(TABLE).text(id.as_str()).number(number).bytes()
}

/// The keys of a conversation's lines after a number.
pub(in super::super) fn after(id: &ConversationId, number: u64) -> KeyRange {
    let end = Key::of(TABLE).text(id.as_str()).after();
    KeyRange { start: number.checked_add(1).map_or_else(|| end.clone(), |first| key(id, first)), end }
}

/// The number of a line's key.
pub(in super::super) fn number(key: &[u8]) -> Result<u64, Fault> {
    let parse = || {
        let mut parts = Parts::of(TABLE, key)?;
        parts.text()?;
        parts.number()
    };
    parse().ok_or_else(|| Fault::damaged(key))
}

pub(in super::super) fn push(
    tx: &mut Transaction<'_>,
    id: &ConversationId,
    progress: &mut Progress,
    line: &[u8],
) -> Result<(), Fault> {
    tx.put(&key(id, progress::next(&mut progress.line)), 0, line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_comes_back_and_what_comes_after_it_leaves_it_out() {
        let id = ConversationId::from("c");
        for of in [0, 1, 255, 256, u64::MAX] {
            assert_eq!(number(&key(&id, of)), Ok(of));
            assert!(!after(&id, of).as_range().contains(&key(&id, of).as_slice()));
        }
        assert!(after(&id, 0).as_range().contains(&key(&id, 1).as_slice()));
        assert!(!after(&id, 0).as_range().contains(&key(&ConversationId::from("c1"), 1).as_slice()));
    }
}
