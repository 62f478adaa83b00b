//! A checker that finds nothing is worthless: each fault of a table is planted in a sound store, and must be found, and
//! must be gone after a repair where one is promised.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fluxo_engine::protocol::TimerKind;

use super::everything::{asked, at, birth, done, effect, fill, line, next, timer, turn};
use super::faults::FAULTS;
use super::place;
use crate::store::Documents;
use crate::store::sled::envelope::{chunk_key, seal};
use crate::store::sled::key::Key;
use crate::store::sled::keyspace::Keyspace;
use crate::store::sled::tables::{self, line as lines};
use crate::store::sled::{Options, SledStore};
use crate::store::upkeep::{Check, Checkup, Invariant, Outcome, Upkeep};

async fn open(path: &Path) -> SledStore {
    SledStore::open(path, &Options { new_epoch: 7, ..Options::default() }).await.unwrap()
}

fn asking(repair: bool) -> Check {
    let readable = |documents: &Documents| match documents.iter().find(|(path, _)| path.contains("poison")) {
        Some(_) => Err("it is poison".to_owned()),
        None => Ok(()),
    };
    Check { now: at(5000), readable: Arc::new(readable), repair }
}

pub(super) async fn check(store: &SledStore, repair: bool) -> Checkup {
    store.check(asking(repair), Box::new(|_| true)).await.unwrap()
}

#[tokio::test]
async fn each_planted_fault_is_found_and_put_right_where_that_is_promised() {
    let sound = place();
    let store = open(&sound.path().join("store")).await;
    fill(&store).await;
    let backup = sound.path().join("backup");
    store.backup(&backup, at(0), Box::new(|_| true)).await.unwrap();
    let clean = check(&store, false).await;
    assert_eq!((clean.findings.as_slice(), clean.found.len()), (&[][..], 0));
    assert!(clean.is_clean());
    assert_eq!(clean.tables["conversation"], 4);
    drop(store);
    for (name, plant, expected, repairable) in FAULTS {
        let place = place();
        copy(&sound.path().join("store"), place.path());
        let store = open(place.path()).await;
        let plant = *plant;
        store.keyspace().commit(plant).await.unwrap();
        let found = check(&store, false).await;
        let all: Vec<Invariant> = found.found.keys().copied().collect();
        assert!(all.contains(expected), "{name}: {all:?}");
        assert!(!all.contains(&Invariant::NothingLost), "{name}: it was written, not lost");
        assert!(!found.is_clean(), "{name}");
        let of_it: Vec<_> = found.findings.iter().filter(|finding| finding.invariant == *expected).collect();
        let right = of_it.iter().all(|finding| finding.outcome == Outcome::Repairable);
        assert_eq!(right, *repairable, "{name}: {of_it:?}");
        let told = serde_json::to_string(&found).unwrap();
        for personal in ["55119", "BR.busy", "user.busy", "wamid", "olá", "longo"] {
            assert!(!told.contains(personal), "{name}: {told}");
        }
        // Looking changes nothing; putting right leaves what cannot be put right, and nothing else.
        assert_eq!(check(&store, false).await.found, found.found, "{name}");
        let repaired = check(&store, true).await;
        assert_eq!(repaired.left.contains_key(expected), !repairable, "{name}: {:?}", repaired.findings);
        let after = check(&store, false).await;
        assert_eq!(after.found, repaired.left, "{name}: {:?}", after.findings);
    }
}

