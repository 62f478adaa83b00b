//! What a check of the store has looked at, and what it has found.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Invariant;

/// What a check has found. Nothing in it names a person: ids are opaque, and rows that only a person's data would name
/// are told by their table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkup {
    /// The moment whose state was counted.
    pub at: Timestamp,
    /// The format of the store.
    pub format: u32,
    /// The epoch of effect ids.
    pub epoch: u32,
    /// How many records there are.
    pub records: u64,
    /// How many values each table has.
    pub tables: BTreeMap<String, u64>,
    /// What is wrong, up to [`Checkup::LISTED`] for each invariant.
    pub findings: Vec<Finding>,
    /// How many findings there are for each invariant, those not listed included.
    pub found: BTreeMap<Invariant, u64>,
    /// How many are left: nothing can be done about them here, or nothing was to be.
    pub left: BTreeMap<Invariant, u64>,
    /// How long the writing of the service was held up at most by any one step, in microseconds.
    pub longest_pause_us: u64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

impl Checkup {
    /// How many findings are listed for each invariant.
    pub const LISTED: u64 = 50;

    /// Whether all is as it must be, or was made so.
    pub fn is_clean(&self) -> bool {
        self.left.is_empty()
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What should hold.
    pub invariant: Invariant,
    /// Which table's row it was found at.
    pub table: String,
    /// The conversation, contact, effect or release it is about, where that is no person's data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Figures, for developers.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// What becomes of it.
    pub outcome: Outcome,
}

/// What becomes of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing can be done about it here.
    Stands,
    /// A check that may repair puts it right, without losing anything.
    Repairable,
    /// It was put right.
    Repaired,
}
