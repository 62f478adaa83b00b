//! Timers: `t/<due><conversation><wait><kind>`, the row; and `w/<conversation><wait><kind>`, the moment, to find one
//! that is moved or disarmed.

use fluxo_engine::ids::{ConversationId, WaitId};
use fluxo_engine::protocol::TimerKind;
use jiff::Timestamp;

use super::super::fault::Fault;
use super::super::key::{self, Key, KeyRange, Parts};
use super::super::transaction::Transaction;
use crate::store::TimerRow;

pub(in super::super) const TABLE: u8 = b't';
pub(in super::super) const BY_WAIT: u8 = b'w';

/// Stored: a number never changes its meaning.
fn number(kind: TimerKind) -> u8 {
    match kind {
        TimerKind::NoAnswer => 0,
        TimerKind::Remind => 1,
        TimerKind::Collect => 2,
        TimerKind::Idle => 3,
        TimerKind::Expire => 4,
        TimerKind::Until => 5,
        TimerKind::AcceptWithin => 6,
    }
}

/// The key of a timer's row.
pub(in super::super) fn row(due: Timestamp, id: &ConversationId, wait: &WaitId, kind: TimerKind) -> Vec<u8> {
    place(due, id, wait, kind).bytes()
}

fn place(due: Timestamp, id: &ConversationId, wait: &WaitId, kind: TimerKind) -> Key {
    Key::of(TABLE).time(due).text(id.as_str()).text(&wait.to_string()).byte(number(kind))
}

/// The key by which a timer is found.
pub(in super::super) fn by_wait(id: &ConversationId, wait: &WaitId, kind: TimerKind) -> Vec<u8> {
    Key::of(BY_WAIT).text(id.as_str()).text(&wait.to_string()).byte(number(kind)).bytes()
}

/// All timers, the earliest first.
pub(in super::super) fn all() -> KeyRange {
    Key::of(TABLE).range()
}

/// The timers due, or those of them after one, the earliest first.
pub(in super::super) fn due(now: Timestamp, after: Option<&TimerRow>) -> KeyRange {
    let start = match after {
        Some(timer) => place(timer.due, &timer.conversation, &timer.wait, timer.kind).after(),
        None => Key::of(TABLE).bytes(),
    };
    KeyRange { start, end: Key::of(TABLE).time(now).after() }
}

/// When the timer of a row is due.
pub(in super::super) fn moment(row: &[u8]) -> Result<Timestamp, Fault> {
    Parts::of(TABLE, row).and_then(|mut parts| parts.time()).ok_or_else(|| Fault::damaged(row))
}

/// Arms a timer or moves it; says whether there is one more now.
pub(in super::super) fn arm(
    tx: &mut Transaction<'_>,
    id: &ConversationId,
    timer: &TimerRow,
    bytes: &[u8],
) -> Result<bool, Fault> {
    let moved = disarm(tx, id, &timer.wait, timer.kind)?;
    let due = key::nanoseconds(timer.due).to_be_bytes();
    tx.put_new(&by_wait(id, &timer.wait, timer.kind), 0, &due)?;
    tx.put_new(&row(timer.due, id, &timer.wait, timer.kind), 0, bytes)?;
    Ok(!moved)
}

/// Disarms all timers of a conversation; says how many were armed.
pub(in super::super) fn disarm_all(tx: &mut Transaction<'_>, id: &ConversationId) -> Result<usize, Fault> {
    let range = Key::of(BY_WAIT).text(id.as_str()).range();
    let armed: Result<Vec<_>, Fault> = tx.scan(range.as_range()).collect();
    let armed = armed?;
    for (by_wait, stored) in &armed {
        let due = stored.bytes.first_chunk().copied().map(i64::from_be_bytes).and_then(key::moment);
        let due = due.ok_or_else(|| Fault::damaged(by_wait))?;
        // Both keys end alike: conversation, wait, kind.
        tx.delete(&Key::of(TABLE).time(due).key(&by_wait[1..]).bytes())?;
        tx.delete(by_wait)?;
    }
    Ok(armed.len())
}

/// Disarms a timer; says whether it was armed.
pub(in super::super) fn disarm(
    tx: &mut Transaction<'_>,
    id: &ConversationId,
    wait: &WaitId,
    kind: TimerKind,
) -> Result<bool, Fault> {
    let by_wait = by_wait(id, wait, kind);
    let Some(stored) = tx.get(&by_wait)? else { return Ok(false) };
    let due = stored.bytes.first_chunk().copied().map(i64::from_be_bytes).and_then(key::moment);
    let due = due.ok_or_else(|| Fault::damaged(&by_wait))?;
    tx.delete(&row(due, id, wait, kind))?;
    tx.delete(&by_wait)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_sort_by_moment_and_each_kind_of_a_wait_has_its_own() {
        let id = ConversationId::from("c");
        let wait = WaitId { session: "s".into(), visit: 3 };
        let now: Timestamp = "2026-11-21T23:00:00Z".parse().unwrap();
        let later = now + jiff::SignedDuration::from_nanos(1);
        let row_now = row(now, &id, &wait, TimerKind::AcceptWithin);
        let row_later = row(later, &id, &wait, TimerKind::NoAnswer);
        assert!(row_now < row_later);
        assert_eq!(moment(&row_now), Ok(now));
        assert!(due(now, None).as_range().contains(&row_now.as_slice()));
        assert!(!due(now, None).as_range().contains(&row_later.as_slice()));
        assert!(all().as_range().contains(&row_later.as_slice()));
        let first = TimerRow {
            due: now,
            conversation: id.clone(),
            wait: wait.clone(),
            kind: TimerKind::AcceptWithin,
        };
        let second = due(later, Some(&first));
        assert!(!second.as_range().contains(&row_now.as_slice()));
        assert!(second.as_range().contains(&row_later.as_slice()));
        let kinds = [
            TimerKind::NoAnswer,
            TimerKind::Remind,
            TimerKind::Collect,
            TimerKind::Idle,
            TimerKind::Expire,
            TimerKind::Until,
            TimerKind::AcceptWithin,
        ];
        let keys: std::collections::BTreeSet<_> = kinds.map(|kind| by_wait(&id, &wait, kind)).into();
        assert_eq!(keys.len(), kinds.len());
    }
}
