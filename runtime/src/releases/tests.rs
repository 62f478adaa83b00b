//! What is current, over starts, edits and returns.

use std::sync::Arc;

use fluxo_engine::check::Language;
use fluxo_engine::protocol::Project;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::*;
use crate::store::memory::{Disk as Platter, MemoryStore};

/// A project's folder and a store, without a service.
struct House {
    platter: Platter,
    store: Arc<dyn Store>,
    now: Timestamp,
}

impl House {
    fn new() -> Self {
        let platter = Platter::prompt();
        let store = Arc::new(MemoryStore::open(&platter, 1));
        Self { platter, store, now: "2026-03-12T12:00:00Z".parse().unwrap() }
    }

    fn compiler() -> Arc<dyn Compiler> {
        Arc::new(Checked { project: Project::default(), language: Language::Portuguese })
    }

    async fn start(&mut self, disk: &Disk) -> Result<Releases, PublishError> {
        self.start_with(disk, true).await
    }

    /// The process before is gone.
    async fn start_with(&mut self, disk: &Disk, publishes: bool) -> Result<Releases, PublishError> {
        self.platter.crash();
        self.store = Arc::new(MemoryStore::open(&self.platter, 1));
        self.now += SignedDuration::from_hours(1);
        Releases::open(Arc::clone(&self.store), Self::compiler(), disk, self.now, publishes).await
    }

    fn announce(&self, occasion: Occasion) -> Announcement {
        Announcement { by: "ana".to_owned(), occasion, reason: None, at: self.now }
    }

    async fn history(&self) -> Vec<Occasion> {
        self.store.publications(99).await.unwrap().into_iter().map(|one| one.occasion).collect()
    }
}

/// A flow that says a text, and a test that expects one.
fn disk(says: &str, expected: &str) -> Disk {
    let flow = json!({
        "format": 1, "flow": "oi", "title": "Oi", "start": "fim", "triggers": [{ "when": "default" }],
        "nodes": { "fim": { "type": "end", "outcome": "ok", "text": says } }
    });
    let test = json!({
        "format": 1, "flow": "oi", "now": "2026-03-12T09:00:00-03:00",
        "cases": [{ "title": "diz", "steps": [{ "expect": { "text": expected, "end": "ok" } }] }]
    });
    Disk {
        flows: vec![("flows/oi.json".to_owned(), flow.to_string())],
        tests: vec![("flows/tests/oi.test.json".to_owned(), test.to_string())],
    }
}

fn clean(says: &str) -> Disk {
    disk(says, says)
}

fn broken() -> Disk {
    Disk { flows: vec![("flows/oi.json".to_owned(), "{".to_owned())], tests: Vec::new() }
}

fn id(disk: &Disk) -> ReleaseId {
    House::compiler().read(&disk.flows).unwrap().id().clone()
}

#[tokio::test]
async fn the_first_start_needs_flows_without_errors() {
    let mut house = House::new();
    let refused = house.start(&broken()).await;
    assert!(matches!(refused, Err(PublishError::Refused(verdict)) if verdict.findings.len() == 1));
    assert!(matches!(house.start(&Disk::default()).await, Err(PublishError::Refused(_))));
    assert_eq!(house.history().await, []);
    // There is nothing better to play than flows whose tests fail.
    let releases = house.start(&disk("Oi", "Olá")).await.unwrap();
    assert_eq!(releases.current().id(), &id(&clean("Oi")));
    assert_eq!(house.history().await, [Occasion::Start]);
}

#[tokio::test]
async fn a_start_goes_on_with_what_was_current_unless_the_disk_has_something_better() {
    let mut house = House::new();
    house.start(&clean("um")).await.unwrap();
    let releases = house.start(&clean("um")).await.unwrap();
    assert_eq!((releases.current().id(), house.history().await.len()), (&id(&clean("um")), 1));
    for worse in [broken(), disk("dois", "três"), Disk::default()] {
        let releases = house.start(&worse).await.unwrap();
        assert_eq!((releases.current().id(), house.history().await.len()), (&id(&clean("um")), 1));
    }
    let releases = house.start_with(&clean("dois"), false).await.unwrap();
    assert_eq!((releases.current().id(), house.history().await.len()), (&id(&clean("um")), 1));
    let releases = house.start(&clean("dois")).await.unwrap();
    assert_eq!((releases.current().id(), house.history().await.len()), (&id(&clean("dois")), 2));
}

