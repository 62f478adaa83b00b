//! When each conversation has an effect to perform: `r/<when><conversation>`, its id. A conversation with effects stands
//! here once, at the moment its first effect is ready: effects are performed in order.

use fluxo_engine::ids::ConversationId;
use jiff::Timestamp;

use super::super::fault::Fault;
use super::super::key::{self, Key, KeyRange, Parts};
use super::super::transaction::Transaction;
use super::super::view::View;
use super::outbox;
use super::progress::Progress;

pub(in super::super) const TABLE: u8 = b'r';

/// The key of a conversation whose first effect is ready at a moment, in nanoseconds since 1970.
pub(in super::super) fn row(when: i64, id: &ConversationId) -> Vec<u8> {
    let when = key::moment(when).unwrap_or(Timestamp::MAX);
    Key::of(TABLE).time(when).text(id.as_str()).bytes()
}

/// All of them, or those after one, the first to be ready first.
pub(in super::super) fn all(after: Option<&(Timestamp, ConversationId)>) -> KeyRange {
    let KeyRange { start, end } = Key::of(TABLE).range();
    let after = after.map(|(when, id)| Key::of(TABLE).time(*when).text(id.as_str()).after());
    KeyRange { start: after.unwrap_or(start), end }
}

/// Those whose first effect is not ready yet, the next to be ready first.
pub(in super::super) fn after(now: Timestamp) -> KeyRange {
    KeyRange { start: at(now).end, end: Key::of(TABLE).after() }
}

/// Those whose first effect is ready, the longest ready first.
pub(in super::super) fn at(now: Timestamp) -> KeyRange {
    KeyRange { start: Key::of(TABLE).bytes(), end: Key::of(TABLE).time(now).after() }
}

/// The moment and the conversation of a row.
pub(in super::super) fn parse(key: &[u8], id: &[u8]) -> Result<(Timestamp, ConversationId), Fault> {
    let when = Parts::of(TABLE, key).and_then(|mut parts| parts.time());
    let id = std::str::from_utf8(id).ok().map(ConversationId::from);
    when.zip(id).ok_or_else(|| Fault::damaged(key))
}

/// Puts the conversation where its first effect says, after its outbox has changed.
pub(in super::super) fn update(
    tx: &mut Transaction<'_>,
    id: &ConversationId,
    progress: &mut Progress,
) -> Result<(), Fault> {
    let head = outbox::head(&tx.view(), id)?;
    place(tx, id, progress, head)
}

/// The same where it is known when the first effect is ready, in nanoseconds since 1970.
pub(in super::super) fn place(
    tx: &mut Transaction<'_>,
    id: &ConversationId,
    progress: &mut Progress,
    head: Option<i64>,
) -> Result<(), Fault> {
    if head == progress.ready {
        return Ok(());
    }
    if let Some(old) = progress.ready {
        tx.delete(&row(old, id))?;
    }
    if let Some(new) = head {
        tx.put_new(&row(new, id), 0, id.as_str().as_bytes())?;
    }
    progress.ready = head;
    Ok(())
}

/// The moments and conversations of a range.
pub(in super::super) fn rows<'a>(
    view: &View<'a>,
    range: &KeyRange,
) -> impl Iterator<Item = Result<(Timestamp, ConversationId), Fault>> + use<'a> {
    view.scan(range.as_range()).map(|found| {
        let (key, stored) = found?;
        parse(&key, &stored.bytes)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_comes_back_and_is_found_from_its_moment_on() {
        let (when, id) = ("2026-11-21T23:00:00Z".parse::<Timestamp>().unwrap(), ConversationId::from("c"));
        let key = row(key::nanoseconds(when), &id);
        assert_eq!(parse(&key, b"c"), Ok((when, id)));
        assert!(at(when).as_range().contains(&key.as_slice()));
        assert!(!at(when - jiff::SignedDuration::from_nanos(1)).as_range().contains(&key.as_slice()));
        assert!(!after(when).as_range().contains(&key.as_slice()));
        assert!(after(when - jiff::SignedDuration::from_nanos(1)).as_range().contains(&key.as_slice()));
    }
}
