//! Effects: leased, performed in order, never by two.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::SignedDuration;

use super::Subject;
use super::fixtures::*;
use crate::store::{DeadLetter, Fence, KeptStatus, OutboxEntry, OutboxState, SendState, Store, StoreError};

/// A conversation with effects that are ready at these seconds.
async fn asking(store: &dyn Store, id: &str, ready: &[i64]) {
    let mut commit = birth(id);
    commit.outbox_push = (0..).zip(ready).map(|(n, ready)| asked(effect(id, 1, n), *ready)).collect();
    done(store, commit).await;
}

/// The conversations that get leased.
async fn leased(store: &dyn Store, now: i64, until: i64) -> Vec<(String, Fence)> {
    let leases = store.lease(at(now), at(until), 10).await.unwrap();
    leases.into_iter().map(|lease| (lease.conversation.0, lease.fence)).collect()
}

pub(super) async fn a_conversation_is_leased_when_its_first_effect_is_ready(subject: &dyn Subject) {
    let store = subject.open().await;
    asking(&*store, "a", &[20, 0]).await;
    asking(&*store, "b", &[10, 99]).await;
    asking(&*store, "c", &[15]).await;
    let upcoming = async |now| store.next_effect(at(now)).await.unwrap();
    assert_eq!(upcoming(0).await, Some(at(10)));
    assert_eq!(upcoming(10).await, Some(at(15)), "what is ready now is not to come");
    assert_eq!(upcoming(20).await, None);
    assert_eq!(leased(&*store, 9, 100).await, []);
    let first = store.lease(at(15), at(100), 1).await.unwrap();
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].conversation.as_str(), "b", "the longest ready");
    let names = |leases: Vec<(String, Fence)>| leases.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    assert_eq!(names(leased(&*store, 15, 100).await), ["c"]);
    assert_eq!(names(leased(&*store, 15, 100).await), [""; 0]);
    assert_eq!(upcoming(15).await, Some(at(20)));
    assert_eq!(names(leased(&*store, 20, 90).await), ["a"], "its second effect waited for the first");
    assert_eq!(upcoming(20).await, Some(at(90)), "when the first lease ends");
    drop(store);
    let store = subject.open().await;
    assert_eq!(names(leased(&*store, 20, 100).await), ["b", "c", "a"], "nobody holds a lease over a start");
}

pub(super) async fn conversations_with_effects_are_listed_by_when_the_first_is_ready(subject: &dyn Subject) {
    let store = subject.open().await;
    asking(&*store, "a", &[20, 0]).await;
    asking(&*store, "b", &[10]).await;
    asking(&*store, "c", &[10]).await;
    asking(&*store, "d", &[]).await;
    let all = [(at(10), "b".into()), (at(10), "c".into()), (at(20), "a".into())];
    assert_eq!(store.with_effects(None, 10).await.unwrap(), all);
    assert_eq!(store.with_effects(None, 1).await.unwrap(), all[..1]);
    assert_eq!(store.with_effects(Some(&all[0]), 10).await.unwrap(), all[1..]);
    assert_eq!(store.with_effects(Some(&all[2]), 10).await.unwrap(), []);
}

pub(super) async fn a_lease_ends_and_its_fence_with_it(subject: &dyn Subject) {
    let store = subject.open().await;
    asking(&*store, "c", &[0]).await;
    let (_, first) = leased(&*store, 0, 30).await.remove(0);
    assert_eq!(leased(&*store, 29, 60).await, []);
    let mut late = next(&load(&*store, "c").await);
    late.fence = Some(first);
    done(&*store, late).await;
    let (_, second) = leased(&*store, 30, 60).await.remove(0);
    assert!(second > first);
    let mut old = next(&load(&*store, "c").await);
    old.outbox_done = vec![effect("c", 1, 0)];
    old.fence = Some(first);
    assert!(matches!(store.commit(old.clone()).await, Err(StoreError::Fenced)));
    store.release(&"c".into(), first).await.unwrap();
    assert_eq!(leased(&*store, 31, 60).await, [], "an old fence gives nothing back");
    let marked = store.attempt_started(&"c".into(), &effect("c", 1, 0), first, at(31)).await;
    assert!(matches!(marked, Err(StoreError::Fenced)));
    store.release(&"c".into(), second).await.unwrap();
    let given_back = crate::store::Commit { fence: Some(second), ..old.clone() };
    assert!(matches!(store.commit(given_back).await, Err(StoreError::Fenced)));
    let (_, third) = leased(&*store, 31, 60).await.remove(0);
    done(&*store, crate::store::Commit { fence: Some(third), ..old }).await;
    assert_eq!(load(&*store, "c").await.outbox, []);
}

