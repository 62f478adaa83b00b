//! Effects that are not over: `o/<conversation><number><effect>`, in the order in which they were asked.
//!
//! Before the entry's JSON stand the moments the writer needs (`ready`, `asked`), so that it parses nothing.

use fluxo_engine::ids::{ConversationId, EffectId};

use super::super::fault::Fault;
use super::super::key::{self, Key, KeyRange};
use super::super::transaction::Transaction;
use super::super::view::View;
use super::progress::{self, Progress};
use crate::store::{OutboxEntry, StoreError};

pub(in super::super) const TABLE: u8 = b'o';
const WHAT: &str = "an outbox entry";

/// An entry as it is stored.
#[derive(Debug, Clone)]
pub(in super::super) struct Packed {
    pub(in super::super) effect: EffectId,
    pub(in super::super) bytes: Vec<u8>,
}

/// What the writer reads of a stored entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Moments {
    /// Nanoseconds since 1970.
    pub(in super::super) ready: i64,
    /// Nanoseconds since 1970.
    pub(in super::super) asked: i64,
}

pub(in super::super) fn pack(entry: &OutboxEntry) -> Result<Packed, StoreError> {
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&key::nanoseconds(entry.ready_at).to_be_bytes());
    bytes.extend_from_slice(&key::nanoseconds(entry.asked_at).to_be_bytes());
    bytes.extend_from_slice(&super::encode(WHAT, entry)?);
    Ok(Packed { effect: entry.effect.id.clone(), bytes: super::fits(WHAT, bytes)? })
}

pub(in super::super) fn unpack(bytes: &[u8]) -> Result<OutboxEntry, StoreError> {
    let (_, json) = split(bytes).ok_or_else(|| StoreError::Damaged(format!("{WHAT} is cut short")))?;
    super::decode(WHAT, json)
}

fn split(bytes: &[u8]) -> Option<(Moments, &[u8])> {
    let (ready, bytes) = bytes.split_first_chunk()?;
    let (asked, json) = bytes.split_first_chunk()?;
    Some((Moments { ready: i64::from_be_bytes(*ready), asked: i64::from_be_bytes(*asked) }, json))
}

/// The keys of a conversation's effects, in order.
pub(in super::super) fn of(id: &ConversationId) -> KeyRange {
    Key::of(TABLE).text(id.as_str()).range()
}

/// A conversation's outbox while a commit changes it: the keys and moments of its effects, in order.
#[derive(Debug, Default)]
pub(in super::super) struct Standing(Vec<(Vec<u8>, Moments)>);

impl Standing {
    /// As it stands.
    pub(in super::super) fn read(view: &View<'_>, id: &ConversationId) -> Result<Self, Fault> {
        let rows = view.scan(of(id).as_range()).map(|found| {
            let (key, stored) = found?;
            let (moments, _) = split(&stored.bytes).ok_or_else(|| Fault::damaged(&key))?;
            Ok((key, moments))
        });
        rows.collect::<Result<_, _>>().map(Self)
    }

    /// Adds an effect at the end.
    pub(in super::super) fn push(
        &mut self,
        tx: &mut Transaction<'_>,
        id: &ConversationId,
        progress: &mut Progress,
        entry: &Packed,
    ) -> Result<(), Fault> {
        let number = progress::next(&mut progress.outbox);
        let key = Key::of(TABLE).text(id.as_str()).number(number).key(&ending(&entry.effect)).bytes();
        let (moments, _) = split(&entry.bytes).ok_or_else(|| Fault::damaged(&key))?;
        tx.put_new(&key, 0, &entry.bytes)?;
        self.0.push((key, moments));
        Ok(())
    }

    /// Changes an effect; one that is over meanwhile stays over.
    pub(in super::super) fn update(&mut self, tx: &mut Transaction<'_>, entry: &Packed) -> Result<(), Fault> {
        let Some(at) = self.place(&entry.effect) else { return Ok(()) };
        let (key, moments) = &mut self.0[at];
        (*moments, _) = split(&entry.bytes).ok_or_else(|| Fault::damaged(key))?;
        tx.put(key, 0, &entry.bytes)
    }

    /// Takes an effect away; says whether it was there.
    pub(in super::super) fn over(
        &mut self,
        tx: &mut Transaction<'_>,
        effect: &EffectId,
    ) -> Result<bool, Fault> {
        let Some(at) = self.place(effect) else { return Ok(false) };
        let (key, _) = self.0.remove(at);
        tx.delete(&key)?;
        Ok(true)
    }

    /// When an effect was asked, in nanoseconds since 1970.
    pub(in super::super) fn asked(&self, effect: &EffectId) -> Option<i64> {
        self.place(effect).map(|at| self.0[at].1.asked)
    }

    /// When the first effect is ready, in nanoseconds since 1970: the others wait for it.
    pub(in super::super) fn head(&self) -> Option<i64> {
        self.0.first().map(|(_, moments)| moments.ready)
    }

    fn place(&self, effect: &EffectId) -> Option<usize> {
        let wanted = ending(effect);
        self.0.iter().position(|(key, _)| key.ends_with(&wanted))
    }
}

/// When the first of a conversation's effects is ready, in nanoseconds since 1970: the others wait for it.
pub(in super::super) fn head(view: &View<'_>, id: &ConversationId) -> Result<Option<i64>, Fault> {
    let Some(first) = view.scan(of(id).as_range()).next() else { return Ok(None) };
    let (key, stored) = first?;
    let (moments, _) = split(&stored.bytes).ok_or_else(|| Fault::damaged(&key))?;
    Ok(Some(moments.ready))
}

/// The key and moments of an effect, if it is not over.
pub(in super::super) fn find(
    view: &View<'_>,
    id: &ConversationId,
    effect: &EffectId,
) -> Result<Option<(Vec<u8>, Moments)>, Fault> {
    let wanted = ending(effect);
    for found in view.scan(of(id).as_range()) {
        let (key, stored) = found?;
        if key.ends_with(&wanted) {
            let (moments, _) = split(&stored.bytes).ok_or_else(|| Fault::damaged(&key))?;
            return Ok(Some((key, moments)));
        }
    }
    Ok(None)
}

/// How the key of an effect ends: the number before it has a fixed width, so no other's ends like it.
pub(in super::super) fn ending(effect: &EffectId) -> Vec<u8> {
    Key::of(0).text(&effect.to_string()).bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(turn: u32, n: u32) -> EffectId {
        EffectId { epoch: 1, session: "s".into(), turn, n }
    }

    fn key(id: &ConversationId, number: u64, effect: &EffectId) -> Vec<u8> {
        Key::of(TABLE).text(id.as_str()).number(number).key(&ending(effect)).bytes()
    }

    #[test]
    fn keys_sort_as_they_were_asked_and_name_their_effect() {
        let id = ConversationId::from("c");
        let keys = [key(&id, 0, &effect(9, 0)), key(&id, 1, &effect(10, 0)), key(&id, 256, &effect(2, 0))];
        assert!(keys.is_sorted());
        assert!(keys[1].ends_with(&ending(&effect(10, 0))));
        for other in [effect(0, 0), effect(1, 0), effect(10, 10)] {
            assert!(!keys[1].ends_with(&ending(&other)), "{other}");
        }
        assert!(keys.iter().all(|key| of(&id).as_range().contains(&key.as_slice())));
    }
}
