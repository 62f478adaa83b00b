//! Messages that wait to be played: `i/<conversation><number>`, in the order of their commits.

use fluxo_engine::ids::ConversationId;

use super::super::fault::Fault;
use super::super::key::{Key, KeyRange};
use super::super::transaction::Transaction;
use super::progress::{self, Progress};

pub(in super::super) const TABLE: u8 = b'i';

fn key(id: &ConversationId, number: u64) -> Vec<u8> {
    Key::of(TABLE).text(id.as_str()).number(number).bytes()
}

/// The keys of a conversation's messages, oldest first.
pub(in super::super) fn of(id: &ConversationId) -> KeyRange {
    Key::of(TABLE).text(id.as_str()).range()
}

pub(in super::super) fn push(
    tx: &mut Transaction<'_>,
    id: &ConversationId,
    progress: &mut Progress,
    entry: &[u8],
) -> Result<(), Fault> {
    tx.put_new(&key(id, progress::next(&mut progress.inbox)), 0, entry)
}

/// Takes the oldest messages away; says how many there were to take.
pub(in super::super) fn consume(
    tx: &mut Transaction<'_>,
    id: &ConversationId,
    count: usize,
) -> Result<usize, Fault> {
    let range = of(id);
    let oldest: Result<Vec<_>, _> = tx.scan(range.as_range()).take(count).collect();
    let oldest = oldest?;
    for (key, _) in &oldest {
        tx.delete(key)?;
    }
    Ok(oldest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_by_number_within_their_conversation() {
        let (one, other) = (ConversationId::from("c"), ConversationId::from("c1"));
        let keys: Vec<Vec<u8>> = [0, 1, 255, 256, u64::MAX].map(|number| key(&one, number)).to_vec();
        assert!(keys.is_sorted());
        let (own, foreign) = (of(&one), of(&other));
        assert!(keys.iter().all(|key| own.as_range().contains(&key.as_slice())));
        assert!(!keys.iter().any(|key| foreign.as_range().contains(&key.as_slice())));
    }
}