pub(super) async fn what_is_claimed_is_nobody_elses(subject: &dyn Subject) {
    let store = subject.open().await;
    // A store may lease only what is committed, and then it claims nothing.
    let Some(claimed) = store.claim(&"c".into(), at(0), at(30)).await.unwrap() else { return };
    assert_eq!(store.claim(&"c".into(), at(29), at(60)).await.unwrap(), None);
    asking(&*store, "c", &[0]).await;
    assert_eq!(leased(&*store, 29, 60).await, []);
    let mut under = next(&load(&*store, "c").await);
    under.fence = Some(claimed.fence);
    done(&*store, under.clone()).await;
    let (_, fence) = leased(&*store, 30, 60).await.remove(0);
    assert!(fence > claimed.fence);
    let mut late = next(&load(&*store, "c").await);
    late.fence = Some(claimed.fence);
    assert!(matches!(store.commit(late).await, Err(StoreError::Fenced)));
    assert_eq!(store.claim(&"c".into(), at(31), at(60)).await.unwrap(), None);
    store.release(&"c".into(), fence).await.unwrap();
    let again = store.claim(&"c".into(), at(31), at(60)).await.unwrap().unwrap();
    assert!(again.fence > fence);
    drop(store);
    let store = subject.open().await;
    assert!(
        store.claim(&"c".into(), at(32), at(60)).await.unwrap().is_some(),
        "nobody holds it over a start"
    );
}

pub(super) async fn what_was_done_under_a_lease_is_not_leased_again(subject: &dyn Subject) {
    let store = subject.open().await;
    asking(&*store, "c", &[0, 0, 50]).await;
    let (_, fence) = leased(&*store, 0, 30).await.remove(0);
    let loaded = load(&*store, "c").await;
    let mut result = next(&loaded);
    result.fence = Some(fence);
    result.outbox_done = vec![effect("c", 1, 0)];
    let mut retry = loaded.outbox[1].clone();
    (retry.attempts, retry.failing_since, retry.ready_at) = (1, Some(at(1)), at(8));
    result.outbox_update = vec![retry.clone()];
    done(&*store, result).await;
    store.release(&"c".into(), fence).await.unwrap();
    assert_eq!(leased(&*store, 7, 60).await, []);
    assert_eq!(store.next_effect(at(7)).await.unwrap(), Some(at(8)));
    let (_, fence) = leased(&*store, 8, 60).await.remove(0);
    assert_eq!(load(&*store, "c").await.outbox, [retry.clone(), asked(effect("c", 1, 2), 50)]);
    // What a turn asks meanwhile comes after, and what is over stays over.
    let mut turn = next(&load(&*store, "c").await);
    turn.outbox_push = vec![asked(effect("c", 2, 0), 9)];
    turn.outbox_done = vec![effect("c", 1, 1), effect("c", 1, 2), effect("c", 9, 9)];
    done(&*store, turn).await;
    let mut late = next(&load(&*store, "c").await);
    (late.fence, late.outbox_update) = (Some(fence), vec![retry]);
    done(&*store, late).await;
    store.release(&"c".into(), fence).await.unwrap();
    assert_eq!(leased(&*store, 9, 60).await.len(), 1);
    assert_eq!(load(&*store, "c").await.outbox, [asked(effect("c", 2, 0), 9)]);
}

pub(super) async fn effects_stay_in_the_order_in_which_they_were_asked(subject: &dyn Subject) {
    let store = subject.open().await;
    done(&*store, birth("c")).await;
    let turns = [9, 10, 2, 100];
    for turn in turns {
        let mut commit = next(&load(&*store, "c").await);
        commit.outbox_push = vec![asked(effect("c", turn, 10), 0), asked(effect("c", turn, 2), 0)];
        done(&*store, commit).await;
    }
    drop(store);
    let store = subject.open().await;
    let asked: Vec<_> =
        turns.iter().flat_map(|turn| [effect("c", *turn, 10), effect("c", *turn, 2)]).collect();
    let found: Vec<_> = load(&*store, "c").await.outbox.into_iter().map(|entry| entry.effect.id).collect();
    assert_eq!(found, asked);
}

