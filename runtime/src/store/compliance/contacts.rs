//! Who is who: a user id outranks a phone, and a phone alone is not an identity.

use fluxo_engine::protocol::ContactChange;

use super::Subject;
use super::fixtures::*;
use crate::store::{Account, Address, Commit, Committed, ContactRecord, Merge, Revision, Store, StoreError};

/// A conversation whose contact has an address.
async fn born(store: &dyn Store, id: &str, address: Address) {
    let mut commit = birth(id);
    commit.contacts = vec![contact(id, &address)];
    done(store, commit).await;
}

/// The contact found under an address.
async fn found(store: &dyn Store, address: Address) -> Option<String> {
    let found = store.find_contact(&account(), &address).await.unwrap();
    found.map(|record| record.contact.id.0)
}

fn some(id: &str) -> Option<String> {
    Some(format!("p-{id}"))
}

pub(super) async fn a_user_outranks_a_phone(subject: &dyn Subject) {
    let store = subject.open().await;
    born(&*store, "a", user("BR.1", "16505551111")).await;
    born(&*store, "b", phone("16505552222")).await;
    let named = Address { username: Some("ana".to_owned()), ..Address::default() };
    born(&*store, "c", named.clone()).await;
    drop(store);
    let store = subject.open().await;
    assert_eq!(found(&*store, user("BR.1", "16505552222")).await, some("a"));
    assert_eq!(found(&*store, Address { phone: None, ..user("BR.1", "") }).await, some("a"));
    assert_eq!(
        found(&*store, phone("16505551111")).await,
        some("a"),
        "the phone of somebody without a user id"
    );
    assert_eq!(found(&*store, user("BR.9", "16505552222")).await, some("b"), "no user id is known of b yet");
    assert_eq!(found(&*store, phone("16505553333")).await, None);
    assert_eq!(found(&*store, named).await, some("c"));
    assert_eq!(found(&*store, Address::default()).await, None);
    let elsewhere = Account { id: "other".to_owned(), ..account() };
    assert_eq!(store.find_contact(&elsewhere, &phone("16505551111")).await.unwrap(), None);
    let stored = ContactRecord { revision: 1, ..contact("a", &user("BR.1", "16505551111")) };
    assert_eq!(store.contact(&"p-a".into()).await.unwrap(), Some(stored));
    assert_eq!(store.contact(&"p-x".into()).await.unwrap(), None);
}

pub(super) async fn the_ninth_digit_does_not_hide_a_contact(subject: &dyn Subject) {
    let store = subject.open().await;
    born(&*store, "a", phone("553196883193")).await;
    born(&*store, "b", user("BR.2", "5511987654321")).await;
    born(&*store, "landline", phone("551133334444")).await;
    assert_eq!(found(&*store, phone("5531996883193")).await, some("a"));
    assert_eq!(found(&*store, user("BR.1", "5531996883193")).await, some("a"));
    assert_eq!(found(&*store, phone("551187654321")).await, some("b"));
    assert_eq!(found(&*store, user("BR.3", "551187654321")).await, None, "the other form, of another user");
    assert_eq!(found(&*store, phone("5511933334444")).await, None, "a landline has one form");
    born(&*store, "long", phone("5531996883193")).await;
    assert_eq!(found(&*store, phone("5531996883193")).await, some("long"), "the exact form is nearer");
    assert_eq!(found(&*store, phone("553196883193")).await, some("a"));
}

pub(super) async fn a_phone_with_another_user_is_somebody_else(subject: &dyn Subject) {
    let store = subject.open().await;
    born(&*store, "a", user("BR.1", "5511987654321")).await;
    assert_eq!(found(&*store, user("BR.2", "5511987654321")).await, None);
    // The phone is the first one's until that one is written without it.
    let mut birth_of_b = birth("b");
    birth_of_b.contacts = vec![contact("b", &user("BR.2", "5511987654321"))];
    assert!(matches!(store.commit(birth_of_b.clone()).await, Err(StoreError::Conflict)));
    assert_eq!(store.contact(&"p-b".into()).await.unwrap(), None);
    let mut first = store.contact(&"p-a".into()).await.unwrap().unwrap();
    first.addresses[0].1.phone = None;
    birth_of_b.contacts.push(first);
    done(&*store, birth_of_b).await;
    drop(store);
    let store = subject.open().await;
    assert_eq!(found(&*store, phone("5511987654321")).await, some("b"), "the phone is with its new owner");
    assert_eq!(
        found(&*store, user("BR.1", "5511987654321")).await,
        some("a"),
        "the user id is still the first's"
    );
}

