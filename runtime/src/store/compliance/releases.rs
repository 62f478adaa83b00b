//! Releases: what is kept of them, which one is current, which sessions are open.

use fluxo_engine::ids::{ConversationId, ReleaseId};
use fluxo_engine::protocol::{Assign, Handoff};

use super::Subject;
use super::fixtures::*;
use crate::store::{Documents, Mode, SessionPage};

pub(super) async fn a_release_of_any_size_is_kept(subject: &dyn Subject) {
    let store = subject.open().await;
    let large: Documents =
        (0..5).map(|n| (format!("flows/{n}.json"), format!("{n}").repeat(300 * 1024))).collect();
    store.publish(&publication("r1", 1), &large).await.unwrap();
    store.publish(&publication("r1", 2), &large).await.unwrap();
    store.publish(&publication("r2", 3), &Vec::new()).await.unwrap();
    drop(store);
    let store = subject.open().await;
    assert_eq!(store.release_documents(&"r1".into()).await.unwrap(), Some(large));
    assert_eq!(store.release_documents(&"r2".into()).await.unwrap(), Some(Vec::new()));
    assert_eq!(store.release_documents(&"r".into()).await.unwrap(), None);
}

pub(super) async fn what_was_published_last_is_current_and_stays(subject: &dyn Subject) {
    let store = subject.open().await;
    assert_eq!(store.publications(1).await.unwrap(), []);
    let documents: Documents = vec![("flows/a.json".to_owned(), "{}".to_owned())];
    // The same moment: the order is that of the commits.
    let all = ["r1", "r2", "r10", "r1"].map(|release| publication(release, 5));
    for publication in &all {
        store.publish(publication, &documents).await.unwrap();
    }
    drop(store);
    let store = subject.open().await;
    let mut newest_first = all.to_vec();
    newest_first.reverse();
    assert_eq!(store.publications(10).await.unwrap(), newest_first);
    assert_eq!(store.publications(1).await.unwrap(), [publication("r1", 5)]);
    let sorted = |mut ids: Vec<ReleaseId>| {
        ids.sort();
        ids
    };
    assert_eq!(sorted(store.releases().await.unwrap()), ["r1".into(), "r10".into(), "r2".into()]);

    store.forget_release(&"r1".into()).await.unwrap();
    store.forget_release(&"r3".into()).await.unwrap();
    drop(store);
    let store = subject.open().await;
    assert_eq!(store.release_documents(&"r1".into()).await.unwrap(), None);
    assert_eq!(store.release_documents(&"r10".into()).await.unwrap(), Some(documents.clone()));
    assert_eq!(store.publications(10).await.unwrap(), [publication("r10", 5), publication("r2", 5)]);
    assert_eq!(sorted(store.releases().await.unwrap()), ["r10".into(), "r2".into()]);
    // What comes next is the newest again.
    store.publish(&publication("r1", 4), &documents).await.unwrap();
    assert_eq!(store.publications(1).await.unwrap(), [publication("r1", 4)]);
}

pub(super) async fn open_sessions_are_listed_by_conversation(subject: &dyn Subject) {
    let store = subject.open().await;
    for id in ["a", "b", "c", "d"] {
        let mut commit = birth(id);
        if id == "b" {
            commit.conversation.session = None;
        }
        if id == "c" {
            let handoff = Handoff {
                queue: "recepcao".into(),
                summary: String::new(),
                ticket: None,
                assign: Assign::Queue,
                prefer_last_attendant: false,
            };
            let queue = handoff.queue.clone();
            commit.conversation.mode = Mode::Queued { queue, since: at(0), wait: None, handoff };
        }
        done(&*store, commit).await;
    }
    let long = "x".repeat(200);
    done(&*store, birth(&long)).await;
    let mut found = Vec::new();
    let mut after: Option<ConversationId> = None;
    for _ in 0..5 {
        let page = store.open_sessions(after.as_ref(), 1).await.unwrap();
        assert_eq!(page.unreadable, 0);
        found.extend(page.sessions);
        after = page.next;
        assert!(after.is_some());
    }
    assert_eq!(store.open_sessions(after.as_ref(), 1).await.unwrap(), SessionPage::default());
    let mut names: Vec<(&str, bool)> =
        found.iter().map(|open| (open.conversation.as_str(), open.with_people)).collect();
    names.sort_unstable();
    assert_eq!(names, [("a", false), ("c", true), ("d", false), (long.as_str(), false)]);
    assert_eq!(
        (found[0].release.clone(), &found[0].session),
        (Some("r1".into()), &b"{\"stored\":\"form\"}".to_vec())
    );
    let whole = store.open_sessions(None, 100).await.unwrap();
    assert_eq!((whole.sessions, whole.next), (found, None));
}