pub(super) async fn an_attempt_once_started_stays_started(subject: &dyn Subject) {
    let store = subject.open().await;
    asking(&*store, "c", &[0, 0]).await;
    let (_, fence) = leased(&*store, 0, 30).await.remove(0);
    store.attempt_started(&"c".into(), &effect("c", 1, 1), fence, at(3)).await.unwrap();
    let unknown = store.attempt_started(&"c".into(), &effect("c", 1, 7), fence, at(3)).await;
    assert!(matches!(unknown, Err(StoreError::Conflict)));
    drop(store);
    let store = subject.open().await;
    let outbox = load(&*store, "c").await.outbox;
    assert_eq!(outbox[0], asked(effect("c", 1, 0), 0));
    let started = OutboxEntry { state: OutboxState::Started { at: at(3) }, ..asked(effect("c", 1, 1), 0) };
    assert_eq!(outbox[1], started);
    assert_eq!(leased(&*store, 4, 30).await.len(), 1);
}

pub(super) async fn a_change_read_before_an_attempt_takes_no_mark_back(subject: &dyn Subject) {
    let store = subject.open().await;
    asking(&*store, "c", &[0, 0]).await;
    let (_, fence) = leased(&*store, 0, 30).await.remove(0);
    let read = load(&*store, "c").await;
    store.attempt_started(&"c".into(), &effect("c", 1, 0), fence, at(3)).await.unwrap();

    // Somebody without a lease moves both, on what was read before the mark.
    let mut stale = next(&read);
    stale.outbox_update = read.outbox.clone();
    assert!(matches!(store.commit(stale).await, Err(StoreError::Conflict)));
    let started = OutboxEntry { state: OutboxState::Started { at: at(3) }, ..asked(effect("c", 1, 0), 0) };
    assert_eq!(load(&*store, "c").await.outbox[0], started);

    // Read again, the change is made, and the mark stays.
    let read = load(&*store, "c").await;
    let mut again = next(&read);
    again.outbox_update =
        read.outbox.iter().map(|entry| OutboxEntry { attempts: 7, ..entry.clone() }).collect();
    done(&*store, again).await;
    let outbox = load(&*store, "c").await.outbox;
    assert_eq!(outbox[0], OutboxEntry { attempts: 7, ..started });

    // Whoever holds the lease knows what came of the attempt.
    let mut result = next(&load(&*store, "c").await);
    result.fence = Some(fence);
    result.outbox_update = vec![asked(effect("c", 1, 0), 5)];
    done(&*store, result).await;
    assert_eq!(load(&*store, "c").await.outbox[0].state, OutboxState::Ready);
}

pub(super) async fn dead_letters_leave_the_outbox(subject: &dyn Subject) {
    let store = subject.open().await;
    asking(&*store, "c", &[0, 0, 0]).await;
    let loaded = load(&*store, "c").await;
    let letter = |n: usize, when| DeadLetter {
        conversation: "c".into(),
        entry: loaded.outbox[n].clone(),
        at: at(when),
        reason: "the number does not exist".to_owned(),
    };
    let mut commit = next(&loaded);
    commit.dead = vec![letter(0, 1), letter(1, 2)];
    done(&*store, commit).await;
    drop(store);
    let store = subject.open().await;
    assert_eq!(load(&*store, "c").await.outbox, loaded.outbox[2..]);
    assert_eq!(store.dead_letters(None, 10).await.unwrap(), [letter(1, 2), letter(0, 1)]);
    assert_eq!(store.dead_letters(None, 1).await.unwrap().len(), 1);
    let after = (at(2), effect("c", 1, 1));
    assert_eq!(store.dead_letters(Some(&after), 10).await.unwrap(), [letter(0, 1)]);
    assert_eq!(store.dead_letters(Some(&(at(1), effect("c", 1, 0))), 10).await.unwrap(), []);
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.outbox, counts.dead_letters), (1, 2));

    assert_eq!(store.dead_letter(&effect("c", 1, 0)).await.unwrap(), Some(letter(0, 1)));
    assert_eq!(store.dead_letter(&effect("c", 1, 2)).await.unwrap(), None);
    let mut retried = next(&load(&*store, "c").await);
    retried.dead_settled = vec![effect("c", 1, 0), effect("c", 1, 2)];
    retried.outbox_push = vec![loaded.outbox[0].clone()];
    done(&*store, retried).await;
    assert_eq!(store.dead_letters(None, 10).await.unwrap(), [letter(1, 2)]);
    assert_eq!(store.dead_letter(&effect("c", 1, 0)).await.unwrap(), None);
    let mut dead_again = next(&load(&*store, "c").await);
    dead_again.dead = vec![letter(0, 3)];
    done(&*store, dead_again).await;
    assert_eq!(store.dead_letters(None, 10).await.unwrap(), [letter(0, 3), letter(1, 2)]);
    assert_eq!(store.counts().await.unwrap().dead_letters, 2);
}

