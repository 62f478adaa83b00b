//! Conversations that people have or are asked to take: `q/<since><conversation>`, the id; the longest waiting first.

use fluxo_engine::ids::ConversationId;
use jiff::Timestamp;

use super::super::fault::Fault;
use super::super::key::{self, Key, KeyRange};
use super::super::transaction::Transaction;
use super::progress::Progress;
use crate::store::Mode;

pub(in super::super) const TABLE: u8 = b'q';

/// The key of a conversation that people have since a moment, in nanoseconds since 1970.
pub(in super::super) fn row(since: i64, id: &ConversationId) -> Vec<u8> {
    let since = key::moment(since).unwrap_or(Timestamp::MAX);
    Key::of(TABLE).time(since).text(id.as_str()).bytes()
}

/// All of them.
pub(in super::super) fn all() -> KeyRange {
    Key::of(TABLE).range()
}

/// Since when people have the conversation or are asked to, in nanoseconds since 1970.
pub(in super::super) fn since(mode: &Mode) -> Option<i64> {
    match mode {
        Mode::Bot => None,
        Mode::Queued { since, .. } | Mode::People { since, .. } => Some(key::nanoseconds(*since)),
    }
}

/// Puts the conversation where its mode says.
pub(in super::super) fn update(
    tx: &mut Transaction<'_>,
    id: &ConversationId,
    progress: &mut Progress,
    since: Option<i64>,
) -> Result<(), Fault> {
    if since == progress.with_people {
        return Ok(());
    }
    if let Some(old) = progress.with_people {
        tx.delete(&row(old, id))?;
    }
    if let Some(new) = since {
        tx.put(&row(new, id), 0, id.as_str().as_bytes())?;
    }
    progress.with_people = since;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_waiting_comes_first() {
        let id = ConversationId::from("c");
        let keys = [i64::MIN, -1, 0, 1_795_000_000_000_000_000].map(|since| row(since, &id));
        assert!(keys[1..].is_sorted());
        assert!(keys.iter().all(|key| all().as_range().contains(&key.as_slice())));
    }
}
