//! Every message once, in order.

use jiff::SignedDuration;

use super::Subject;
use super::fixtures::*;
use crate::store::{Commit, Committed, Revision, StoreError};

pub(super) async fn a_message_is_taken_once(subject: &dyn Subject) {
    let store = subject.open().await;
    assert!(!store.seen(&key("m1")).await.unwrap());
    let mut first = birth("c");
    first.seen = vec![(key("m1"), at(0))];
    first.inbox_push = vec![entry("one")];
    done(&*store, first).await;
    drop(store);
    let store = subject.open().await;
    assert!(store.seen(&key("m1")).await.unwrap());
    let mut again = next(&load(&*store, "c").await);
    again.seen = vec![(key("m2"), at(1)), (key("m1"), at(1))];
    again.inbox_push = vec![entry("one"), entry("two")];
    assert_eq!(store.commit(again).await.unwrap(), Committed::Duplicate);
    let loaded = load(&*store, "c").await;
    assert_eq!((loaded.revision, texts(&loaded)), (Revision(1), vec!["one".to_owned()]));
    assert!(!store.seen(&key("m2")).await.unwrap(), "what came with a duplicate is not taken");
}

pub(super) async fn the_same_message_at_the_same_moment_is_taken_once(subject: &dyn Subject) {
    let store = subject.open().await;
    let mut deliveries = tokio::task::JoinSet::new();
    for conversation in 0..16 {
        let store = store.clone();
        // Of different conversations, so that only the message stands between them.
        let mut commit = birth(&format!("c{conversation}"));
        commit.seen = vec![(key("m1"), at(0))];
        deliveries.spawn(async move {
            let outcome = store.commit(commit).await.unwrap();
            // Whatever the answer, the message is acknowledged now: it must be durable.
            assert!(store.seen(&key("m1")).await.unwrap());
            outcome
        });
    }
    let outcomes = deliveries.join_all().await;
    let taken = outcomes.iter().filter(|outcome| **outcome == Committed::Done(Revision(1))).count();
    let known = outcomes.iter().filter(|outcome| **outcome == Committed::Duplicate).count();
    assert_eq!((taken, known), (1, 15));
    assert_eq!(store.counts().await.unwrap().conversations, 1);
}

pub(super) async fn a_duplicate_outranks_a_conflict(subject: &dyn Subject) {
    let store = subject.open().await;
    let mut first = birth("c");
    first.seen = vec![(key("m1"), at(0))];
    done(&*store, first.clone()).await;
    assert_eq!(store.commit(first).await.unwrap(), Committed::Duplicate);
    let mut other = birth("c");
    other.seen = vec![(key("m2"), at(0))];
    assert!(matches!(store.commit(other).await, Err(StoreError::Conflict)));
}

pub(super) async fn a_message_is_forgotten_after_thirty_days(subject: &dyn Subject) {
    let store = subject.open().await;
    let mut first = birth("c");
    first.seen = (0..1200).map(|n| (key(&format!("m{n}")), at(0))).collect();
    first.seen.push((key("later"), at(1)));
    done(&*store, first).await;
    let month = SignedDuration::from_hours(30 * 24);
    assert_eq!(store.sweep(at(-1) + month).await.unwrap(), 0);
    assert!(store.seen(&key("m7")).await.unwrap());
    assert_eq!(store.sweep(at(0) + month).await.unwrap(), 1200);
    assert!(!store.seen(&key("m7")).await.unwrap());
    assert!(store.seen(&key("later")).await.unwrap());
    assert_eq!(store.sweep(at(0) + month).await.unwrap(), 0);
    assert_eq!(load(&*store, "c").await.revision, Revision(1), "the conversation is not touched");
}

pub(super) async fn the_inbox_keeps_the_order_of_commits(subject: &dyn Subject) {
    let store = subject.open().await;
    done(&*store, birth("c")).await;
    done(&*store, birth("c1")).await;
    for n in 0..12 {
        let mut push = next(&load(&*store, "c").await);
        push.inbox_push = vec![entry(&format!("{n}a")), entry(&format!("{n}b"))];
        done(&*store, push).await;
    }
    let mut consume = next(&load(&*store, "c").await);
    consume.inbox_consume = 21;
    done(&*store, consume).await;
    drop(store);
    let store = subject.open().await;
    assert_eq!(texts(&load(&*store, "c").await), ["10b", "11a", "11b"]);
    let mut both = next(&load(&*store, "c").await);
    both.inbox_push = vec![entry("12a")];
    both.inbox_consume = 4;
    done(&*store, both).await;
    assert_eq!(texts(&load(&*store, "c").await), [""; 0]);
    let mut push = next(&load(&*store, "c").await);
    push.inbox_push = vec![entry("13a")];
    done(&*store, push).await;
    assert_eq!(texts(&load(&*store, "c").await), ["13a"]);
    assert_eq!(texts(&load(&*store, "c1").await), [""; 0]);
}

pub(super) async fn a_provider_id_of_any_length_is_told_apart(subject: &dyn Subject) {
    let store = subject.open().await;
    let long = "provider-id-".to_owned() + &"HBgMNTUxMTk4NzY1NDMyMRUCABIYFjNFQjBD".repeat(20);
    let (one, other) = (key(&(long.clone() + "1")), key(&(long + "2")));
    let mut first = birth("c");
    first.seen = vec![(one.clone(), at(0)), (key("nul\0inside"), at(0))];
    done(&*store, first).await;
    assert!(store.seen(&one).await.unwrap());
    assert!(!store.seen(&other).await.unwrap());
    assert!(store.seen(&key("nul\0inside")).await.unwrap());
    assert!(!store.seen(&key("nul")).await.unwrap());
    let again = Commit { seen: vec![(one, at(9))], ..birth("d") };
    assert_eq!(store.commit(again).await.unwrap(), Committed::Duplicate);
}
