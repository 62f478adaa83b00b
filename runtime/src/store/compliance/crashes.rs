//! A process dies in the middle of its work: what was acknowledged is there, and of the rest each turn is whole or not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::Subject;
use super::fixtures::*;
use crate::store::{Committed, Revision, Store};

/// Conversations that write at the same time.
const WRITERS: u32 = 12;

/// Commits turn after turn, each with a line, an inbox entry and an effect, and notes what was acknowledged.
async fn write(store: Arc<dyn Store>, id: String, acknowledged: Arc<Mutex<BTreeMap<String, u64>>>) {
    for turn in 1.. {
        tokio::task::yield_now().await;
        let Ok(Some(loaded)) = store.load(&id.as_str().into()).await else { return };
        let mut commit = next(&loaded);
        commit.lines = vec![line(&turn.to_string())];
        commit.inbox_push = vec![entry(&turn.to_string())];
        commit.outbox_push = vec![asked(effect(&id, turn, 0), 0)];
        commit.journal = Some(super::fixtures::turn(&id, turn));
        commit.seen = vec![(key(&format!("{id}/{turn}")), at(0))];
        match store.commit(commit).await {
            Ok(Committed::Done(Revision(revision))) => {
                acknowledged.lock().unwrap().insert(id.clone(), revision);
            }
            Ok(Committed::Duplicate) => panic!("turn {turn} of {id} is new"),
            // The process is dead.
            Err(_) => return,
        }
    }
}

pub(super) async fn what_was_acknowledged_survives_a_crash(subject: &dyn Subject) {
    for round in 0..4u64 {
        let store = subject.open().await;
        let ids: Vec<String> = (0..WRITERS).map(|n| format!("r{round}c{n}")).collect();
        for id in &ids {
            done(&*store, birth(id)).await;
        }
        let acknowledged = Arc::new(Mutex::new(BTreeMap::new()));
        let mut writers = tokio::task::JoinSet::new();
        for id in &ids {
            writers.spawn(write(store.clone(), id.clone(), acknowledged.clone()));
        }
        let sum = || acknowledged.lock().unwrap().values().map(|revision| revision - 1).sum::<u64>();
        while sum() < 10 + round * 7 {
            tokio::task::yield_now().await;
        }
        subject.crash(store);
        writers.shutdown().await;

        let store = subject.open().await;
        for id in &ids {
            let told = acknowledged.lock().unwrap().get(id).copied().unwrap_or(1);
            let loaded = load(&*store, id).await;
            let Revision(revision) = loaded.revision;
            assert!(revision >= told, "{id}: {told} was acknowledged, {revision} is there");
            let turns = revision - 1;
            let lines = store.lines(&id.as_str().into(), 0, usize::MAX).await.unwrap();
            let journal = store.journal(&id.as_str().into(), usize::MAX).await.unwrap();
            let parts = [lines.len(), journal.len(), loaded.inbox.len(), loaded.outbox.len()];
            assert!(parts.iter().all(|part| *part as u64 == turns), "{id}: {parts:?} of {turns} turns");
            assert_eq!(texts(&loaded), (1..=turns).map(|turn| turn.to_string()).collect::<Vec<_>>());
            assert!(turns == 0 || store.seen(&key(&format!("{id}/{turns}"))).await.unwrap());
            assert!(!store.seen(&key(&format!("{id}/{}", turns + 1))).await.unwrap());
        }
        subject.crash(store);
    }
}
