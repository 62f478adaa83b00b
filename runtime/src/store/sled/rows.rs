//! The store's rows as whoever reads its files finds them, for tests that look or meddle.

use fluxo_engine::ids::ConversationId;

use super::envelope::CHUNK_PREFIX;
use super::handle::SledStore;
use super::tables::conversation;

/// A key, the version and the value.
type Row = (Vec<u8>, u64, Vec<u8>);

impl SledStore {
    /// Makes a conversation's record unreadable, as a torn disk would.
    pub(crate) async fn damage(&self, id: &ConversationId) {
        let key = conversation::key(id);
        self.keyspace.commit(move |tx| tx.put(&key, 1, b"torn")).await.unwrap();
    }

    /// All of them.
    pub(crate) async fn rows(&self) -> Vec<Row> {
        let (first, last) = ([0], [CHUNK_PREFIX]);
        let rows = self.keyspace.read(|view| view.scan(&first[..]..&last[..]).collect::<Result<Vec<_>, _>>());
        let rows = rows.await.unwrap().into_iter();
        rows.map(|(key, stored)| (key, stored.version, stored.bytes)).collect()
    }

    /// Stores a row.
    pub(crate) async fn put_row(&self, (key, version, value): Row) {
        self.keyspace.commit(move |tx| tx.put(&key, version, &value)).await.unwrap();
    }
}
