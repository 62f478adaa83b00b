//! What was made current when: `f/<number>`, newest first, so that the first one says which release is.

use fluxo_engine::ids::ReleaseId;

use super::super::fault::Fault;
use super::super::key::{Key, KeyRange, Parts};
use super::super::transaction::Transaction;
use crate::store::Publication;

pub(in super::super) const TABLE: u8 = b'f';

fn row(number: u64) -> Vec<u8> {
    Key::of(TABLE).number(!number).bytes()
}

/// All of them.
pub(in super::super) fn all() -> KeyRange {
    Key::of(TABLE).range()
}

/// The newest from now on.
pub(in super::super) fn push(tx: &mut Transaction<'_>, publication: &[u8]) -> Result<(), Fault> {
    let newest = match tx.scan(all().as_range()).next().transpose()? {
        Some((key, _)) => {
            let number = Parts::of(TABLE, &key).and_then(|mut parts| parts.number());
            !number.ok_or_else(|| Fault::damaged(&key))?
        }
        None => 0,
    };
    tx.put(&row(newest + 1), 0, publication)
}

/// Forgets when a release was published.
pub(in super::super) fn forget(tx: &mut Transaction<'_>, release: &ReleaseId) -> Result<(), Fault> {
    let mut gone = Vec::new();
    for found in tx.scan(all().as_range()) {
        let (key, stored) = found?;
        let publication: Publication = super::read(&key, &stored.bytes)?;
        if publication.release == *release {
            gone.push(key);
        }
    }
    gone.iter().try_for_each(|key| tx.delete(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_comes_first() {
        let keys = [3, 2, 1].map(row);
        assert!(keys.is_sorted());
        assert!(keys.iter().all(|key| all().as_range().contains(&key.as_slice())));
    }
}
