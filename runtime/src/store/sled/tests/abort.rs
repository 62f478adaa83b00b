//! A second process: it is kept out while the store is open, and what one acknowledged before it died is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::super::keyspace::OpenError;
use super::{get, keys, long, open, open_now, place, put};

/// Names the directory in which this test, started again as a second process, is to write until it dies.
const CHILD: &str = "FLUXO_TEST_STORE";
const NAME: &str = "store::sled::tests::abort::what_was_acknowledged_is_there_after_an_abort";

async fn write_until_it_aborts(path: &Path) {
    let store = open(path);
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..8 {
        let (store, log) = (store.clone(), path.join(format!("acknowledged-{worker}")));
        workers.spawn(async move {
            for turn in 0.. {
                let bytes = if turn % 5 == 0 { 10_000 } else { 500 };
                put(&store, &format!("k{worker}-{turn:05}"), turn, long(bytes)).await.unwrap();
                fs::write(&log, turn.to_string()).unwrap();
                if worker == 0 && turn == 200 {
                    std::process::abort();
                }
            }
        });
    }
    workers.join_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_after_an_abort() {
    if let Some(path) = std::env::var_os(CHILD) {
        return write_until_it_aborts(Path::new(&path)).await;
    }
    let place = place();
    let path = place.path().join("store");
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME])
        .env(CHILD, &path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut child = child.unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut refused = 0;
    while child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < deadline, "the child never ended");
        if path.join("acknowledged-0").exists()
            && let Err(error) = open_now(&path)
        {
            assert!(matches!(error, OpenError::InUse { .. }), "{error}");
            refused += 1;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(refused > 0, "the second process was never kept out");
    let store = open(&path);
    let found: BTreeSet<String> = keys(&store).await.into_iter().collect();
    for worker in 0..8 {
        let last = fs::read_to_string(path.join(format!("acknowledged-{worker}"))).unwrap_or_default();
        let Ok(last) = last.parse::<u64>() else { continue };
        for turn in 0..=last {
            let key = format!("k{worker}-{turn:05}");
            assert!(found.contains(&key), "{key} was acknowledged");
            let bytes = if turn % 5 == 0 { 10_000 } else { 500 };
            assert_eq!(get(&store, &key).await.unwrap(), long(bytes));
        }
    }
    assert!(found.contains("k0-00200"));
}
