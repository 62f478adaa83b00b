//! Effects that can never succeed: `d/<when, newest first><effect>`; and `y/<effect>`, the moment, to find one.

use fluxo_engine::ids::EffectId;
use jiff::Timestamp;

use super::super::fault::Fault;
use super::super::key::{self, Key, KeyRange};
use super::super::transaction::Transaction;
use super::super::view::View;
use crate::store::DeadLetter;

pub(in super::super) const TABLE: u8 = b'd';
pub(in super::super) const BY_EFFECT: u8 = b'y';

/// All of them, or those after one, newest first.
pub(in super::super) fn all(after: Option<&(Timestamp, EffectId)>) -> KeyRange {
    let KeyRange { start, end } = Key::of(TABLE).range();
    KeyRange { start: after.map_or(start, |(when, effect)| row(*when, effect).after()), end }
}

/// The key of a letter's row.
pub(in super::super) fn row(when: Timestamp, effect: &EffectId) -> Key {
    Key::of(TABLE).newest_first(when).text(&effect.to_string())
}

/// The key by which a letter is found.
pub(in super::super) fn by_effect(effect: &EffectId) -> Vec<u8> {
    Key::of(BY_EFFECT).text(&effect.to_string()).bytes()
}

/// The key of an effect's letter, if there is one.
pub(in super::super) fn find(view: &View<'_>, effect: &EffectId) -> Result<Option<Vec<u8>>, Fault> {
    let by_effect = by_effect(effect);
    let Some(stored) = view.get(&by_effect)? else { return Ok(None) };
    let when = stored.bytes.first_chunk().copied().map(i64::from_be_bytes).and_then(key::moment);
    when.map(|when| Some(row(when, effect).bytes())).ok_or_else(|| Fault::damaged(&by_effect))
}

/// Keeps a letter; says whether there is one more now.
pub(in super::super) fn put(
    tx: &mut Transaction<'_>,
    letter: &DeadLetter,
    bytes: &[u8],
) -> Result<bool, Fault> {
    let effect = &letter.entry.effect.id;
    let replaced = settle(tx, effect)?;
    tx.put(&by_effect(effect), 0, &key::nanoseconds(letter.at).to_be_bytes())?;
    tx.put(&row(letter.at, effect).bytes(), 0, bytes)?;
    Ok(!replaced)
}

/// Takes an effect's letter away; says whether there was one.
pub(in super::super) fn settle(tx: &mut Transaction<'_>, effect: &EffectId) -> Result<bool, Fault> {
    let Some(row) = find(&tx.view(), effect)? else { return Ok(false) };
    tx.delete(&row)?;
    tx.delete(&by_effect(effect))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_comes_first() {
        let effect = EffectId { epoch: 1, session: "s".into(), turn: 1, n: 0 };
        let when: Timestamp = "2026-11-21T23:00:00Z".parse().unwrap();
        let at = |second| when + jiff::SignedDuration::from_secs(second);
        let keys = [2, 1, 0].map(|second| row(at(second), &effect).bytes());
        assert!(keys.is_sorted());
        assert!(keys.iter().all(|key| all(None).as_range().contains(&key.as_slice())));
        let older = all(Some(&(at(1), effect)));
        assert_eq!(keys.map(|key| older.as_range().contains(&key.as_slice())), [false, false, true]);
    }
}
