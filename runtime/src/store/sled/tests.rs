//! The keyspace on a real disk: atomic, conditional, whole, exclusive, and found out when it is damaged.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use std::{fs, io};

use super::envelope::{RECORD_BYTES, VALUE_BYTES};
use super::fault::Fault;
use super::keyspace::{Keyspace, OpenError, Options, SEGMENT_BYTES};
use super::transaction::Expected;
use super::writer::Sync;

/// A directory beside the test's own binary, which is on a disk: the system's temporary one may be memory.
fn place() -> tempfile::TempDir {
    tempfile::tempdir_in(std::env::current_exe().unwrap().parent().unwrap()).unwrap()
}

/// Opens at once or not at all.
fn open_now(path: &Path) -> Result<Keyspace, OpenError> {
    Keyspace::open(path, &Options { patience: Duration::ZERO, ..Options::default() })
}

fn open(path: &Path) -> Keyspace {
    Keyspace::open(path, &Options::default()).unwrap()
}

async fn put(store: &Keyspace, key: &str, version: u64, value: Vec<u8>) -> Result<(), Fault> {
    let key = key.as_bytes().to_vec();
    store.commit(move |tx| tx.put(&key, version, &value)).await
}

async fn get(store: &Keyspace, key: &str) -> Option<Vec<u8>> {
    store.read(|view| view.get(key.as_bytes())).await.unwrap().map(|stored| stored.bytes)
}

async fn keys(store: &Keyspace) -> Vec<String> {
    let names = |scan: super::view::Scan<'_>| {
        scan.map(|found| found.map(|(key, _)| String::from_utf8_lossy(&key).into_owned())).collect()
    };
    store.read(|view| names(view.scan(b"a"..b"z"))).await.unwrap()
}

fn long(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| (at * 7 % 253) as u8).collect()
}

mod abort;
mod backup;
mod check;
mod domain;
mod everything;
mod faults;
mod trouble;
mod upgrade;

#[tokio::test]
async fn a_refused_commit_leaves_no_trace() {
    let place = place();
    let store = open(place.path());
    put(&store, "kept", 1, b"before".to_vec()).await.unwrap();
    let refused: Result<(), Fault> = store
        .commit(|tx| {
            tx.put(b"kept", 2, b"after")?;
            tx.put(b"long", 1, &long(20_000))?;
            tx.put(b"kept", 3, b"after that")?;
            tx.delete(b"kept")?;
            tx.expect(b"nobody", Expected::Version(1))
        })
        .await;
    assert_eq!(refused, Err(Fault::Conflict));
    let too_large = put(&store, "large", 1, long(VALUE_BYTES + 1)).await;
    assert_eq!(too_large, Err(Fault::TooLarge { bytes: VALUE_BYTES + 1, limit: VALUE_BYTES }));
    assert_eq!(keys(&store).await, ["kept"]);
    assert_eq!(get(&store, "kept").await.unwrap(), b"before");
    drop(store);
    assert_eq!(records(place.path()), 2, "the number of the last group and one value");
}

/// The store as sled sees it.
fn beneath(path: &Path) -> sled::Config {
    sled::Config::new().path(path).segment_size(SEGMENT_BYTES)
}

