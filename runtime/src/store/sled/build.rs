//! A store made of records that exist already: those of a backup.

use std::path::Path;

use sled::{Batch, Tree};

use super::directory::Directory;
use super::envelope::Record;
use super::fault::Fault;
use super::keyspace::{OpenError, Options, recover};

/// Bytes of records that go into the tree at once.
const BATCH_BYTES: usize = 1 << 20;

/// Makes a store in an empty directory out of records, the last group's number among them; durable when it returns.
/// An error of the records ends it, and what is there then is no store.
pub(super) fn build<E: From<OpenError>>(
    path: &Path,
    options: &Options,
    group: u64,
    mut next: impl FnMut() -> Result<Option<Record>, E>,
) -> Result<(), E> {
    let io = |what: &'static str| move |source| OpenError::Io { what, source };
    let directory = Directory::claim(path, options.patience)?;
    let damaged = |detail| OpenError::Damaged { directory: path.to_owned(), detail };
    let database = recover(&directory, options, damaged)?;
    let tree = Tree::clone(&database);
    let mut batch = Batch::default();
    let mut bytes = 0;
    while let Some((key, record)) = next()? {
        bytes += key.len() + record.len();
        batch.insert(key, record);
        if bytes >= BATCH_BYTES {
            apply(&tree, std::mem::take(&mut batch))?;
            bytes = 0;
        }
    }
    apply(&tree, batch)?;
    tree.flush().map_err(|error| refused(error.into()))?;
    let data = directory.data_file().map_err(io("could not open the store's data file"))?;
    data.sync_all().map_err(io("could not sync the store's data file"))?;
    directory.sync().map_err(io("could not sync the store's directory"))?;
    let mut mark = directory.mark().map_err(io("could not note that the store was created"))?;
    mark.note(group).map_err(io("could not note that the store was created"))?;
    Ok(())
}

fn apply(tree: &Tree, batch: Batch) -> Result<(), OpenError> {
    tree.apply_batch(batch).map_err(|error| refused(error.into()))
}

fn refused(fault: Fault) -> OpenError {
    OpenError::Refused(fault)
}
