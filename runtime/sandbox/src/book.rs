//! The book of everything that was asked of the outside world, and of every webhook it sent.

use std::{collections::VecDeque, sync::Mutex};

use serde::Serialize;
use serde_json::{Value, json};

/// Older entries are dropped.
const KEPT: usize = 20_000;
/// Longer bodies are noted by their length only.
const BODY: usize = 64 * 1024;

/// One request.
#[derive(Clone, Serialize)]
pub(crate) struct Entry {
    pub(crate) n: u64,
    /// `rm`, `graph` or `webhook` (the last one is ours, to the service).
    pub(crate) target: &'static str,
    pub(crate) method: String,
    /// Without the base: `/api/hcg/v2/appointments`.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) body: Value,
    /// `basic`, `bearer` or empty: never the credential itself.
    pub(crate) auth: &'static str,
    pub(crate) time: String,
    /// Absent while the request is open, and for good where the connection was cut.
    pub(crate) status: Option<u16>,
    pub(crate) answer: Value,
    pub(crate) took_ms: Option<u64>,
    /// The fault that was applied, where one was.
    pub(crate) fault: Option<String>,
    /// The chat that the request is about, where there is one.
    pub(crate) phone: Option<String>,
}

#[derive(Default)]
pub(crate) struct Book {
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    last: u64,
    list: VecDeque<Entry>,
}

impl Book {
    /// Notes a request and gives its number.
    pub(crate) fn open(&self, mut entry: Entry) -> u64 {
        let mut entries = self.entries.lock().expect("no holder panics");
        entries.last += 1;
        entry.n = entries.last;
        if entries.list.len() == KEPT {
            entries.list.pop_front();
        }
        entries.list.push_back(entry);
        entries.last
    }

    /// Adds to an entry what became of it.
    pub(crate) fn close(&self, n: u64, change: impl FnOnce(&mut Entry)) {
        let mut entries = self.entries.lock().expect("no holder panics");
        if let Ok(at) = entries.list.binary_search_by_key(&n, |entry| entry.n) {
            change(&mut entries.list[at]);
        }
    }

    /// The entries after a number that a test asks for, oldest first.
    pub(crate) fn list(&self, after: u64, wanted: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        let entries = self.entries.lock().expect("no holder panics");
        let first = entries.list.partition_point(|entry| entry.n <= after);
        entries.list.iter().skip(first).filter(|entry| wanted(entry)).cloned().collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.entries.lock().expect("no holder panics").list.len()
    }

    pub(crate) fn clear(&self) {
        self.entries.lock().expect("no holder panics").list.clear();
    }
}

/// A body as the book keeps it: JSON where it is JSON, without passwords and tokens.
pub(crate) fn noted(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    if bytes.len() > BODY {
        return json!({ "bytes": bytes.len() });
    }
    match serde_json::from_slice::<Value>(bytes) {
        Ok(mut value) => {
            if let Value::Object(members) = &mut value {
                for (name, member) in members {
                    if matches!(name.as_str(), "password" | "access_token" | "refresh_token") {
                        *member = json!("…");
                    }
                }
            }
            value
        }
        Err(_) => match std::str::from_utf8(bytes) {
            Ok(text) => json!(text),
            Err(_) => json!({ "bytes": bytes.len() }),
        },
    }
}
