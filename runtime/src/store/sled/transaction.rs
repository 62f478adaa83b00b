//! One commit as the writer plays it: what it requires, what it reads, what it changes.

use std::ops::Range;

use sled::{IVec, Tree};

use super::digest::Digest;
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
    kept: Kept,
}

/// What a transaction leaves in its group.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Kept {
    /// Bytes of changes.
    pub(super) bytes: usize,
    /// What all records come to more, or less.
    pub(super) digest: Digest,
}

impl<'a> Transaction<'a> {
    pub(super) fn begin(tree: &'a Tree, group: &'a mut Overlay) -> Self {
        Self { tree, group, undo: Vec::new(), kept: Kept::default() }
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
        let mut records = envelope::seal(key, version, value)?.into_iter();
        let before = self.view().record(key)?;
        self.remove_chunks(key, before.as_ref(), records.len() - 1)?;
        if let Some((key, head)) = records.next() {
            self.write(key, before.as_ref(), Some(head.into()));
        }
        for (key, chunk) in records {
            let before = self.view().record(&key)?;
            self.write(key, before.as_ref(), Some(chunk.into()));
        }
        Ok(())
    }

    /// The same where nothing stands under the key yet, so that nothing has to be looked for.
    pub(crate) fn put_new(&mut self, key: &[u8], version: u64, value: &[u8]) -> Result<(), Fault> {
        debug_assert!(self.view().record(key)?.is_none(), "a key is taken");
        for (key, record) in envelope::seal(key, version, value)? {
            self.write(key, None, Some(record.into()));
        }
        Ok(())
    }

    /// Takes a key and its value away; nothing happens if there is none.
    pub(crate) fn delete(&mut self, key: &[u8]) -> Result<(), Fault> {
        let before = self.view().record(key)?;
        self.remove_chunks(key, before.as_ref(), 0)?;
        if before.is_some() {
            self.write(key.to_vec(), before.as_ref(), None);
        }
        Ok(())
    }

    /// Removes the chunks of the key's present value, whose head this is, but for the first `kept`.
    fn remove_chunks(&mut self, key: &[u8], head: Option<&IVec>, kept: usize) -> Result<(), Fault> {
        let Some(record) = head else { return Ok(()) };
        let stale: Vec<Vec<u8>> = match envelope::open(key, record) {
            Ok(head) => (0..head.chunks).skip(kept).map(|chunk| envelope::chunk_key(key, chunk)).collect(),
            // A damaged head does not say how many there are, and must still be possible to replace.
            Err(_) => self.view().chunk_keys(key)?,
        };
        for chunk in stale {
            let before = self.view().record(&chunk)?;
            if before.is_some() {
                self.write(chunk, before.as_ref(), None);
            }
        }
        Ok(())
    }

    fn write(&mut self, key: Vec<u8>, before: Option<&IVec>, record: Option<IVec>) {
        self.kept.bytes += key.len() + record.as_ref().map_or(0, |record| record.len());
        before.iter().for_each(|record| self.kept.digest.remove(record));
        record.iter().for_each(|record| self.kept.digest.add(record));
        let before = self.group.insert(key.clone(), record);
        self.undo.push((key, before));
    }

    /// Takes a record away as it stands, whatever it is: what belongs to nothing any more.
    pub(super) fn delete_record(&mut self, key: &[u8]) -> Result<(), Fault> {
        if let Some(before) = self.view().record(key)? {
            self.write(key.to_vec(), Some(&before), None);
        }
        Ok(())
    }

    /// Has what all records come to noted otherwise than by what is written: after a loss that is past mending.
    pub(super) fn correct(&mut self, change: Digest) {
        self.kept.digest.join(change);
    }

    /// Leaves the changes in the group and says what they come to.
    pub(super) fn keep(self) -> Kept {
        self.kept
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
