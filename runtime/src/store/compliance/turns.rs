//! All of a turn or nothing, on the revision that was read.

use fluxo_engine::protocol::{ContactChange, TimerKind};

use super::Subject;
use super::fixtures::*;
use crate::store::{Commit, Committed, ContactRecord, Counts, Fence, Revision, Store, StoreError};

/// A commit of a conversation that is there, with everything a commit can carry.
fn full_on(expected: Revision) -> Commit {
    Commit { expected, contacts: Vec::new(), ..full() }
}

/// A first commit with everything a commit can carry.
fn full() -> Commit {
    let mut commit = birth("c");
    commit.contact_changes = vec![ContactChange::AddTag { tag: "new".to_owned() }];
    commit.seen = vec![(key("m1"), at(0))];
    commit.inbox_push = vec![entry("one"), entry("two")];
    commit.outbox_push = vec![asked(effect("c", 1, 0), 5), asked(effect("c", 1, 1), 5)];
    commit.timers_arm = vec![timer("c", 1, TimerKind::NoAnswer, 60)];
    commit.journal = Some(turn("c", 1));
    commit.lines = vec![line("hello")];
    commit.notices = vec![notice("look", 0)];
    commit
}

pub(super) async fn a_turn_is_whole_and_survives_a_reopening(subject: &dyn Subject) {
    let store = subject.open().await;
    let commit = full();
    assert_eq!(done(&*store, commit.clone()).await, Revision(1));
    all_of_it(&*store, &commit).await;
    drop(store);
    let store = subject.open().await;
    all_of_it(&*store, &commit).await;

    let mut over = next(&load(&*store, "c").await);
    over.conversation.session = None;
    over.inbox_consume = 2;
    over.outbox_done = vec![effect("c", 1, 0), effect("c", 1, 1)];
    over.timers_disarm = vec![(wait("c", 1), TimerKind::NoAnswer)];
    assert_eq!(done(&*store, over).await, Revision(2));
    drop(store);
    let store = subject.open().await;
    let loaded = load(&*store, "c").await;
    assert_eq!((loaded.inbox.len(), loaded.outbox.len()), (0, 0));
    assert_eq!(loaded.conversation.session, None);
    assert_eq!(store.next_due().await.unwrap(), None);
    assert_eq!(store.next_effect(at(-9)).await.unwrap(), None);
}

async fn all_of_it(store: &dyn Store, commit: &Commit) {
    let loaded = load(store, "c").await;
    assert_eq!(loaded.revision, Revision(1));
    let mut contact = ContactRecord { revision: 2, ..commit.contacts[0].clone() };
    contact.contact.tags.insert("new".to_owned());
    assert_eq!(loaded.contact, contact);
    assert_eq!(loaded.inbox, commit.inbox_push);
    assert_eq!(loaded.outbox, commit.outbox_push);
    assert_eq!(loaded.conversation.next_line, 2);
    assert_eq!(loaded.conversation.session, commit.conversation.session);
    assert_eq!(store.due(at(60), None, 10).await.unwrap(), commit.timers_arm);
    assert_eq!(store.journal(&"c".into(), 10).await.unwrap(), [turn("c", 1)]);
    assert_eq!(store.lines(&"c".into(), 0, 10).await.unwrap(), [(1, line("hello"))]);
    assert_eq!(store.notices(10).await.unwrap(), commit.notices);
    assert!(store.seen(&key("m1")).await.unwrap());
}

pub(super) async fn a_commit_on_an_old_revision_changes_nothing(subject: &dyn Subject) {
    let store = subject.open().await;
    let never = full_on(Revision(1));
    assert!(matches!(store.commit(never).await, Err(StoreError::Conflict)));
    assert_eq!(store.load(&"c".into()).await.unwrap(), None);
    assert_eq!(store.counts().await.unwrap(), Counts::default());

    done(&*store, birth("c")).await;
    let read = load(&*store, "c").await;
    done(&*store, next(&read)).await;
    for expected in [Revision(0), Revision(1), Revision(3)] {
        let late = full_on(expected);
        assert!(matches!(store.commit(late).await, Err(StoreError::Conflict)), "{expected:?}");
    }
    nothing_of_it(&*store).await;
    assert_eq!(load(&*store, "c").await.revision, Revision(2));
}

async fn nothing_of_it(store: &dyn Store) {
    let loaded = load(store, "c").await;
    assert_eq!((loaded.inbox.len(), loaded.outbox.len()), (0, 0));
    assert_eq!(loaded.contact.revision, 1);
    assert!(!store.seen(&key("m1")).await.unwrap());
    assert_eq!(store.next_due().await.unwrap(), None);
    assert_eq!(store.next_effect(at(-9)).await.unwrap(), None);
    assert_eq!(store.journal(&"c".into(), 10).await.unwrap(), []);
    assert_eq!(store.lines(&"c".into(), 0, 10).await.unwrap(), []);
    assert_eq!(store.notices(10).await.unwrap(), []);
    assert_eq!(store.counts().await.unwrap(), Counts { conversations: 1, contacts: 1, ..Counts::default() });
}

pub(super) async fn of_concurrent_turns_one_wins(subject: &dyn Subject) {
    let store = subject.open().await;
    done(&*store, birth("c")).await;
    for round in 0..10u32 {
        let read = load(&*store, "c").await;
        let mut turns = tokio::task::JoinSet::new();
        for n in 0..8 {
            let store = store.clone();
            let mut commit = next(&read);
            commit.outbox_push = vec![asked(effect("c", round, n), 5)];
            turns.spawn(async move { store.commit(commit).await });
        }
        let outcomes = turns.join_all().await;
        let won = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Committed::Done(_)))).count();
        let lost = outcomes.iter().filter(|outcome| matches!(outcome, Err(StoreError::Conflict))).count();
        assert_eq!((won, lost), (1, 7));
    }
    let loaded = load(&*store, "c").await;
    assert_eq!((loaded.revision, loaded.outbox.len()), (Revision(11), 10));
}

pub(super) async fn a_value_over_the_cap_is_refused_whole(subject: &dyn Subject) {
    let store = subject.open().await;
    done(&*store, birth("c")).await;
    let mut commit = full_on(Revision(1));
    commit.conversation.session = Some(vec![b'x'; 300 * 1024]);
    let Err(StoreError::TooLarge { what, size, cap }) = store.commit(commit).await else {
        panic!("a value over the cap was taken")
    };
    assert_eq!((what, cap), ("a conversation", 256 * 1024));
    assert!(size > 300 * 1024);
    nothing_of_it(&*store).await;
    let mut large = next(&load(&*store, "c").await);
    large.conversation.session = Some(vec![b'x'; 200 * 1024]);
    done(&*store, large.clone()).await;
    assert_eq!(load(&*store, "c").await.conversation.session, large.conversation.session);
}

pub(super) async fn a_failed_fence_and_a_conflict_leave_no_trace(subject: &dyn Subject) {
    let store = subject.open().await;
    done(&*store, birth("c")).await;
    let fenced = Commit { fence: Some(Fence(7)), ..full_on(Revision(1)) };
    assert!(matches!(store.commit(fenced).await, Err(StoreError::Fenced)));
    nothing_of_it(&*store).await;
    done(&*store, full_on(Revision(1))).await;
}