#[test]
fn every_invariant_has_a_fault_that_breaks_it() {
    let by_loss = [Invariant::NothingLost];
    let all = serde_json::from_str::<Vec<Invariant>>(
        r#"["readable","nothing_lost","known","key_agrees","totals","conversation_has_contact",
            "row_has_conversation","contact_has_conversations","address_leads_to_contact","numbers_go_on",
            "lines_complete","journal_complete","inbox_complete","ready_agrees","backlog_agrees",
            "with_people_agrees","timer_indexed","timer_has_session","dead_letter_indexed","uncut_agrees",
            "expiry_agrees","session_readable","release_kept"]"#,
    )
    .unwrap();
    for invariant in all {
        let broken = FAULTS.iter().any(|(_, _, expected, _)| *expected == invariant);
        assert!(broken || by_loss.contains(&invariant), "{invariant:?}");
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        if entry.path().is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// Whatever record is lost, brought back as it was, or changed, it is found: none tells of its own absence.
#[tokio::test]
async fn no_record_is_lost_without_being_missed() {
    let place = place();
    let store = open(place.path()).await;
    fill(&store).await;
    let mut records = Vec::new();
    let mut snapshot = store.keyspace().snapshot().unwrap();
    while snapshot
        .step(|_, _, key, record| {
            records.push((key.to_vec(), record.to_vec()));
            Ok(())
        })
        .unwrap()
    {}
    drop(snapshot);
    let keyspace: &Keyspace = store.keyspace();
    let mut found_tables = std::collections::BTreeSet::new();
    for (key, record) in records.iter().filter(|(key, _)| key != b"!") {
        // One of each table, and some of the others.
        if !found_tables.insert(key[0]) && !crc32fast::hash(key).is_multiple_of(5) {
            continue;
        }
        keyspace.lose(key);
        let found = check(&store, false).await;
        assert!(found.found.contains_key(&Invariant::NothingLost), "{}", key.escape_ascii());
        if key[0] != 0xfe {
            let (_, older) = seal(key, 0, b"as it was once").unwrap().remove(0);
            keyspace.plant(key, &older);
            let found = check(&store, false).await;
            assert!(found.found.contains_key(&Invariant::NothingLost), "{}", key.escape_ascii());
        }
        let mut torn = record.clone();
        *torn.last_mut().unwrap() ^= 1;
        keyspace.plant(key, &torn);
        let found = check(&store, false).await;
        assert!(found.found.contains_key(&Invariant::Readable), "{}", key.escape_ascii());
        keyspace.plant(key, record);
    }
    let all = tables::PREFIXES.iter().filter(|(byte, _)| *byte != b'!');
    for (byte, name) in all {
        assert!(found_tables.contains(byte), "the store of the tests has nothing of {name}");
    }
    assert!(check(&store, false).await.is_clean(), "all was put back");
    // What is lost is lost: once it was told, a repair takes what is there for all there is.
    keyspace.lose(&second_line());
    keyspace.plant(&chunk_key(b"cnobody", 0), &seal(b"x", 0, b"").unwrap()[0].1);
    let found = check(&store, true).await;
    assert!(found.found.contains_key(&Invariant::NothingLost) && found.found.contains_key(&Invariant::Known));
    let left = check(&store, false).await;
    assert_eq!(left.found.keys().collect::<Vec<_>>(), [&Invariant::LinesComplete]);
}

fn second_line() -> Vec<u8> {
    Key::of(lines::TABLE).text("busy").number(2).bytes()
}

/// The service goes on while it is checked, and nothing of that is taken for a fault.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_check_during_a_storm_finds_nothing() {
    let place = place();
    let store = Arc::new(open(place.path()).await);
    fill(&*store).await;
    let over = Arc::new(AtomicBool::new(false));
    let mut writers = tokio::task::JoinSet::new();
    for worker in 0..8 {
        let (store, over) = (store.clone(), over.clone());
        writers.spawn(async move {
            let id = format!("storm-{worker:02}");
            let mut commit = birth(&id, true);
            let mut written = 0u32;
            while !over.load(Ordering::Relaxed) {
                written += 1;
                commit.lines = vec![line(&"b".repeat(if written.is_multiple_of(9) { 9000 } else { 90 }))];
                commit.journal = Some(turn(&id, written, 700));
                commit.outbox_push = vec![asked(effect(&id, written, 0), written.into(), "c")];
                commit.timers_arm = vec![timer(&id, TimerKind::NoAnswer, i64::from(written) * 7)];
                if written > 1 {
                    commit.outbox_done = vec![effect(&id, written - 1, 0)];
                }
                if written.is_multiple_of(5) {
                    commit.timers_disarm =
                        vec![(timer(&id, TimerKind::NoAnswer, 0).wait, TimerKind::NoAnswer)];
                }
                done(&*store, commit).await;
                commit = next(&*store, &id).await;
            }
        });
    }
    for _ in 0..6 {
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        let found = check(&store, false).await;
        assert_eq!(found.findings, []);
        // Of a debug build on a machine that others use too: it shows that a step is a step.
        assert!(found.longest_pause_us < 1_000_000, "{found:?}");
    }
    over.store(true, Ordering::Relaxed);
    writers.join_all().await;
    assert!(check(&store, false).await.is_clean());
}
