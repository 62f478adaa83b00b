//! A store that was restored from a backup goes on where the backup was taken: what the lost one asked since then is
//! not what this one asks.

use serde_json::json;

use super::refusals::{begin, library, said, world};
use crate::flow::Library;
use crate::protocol::{Content, Inbound, Resume, Wake, World};
use crate::resume;
use crate::session::Session;

fn menus() -> Library {
    let options = |next: &str| json!([{ "id": "a", "title": "A", "next": next }, { "id": "b", "title": "B", "next": next }]);
    library(&json!({
        "one": { "type": "menu", "text": "?", "options": options("two") },
        "two": { "type": "menu", "text": "?", "options": options("fim") },
        "fim": { "type": "end", "outcome": "ok" }
    }))
}

fn tap(library: &Library, session: Session, id: &str, epoch: u32) -> Session {
    let content = Content::Tap { id: id.to_owned(), title: "A".to_owned() };
    let message = Inbound { content, ..said("") };
    let wake = Wake::Message { message, asked_at: Some(world().now) };
    let world = World { epoch, ..world() };
    let (session, _) = resume(library, session, &Resume { world, wake }).expect("it hears");
    session
}

#[test]
fn an_answer_to_what_a_lost_store_asked_is_not_taken_for_another() {
    let library = menus();
    let backup = begin(&library);
    let asked_before = backup.wire_id("a").expect("a menu is open");

    let lost = tap(&library, backup.clone(), &asked_before, 1);
    let asked_since = lost.wire_id("a").expect("the second menu is open");
    assert!(tap(&library, lost, &asked_since, 1).is_ended(), "where it was asked, it is an answer");

    let restored = tap(&library, backup.clone(), &asked_before, 2);
    assert_eq!(restored.place()[0].1.as_str(), "two", "what was asked before the backup can be answered");
    assert_ne!(restored.wire_id("a"), Some(asked_since.clone()));
    let after = tap(&library, restored.clone(), &asked_since, 2);
    assert_eq!(after.place()[0].1.as_str(), "two", "the lost store's button is no answer here");
    let answer = after.wire_id("a").expect("the second menu is open still");
    assert!(tap(&library, after, &answer, 2).is_ended());

    let again = tap(&library, backup, &asked_before, 3);
    assert_ne!(again.wire_id("a"), restored.wire_id("a"), "the same backup, restored once more");
    let stored = Session::decode(&restored.encode()).expect("it is read");
    assert_eq!(stored, restored);
}
