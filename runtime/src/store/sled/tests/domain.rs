//! The whole store: the demands on every implementation, and what only this one can be asked.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::place;
use crate::store::compliance::{CHECKS, Subject};
use crate::store::sled::{Options, SledStore};
use crate::store::{Store, StoreError};

struct Directory(tempfile::TempDir);

impl Subject for Directory {
    fn open(&self) -> BoxFuture<'_, Arc<dyn Store>> {
        Box::pin(async {
            let store = SledStore::open(self.0.path(), &Options::default()).await;
            Arc::new(store.unwrap()) as Arc<dyn Store>
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_does_what_every_store_must() {
    for (name, check) in CHECKS {
        eprintln!("{name}");
        check(&Directory(place())).await;
    }
}

#[tokio::test]
async fn a_second_store_is_refused_and_a_damaged_one_tells_how_to_restore() {
    let place = place();
    let options = Options { new_epoch: 7, ..Options::default() };
    let store = SledStore::open(place.path(), &options).await.unwrap();
    assert_eq!(store.epoch(), 7);
    let second = SledStore::open(place.path(), &options).await;
    assert!(matches!(second, Err(StoreError::InUse(_))), "{second:?}");
    drop(store);
    std::fs::write(place.path().join("db"), b"").unwrap();
    let Err(error @ StoreError::Broken { .. }) = SledStore::open(place.path(), &options).await else {
        panic!("a damaged store was opened")
    };
    assert!(error.to_string().contains("backup"), "{error}");
}