/// How many records sled itself holds, chunks and all.
fn records(path: &Path) -> usize {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        match beneath(path).flush_every_ms(None).open() {
            Ok(database) => return database.len(),
            // Threads of sled let go of the file a moment after it was closed.
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_commits_that_read_the_same_version_one_wins() {
    let place = place();
    let store = open(place.path());
    put(&store, "count", 0, 0u64.to_be_bytes().to_vec()).await.unwrap();
    let conflicts = Arc::new(AtomicU64::new(0));
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (store, conflicts) = (store.clone(), conflicts.clone());
        workers.spawn(async move {
            for _ in 0..20 {
                loop {
                    let read = store.read(|view| view.get(b"count")).await.unwrap().unwrap();
                    let count = u64::from_be_bytes(read.bytes.try_into().unwrap()) + 1;
                    let won = store
                        .commit(move |tx| {
                            tx.expect(b"count", Expected::Version(read.version))?;
                            tx.put(b"count", read.version + 1, &count.to_be_bytes())
                        })
                        .await;
                    match won {
                        Ok(()) => break,
                        Err(Fault::Conflict) => conflicts.fetch_add(1, Ordering::Relaxed),
                        Err(fault) => panic!("{fault}"),
                    };
                }
            }
        });
    }
    while let Some(done) = workers.join_next().await {
        done.unwrap();
    }
    let end = store.read(|view| view.get(b"count")).await.unwrap().unwrap();
    assert_eq!(end.version, 320);
    assert_eq!(end.bytes, 320u64.to_be_bytes());
    assert!(conflicts.load(Ordering::Relaxed) > 0, "nobody ever met anybody: the test shows nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_commits_that_expect_absence_one_wins() {
    let place = place();
    let store = open(place.path());
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..32u64 {
        let store = store.clone();
        workers.spawn(async move {
            store
                .commit(move |tx| {
                    tx.expect(b"first", Expected::Absent)?;
                    tx.put(b"first", worker, b"")?;
                    tx.put(format!("winner-{worker}").as_bytes(), 0, b"")
                })
                .await
        });
    }
    let outcomes = workers.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(()) | Err(Fault::Conflict))));
    assert_eq!(keys(&store).await.len(), 2);
}

#[tokio::test]
async fn a_value_that_shrinks_leaves_no_chunk_behind() {
    let place = place();
    let store = open(place.path());
    for bytes in [VALUE_BYTES, 3 * RECORD_BYTES, RECORD_BYTES + 1, 0, 2 * RECORD_BYTES] {
        put(&store, "value", 1, long(bytes)).await.unwrap();
        assert_eq!(get(&store, "value").await.unwrap(), long(bytes));
    }
    // Twice in one commit: the second must see the chunks of the first.
    let both = store.commit(|tx| {
        tx.put(b"value", 1, &long(50_000))?;
        tx.put(b"value", 1, &long(10))
    });
    both.await.unwrap();
    assert_eq!(get(&store, "value").await.unwrap(), long(10));
    put(&store, "other", 1, long(30_000)).await.unwrap();
    store.commit(|tx| tx.delete(b"other")).await.unwrap();
    drop(store);
    assert_eq!(records(place.path()), 2, "the number of the last group and one value");
}

#[tokio::test]
async fn a_commit_sees_what_was_committed_and_its_own_changes_in_order() {
    let place = place();
    let store = open(place.path());
    for key in ["b", "d", "f", "h"] {
        put(&store, key, 0, key.into()).await.unwrap();
    }
    let seen = store.commit(|tx| {
        tx.delete(b"d")?;
        tx.put(b"a", 0, b"")?;
        tx.put(b"f", 7, &long(9000))?;
        tx.put(b"g", 0, b"")?;
        let seen = tx.scan(b"a"..b"h").map(|found| found.map(|(key, stored)| (key[0], stored.version)));
        let seen: Result<Vec<_>, _> = seen.collect();
        assert_eq!(tx.get(b"f")?.unwrap().bytes, long(9000));
        assert_eq!(tx.scan(b"h"..b"a").count(), 0);
        seen
    });
    assert_eq!(seen.await.unwrap(), [(b'a', 0), (b'b', 0), (b'f', 7), (b'g', 0)]);
    assert_eq!(keys(&store).await, ["a", "b", "f", "g", "h"]);
}