#[tokio::test]
async fn a_return_holds_over_restarts_until_the_files_change() {
    let mut house = House::new();
    house.start(&clean("bom")).await.unwrap();
    let releases = house.start(&clean("ruim")).await.unwrap();
    let to = releases.before(None).await.unwrap();
    assert_eq!(to, id(&clean("bom")));
    let went =
        releases.go_back(&to, clean("ruim").digest(), &house.announce(Occasion::Rollback)).await.unwrap();
    assert_eq!(went, Published { before: id(&clean("ruim")), now: to.clone() });
    assert_eq!(releases.current().id(), &to);
    assert!(matches!(releases.before(None).await, Err(RollbackError::NothingBefore)));
    for _ in 0..2 {
        let releases = house.start(&clean("ruim")).await.unwrap();
        assert_eq!(releases.current().id(), &to, "the files are those that were left");
    }
    // Other tests, or other file names, are no other flows.
    let renamed = Disk { tests: Vec::new(), ..clean("ruim") };
    assert_eq!(house.start(&renamed).await.unwrap().current().id(), &to);
    assert_eq!(house.start(&broken()).await.unwrap().current().id(), &to);
    let history = house.history().await;
    assert_eq!(history, [Occasion::Rollback, Occasion::Start, Occasion::Start]);

    let releases = house.start(&clean("melhor")).await.unwrap();
    assert_eq!(releases.current().id(), &id(&clean("melhor")));
    assert_eq!(releases.before(None).await.unwrap(), to, "not what one went back from");
}

#[tokio::test]
async fn the_files_that_were_left_are_published_by_command_or_once_they_were_others() {
    let mut house = House::new();
    house.start(&clean("bom")).await.unwrap();
    let releases = house.start(&clean("ruim")).await.unwrap();
    let (good, bad) = (id(&clean("bom")), id(&clean("ruim")));
    let back = house.announce(Occasion::Rollback);
    releases.go_back(&good, clean("ruim").digest(), &back).await.unwrap();
    let command = house.announce(Occasion::Command);
    assert!(releases.publish(&clean("ruim"), &command).await.unwrap().changed());
    assert_eq!(releases.current().id(), &bad);

    releases.go_back(&good, clean("ruim").digest(), &back).await.unwrap();
    let edit = house.announce(Occasion::Edit);
    assert!(!releases.publish(&clean("bom"), &edit).await.unwrap().changed(), "the files were put back");
    let releases = house.start(&clean("ruim")).await.unwrap();
    assert_eq!(releases.current().id(), &bad, "and changed again");
}

#[tokio::test]
async fn what_has_errors_or_fails_its_tests_is_not_published() {
    let mut house = House::new();
    let releases = house.start(&clean("um")).await.unwrap();
    let command = house.announce(Occasion::Command);
    let Err(PublishError::Refused(verdict)) = releases.publish(&broken(), &command).await else {
        panic!("it has errors")
    };
    assert_eq!((verdict.findings.len(), verdict.tested.clone()), (1, Tested::default()));
    let Err(PublishError::Refused(verdict)) = releases.publish(&disk("dois", "três"), &command).await else {
        panic!("its test fails")
    };
    assert_eq!((verdict.findings.len(), verdict.tested.failures.len()), (0, 1));
    assert_eq!(releases.current().id(), &id(&clean("um")));
    assert_eq!(house.history().await.len(), 1);
    // Only the tests are put right: the verdict of before does not stick.
    assert!(releases.publish(&clean("dois"), &command).await.unwrap().changed());
}

#[tokio::test]
async fn one_goes_back_to_a_release_by_the_beginning_of_its_name() {
    let mut house = House::new();
    let releases = house.start(&clean("um")).await.unwrap();
    for says in ["dois", "três"] {
        releases.publish(&clean(says), &house.announce(Occasion::Command)).await.unwrap();
    }
    let wanted = id(&clean("um"));
    assert_eq!(releases.before(Some(&wanted.as_str()[..20])).await.unwrap(), wanted);
    assert!(matches!(releases.before(Some("")).await, Err(RollbackError::Ambiguous(_))));
    assert!(matches!(releases.before(Some("x")).await, Err(RollbackError::Unknown(_))));
    let current = id(&clean("três"));
    assert!(matches!(releases.before(Some(current.as_str())).await, Err(RollbackError::Current(_))));
    assert_eq!(releases.before(None).await.unwrap(), id(&clean("dois")));
    let gone =
        releases.go_back(&"r".into(), clean("três").digest(), &house.announce(Occasion::Rollback)).await;
    assert!(matches!(gone, Err(RollbackError::Unreadable(_))));
}

#[tokio::test]
async fn a_current_release_that_cannot_be_read_any_more_gives_way_to_the_disk() {
    let mut house = House::new();
    let last = house.announce(Occasion::Command).publication(&"velha".into(), clean("um").digest());
    house.store.publish(&last, &vec![("oi.json".to_owned(), "{}".to_owned())]).await.unwrap();
    assert!(matches!(house.start(&broken()).await, Err(PublishError::Refused(_))));
    let releases = house.start_with(&clean("um"), false).await.unwrap();
    assert_eq!(releases.current().id(), &id(&clean("um")));
    let resting = Releases::resting(Arc::clone(&house.store), House::compiler()).await.unwrap();
    assert_eq!(resting.current().id(), &id(&clean("um")));
}
