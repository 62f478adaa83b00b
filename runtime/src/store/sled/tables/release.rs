//! The documents of releases: `v/<release><piece>`. Together they may be longer than a value; each piece's version is
//! how many there are.

use fluxo_engine::ids::ReleaseId;

use super::super::fault::Fault;
use super::super::key::{Key, KeyRange, Parts};
use super::super::transaction::Transaction;
use super::super::view::View;

pub(in super::super) const TABLE: u8 = b'v';
const PIECE_BYTES: usize = 200 * 1024;

fn piece(id: &ReleaseId, number: u64) -> Vec<u8> {
    Key::of(TABLE).text(id.as_str()).number(number).bytes()
}

pub(in super::super) fn of(id: &ReleaseId) -> KeyRange {
    Key::of(TABLE).text(id.as_str()).range()
}

/// Keeps a release's documents; one that is kept already is left as it is, since its id is its hash.
pub(in super::super) fn put(tx: &mut Transaction<'_>, id: &ReleaseId, documents: &[u8]) -> Result<(), Fault> {
    if tx.scan(of(id).as_range()).next().transpose()?.is_some() {
        return Ok(());
    }
    let pieces = documents.chunks(PIECE_BYTES);
    let count = pieces.len() as u64;
    for (bytes, number) in pieces.zip(0..) {
        tx.put(&piece(id, number), count, bytes)?;
    }
    Ok(())
}

pub(in super::super) fn get(view: &View<'_>, id: &ReleaseId) -> Result<Option<Vec<u8>>, Fault> {
    let range = of(id);
    let mut documents = None::<Vec<u8>>;
    let (mut found, mut expected) = (0, 0);
    for found_piece in view.scan(range.as_range()) {
        let (_, stored) = found_piece?;
        documents.get_or_insert_default().extend_from_slice(&stored.bytes);
        found += 1;
        expected = stored.version;
    }
    if found == expected { Ok(documents) } else { Err(Fault::damaged(&range.start)) }
}

/// The releases that are kept, by id. Only the first piece of each is read.
pub(in super::super) fn ids(view: &View<'_>) -> Result<Vec<ReleaseId>, Fault> {
    let KeyRange { mut start, end } = Key::of(TABLE).range();
    let mut ids = Vec::new();
    while let Some((key, _)) = view.scan(&start..&end).next().transpose()? {
        let id = Parts::of(TABLE, &key).and_then(|mut parts| parts.text());
        let id = ReleaseId::from(id.ok_or_else(|| Fault::damaged(&key))?);
        start = Key::of(TABLE).text(id.as_str()).after();
        ids.push(id);
    }
    Ok(ids)
}

/// Takes a release's documents away.
pub(in super::super) fn forget(tx: &mut Transaction<'_>, id: &ReleaseId) -> Result<(), Fault> {
    let pieces: Vec<Vec<u8>> =
        tx.scan(of(id).as_range()).map(|found| found.map(|(key, _)| key)).collect::<Result<_, _>>()?;
    pieces.iter().try_for_each(|piece| tx.delete(piece))
}

#[cfg(test)]
mod tests {
    use super::super::super::keyspace::{Keyspace, Options};
    use super::*;

    #[tokio::test]
    async fn a_release_with_a_piece_missing_is_damaged() {
        let place = tempfile::tempdir().unwrap();
        let store = Keyspace::open(place.path(), &Options::default()).unwrap();
        let id = ReleaseId::from("r1");
        let (of, documents) = (id.clone(), vec![b'x'; 2 * PIECE_BYTES + 1]);
        store.commit(move |tx| put(tx, &of, &documents)).await.unwrap();
        assert_eq!(store.read(|view| get(view, &id)).await.unwrap().unwrap().len(), 2 * PIECE_BYTES + 1);
        for number in [1, 0] {
            let missing = piece(&id, number);
            store.commit(move |tx| tx.delete(&missing)).await.unwrap();
            assert_eq!(store.read(|view| get(view, &id)).await, Err(Fault::damaged(&[TABLE])));
        }
    }
}