#[tokio::test]
async fn damage_to_a_value_is_found_and_can_be_replaced() {
    let place = place();
    let store = open(place.path());
    put(&store, "torn", 1, long(9000)).await.unwrap();
    put(&store, "sound", 1, b"sound".to_vec()).await.unwrap();
    drop(store);
    {
        let beneath = beneath(place.path()).open().unwrap();
        let mut record = beneath.get(b"torn").unwrap().unwrap().to_vec();
        record[100] ^= 1;
        beneath.insert(b"torn", record).unwrap();
        beneath.flush().unwrap();
    }
    let store = open(place.path());
    let found = store.read(|view| view.get(b"torn")).await;
    assert_eq!(found, Err(Fault::Damaged { table: b't' }));
    assert!(!found.unwrap_err().to_string().contains("torn"), "a key may name a person");
    assert_eq!(get(&store, "sound").await.unwrap(), b"sound", "its neighbours are not touched");
    let refused = store.commit(|tx| tx.get(b"torn").map(drop)).await;
    assert_eq!(refused, Err(Fault::Damaged { table: b't' }));
    put(&store, "torn", 1, b"whole".to_vec()).await.unwrap();
    assert_eq!(get(&store, "torn").await.unwrap(), b"whole");
    drop(store);
    assert_eq!(records(place.path()), 3, "the chunks of the damaged value are gone");
}

