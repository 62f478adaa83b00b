//! The stored form: what this version reads, and what it refuses.

use serde_json::json;

use super::refusals::{begin, library};
use crate::error::Error;
use crate::session::Session;

/// A session waiting at a menu, as version 1 stored it. It stays readable: never regenerate it.
const VERSION_1: &[u8] = include_bytes!("stored_v1.bin");

#[test]
fn what_version_1_stored_is_read() {
    let session = Session::decode(VERSION_1).expect("version 1 is read");
    assert_eq!(session.place(), [("f".into(), "m".into())]);
    assert_eq!(session.wait_id().expect("it waits").to_string(), "s1:2");
    assert_eq!(session.encode(), VERSION_1, "and written alike");
}

#[test]
fn other_bytes_are_refused_and_not_quoted() {
    let library =
        library(&json!({ "w": { "type": "ask", "text": "x", "answer": { "type": "text" }, "next": "w" } }));
    let bytes = begin(&library).encode();
    assert!(Session::decode(&bytes).is_ok());
    for damaged in [&bytes[..bytes.len() - 1], &bytes[..1], &[], b"\x01{}", b"\x01[1]", b"garbage"] {
        assert!(matches!(Session::decode(damaged), Err(Error::Stored(_))));
    }
    let mut later = bytes;
    later[0] = 99;
    let Err(Error::Stored(reason)) = Session::decode(&later) else { panic!("a later form was read") };
    assert_eq!(reason, "form 99 is not known, this engine writes 1");
}

#[test]
fn a_waiting_session_is_small() {
    let session = Session::decode(VERSION_1).expect("version 1 is read");
    assert!(session.encode().len() < 1500, "{} bytes", session.encode().len());
}
