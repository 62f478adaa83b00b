//! Who is who: a user id outranks a phone, and a phone alone is not an identity.

use fluxo_engine::protocol::ContactChange;

use super::Subject;
use super::fixtures::*;
use crate::store::{Account, Address, Commit, ContactRecord, Revision, Store, StoreError};

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