#[tokio::test]
async fn a_second_handle_is_refused_until_the_first_is_gone() {
    let place = place();
    let store = open(place.path());
    let refused = open_now(place.path()).err().unwrap();
    assert!(matches!(refused, OpenError::InUse { .. }), "{refused}");
    let clone = store.clone();
    drop(store);
    assert!(open_now(place.path()).is_err());
    let waiting = place.path().to_owned();
    let waiting = std::thread::spawn(move || open(&waiting));
    std::thread::sleep(Duration::from_millis(50));
    drop(clone);
    drop(waiting.join().unwrap());
    for round in 0..20 {
        let store = open(place.path());
        put(&store, "round", round, b"".to_vec()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_commit_at_once_share_syncs_and_find_all_of_it_again() {
    let place = place();
    let store = open(place.path());
    let before = store.groups();
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..64 {
        let store = store.clone();
        workers.spawn(async move {
            for turn in 0..10 {
                put(&store, &format!("w{worker:02}-{turn}"), 0, long(2048)).await.unwrap();
            }
        });
    }
    workers.join_all().await;
    let syncs = store.groups() - before;
    assert!(syncs >= 10, "one worker's commits follow each other: {syncs}");
    assert!(syncs < 320, "640 commits took {syncs} syncs");
    drop(store);
    let store = open(place.path());
    assert_eq!(keys(&store).await.len(), 640);
    assert_eq!(get(&store, "w63-9").await.unwrap(), long(2048));
}

#[tokio::test]
async fn a_group_is_bounded_and_a_commit_in_it_is_never_cut() {
    let place = place();
    let store = Keyspace::open(place.path(), &Options { group_bytes: 10_000, ..Options::default() }).unwrap();
    let mut waiting = Vec::new();
    for commit in 0..40 {
        let store = store.clone();
        waiting.push(async move { put(&store, &format!("k{commit:02}"), 0, long(6000)).await });
    }
    for outcome in futures_util::future::join_all(waiting).await {
        outcome.unwrap();
    }
    assert!(store.groups() >= 20, "two commits fill a group: {}", store.groups());
    assert_eq!(keys(&store).await.len(), 40);
}

#[tokio::test]
async fn a_commit_nobody_waits_for_still_stands() {
    let place = place();
    let store = open(place.path());
    {
        let mut abandoned = Box::pin(put(&store, "abandoned", 0, b"done".to_vec()));
        assert!(futures_util::poll!(&mut abandoned).is_pending());
    }
    assert_eq!(store.commit(|tx| tx.get(b"abandoned")).await.unwrap().unwrap().bytes, b"done");
}

#[tokio::test]
async fn a_panic_in_the_writer_ends_the_service() {
    let place = place();
    let store = open(place.path());
    put(&store, "kept", 0, b"kept".to_vec()).await.unwrap();
    let failed = tokio::spawn(store.failed());
    let lost = store.commit(|tx| -> Result<(), Fault> {
        tx.put(b"lost", 0, b"")?;
        panic!("on purpose")
    });
    let Err(Fault::Down { reason, .. }) = lost.await else { panic!("a panic was acknowledged") };
    assert!(reason.contains("on purpose"), "{reason}");
    assert!(matches!(put(&store, "after", 0, Vec::new()).await, Err(Fault::Down { .. })));
    assert!(matches!(store.read(|view| view.get(b"kept")).await, Err(Fault::Down { .. })));
    assert!(matches!(failed.await.unwrap(), Fault::Down { .. }));
    drop(store);
    assert_eq!(keys(&open(place.path())).await, ["kept"], "and the next process goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_acknowledged_or_read_before_it_is_durable() {
    let place = place();
    let (release, held) = mpsc::channel::<io::Result<()>>();
    let synced = |_| -> Sync { Box::new(move || held.recv().unwrap()) };
    let store = Keyspace::open_with(place.path(), &Options::default(), synced).unwrap();
    let moment = Duration::from_millis(100);

    let mut writing = tokio::spawn({
        let store = store.clone();
        async move { put(&store, "key", 1, b"value".to_vec()).await }
    });
    assert!(tokio::time::timeout(moment, &mut writing).await.is_err(), "acknowledged before the sync");
    let mut reading = tokio::spawn({
        let store = store.clone();
        async move { get(&store, "key").await }
    });
    assert!(tokio::time::timeout(moment, &mut reading).await.is_err(), "read before the sync");
    release.send(Ok(())).unwrap();
    writing.await.unwrap().unwrap();
    assert_eq!(reading.await.unwrap().unwrap(), b"value");

    // What changes nothing waits for no sync.
    let refused = store.commit(|tx| tx.expect(b"key", Expected::Absent)).await;
    assert_eq!(refused, Err(Fault::Conflict));

    let mut writing = tokio::spawn({
        let store = store.clone();
        async move { put(&store, "key", 2, b"in doubt".to_vec()).await }
    });
    assert!(tokio::time::timeout(moment, &mut writing).await.is_err());
    let reading = tokio::spawn({
        let store = store.clone();
        async move { store.read(|view| view.get(b"key")).await }
    });
    tokio::time::sleep(moment).await;
    release.send(Err(io::Error::other("the disk is gone"))).unwrap();
    let Err(Fault::Down { reason, .. }) = writing.await.unwrap() else {
        panic!("a failed sync was acknowledged")
    };
    assert!(reason.contains("the disk is gone"), "{reason}");
    assert!(matches!(reading.await.unwrap(), Err(Fault::Down { .. })), "what is in doubt was read");
    assert!(matches!(store.failed().await, Fault::Down { .. }));
}

#[test]
fn a_store_that_was_lost_is_not_replaced_by_an_empty_one() {
    let sound = place();
    drop(open(sound.path()));
    assert!(Keyspace::open(sound.path(), &Options::default()).is_ok());

    let without_data = place();
    drop(open(without_data.path()));
    fs::remove_file(without_data.path().join("db")).unwrap();
    refuses_as_damaged(without_data.path());
    assert!(!without_data.path().join("db").exists());

    let emptied = place();
    drop(open(emptied.path()));
    fs::write(emptied.path().join("db"), b"").unwrap();
    refuses_as_damaged(emptied.path());

    let overwritten = place();
    drop(open(overwritten.path()));
    let bytes = fs::metadata(overwritten.path().join("db")).unwrap().len() as usize;
    fs::write(overwritten.path().join("db"), vec![0xa5; bytes]).unwrap();
    refuses_as_damaged(overwritten.path());

    let foreign = place();
    sled::open(foreign.path()).unwrap().insert(b"k", b"of another program").unwrap();
    refuses_as_damaged(foreign.path());
}

fn refuses_as_damaged(path: &Path) {
    let refused = Keyspace::open(path, &Options::default()).err().expect("a damaged store was opened");
    assert!(matches!(refused, OpenError::Damaged { .. }), "{refused}");
    assert!(refused.to_string().contains("backup"), "{refused}");
}

/// Bits that rot in the middle of the log may cost what stood there: no record tells of its own absence. They never
/// make up a value, and a log that was cut short is always noticed.
#[tokio::test]
async fn damage_to_the_files_makes_up_no_value_and_a_cut_is_told() {
    let sound = place();
    drop(open(sound.path()));
    let store = open(sound.path());
    for key in 0..300 {
        put(&store, &format!("k{key:04}"), 0, long(2000)).await.unwrap();
    }
    drop(store);
    for round in 0..60u64 {
        let place = place();
        for entry in fs::read_dir(sound.path()).unwrap().map(Result::unwrap) {
            if entry.path().is_file() {
                fs::copy(entry.path(), place.path().join(entry.file_name())).unwrap();
            }
        }
        let data = place.path().join("db");
        let mut bytes = fs::read(&data).unwrap();
        // The last segment is filled up with zeros.
        let written = bytes.iter().rposition(|byte| *byte != 0).unwrap();
        let at = (round.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) as usize % (written / 2);
        match round % 3 {
            0 => bytes[at] ^= 0x40,
            1 => bytes.truncate(at),
            _ => bytes.iter_mut().skip(at).take(4096).for_each(|byte| *byte = 0),
        }
        fs::write(&data, &bytes).unwrap();
        match Keyspace::open(place.path(), &Options::default()) {
            Ok(_) if round % 3 == 1 => panic!("round {round}: a log cut at {at} was opened"),
            Ok(store) => {
                for key in 0..300 {
                    match store.read(|view| view.get(format!("k{key:04}").as_bytes())).await {
                        Ok(Some(found)) => assert_eq!(found.bytes, long(2000), "round {round}"),
                        Ok(None) | Err(Fault::Damaged { .. }) => {}
                        Err(fault) => panic!("round {round}: {fault}"),
                    }
                }
            }
            Err(OpenError::Damaged { .. }) => {}
            Err(error) => panic!("round {round}: {error}"),
        }
    }
}

#[tokio::test]
async fn a_data_file_that_is_older_than_what_was_acknowledged_is_refused() {
    let place = place();
    let store = open(place.path());
    put(&store, "one", 0, b"1".to_vec()).await.unwrap();
    drop(store);
    let older = fs::read(place.path().join("db")).unwrap();
    let store = open(place.path());
    put(&store, "two", 0, b"2".to_vec()).await.unwrap();
    drop(store);
    let acknowledged = fs::read(place.path().join("acknowledged")).unwrap();
    for entry in fs::read_dir(place.path()).unwrap().map(Result::unwrap) {
        if entry.file_name().to_string_lossy().starts_with("snap.") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    fs::write(place.path().join("db"), &older).unwrap();
    refuses_as_damaged(place.path());
    assert_eq!(fs::read(place.path().join("acknowledged")).unwrap(), acknowledged, "and it stays refused");
    refuses_as_damaged(place.path());
    // A mark that a power cut tore says nothing.
    fs::write(place.path().join("acknowledged"), &acknowledged[..7]).unwrap();
    assert_eq!(keys(&open(place.path())).await, ["one"]);
}

#[test]
fn an_unfinished_snapshot_is_removed() {
    let place = place();
    drop(open(place.path()));
    let unfinished = place.path().join("snap.0000000000000BEE.generating");
    fs::write(&unfinished, b"cut sho").unwrap();
    drop(open(place.path()));
    assert!(!unfinished.exists());
}

#[test]
fn what_is_not_on_the_way_to_the_disk_is_not_made() {
    let place = place();
    let nested = place.path().join("a/b/c");
    drop(open(&nested));
    drop(open(&nested));
    fs::write(place.path().join("file"), b"").unwrap();
    let refused = Keyspace::open(&place.path().join("file"), &Options::default()).err().unwrap();
    assert!(matches!(refused, OpenError::Io { .. }), "{refused}");
}