pub(super) async fn an_address_leaves_the_contact_that_had_it(subject: &dyn Subject) {
    let store = subject.open().await;
    born(&*store, "a", user("BR.1", "16505551111")).await;
    let mut moved = next(&load(&*store, "a").await);
    moved.contacts = vec![ContactRecord { revision: 1, ..contact("a", &user("BR.1", "16505552222")) }];
    done(&*store, moved).await;
    assert_eq!(found(&*store, phone("16505551111")).await, None, "the old number leads nowhere");
    assert_eq!(found(&*store, phone("16505552222")).await, some("a"));
    born(&*store, "b", phone("16505551111")).await;
    let mut gone = next(&load(&*store, "a").await);
    gone.contacts = vec![ContactRecord { addresses: Vec::new(), ..load(&*store, "a").await.contact }];
    done(&*store, gone).await;
    assert_eq!(found(&*store, user("BR.1", "16505552222")).await, None);
    assert_eq!(found(&*store, phone("16505551111")).await, some("b"), "what is another's stays");
}

pub(super) async fn a_contact_is_written_whole_only_as_it_was_read(subject: &dyn Subject) {
    let store = subject.open().await;
    born(&*store, "a", phone("16505551111")).await;
    let read = load(&*store, "a").await;
    let mut second = Commit::of(Revision(0), conversation("a2"));
    second.conversation.contact = "p-a".into();
    let tag = ContactChange::AddTag { tag: "dialysis".to_owned() };
    second.contact_changes = vec![tag.clone()];
    done(&*store, second).await;
    assert_eq!(load(&*store, "a").await.revision, read.revision, "the first conversation has not moved");

    let mut late = next(&read);
    late.contacts = vec![ContactRecord { addresses: Vec::new(), ..read.contact.clone() }];
    assert!(matches!(store.commit(late.clone()).await, Err(StoreError::Conflict)));
    for revision in [0, 3] {
        late.contacts[0].revision = revision;
        assert!(matches!(store.commit(late.clone()).await, Err(StoreError::Conflict)), "{revision}");
    }
    assert_eq!(found(&*store, phone("16505551111")).await, some("a"));
    let now = load(&*store, "a").await.contact;
    assert_eq!((now.revision, now.contact.tags.contains("dialysis")), (2, true));
    late.contacts = vec![now];
    done(&*store, late).await;
    assert_eq!(load(&*store, "a").await.contact.revision, 3);
}

pub(super) async fn changes_of_a_contact_from_all_sides_add_up(subject: &dyn Subject) {
    let store = subject.open().await;
    born(&*store, "a", phone("16505551111")).await;
    let mut sides = tokio::task::JoinSet::new();
    for side in 0..12 {
        let store = store.clone();
        let mut commit = Commit::of(Revision(0), conversation(&format!("a{side}")));
        commit.conversation.contact = "p-a".into();
        let day = "2026-11-21".parse().unwrap();
        commit.contact_changes =
            vec![ContactChange::AddTag { tag: format!("t{side}") }, ContactChange::IdentityFailed { day }];
        sides.spawn(async move { done(&*store, commit).await });
    }
    sides.join_all().await;
    drop(store);
    let store = subject.open().await;
    let record = load(&*store, "a").await.contact;
    assert_eq!((record.revision, record.contact.tags.len()), (13, 12));
    assert_eq!(record.contact.identity_failures.unwrap().count, 12);
}

pub(super) async fn a_username_is_of_who_told_it_last(subject: &dyn Subject) {
    let store = subject.open().await;
    let named = |id: &str, name: &str| Address { username: Some(name.to_owned()), ..user(id, id) };
    let ana = Address { username: Some("ana".to_owned()), ..Address::default() };
    born(&*store, "a", named("BR.1", "ana")).await;
    born(&*store, "b", named("BR.2", "ana")).await;
    assert_eq!(found(&*store, ana.clone()).await, some("b"));
    let mut renamed = next(&load(&*store, "a").await);
    renamed.contacts = vec![ContactRecord { revision: 1, ..contact("a", &named("BR.1", "ana2")) }];
    done(&*store, renamed).await;
    drop(store);
    let store = subject.open().await;
    assert_eq!(found(&*store, ana).await, some("b"), "what is another's stays");
}

