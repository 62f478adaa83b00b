//! What a check has found, and how each of it may be put right.

use std::collections::BTreeMap;

use fluxo_engine::ids::ConversationId;

use super::super::tables::totals::Totals;
use crate::store::upkeep::{Checkup, Finding, Invariant, Outcome};

/// How a finding is put right: nothing is lost by any of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Repair {
    /// A row of an index that leads nowhere, or a record that belongs to nothing.
    Delete(Vec<u8>),
    /// A row of an index whose target is there.
    Put(Vec<u8>, Vec<u8>),
    /// A conversation's places in the lists, and its numbers.
    Reindex(ConversationId),
    /// What is counted.
    Totals(Totals),
    /// What all records come to: what is there from here on is what there is.
    Digest,
}

#[derive(Debug, Default)]
pub(super) struct Findings {
    listed: Vec<Finding>,
    found: BTreeMap<Invariant, u64>,
    /// Findings that nothing can be done about.
    stand: BTreeMap<Invariant, u64>,
    repairs: Vec<Repair>,
    repaired: bool,
}

impl Findings {
    /// Something that nothing can be done about here.
    pub(super) fn add(&mut self, invariant: Invariant, table: u8, id: Option<String>, detail: String) {
        self.with(invariant, table, id, detail, None);
    }

    /// A record that leads nowhere or belongs to nothing.
    pub(super) fn stray(&mut self, invariant: Invariant, table: u8, id: Option<String>, key: &[u8]) {
        let detail = "it leads nowhere".to_owned();
        self.with(invariant, table, id, detail, Some(Repair::Delete(key.to_vec())));
    }

    /// A row that an index should have.
    pub(super) fn missing(
        &mut self,
        invariant: Invariant,
        table: u8,
        id: Option<String>,
        (key, value): (Vec<u8>, Vec<u8>),
    ) {
        let detail = "its row in the index is missing".to_owned();
        self.with(invariant, table, id, detail, Some(Repair::Put(key, value)));
    }

    /// A conversation that does not stand where it should.
    pub(super) fn misplaced(&mut self, invariant: Invariant, table: u8, id: &ConversationId, detail: &str) {
        let repair = Some(Repair::Reindex(id.clone()));
        self.with(invariant, table, Some(id.as_str().to_owned()), detail.to_owned(), repair);
    }

    /// Totals that are not what was counted.
    pub(super) fn totals(&mut self, table: u8, detail: String, counted: Totals) {
        self.with(Invariant::Totals, table, None, detail, Some(Repair::Totals(counted)));
    }

    /// Records that are not there, or not as they were written.
    pub(super) fn lost(&mut self, table: u8, detail: String) {
        self.with(Invariant::NothingLost, table, None, detail, Some(Repair::Digest));
    }

    fn with(
        &mut self,
        invariant: Invariant,
        table: u8,
        id: Option<String>,
        detail: String,
        repair: Option<Repair>,
    ) {
        let found = self.found.entry(invariant).or_default();
        *found += 1;
        let outcome = if repair.is_some() { Outcome::Repairable } else { Outcome::Stands };
        if *found <= Checkup::LISTED {
            self.listed.push(Finding { invariant, table: super::name(table), id, detail, outcome });
        }
        match repair {
            Some(repair) => self.repairs.push(repair),
            None => *self.stand.entry(invariant).or_default() += 1,
        }
    }

    /// How all that can be put right is.
    pub(super) fn take_repairs(&mut self) -> Vec<Repair> {
        std::mem::take(&mut self.repairs)
    }

    /// All that could be put right was.
    pub(super) fn repaired(&mut self) {
        self.repaired = true;
        for finding in &mut self.listed {
            if finding.outcome == Outcome::Repairable {
                finding.outcome = Outcome::Repaired;
            }
        }
    }

    /// What is told of them: those listed, how many there are, and how many are left.
    pub(super) fn told(self) -> (Vec<Finding>, BTreeMap<Invariant, u64>, BTreeMap<Invariant, u64>) {
        let left = if self.repaired { self.stand } else { self.found.clone() };
        (self.listed, self.found, left)
    }
}
