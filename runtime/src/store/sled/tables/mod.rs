//! What is stored where: one file per table. A table is all keys that begin with its byte.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::envelope::VALUE_BYTES;
use super::fault::Fault;
use crate::store::StoreError;

pub(super) mod accepted;
pub(super) mod address;
pub(super) mod backdrop;
pub(super) mod backlog;
pub(super) mod contact;
pub(super) mod conversation;
pub(super) mod dead_letter;
pub(super) mod epoch;
pub(super) mod expiry;
pub(super) mod format;
pub(super) mod inbox;
pub(super) mod journal;
pub(super) mod line;
pub(super) mod notice;
pub(super) mod outbox;
pub(super) mod progress;
pub(super) mod publication;
pub(super) mod ready;
pub(super) mod release;
pub(super) mod secret;
pub(super) mod seen;
pub(super) mod status;
pub(super) mod timer;
pub(super) mod totals;
pub(super) mod with_people;

/// Every table's byte. A retired one stays here, with what it was, so that it is never given to another.
pub(super) const PREFIXES: &[(u8, &str)] = &[
    (super::keyspace::GROUP[0], "the number of the last group"),
    (super::envelope::CHUNK_PREFIX, "chunks of long values"),
    (accepted::TABLE, "accepted"),
    (address::TABLE, "address"),
    (backdrop::TABLE, "backdrop"),
    (backlog::TABLE, "backlog"),
    (contact::TABLE, "contact"),
    (conversation::TABLE, "conversation"),
    (dead_letter::TABLE, "dead_letter"),
    (dead_letter::BY_EFFECT, "dead_letter, by effect"),
    (epoch::TABLE, "epoch"),
    (expiry::TABLE, "expiry"),
    (format::TABLE, "format"),
    (inbox::TABLE, "inbox"),
    (journal::TABLE, "journal"),
    (journal::PIECES, "journal, what is long"),
    (journal::UNCUT, "journal, not cut yet"),
    (line::TABLE, "line"),
    (notice::TABLE, "notice"),
    (outbox::TABLE, "outbox"),
    (progress::TABLE, "progress"),
    (publication::TABLE, "publication"),
    (ready::TABLE, "ready"),
    (release::TABLE, "release"),
    (secret::TABLE, "secret"),
    (seen::TABLE, "seen"),
    (status::TABLE, "status"),
    (timer::TABLE, "timer"),
    (timer::BY_WAIT, "timer, by wait"),
    (totals::TABLE, "totals"),
    (with_people::TABLE, "with_people"),
];

/// A value as it is stored, refused here if it is over the limit: before it reaches the writer.
pub(super) fn encode<T: Serialize>(what: &'static str, value: &T) -> Result<Vec<u8>, StoreError> {
    let bytes = serde_json::to_vec(value)
        .map_err(|error| StoreError::Damaged(format!("{what} cannot be written as JSON: {error}")))?;
    fits(what, bytes)
}

/// The bytes, if a value may have so many.
pub(super) fn fits(what: &'static str, bytes: Vec<u8>) -> Result<Vec<u8>, StoreError> {
    if bytes.len() > VALUE_BYTES {
        return Err(StoreError::TooLarge { what, size: bytes.len(), cap: VALUE_BYTES });
    }
    Ok(bytes)
}

/// A stored value. What is wrong with it is told without quoting it.
pub(super) fn decode<T: DeserializeOwned>(what: &'static str, bytes: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(bytes).map_err(|error| {
        let place = Cow::from(format!("line {} column {}", error.line(), error.column()));
        StoreError::Damaged(format!("{what} does not read back, at {place}"))
    })
}

/// The same inside a transaction or a look.
pub(super) fn read<T: DeserializeOwned>(key: &[u8], bytes: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(bytes).map_err(|_| Fault::damaged(key))
}

/// A small value of ours, as it is stored.
pub(super) fn write<T: Serialize>(key: &[u8], value: &T) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(value).map_err(|_| Fault::damaged(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_tables_share_a_byte_and_every_file_is_a_table() {
        let bytes: BTreeSet<u8> = PREFIXES.iter().map(|(byte, _)| *byte).collect();
        assert_eq!(bytes.len(), PREFIXES.len());
        assert!(!bytes.contains(&0xff), "ranges need a byte after the last");
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/sled/tables");
        for file in std::fs::read_dir(folder).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap().replace(".rs", "");
            assert!(name == "mod" || PREFIXES.iter().any(|(_, table)| *table == name), "{name}");
        }
    }

    #[test]
    fn a_value_that_does_not_read_back_is_not_quoted() {
        let error = decode::<u32>("the number", b"\"52998224725\"").unwrap_err().to_string();
        assert!(error.contains("the number") && !error.contains("5299"), "{error}");
    }
}
