//! Backups and what is made of them: as of one moment whatever is written meanwhile, whole or nothing, and never sent
//! from by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use fluxo_engine::ids::EffectId;

use super::everything::{asked, at, birth, done, effect, fill, line, next, turn};
use super::place;
use crate::store::sled::{Options, SledStore};
use crate::store::upkeep::{Backup, BackupError, RestoreError, Restored, Review, StreamError, Upkeep};
use crate::store::{Conversation, Counts, Store, StoreError};

async fn open(path: &Path) -> SledStore {
    SledStore::open(path, &Options { new_epoch: 7, ..Options::default() }).await.unwrap()
}

async fn back_up(store: &SledStore, file: &Path) -> Backup {
    let backup = store.backup(file, at(1000), Box::new(|_| true)).await.unwrap();
    assert_eq!(backup.unsound, 0);
    assert_eq!(backup.bytes, fs::metadata(file).unwrap().len());
    backup
}

fn review() -> Review {
    Review { reason: "from a backup".to_owned(), notice: "look at the dead letters".to_owned() }
}

async fn restore(file: &Path, directory: &Path) -> Result<Restored, RestoreError> {
    SledStore::restore(file, directory, at(2000), &review()).await
}

/// Names of all files in a directory.
fn names(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

/// Everything in a store, record by record.
fn records(store: &SledStore) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut snapshot = store.keyspace().snapshot().unwrap();
    while snapshot
        .step(|_, _, key, record| {
            found.insert(key.to_vec(), record.to_vec());
            Ok(())
        })
        .unwrap()
    {}
    found
}

