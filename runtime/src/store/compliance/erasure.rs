//! A contact erased: all that is personal goes, nothing of others, and what is left can be read.

use fluxo_engine::protocol::TimerKind;

use super::Subject;
use super::fixtures::*;
use crate::store::{
    Commit, ContactRecord, DeadLetter, Erased, Erasure, InboxEntry, Kept, Notice, StoreError,
};

/// A conversation with something of everything, at a revision that is returned with its contact's.
fn whole(id: &str) -> Commit {
    let mut commit = birth(id);
    commit.seen = vec![(key(&format!("seen-{id}")), at(0))];
    commit.inbox_push = vec![entry("one"), entry("two")];
    commit.outbox_push = vec![asked(effect(id, 1, 0), 5), asked(effect(id, 1, 1), 5)];
    commit.timers_arm = vec![timer(id, 1, TimerKind::NoAnswer, 30), timer(id, 1, TimerKind::Expire, 60)];
    commit.journal = Some(turn(id, 1));
    commit.lines = vec![line("um"), line("dois"), line("três")];
    // Also one that names no conversation: it came with one of theirs.
    let told = Notice { conversation: Some(id.into()), ..notice(&format!("sobre {id}"), 5) };
    commit.notices = vec![told, notice("geral", 6)];
    commit.dead = vec![DeadLetter {
        conversation: id.into(),
        entry: asked(effect(id, 1, 7), 5),
        at: at(7),
        reason: "gave up".to_owned(),
    }];
    commit
}

fn erasure(contact: &str, conversations: &[&str]) -> Erasure {
    Erasure {
        contact: contact.into(),
        conversations: conversations.iter().map(|id| (*id).into()).collect(),
        at: at(100),
        notices: vec![notice("apagado", 100)],
    }
}

pub(super) async fn of_a_contact_that_is_erased_only_the_path_stays(subject: &dyn Subject) {
    let store = subject.open().await;
    for id in ["a", "b"] {
        done(&*store, whole(id)).await;
        for n in 2..=300 {
            let mut commit = next(&load(&*store, id).await);
            commit.journal = Some(turn(id, n));
            commit.lines = vec![line("mais")];
            done(&*store, commit).await;
        }
    }
    let counts = store.counts().await.unwrap();
    for wrong in [erasure("p-z", &[]), erasure("p-a", &[]), erasure("p-a", &["b"])] {
        assert!(matches!(store.erase(wrong).await, Err(StoreError::Conflict)));
    }
    assert_eq!(load(&*store, "a").await.outbox.len(), 2, "what was refused has changed nothing that counts");

    let erased = store.erase(erasure("p-b", &["b"])).await.unwrap();
    let expected = Erased {
        conversations: 1,
        sessions: 1,
        lines: 302,
        turns: 300,
        inbox: 2,
        outbox: 2,
        dead_letters: 1,
        timers: 2,
        notices: 2,
        keys: 1,
    };
    assert_eq!(erased, expected);
    assert!(matches!(store.erase(erasure("p-b", &["b"])).await, Err(StoreError::Conflict)), "it is gone");
    drop(store);
    let store = subject.open().await;
    assert_eq!(store.load(&"b".into()).await.unwrap(), None);
    assert_eq!(store.contact(&"p-b".into()).await.unwrap(), None);
    assert_eq!(store.find_contact(&account(), &phone("1650b")).await.unwrap(), None);
    assert_eq!(store.lines(&"b".into(), 0, 10).await.unwrap(), []);
    assert_eq!(store.dead_letter(&effect("b", 1, 7)).await.unwrap(), None);
    assert_eq!(store.conversations(None, 10).await.unwrap().len(), 1);
    assert_eq!(store.due(at(100), None, 10).await.unwrap().len(), 2);
    assert_eq!(store.with_inbox(None, 10).await.unwrap(), ["a".into()]);
    assert_eq!(store.lease(at(10), at(20), 10).await.unwrap().len(), 1);
    let notices: Vec<String> =
        store.notices(10).await.unwrap().into_iter().map(|notice| notice.text).collect();
    assert_eq!(notices, ["apagado", "geral", "sobre a"]);
    assert!(store.seen(&key("seen-b")).await.unwrap(), "what was acknowledged is never played again");
    let after = store.counts().await.unwrap();
    assert_eq!(
        (after.conversations, after.contacts, after.outbox, after.timers, after.inbox, after.dead_letters),
        (1, 1, counts.outbox / 2, counts.timers / 2, counts.inbox / 2, 1)
    );

    assert_eq!(store.journaled(None, 10).await.unwrap(), ["a".into(), "b".into()]);
    let journal = store.journal(&"b".into(), 1000).await.unwrap();
    assert_eq!(journal.len(), 301);
    for (n, entry) in (1..).zip(&journal[..300]) {
        assert_eq!(*entry, turn("b", n).erased());
    }
    let last = &journal[300];
    assert_eq!((last.turn, &last.session, &last.kept), (301, &session("b"), &Kept::Erased));
    assert!(format!("{:?}", last.events).contains("erased"));

    let other = load(&*store, "a").await;
    assert_eq!((other.inbox.len(), other.outbox.len()), (2, 2));
    assert!(matches!(&other.inbox[0], InboxEntry::Message(_)));
    assert_eq!(store.lines(&"a".into(), 0, 1000).await.unwrap().len(), 302);
    assert_eq!(store.journal(&"a".into(), 1).await.unwrap(), [turn("a", 1)]);
}

pub(super) async fn the_address_of_one_who_was_erased_is_a_strangers(subject: &dyn Subject) {
    let store = subject.open().await;
    done(&*store, birth("a")).await;
    store.erase(erasure("p-a", &["a"])).await.unwrap();
    let mut again = birth("n");
    let address = phone("1650a");
    again.contacts = vec![ContactRecord { revision: 0, ..contact("n", &address) }];
    done(&*store, again).await;
    let found = store.find_contact(&account(), &address).await.unwrap().unwrap();
    assert_eq!((found.contact.id, found.revision), ("p-n".into(), 1));
}
