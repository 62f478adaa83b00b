//! Reading values: the tree, and over it what the writer has gathered but not applied.

use std::collections::{BTreeMap, btree_map};
use std::iter::Peekable;
use std::ops::{Bound, Range};

use sled::{IVec, Tree};

use super::digest::Digest;
use super::envelope::{self, CHUNK_PREFIX};
use super::fault::Fault;
use super::keyspace::GROUP;

/// Records written but not yet in the tree; `None` is a removal.
pub(super) type Overlay = BTreeMap<Vec<u8>, Option<IVec>>;

static NOTHING_WAITING: Overlay = Overlay::new();

/// A value, whole and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    /// The version its writer gave it.
    pub(crate) version: u64,
    /// The value.
    pub(crate) bytes: Vec<u8>,
}

/// Where one reads: nothing changes while it is held.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    tree: &'a Tree,
    overlay: &'a Overlay,
}

impl<'a> View<'a> {
    pub(super) fn of(tree: &'a Tree) -> Self {
        Self { tree, overlay: &NOTHING_WAITING }
    }

    pub(super) fn over(tree: &'a Tree, overlay: &'a Overlay) -> Self {
        Self { tree, overlay }
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Stored>, Fault> {
        self.record(key)?.map(|record| self.value(key, &record)).transpose()
    }

    /// The version of a key's value, without reading its chunks.
    pub(crate) fn version(&self, key: &[u8]) -> Result<Option<u64>, Fault> {
        self.record(key)?.map(|record| Ok(envelope::open(key, &record)?.version)).transpose()
    }

    /// Keys and values from `range.start` up to but without `range.end`, in the order of their keys.
    pub(crate) fn scan(&self, range: Range<&[u8]>) -> Scan<'a> {
        // A range that ends before it starts is empty, which a map would rather panic about.
        let bounds = (Bound::Included(range.start), Bound::Excluded(range.end.max(range.start)));
        Scan {
            view: *self,
            tree: self.tree.range::<&[u8], _>(bounds).peekable(),
            overlay: self.overlay.range::<[u8], _>(bounds).peekable(),
        }
    }

    /// Whether nothing was ever put here: only the number of the last group is there.
    pub(super) fn holds_nothing(&self) -> Result<bool, Fault> {
        for found in self.tree.iter().take(2) {
            let (key, _) = found?;
            if key != GROUP {
                return Ok(false);
            }
        }
        Ok(self.overlay.is_empty())
    }

    /// What all records come to, read from what is there.
    pub(super) fn counted(&self) -> Result<Digest, Fault> {
        let mut digest = Digest::default();
        for found in self.scan(&[]..&[0xff]).records() {
            let (key, record) = found?;
            if key != GROUP {
                digest.add(&record);
            }
        }
        Ok(digest)
    }

    pub(super) fn record(&self, key: &[u8]) -> Result<Option<IVec>, Fault> {
        match self.overlay.get(key) {
            Some(waiting) => Ok(waiting.clone()),
            None => Ok(self.tree.get(key)?),
        }
    }

    /// The keys of the chunks that stand under a value's key, whatever its head says.
    pub(super) fn chunk_keys(&self, key: &[u8]) -> Result<Vec<Vec<u8>>, Fault> {
        let (first, last) = (envelope::chunk_key(key, 0), envelope::chunk_key(key, u16::MAX));
        let scan = self.scan(&first..&last);
        let mut found = Vec::new();
        for record in scan.records() {
            let (found_key, _) = record?;
            // Keys that start with this one have their chunks among ours; theirs are longer.
            if found_key.len() == first.len() {
                found.push(found_key);
            }
        }
        Ok(found)
    }

    /// The value whose first record this is.
    pub(super) fn value(&self, key: &[u8], record: &[u8]) -> Result<Stored, Fault> {
        let head = envelope::open(key, record)?;
        let bytes = envelope::assemble(key, &head, |chunk| self.record(chunk))?;
        Ok(Stored { version: head.version, bytes })
    }
}

/// A walk over a range; see [`View::scan`].
pub(crate) struct Scan<'a> {
    view: View<'a>,
    tree: Peekable<sled::Iter>,
    overlay: Peekable<btree_map::Range<'a, Vec<u8>, Option<IVec>>>,
}

impl Scan<'_> {
    /// The records as they are, unchecked.
    pub(super) fn records(mut self) -> impl Iterator<Item = Result<(Vec<u8>, IVec), Fault>> {
        std::iter::from_fn(move || self.next_record().transpose())
    }

    fn next_record(&mut self) -> Result<Option<(Vec<u8>, IVec)>, Fault> {
        loop {
            let applied = match self.tree.peek() {
                Some(Ok((key, _))) => Some(key),
                Some(Err(error)) => return Err(error.clone().into()),
                None => None,
            };
            let waiting = match (applied, self.overlay.peek()) {
                (None, None) => return Ok(None),
                (None, Some(_)) => true,
                (Some(_), None) => false,
                (Some(applied), Some((waiting, _))) => waiting.as_slice() <= applied.as_ref(),
            };
            if !waiting {
                return Ok(self.tree.next().transpose()?.map(|(key, record)| (key.to_vec(), record)));
            }
            let Some((key, record)) = self.overlay.next() else { continue };
            if let Some(Ok((applied, _))) = self.tree.peek()
                && applied.as_ref() == key.as_slice()
            {
                self.tree.next();
            }
            if let Some(record) = record {
                return Ok(Some((key.clone(), record.clone())));
            }
        }
    }
}

impl Iterator for Scan<'_> {
    type Item = Result<(Vec<u8>, Stored), Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.next_record().transpose()? {
            Ok((key, record)) => {
                debug_assert_ne!(key.first(), Some(&CHUNK_PREFIX), "a table reads chunks as values");
                Some(self.view.value(&key, &record).map(|stored| (key, stored)))
            }
            Err(fault) => Some(Err(fault)),
        }
    }
}