#[tokio::test]
async fn what_was_pending_waits_for_people_and_sessions_go_on() {
    let place = place();
    let store = open(&place.path().join("store")).await;
    fill(&store).await;
    let file = place.path().join("nightly");
    let backup = back_up(&store, &file).await;
    assert_eq!(backup.records as usize, records(&store).len());
    let before = store.counts().await.unwrap();
    let busy = store.load(&"busy".into()).await.unwrap().unwrap();
    let documents = store.release_documents(&"long".into()).await.unwrap();
    // What comes after it is not in it.
    let mut later = next(&store, "busy").await;
    later.lines = vec![line("later")];
    done(&store, later).await;
    drop(store);

    let directory = place.path().join("restored");
    let restored = restore(&file, &directory).await.unwrap();
    assert_eq!((restored.for_review, restored.unreadable, restored.unsound), (2, 0, 0));
    assert_eq!((restored.at, restored.records), (at(1000), backup.records));
    assert_eq!(names(place.path()), ["nightly", "restored", "store"].map(str::to_owned).into());
    let store = open(&directory).await;
    assert_eq!(restored.epochs, (7, store.epoch()));
    assert!(store.epoch() > 7);
    let after = Counts { outbox: 0, dead_letters: before.dead_letters + 2, ..before };
    assert_eq!(store.counts().await.unwrap(), after);
    assert_eq!(store.lease(at(99_999), at(100_000), 10).await.unwrap(), []);
    assert_eq!(store.next_effect(at(0)).await.unwrap(), None);
    let letters = store.dead_letters(None, 10).await.unwrap();
    let of_busy: Vec<_> = letters.iter().filter(|letter| letter.conversation.as_str() == "busy").collect();
    let effects: BTreeSet<&EffectId> = of_busy.iter().map(|letter| &letter.entry.effect.id).collect();
    assert_eq!(effects, [&effect("busy", 1, 0), &effect("busy", 1, 1)].into());
    assert!(of_busy.iter().all(|letter| letter.reason == "from a backup" && letter.at == at(2000)));
    for entry in &busy.outbox {
        let letter = of_busy.iter().find(|letter| letter.entry.effect == entry.effect).unwrap();
        assert_eq!((&letter.entry.on_accept, letter.entry.asked_at), (&entry.on_accept, entry.asked_at));
        assert!(letter.may_have_arrived(), "the lost store may have sent it since");
    }
    assert_eq!(store.notices(1).await.unwrap()[0].text, "look at the dead letters");
    // The session is what it was, timers and messages too; only its revision has moved.
    let now = store.load(&"busy".into()).await.unwrap().unwrap();
    let sessions = now.conversation.sessions;
    assert!(sessions > 500, "what the lost store began since is not begun again: {sessions}");
    let expected = Conversation { sessions, ..busy.conversation.clone() };
    assert_eq!((&now.conversation, &now.inbox), (&expected, &busy.inbox));
    assert_eq!(now.revision.0, busy.revision.0 + 1);
    assert_eq!(store.lines(&"busy".into(), 0, 10).await.unwrap().len(), 4);
    // Its armed timer, moved by the clock of the question that people are asked about: the wait ends whatever they do.
    let due = store.due(at(2000 + 60), None, 10).await.unwrap();
    assert_eq!(due.iter().map(|timer| timer.due).collect::<Vec<_>>(), [at(2060)]);
    assert_eq!(store.release_documents(&"long".into()).await.unwrap(), documents);
    // And it goes on.
    let mut more = next(&store, "busy").await;
    more.outbox_push = vec![asked(effect("busy", 3, 0), 0, "and then")];
    done(&store, more).await;
    assert_eq!(store.lease(at(99_999), at(100_000), 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn neither_a_backup_nor_a_restore_replaces_anything() {
    let place = place();
    let store = open(&place.path().join("store")).await;
    fill(&store).await;
    let file = place.path().join("nightly");
    fs::write(&file, b"the family's photographs").unwrap();
    let refused = store.backup(&file, at(0), Box::new(|_| true)).await.unwrap_err();
    assert!(matches!(refused, BackupError::Exists(_)), "{refused}");
    assert_eq!(fs::read(&file).unwrap(), b"the family's photographs");
    fs::remove_file(&file).unwrap();
    // What an interrupted one has left is no backup, and in nobody's way.
    fs::write(place.path().join("nightly.partial"), vec![7; 1 << 20]).unwrap();
    let refused = restore(&place.path().join("nightly.partial"), &place.path().join("other")).await;
    assert!(matches!(refused, Err(RestoreError::Stream { source: StreamError::Foreign, .. })), "{refused:?}");
    back_up(&store, &file).await;
    let elsewhere =
        store.backup(&place.path().join("no/such/place"), at(0), Box::new(|_| true)).await.unwrap_err();
    assert!(matches!(elsewhere, BackupError::File { .. }), "{elsewhere}");
    drop(store);

    let occupied = restore(&file, &place.path().join("store")).await.unwrap_err();
    assert!(matches!(occupied, RestoreError::Occupied(_)), "{occupied}");
    fs::create_dir(place.path().join("empty")).unwrap();
    restore(&file, &place.path().join("empty")).await.unwrap();
    // An interrupted restore is begun anew; what is not its own is left alone.
    let unfinished = place.path().join("next.restoring");
    fs::create_dir(&unfinished).unwrap();
    fs::write(unfinished.join("db"), b"half of it").unwrap();
    restore(&file, &place.path().join("next")).await.unwrap();
    assert!(!unfinished.exists());
    fs::create_dir(&unfinished).unwrap();
    fs::write(unfinished.join("thesis"), b"all of it").unwrap();
    fs::remove_dir_all(place.path().join("next")).unwrap();
    let refused = restore(&file, &place.path().join("next")).await.unwrap_err();
    assert!(matches!(refused, RestoreError::Occupied(_)), "{refused}");
    assert!(unfinished.join("thesis").exists() && !place.path().join("next").exists());
}

#[tokio::test]
async fn a_backup_that_is_not_whole_is_refused() {
    let place = place();
    let store = open(&place.path().join("store")).await;
    fill(&store).await;
    let file = place.path().join("nightly");
    back_up(&store, &file).await;
    drop(store);
    let whole = fs::read(&file).unwrap();
    let directory = place.path().join("restored");
    let torn = place.path().join("torn");
    for round in 0..40usize {
        let mut bytes = whole.clone();
        let at = round * 7919 * 31 % whole.len();
        if round % 2 == 0 {
            bytes[at] ^= 0x20
        } else {
            bytes.truncate(at)
        }
        fs::write(&torn, &bytes).unwrap();
        let refused = restore(&torn, &directory).await.unwrap_err();
        assert!(matches!(refused, RestoreError::Stream { .. }), "{round}: {refused}");
        assert_eq!(names(place.path()), ["nightly", "store", "torn"].map(str::to_owned).into(), "{round}");
    }
}

/// Commits of many conversations go on while the backup is taken. Each counts its own commits in lines and in its
/// journal, so that a backup from between two groups, or of half of one, does not add up.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_during_a_storm_is_the_state_of_one_moment() {
    let place = place();
    let store = Arc::new(open(&place.path().join("store")).await);
    fill(&*store).await;
    // Enough to take more than one step.
    for _ in 0..30 {
        let mut bulk = next(&*store, "busy").await;
        bulk.lines = (0..100).map(|_| line(&"bulk ".repeat(100))).collect();
        done(&*store, bulk).await;
    }
    let (over, turns) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut writers = tokio::task::JoinSet::new();
    for worker in 0..24 {
        let (store, over, turns) = (store.clone(), over.clone(), turns.clone());
        writers.spawn(async move {
            let id = format!("storm-{worker:02}");
            let mut commit = birth(&id, true);
            let mut written = 0u32;
            while !over.load(Ordering::Relaxed) {
                written += 1;
                commit.lines =
                    vec![line("a"), line(&"b".repeat(if written.is_multiple_of(9) { 9000 } else { 90 }))];
                commit.journal = Some(turn(&id, written, 700));
                commit.outbox_push = vec![asked(effect(&id, written, 0), 0, "c")];
                if written > 3 {
                    commit.outbox_done = vec![effect(&id, written - 3, 0)];
                }
                done(&*store, commit).await;
                turns.fetch_add(1, Ordering::Relaxed);
                commit = next(&*store, &id).await;
            }
        });
    }
    let mut backups = Vec::new();
    let mut meanwhile = 0;
    for round in 0..4 {
        let mut before = turns.load(Ordering::Relaxed);
        let enough = before + 24;
        while before < enough {
            tokio::time::sleep(Duration::from_millis(20)).await;
            before = turns.load(Ordering::Relaxed);
        }
        let backup = back_up(&store, &place.path().join(format!("backup-{round}"))).await;
        meanwhile += turns.load(Ordering::Relaxed) - before;
        eprintln!("{backup:?}");
        // Of a debug build on a machine that others use too: it shows that a step is a step.
        assert!(backup.longest_pause_us < 1_000_000, "{backup:?}");
        backups.push(backup);
    }
    eprintln!("{meanwhile} turns while backups were taken");
    assert!(meanwhile > 0, "the service stood still");
    over.store(true, Ordering::Relaxed);
    writers.join_all().await;
    drop(store);
    let mut turns_before = 0;
    for (round, backup) in backups.iter().enumerate() {
        let directory = place.path().join(format!("restored-{round}"));
        let restored = restore(&backup.file, &directory).await.unwrap();
        assert_eq!(restored.unsound, 0);
        let store = open(&directory).await;
        let mut turns = 0;
        let mut letters = 0;
        for worker in 0..24 {
            let id = format!("storm-{worker:02}").into();
            let Some(loaded) = store.load(&id).await.unwrap() else { continue };
            let pending = (loaded.revision.0 - 1).min(3);
            // Its effects became dead letters by one commit more.
            let commits = loaded.revision.0 - 1;
            letters += pending;
            turns += commits;
            assert_eq!(loaded.conversation.next_line, commits * 2 + 1);
            assert_eq!(store.lines(&id, 0, usize::MAX).await.unwrap().len() as u64, commits * 2);
            assert_eq!(store.journal(&id, usize::MAX).await.unwrap().len() as u64, commits);
        }
        assert_eq!(restored.for_review, letters + 2);
        assert!(turns > turns_before, "time passes");
        turns_before = turns;
    }
}

#[tokio::test]
async fn a_store_with_losses_is_copied_and_said_to_have_them() {
    let place = place();
    let store = open(&place.path().join("store")).await;
    fill(&store).await;
    let lost = records(&store).into_keys().find(|key| key.first() == Some(&b'h')).unwrap();
    store.keyspace().lose(&lost);
    let file = place.path().join("nightly");
    let backup = store.backup(&file, at(0), Box::new(|_| true)).await.unwrap();
    assert_eq!(backup.unsound, 1);
    drop(store);
    let restored = restore(&file, &place.path().join("restored")).await.unwrap();
    assert_eq!(restored.unsound, 1);
}

#[tokio::test]
async fn a_backup_of_a_newer_format_is_refused() {
    let place = place();
    let store = open(&place.path().join("store")).await;
    let file = place.path().join("nightly");
    back_up(&store, &file).await;
    let bytes = fs::read(&file).unwrap();
    let text = String::from_utf8_lossy(&bytes[..200]).into_owned();
    let start = text.find("{").unwrap();
    let end = text.find('}').unwrap() + 1;
    let newer = text[start..end].replacen(&format!("\"format\":{}", backup_format()), "\"format\":9", 1);
    assert_eq!(newer.len(), end - start, "the format has one digit");
    let mut head = bytes[..start].to_vec();
    head.extend_from_slice(newer.as_bytes());
    head.extend_from_slice(&crc32fast::hash(&head).to_be_bytes());
    fs::write(place.path().join("newer"), head).unwrap();
    let refused = restore(&place.path().join("newer"), &place.path().join("restored")).await;
    // Whatever follows the header: what it says comes first.
    let Err(RestoreError::Store(error @ StoreError::Newer { found: 9, .. })) = refused else {
        panic!("{refused:?}")
    };
    assert!(error.to_string().contains('9') && error.to_string().contains(&backup_format().to_string()));
}

fn backup_format() -> u32 {
    super::super::upgrade::CURRENT
}
