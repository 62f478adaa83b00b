//! The format of the store: `@`, a number, and how far a change to the next one has come.

use serde::{Deserialize, Serialize};

use super::super::fault::Fault;
use super::super::key::Key;
use super::super::transaction::Transaction;
use super::super::view::View;

pub(in super::super) const TABLE: u8 = b'@';

/// As stored. Every version of fluxo must be able to read this record and the group's number: they say whether it may
/// read the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Format {
    /// The format that all tables have.
    pub(in super::super) version: u32,
    /// The format that a change under way leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in super::super) becoming: Option<u32>,
    /// The last key that the change under way has carried over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in super::super) passed: Option<Vec<u8>>,
}

impl Format {
    /// A format that all tables have.
    pub(in super::super) fn whole(version: u32) -> Self {
        Self { version, becoming: None, passed: None }
    }

    /// The newest format that anything in the store may have.
    pub(in super::super) fn newest(&self) -> u32 {
        self.version.max(self.becoming.unwrap_or_default())
    }
}

/// The store's format; absent in a new store, and in one of format 1, which did not note it.
pub(in super::super) fn get(view: &View<'_>) -> Result<Option<Format>, Fault> {
    let key = Key::of(TABLE).bytes();
    view.get(&key)?.map(|stored| super::read(&key, &stored.bytes)).transpose()
}

pub(in super::super) fn put(tx: &mut Transaction<'_>, format: &Format) -> Result<(), Fault> {
    let key = Key::of(TABLE).bytes();
    let bytes = super::write(&key, format)?;
    tx.put(&key, 0, &bytes)
}