pub(super) async fn a_message_id_leads_to_its_effect(subject: &dyn Subject) {
    let store = subject.open().await;
    asking(&*store, "c", &[0]).await;
    let mut commit = next(&load(&*store, "c").await);
    commit.accepted = vec![("provider-id-1".to_owned(), effect("c", 1, 0))];
    commit.outbox_done = vec![effect("c", 1, 0)];
    done(&*store, commit).await;
    drop(store);
    let store = subject.open().await;
    let found = store.effect_of(&account(), "provider-id-1").await.unwrap();
    assert_eq!(found, Some(("c".into(), effect("c", 1, 0))));
    assert_eq!(store.effect_of(&account(), "provider-id-2").await.unwrap(), None);
    let other = crate::store::Account { id: "other".to_owned(), ..account() };
    assert_eq!(store.effect_of(&other, "provider-id-1").await.unwrap(), None);
    store.sweep(at(0) + SignedDuration::from_hours(24 * 30)).await.unwrap();
    assert!(store.effect_of(&account(), "provider-id-1").await.unwrap().is_some(), "statuses may still come");
    store.sweep(at(0) + SignedDuration::from_hours(24 * 40)).await.unwrap();
    assert_eq!(store.effect_of(&account(), "provider-id-1").await.unwrap(), None);
}

pub(super) async fn a_status_for_an_unknown_effect_is_kept(subject: &dyn Subject) {
    let store = subject.open().await;
    let status = |state, when| KeptStatus { state, at: at(when), failure: None };
    let (sent, delivered) = (status(SendState::Sent, 1), status(SendState::Delivered, 2));
    for (message, status) in [
        ("provider-id-1", &delivered),
        ("provider-id-1", &sent),
        ("provider-id-1", &sent),
        ("provider-id-11", &sent),
    ] {
        store.keep_status(&account(), message, status).await.unwrap();
    }
    drop(store);
    let store = subject.open().await;
    let kept = async || {
        let mut kept = store.kept_statuses(&account(), "provider-id-1").await.unwrap();
        kept.sort_by_key(|status| status.at);
        kept
    };
    assert_eq!(kept().await, [sent, delivered.clone()]);
    store.sweep(at(1) + SignedDuration::from_hours(24 * 30)).await.unwrap();
    assert_eq!(kept().await, [delivered]);
}

pub(super) async fn workers_never_share_a_conversation(subject: &dyn Subject) {
    let store = subject.open().await;
    for id in 0..20 {
        asking(&*store, &format!("c{id}"), &[0, 0, 0]).await;
    }
    let performed = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let (store, performed) = (store.clone(), performed.clone());
        workers.spawn(async move {
            loop {
                let leases = store.lease(at(0), at(30), 3).await.unwrap();
                if leases.is_empty() && store.counts().await.unwrap().outbox == 0 {
                    return;
                }
                if leases.is_empty() {
                    // Whoever has them may need this thread.
                    tokio::task::yield_now().await;
                }
                for lease in leases {
                    // One effect at a time, so that conversations change hands.
                    let loaded = load(&*store, lease.conversation.as_str()).await;
                    let first = loaded.outbox[0].effect.id.clone();
                    performed.lock().unwrap().push(first.to_string());
                    let mut result = next(&loaded);
                    result.fence = Some(lease.fence);
                    result.outbox_done = vec![first];
                    done(&*store, result).await;
                    store.release(&lease.conversation, lease.fence).await.unwrap();
                }
            }
        });
    }
    workers.join_all().await;
    let performed = performed.lock().unwrap();
    let distinct: BTreeSet<&String> = performed.iter().collect();
    assert_eq!((performed.len(), distinct.len()), (60, 60), "an effect was performed twice");
}
