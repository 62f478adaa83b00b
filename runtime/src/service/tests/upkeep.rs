//! A copy and a check while patients write, and a service on what was made of the copy.

use super::operators::asked;
use super::*;
use crate::operations::Reason;
use crate::operations::store::{Backup, Check};
use crate::store::upkeep::Review;

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_checked_and_copied_while_it_serves_and_goes_on_from_the_copy() {
    let (folder, graph) = (tempfile::tempdir().unwrap(), Scripted::start(accepted).await);
    let store = folder.path().join("store");
    let service = start(folder.path(), &graph.base()).await.unwrap();
    assert_eq!(Caller::new(&service).says("m.1", "oi").await, 200);
    said(&graph, 1).await;
    let found = asked(&store, Check { repair: false }).await.unwrap().unwrap();
    assert_eq!(found.findings, []);
    assert_eq!(found.tables["conversation"], 1);
    let refused = asked(&store, Check { repair: true }).await.unwrap().unwrap_err();
    assert_eq!(refused.reason, Reason::Refused);
    let file = folder.path().join("nightly");
    let backup = asked(&store, Backup { file: file.clone() }).await.unwrap().unwrap();
    assert_eq!((backup.unsound, backup.file.as_path()), (0, file.as_path()));
    let again = asked(&store, Backup { file: file.clone() }).await.unwrap().unwrap_err();
    assert_eq!(again.reason, Reason::Refused);
    assert_eq!(Caller::new(&service).says("m.2", "lost with the store").await, 200);
    said(&graph, 2).await;
    assert!(service.stop().await);

    std::fs::rename(&store, folder.path().join("store.before")).unwrap();
    let review = Review { reason: "from a backup".to_owned(), notice: "look".to_owned() };
    SledStore::restore(&file, &store, jiff::Timestamp::now(), &review).await.unwrap();
    let service = start(folder.path(), &graph.base()).await.unwrap();
    assert_eq!(asked(&store, Check { repair: false }).await.unwrap().unwrap().findings, []);
    // A message that the copy knows is a duplicate, one that it does not know is new.
    let before = graph.seen().len();
    assert_eq!(Caller::new(&service).says("m.1", "oi").await, 200);
    assert_eq!(Caller::new(&service).says("m.2", "lost with the store").await, 200);
    said(&graph, 3).await;
    assert!(graph.seen().len() > before);
    assert_eq!(asked(&store, Check { repair: false }).await.unwrap().unwrap().findings, []);
    assert!(service.stop().await);
}
