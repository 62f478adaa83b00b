//! Stores of older formats: opened, carried over, and nothing lost by a kill in the middle.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};

use super::everything::{at, documents, done, effect, fill, line, next};
use super::place;
use crate::store::sled::fault::Fault;
use crate::store::sled::keyspace::{GROUP, Keyspace, Options as KeyspaceOptions};
use crate::store::sled::stream::StreamReader;
use crate::store::sled::tables::format::{self, Format};
use crate::store::sled::tables::{epoch, line as lines};
use crate::store::sled::upgrade::{CURRENT, Refused, Step, carry_over};
use crate::store::sled::view::Stored;
use crate::store::sled::{Options, SledStore};
use crate::store::{Mode, Store, StoreError};

/// Stores as each version of fluxo wrote them, filled by [`fill`] as it was then.
const FIXTURES: &[(u32, &str)] = &[(1, "format-1.backup")];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/sled/tests/fixtures").join(name)
}

/// The store of a fixture, byte for byte, in files as that version made them.
fn old_store(name: &str, directory: &Path) -> u32 {
    let (mut reader, header) =
        StreamReader::begin(BufReader::new(File::open(fixture(name)).unwrap())).unwrap();
    // 0.1.0 left the size of sled's segments at what it is by itself.
    let database = ::sled::Config::new().path(directory).flush_every_ms(None).open().unwrap();
    while let Some((key, record)) = reader.record().unwrap() {
        database.insert(key, record).unwrap();
    }
    database.flush().unwrap();
    let group = header.group.to_be_bytes();
    let mark = [&group[..], &crc32fast::hash(&group).to_be_bytes()].concat();
    std::fs::write(directory.join("acknowledged"), mark).unwrap();
    header.format
}

#[tokio::test]
async fn a_store_of_every_older_format_opens_with_all_that_is_in_it() {
    for (version, name) in FIXTURES {
        let place = place();
        assert_eq!(old_store(name, place.path()), *version);
        for round in 0..2 {
            let options = Options { new_epoch: 99, ..Options::default() };
            let store = SledStore::open(place.path(), &options).await.unwrap();
            assert_eq!(store.epoch(), 7, "{name}: it is no new store");
            everything_is_there(&store, name).await;
            let noted = store.keyspace().read(format::get).await.unwrap();
            assert_eq!(noted, Some(Format::whole(CURRENT)), "{name}, {round}");
            assert_eq!(super::check::check(&store, false).await.findings, []);
            let noted = store.keyspace().read(|view| view.get(GROUP)).await.unwrap().unwrap();
            assert_eq!(noted.bytes, store.keyspace().counted().unwrap().to_bytes());
        }
        let store = SledStore::open(place.path(), &Options::default()).await.unwrap();
        let mut commit = next(&store, "busy").await;
        commit.lines = vec![line("and it goes on")];
        done(&store, commit).await;
        assert_eq!(store.lines(&"busy".into(), 4, 10).await.unwrap().len(), 1);
    }
}

