//! The person at the other end, as a flow sees them, and what a turn changes about them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Object;
use crate::ids::ContactId;

/// A snapshot of a contact. Changes apply at once to the engine's copy and leave as [`ContactChange`]s.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// Opaque and stable.
    pub id: ContactId,
    /// As the channel or a flow gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// E.164 with the plus sign. May be absent: people may show a username only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Labels set by `tag` nodes or people.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<String>,
    /// By purpose.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub consents: BTreeMap<String, Consent>,
    /// Variables declared with `remember`.
    #[serde(default, skip_serializing_if = "Object::is_empty")]
    pub fields: Object,
    /// Failed identity checks of the current day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_failures: Option<IdentityFailures>,
}

/// Failed identity checks, counted per local day and over all sessions of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityFailures {
    /// The local day they belong to; another day begins at zero.
    pub day: Date,
    /// How many.
    pub count: u32,
}

/// A consent with its evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Given, or withdrawn / refused.
    pub granted: bool,
    /// When.
    pub at: Timestamp,
    /// The exact words shown, absent when nothing was asked (`grant`, `withdraw`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// The id of the message that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What a turn changes about a contact: operations, so that two turns of one contact do not overwrite each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "op")]
pub enum ContactChange {
    /// Adds a label.
    AddTag {
        /// The label.
        tag: String,
    },
    /// Removes a label.
    RemoveTag {
        /// The label.
        tag: String,
    },
    /// Remembers a value, or forgets it when `value` is absent.
    SetField {
        /// The variable's name.
        name: String,
        /// Its value.
        value: Option<Value>,
    },
    /// Records a consent.
    SetConsent {
        /// What for.
        purpose: String,
        /// Given or not, and the evidence.
        consent: Consent,
    },
    /// Counts one failed identity check.
    IdentityFailed {
        /// The local day.
        day: Date,
    },
}

impl Contact {
    /// A contact of whom only the id is known.
    pub fn new(id: ContactId) -> Self {
        Self {
            id,
            name: None,
            phone: None,
            tags: BTreeSet::new(),
            consents: BTreeMap::new(),
            fields: Object::new(),
            identity_failures: None,
        }
    }

    /// Applies one change.
    pub fn apply(&mut self, change: &ContactChange) {
        match change {
            ContactChange::AddTag { tag } => {
                self.tags.insert(tag.clone());
            }
            ContactChange::RemoveTag { tag } => {
                self.tags.remove(tag);
            }
            ContactChange::SetField { name, value: Some(value) } => {
                self.fields.insert(name.clone(), value.clone());
            }
            ContactChange::SetField { name, value: None } => {
                // Not `remove`, which would reorder what stays.
                self.fields.shift_remove(name);
            }
            ContactChange::SetConsent { purpose, consent } => {
                self.consents.insert(purpose.clone(), consent.clone());
            }
            ContactChange::IdentityFailed { day } => {
                let count = self.identity_failures_on(*day) + 1;
                self.identity_failures = Some(IdentityFailures { day: *day, count });
            }
        }
    }

    /// Failed identity checks on a local day.
    pub fn identity_failures_on(&self, day: Date) -> u32 {
        self.identity_failures.filter(|failures| failures.day == day).map_or(0, |failures| failures.count)
    }
}
