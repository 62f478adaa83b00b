//! One commit as the writer plays it: what it requires, what it reads, what it changes.

use std::ops::Range;

use sled::{IVec, Tree};

use super::envelope;
use super::fault::Fault;
use super::view::{Overlay, Scan, Stored, View};

/// What a key must hold for a commit to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// The key has no value.
    Absent,
    /// The key has a value, and its version is this one.
    Version(u64),
}

/// A commit in the making. It sees all that was committed before it and its own changes, and nothing else runs
/// while it does, so what it has read still holds when it writes.
pub(crate) struct Transaction<'a> {
    tree: &'a Tree,
    group: &'a mut Overlay,
    undo: Vec<(Vec<u8>, Option<Option<IVec>>)>,
    bytes: usize,
}

impl<'a> Transaction<'a> {
    pub(super) fn begin(tree: &'a Tree, group: &'a mut Overlay) -> Self {
        Self { tree, group, undo: Vec::new(), bytes: 0 }
    }

    /// What stands at this point of the transaction.
    pub(crate) fn view(&self) -> View<'_> {
        View::over(self.tree, self.group)
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Stored>, Fault> {
        self.view().get(key)
    }

    /// Keys and values of a range; see [`View::scan`].
    pub(crate) fn scan(&self, range: Range<&[u8]>) -> Scan<'_> {
        self.view().scan(range)
    }

    /// Goes on only if the key holds what is expected.
    pub(crate) fn expect(&self, key: &[u8], expected: Expected) -> Result<(), Fault> {
        let holds = match (expected, self.view().version(key)?) {
            (Expected::Absent, None) => true,
            (Expected::Version(expected), Some(found)) => expected == found,
            (Expected::Absent, Some(_)) | (Expected::Version(_), None) => false,
        };
        if holds { Ok(()) } else { Err(Fault::Conflict) }
    }

    /// Gives a key a value and that value a version.
    pub(crate) fn put(&mut self, key: &[u8], version: u64, value: &[u8]) -> Result<(), Fault> {
        let records = envelope::seal(key, version, value)?;
        self.remove_chunks(key, records.len() - 1)?;
        for (key, record) in records {
            self.write(key, Some(record.into()));
        }
        Ok(())
    }

    /// The same where nothing stands under the key yet, so that nothing has to be looked for.
    pub(crate) fn put_new(&mut self, key: &[u8], version: u64, value: &[u8]) -> Result<(), Fault> {
        debug_assert!(self.view().record(key)?.is_none(), "a key is taken");
        for (key, record) in envelope::seal(key, version, value)? {
            self.write(key, Some(record.into()));
        }
        Ok(())
    }

    /// Takes a key and its value away; nothing happens if there is none.
    pub(crate) fn delete(&mut self, key: &[u8]) -> Result<(), Fault> {
        self.remove_chunks(key, 0)?;
        if self.view().record(key)?.is_some() {
            self.write(key.to_vec(), None);
        }
        Ok(())
    }

    /// Removes the chunks of the key's present value, but for the first `kept`.
    fn remove_chunks(&mut self, key: &[u8], kept: usize) -> Result<(), Fault> {
        let Some(record) = self.view().record(key)? else { return Ok(()) };
        let stale: Vec<Vec<u8>> = match envelope::open(key, &record) {
            Ok(head) => (0..head.chunks).skip(kept).map(|chunk| envelope::chunk_key(key, chunk)).collect(),
            // A damaged head does not say how many there are, and must still be possible to replace.
            Err(_) => self.view().chunk_keys(key)?,
        };
        for chunk in stale {
            self.write(chunk, None);
        }
        Ok(())
    }

    fn write(&mut self, key: Vec<u8>, record: Option<IVec>) {
        self.bytes += key.len() + record.as_ref().map_or(0, |record| record.len());
        let before = self.group.insert(key.clone(), record);
        self.undo.push((key, before));
    }

    /// Leaves the changes in the group and says how many bytes they are.
    pub(super) fn keep(self) -> usize {
        self.bytes
    }

    /// Takes every change back out of the group.
    pub(super) fn discard(self) {
        for (key, before) in self.undo.into_iter().rev() {
            match before {
                Some(before) => self.group.insert(key, before),
                None => self.group.remove(&key),
            };
        }
    }
}
