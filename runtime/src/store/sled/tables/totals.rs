//! How much there is of what is counted: `#`. Kept by every commit, because counting would read it all.

use serde::{Deserialize, Serialize};

use super::super::fault::Fault;
use super::super::key::Key;
use super::super::transaction::Transaction;
use super::super::view::View;
use crate::store::Counts;

pub(in super::super) const TABLE: u8 = b'#';

/// As stored; what a commit changes of it may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(in super::super) struct Totals {
    pub(in super::super) conversations: i64,
    pub(in super::super) contacts: i64,
    pub(in super::super) outbox: i64,
    pub(in super::super) timers: i64,
    pub(in super::super) inbox: i64,
    pub(in super::super) dead_letters: i64,
}

impl Totals {
    pub(in super::super) fn counts(self) -> Counts {
        let count = |total: i64| u64::try_from(total).unwrap_or_default();
        Counts {
            conversations: count(self.conversations),
            contacts: count(self.contacts),
            outbox: count(self.outbox),
            timers: count(self.timers),
            inbox: count(self.inbox),
            dead_letters: count(self.dead_letters),
        }
    }
}

pub(in super::super) fn get(view: &View<'_>) -> Result<Totals, Fault> {
    let key = Key::of(TABLE).bytes();
    view.get(&key)?.map_or_else(|| Ok(Totals::default()), |stored| super::read(&key, &stored.bytes))
}

/// Adds what a commit changed.
pub(in super::super) fn add(tx: &mut Transaction<'_>, change: &Totals) -> Result<(), Fault> {
    if *change == Totals::default() {
        return Ok(());
    }
    let mut totals = get(&tx.view())?;
    totals.conversations += change.conversations;
    totals.contacts += change.contacts;
    totals.outbox += change.outbox;
    totals.timers += change.timers;
    totals.inbox += change.inbox;
    totals.dead_letters += change.dead_letters;
    put(tx, &totals)
}

pub(in super::super) fn put(tx: &mut Transaction<'_>, totals: &Totals) -> Result<(), Fault> {
    let key = Key::of(TABLE).bytes();
    let bytes = super::write(&key, totals)?;
    tx.put(&key, 0, &bytes)
}