/// Contact `b`, known by a phone and with an effect under way, becomes `a`, known by a user id.
async fn a_merge(store: &dyn Store) -> Merge {
    born(store, "a", Address { phone: None, ..user("BR.1", "") }).await;
    let mut commit = birth("b");
    commit.contacts = vec![contact("b", &phone("5511987654321"))];
    commit.outbox_push = vec![asked(effect("b", 1, 0), 0)];
    done(store, commit).await;
    let (a, b) = (load(store, "a").await, load(store, "b").await);
    let mut whole = ContactRecord { revision: 1, ..contact("a", &user("BR.1", "5511987654321")) };
    whole.contact.tags.insert("both".to_owned());
    let (mut kept, mut gone) = (next(&a), next(&b));
    kept.contacts = vec![whole];
    kept.lines = vec![line("b goes on here")];
    gone.conversation.contact = "p-a".into();
    gone.conversation.session = None;
    Merge { gone: ("p-b".into(), 1), commits: vec![kept, gone] }
}

pub(super) async fn two_contacts_become_one(subject: &dyn Subject) {
    let store = subject.open().await;
    let merge = a_merge(&*store).await;
    assert_eq!(store.merge(merge.clone()).await.unwrap(), Committed::Done(Revision(2)));
    assert!(matches!(store.merge(merge).await, Err(StoreError::Conflict)), "it is done once");
    drop(store);
    let store = subject.open().await;
    assert_eq!(store.contact(&"p-b".into()).await.unwrap(), None);
    for address in [phone("5511987654321"), phone("551187654321"), user("BR.1", "16505550000")] {
        assert_eq!(found(&*store, address).await, some("a"));
    }
    let (a, b) = (load(&*store, "a").await, load(&*store, "b").await);
    assert_eq!((a.revision, b.revision), (Revision(2), Revision(2)));
    assert_eq!((a.contact.revision, &b.contact), (2, &a.contact));
    assert!(a.contact.contact.tags.contains("both"));
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.contacts, counts.conversations, counts.outbox), (1, 2, 1));
    let leased = store.lease(at(1), at(60), 10).await.unwrap();
    assert_eq!(leased.len(), 1, "its effects are still performed");
    assert_eq!((leased[0].conversation.as_str(), b.outbox.len()), ("b", 1));
    assert_eq!(store.lines(&"a".into(), 0, 10).await.unwrap().len(), 1);
}

pub(super) async fn a_merge_that_is_refused_leaves_no_trace(subject: &dyn Subject) {
    let store = subject.open().await;
    let good = a_merge(&*store).await;
    let mut seen = birth("c");
    seen.seen = vec![(key("known"), at(0))];
    done(&*store, seen).await;
    let before = (load(&*store, "a").await, load(&*store, "b").await, store.counts().await.unwrap());

    let mut moved = good.clone();
    moved.gone.1 = 2;
    let mut old = good.clone();
    old.commits[1].expected = Revision(7);
    let mut orphan = good.clone();
    orphan.commits.pop();
    let mut left_behind = good.clone();
    left_behind.commits[1].conversation.contact = "p-b".into();
    let mut twice = good.clone();
    for commit in &mut twice.commits {
        commit.seen = vec![(key("new"), at(0))];
    }
    for bad in [moved, old, orphan, left_behind, twice] {
        assert!(matches!(store.merge(bad).await, Err(StoreError::Conflict)));
    }
    let mut duplicate = good.clone();
    duplicate.commits[1].seen = vec![(key("known"), at(0))];
    assert_eq!(store.merge(duplicate).await.unwrap(), Committed::Duplicate);

    drop(store);
    let store = subject.open().await;
    let after = (load(&*store, "a").await, load(&*store, "b").await, store.counts().await.unwrap());
    assert_eq!(after, before);
    assert!(!store.seen(&key("new")).await.unwrap());
    assert_eq!(found(&*store, phone("5511987654321")).await, some("b"));
    assert!(matches!(store.merge(good).await, Ok(Committed::Done(_))));
}
