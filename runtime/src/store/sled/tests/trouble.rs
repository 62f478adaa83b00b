//! What a disk may do: be full, hang. Each ends in an error that says so, nothing is acknowledged after it, and what was
//! acknowledged before it is there.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::everything::{birth, fill, line, next};
use super::{place, put};
use crate::store::sled::fault::Fault;
use crate::store::sled::keyspace::{Keyspace, Options as KeyspaceOptions};
use crate::store::sled::writer::Sync;
use crate::store::sled::{Options, SledStore};
use crate::store::{Committed, Store, StoreError, Trouble};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_that_never_ends_takes_the_store_down() {
    let place = place();
    let (release, held) = mpsc::channel::<()>();
    let hangs = |_| -> Sync {
        Box::new(move || {
            // Ends when the test does.
            let _ = held.recv();
            Err(io::Error::other("too late"))
        })
    };
    let options = KeyspaceOptions { sync_patience: Duration::from_millis(300), ..KeyspaceOptions::default() };
    let store = Keyspace::open_with(place.path(), &options, hangs).unwrap();
    let begun = Instant::now();
    let failed = tokio::spawn(store.failed());
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { put(&store, "next", 0, b"in doubt".to_vec()).await }
    });
    let refused = put(&store, "key", 0, b"in doubt".to_vec()).await.unwrap_err();
    assert!(matches!(refused, Fault::Down { trouble: Some(Trouble::Hangs), .. }), "{refused}");
    assert_eq!(waiting.await.unwrap().unwrap_err(), refused);
    assert_eq!(failed.await.unwrap(), refused);
    assert_eq!(store.read(|view| view.get(b"key")).await.unwrap_err(), refused);
    assert!(begun.elapsed() >= Duration::from_millis(300));
    // Nobody waits for a writer that may never return.
    drop(store);
    assert!(begun.elapsed() < Duration::from_secs(20));
    drop(release);
}

#[tokio::test]
async fn a_sync_that_takes_its_time_is_waited_for() {
    let place = place();
    let slow = |_| -> Sync {
        Box::new(|| {
            std::thread::sleep(Duration::from_millis(150));
            Ok(())
        })
    };
    let options = KeyspaceOptions { sync_patience: Duration::from_secs(2), ..KeyspaceOptions::default() };
    let store = Keyspace::open_with(place.path(), &options, slow).unwrap();
    // Together longer than the patience, each by itself not.
    for turn in 0..20 {
        put(&store, "key", turn, b"x".to_vec()).await.unwrap();
    }
}

/// Names the directory in which this test, started again under a limit on the size of files, fills the disk.
const CHILD: &str = "FLUXO_TEST_FULL_DISK";
const NAME: &str = "store::sled::tests::trouble::a_full_disk_is_told_and_costs_nothing_that_was_acknowledged";

async fn fill_the_disk(path: &Path) {
    let store = SledStore::open(path, &Options::default()).await.unwrap();
    fill(&store).await;
    let mut commit = birth("full", false);
    let mut acknowledged = 0u32;
    let error = loop {
        commit.lines = vec![line(&"x".repeat(20_000))];
        match store.commit(commit).await {
            Ok(Committed::Done(_)) => acknowledged += 1,
            Ok(Committed::Duplicate) => panic!("nothing was seen"),
            Err(error) => break error,
        }
        assert!(acknowledged < 10_000, "the disk is never full");
        commit = next(&store, "full").await;
    };
    assert!(matches!(error, StoreError::Disk { trouble: Trouble::Full, .. }), "{error:?}");
    // And it stays so: a store in doubt takes nothing more, and says so to whoever watches it.
    for _ in 0..3 {
        let again = store.commit(birth("after", false)).await.unwrap_err();
        assert!(matches!(again, StoreError::Disk { trouble: Trouble::Full, .. }), "{again:?}");
    }
    assert!(store.load(&"full".into()).await.is_err());
    assert!(matches!(store.failed().await, StoreError::Disk { trouble: Trouble::Full, .. }));
    drop(store);
    // Started again while the disk is still full, it either serves or says why not.
    match SledStore::open(path, &Options::default()).await {
        Ok(_) | Err(StoreError::Disk { trouble: Trouble::Full, .. }) => {}
        Err(other) => panic!("{other:?}"),
    }
    std::fs::write(path.with_extension("acknowledged"), acknowledged.to_string()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_and_costs_nothing_that_was_acknowledged() {
    if let Some(path) = std::env::var_os(CHILD) {
        return fill_the_disk(Path::new(&path)).await;
    }
    let place = place();
    let path = place.path().join("store");
    // A limit on the size of a file answers a write as a full disk does (EFBIG), once its signal is ignored.
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 6000; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--nocapture"])
        .env(CHILD, &path)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let acknowledged = std::fs::read_to_string(path.with_extension("acknowledged")).expect(&told);
    let acknowledged: usize = acknowledged.parse().unwrap();
    assert!(acknowledged > 0, "it was full from the beginning");
    let store = SledStore::open(&path, &Options::default()).await.unwrap();
    let lines = store.lines(&"full".into(), 0, usize::MAX).await.unwrap();
    // The one that was refused may be there or not: it is in doubt.
    assert!((acknowledged..=acknowledged + 1).contains(&lines.len()), "{acknowledged} {}", lines.len());
    assert!(super::check::check(&store, false).await.is_clean());
}