async fn everything_is_there(store: &SledStore, name: &str) {
    let counts = store.counts().await.unwrap();
    let expected = (4, 4, 2, 2, 1, 1);
    let found = (
        counts.conversations,
        counts.contacts,
        counts.outbox,
        counts.timers,
        counts.inbox,
        counts.dead_letters,
    );
    assert_eq!(found, expected, "{name}");
    let all = store.conversations(None, 100).await.unwrap();
    let ids: Vec<&str> = all.iter().map(|conversation| conversation.id.as_str()).collect();
    assert_eq!(ids, ["busy", "over", "people", "queued"]);
    for conversation in &all {
        let loaded = store.load(&conversation.id).await.unwrap().unwrap();
        assert_eq!(loaded.contact.contact.id, conversation.contact);
        let found = store.find_contact(&conversation.account, &conversation.address).await.unwrap();
        assert_eq!(found.unwrap().contact.id, conversation.contact);
        let lines = store.lines(&conversation.id, 0, 100).await.unwrap();
        assert_eq!(lines.len() as u64 + 1, conversation.next_line);
    }
    let busy = store.load(&"busy".into()).await.unwrap().unwrap();
    assert_eq!((busy.revision.0, busy.inbox.len(), busy.outbox.len()), (2, 1, 2));
    let session = fluxo_engine::Session::decode(busy.conversation.session.as_deref().unwrap()).unwrap();
    assert_eq!(Some(session.id()), busy.conversation.session_id.as_ref());
    assert_eq!(store.release_documents(session.release()).await.unwrap(), Some(documents()));
    assert_eq!(store.release_documents(&"long".into()).await.unwrap().unwrap()[0].1.len(), 450_000);
    assert_eq!(store.journal(&"busy".into(), 10).await.unwrap().len(), 2);
    assert_eq!(store.journal(&"over".into(), 10).await.unwrap().len(), 2);
    assert_eq!(store.with_people(10).await.unwrap().len(), 2);
    let people = store.load(&"people".into()).await.unwrap().unwrap().conversation;
    assert!(matches!(people.mode, Mode::People { attendant, .. } if attendant == "rosa"));
    assert_eq!(store.due(at(100_000), None, 10).await.unwrap().len(), 2);
    assert_eq!(store.dead_letters(None, 10).await.unwrap()[0].entry.effect.id, effect("over", 1, 0));
    assert_eq!(store.with_inbox(None, 10).await.unwrap(), ["busy".into()]);
    let tied = store.effect_of(&busy.conversation.account, "wamid.sent").await.unwrap();
    assert_eq!(tied, Some(("busy".into(), effect("busy", 1, 0))));
    let kept = store.kept_statuses(&busy.conversation.account, "wamid.unknown").await.unwrap();
    assert_eq!(kept.len(), 1);
    let key = |message: &str| crate::store::DedupeKey {
        account: busy.conversation.account.clone(),
        message: message.to_owned(),
    };
    assert!(store.seen(&key("wamid.busy")).await.unwrap());
    assert!(!store.seen(&key("wamid.other")).await.unwrap());
    assert!(!store.notices(10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_store_of_a_newer_format_is_refused_and_left_alone() {
    for format in [
        Format { version: CURRENT + 1, becoming: None, passed: None },
        Format { version: CURRENT, becoming: Some(CURRENT + 1), passed: Some(vec![b'h', 1]) },
    ] {
        let place = place();
        let store = SledStore::open(place.path(), &Options::default()).await.unwrap();
        fill(&store).await;
        let newer = format.clone();
        store.keyspace().commit(move |tx| format::put(tx, &newer)).await.unwrap();
        drop(store);
        let refused = SledStore::open(place.path(), &Options::default()).await.unwrap_err();
        assert!(matches!(refused, StoreError::Newer { .. }), "{refused}");
        let told = refused.to_string();
        for number in [CURRENT, CURRENT + 1] {
            assert!(told.contains(&number.to_string()), "{told}");
        }
        let keyspace = Keyspace::open(place.path(), &KeyspaceOptions::default()).unwrap();
        assert_eq!(keyspace.read(format::get).await.unwrap(), Some(format));
    }
}

#[tokio::test]
async fn a_store_that_lost_its_first_record_is_no_new_store() {
    let place = place();
    let store = SledStore::open(place.path(), &Options::default()).await.unwrap();
    fill(&store).await;
    store.keyspace().lose(&[epoch::TABLE]);
    drop(store);
    let refused = SledStore::open(place.path(), &Options::default()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Broken { .. }), "{refused}");
}

/// How many rows the step below carries over before the process is killed.
static UNTIL_KILLED: AtomicI64 = AtomicI64::new(0);

/// Not idempotent on purpose: a row carried over twice shows.
fn one_more(_: &[u8], stored: &Stored) -> Result<Option<Vec<u8>>, Fault> {
    if UNTIL_KILLED.fetch_sub(1, Ordering::Relaxed) == 0 {
        return Err(Fault::Conflict);
    }
    Ok(Some([&stored.bytes[..], b"+"].concat()))
}

#[tokio::test]
async fn a_kill_in_the_middle_of_a_step_is_harmless() {
    const ROWS: usize = 650;
    let steps = [
        Step { to: CURRENT + 1, rows: Some((lines::TABLE, one_more)) },
        Step { to: CURRENT + 2, rows: None },
    ];
    let place = place();
    let open = || Keyspace::open(place.path(), &KeyspaceOptions::default()).unwrap();
    let keyspace = open();
    carry_over(&keyspace, 7, &[], CURRENT).await.unwrap();
    let put = keyspace.commit(|tx| {
        (0..ROWS).try_for_each(|row| {
            tx.put(
                format!("h{row:04}").as_bytes(),
                row as u64,
                &vec![b'x'; if row % 50 == 0 { 9000 } else { 9 }],
            )
        })
    });
    put.await.unwrap();
    drop(keyspace);
    // In the first rows, at the borders of what one commit carries over, and once more where it was killed before.
    let mut kills = 0;
    for rows in [0, 5, 199, 200, 201, 399, 1] {
        UNTIL_KILLED.store(rows, Ordering::Relaxed);
        let keyspace = open();
        match carry_over(&keyspace, 9, &steps, CURRENT + 2).await {
            Err(Refused::Fault(Fault::Conflict)) => kills += 1,
            Ok(epoch) => assert_eq!(epoch, 7),
            other => panic!("{other:?}"),
        }
        // An older version must not touch what is half carried over.
        let refused = carry_over(&keyspace, 9, &[], CURRENT).await;
        let begun = keyspace.read(format::get).await.unwrap().unwrap().newest() > CURRENT;
        assert_eq!(matches!(refused, Err(Refused::Newer { .. })), begun, "{rows}");
    }
    assert!(kills > 4, "{kills}");
    UNTIL_KILLED.store(-1, Ordering::Relaxed);
    let keyspace = open();
    carry_over(&keyspace, 9, &steps, CURRENT + 2).await.unwrap();
    assert_eq!(keyspace.read(format::get).await.unwrap(), Some(Format::whole(CURRENT + 2)));
    let rows: Vec<(Vec<u8>, Stored)> =
        keyspace.read(|view| view.scan(b"h"..b"i").collect::<Result<_, _>>()).await.unwrap();
    assert_eq!(rows.len(), ROWS);
    for (row, (key, stored)) in rows.iter().enumerate() {
        assert_eq!(stored.version, row as u64);
        let before = if row % 50 == 0 { 9000 } else { 9 };
        assert_eq!((stored.bytes.len(), stored.bytes.last()), (before + 1, Some(&b'+')), "{key:?}");
    }
    drop(keyspace);
    // What all records come to was kept on the way.
    let keyspace = open();
    let noted = keyspace.read(|view| view.get(GROUP)).await.unwrap().unwrap();
    assert_eq!(noted.bytes, keyspace.counted().unwrap().to_bytes());
}
