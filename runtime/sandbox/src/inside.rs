//! What a program that runs the sandbox in its own process sees and does without HTTP: the control plane, chats and the book,
//! in plain types.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, header},
};
use jiff::Timestamp;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::{
    book,
    phone::{
        entry::{Author, Entry},
        number,
    },
    shared::Shared,
};

/// The most bytes of a control's answer.
const ANSWER: usize = 64 << 20;

/// One message of a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bubble {
    /// Position in the chat, from 1.
    pub n: u64,
    /// Whether the patient wrote it; the service did otherwise.
    pub by_patient: bool,
    /// The message's id.
    pub id: String,
    /// What stands in it.
    pub text: String,
    /// Titles of its buttons and rows.
    pub choices: Vec<String>,
    /// What the service asked to be echoed with its statuses.
    pub key: Option<String>,
    /// When it came, in milliseconds since the epoch.
    pub at_ms: i64,
    /// Of a patient's message: whether the webhook that carried it was answered with 200.
    pub acknowledged: bool,
}

/// One request of the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its number.
    pub n: u64,
    /// `rm`, `graph`, or `webhook` (ours, to the service).
    pub target: &'static str,
    /// The HTTP method.
    pub method: String,
    /// Without the base.
    pub path: String,
    /// When it began, in milliseconds since the epoch.
    pub at_ms: i64,
    /// How it was answered; absent while it is open, and for good where the connection was cut.
    pub status: Option<u16>,
    /// When its end came, in milliseconds since the epoch; absent while it is not known.
    pub over_ms: Option<i64>,
    /// Of a webhook: the ids of the patients' messages in it.
    pub messages: Vec<String>,
    /// Of a send, and of a webhook with statuses: what the service asked to be echoed.
    pub keys: Vec<String>,
    /// Of a request to RM: the patient's name in its body.
    pub patient: Option<String>,
}

/// The inside of a running sandbox.
#[derive(Clone)]
pub(crate) struct Inside {
    shared: Arc<Shared>,
    control: Router,
}

impl Inside {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        let control = crate::control::routes(shared).with_state(Arc::clone(shared));
        Self { shared: Arc::clone(shared), control }
    }

    pub(crate) async fn control(&self, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        let request = Request::builder()
            .method(method)
            .uri(format!("/control/{path}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(if body.is_null() { Body::empty() } else { Body::from(body.to_string()) })?;
        let response = self.control.clone().oneshot(request).await?;
        let status = response.status();
        let bytes = to_bytes(response.into_body(), ANSWER).await?;
        anyhow::ensure!(
            status.is_success(),
            "the sandbox refuses {method} {path}: {status} {}",
            String::from_utf8_lossy(&bytes)
        );
        Ok(serde_json::from_slice(&bytes)?)
    }

    pub(crate) async fn hear(&self, phone: &str, after: u64, limit: Duration) -> Vec<Bubble> {
        let look = || {
            let chats = self.shared.phones.lock();
            let chat = number::variants(phone).into_iter().find_map(|variant| chats.get(&variant))?;
            let new = chat.entries.partition_point(|entry| entry.n <= after);
            let heard = chat.entries[new..].iter().filter(|entry| entry.from == Author::Service);
            Some(heard.map(bubble).collect::<Vec<_>>()).filter(|heard| !heard.is_empty())
        };
        self.shared.live.wait_for_chat(phone, limit, look).await.unwrap_or_default()
    }

    pub(crate) fn chats(&self) -> BTreeMap<String, Vec<Bubble>> {
        let chats = self.shared.phones.lock();
        chats.iter().map(|(wa_id, chat)| (wa_id.clone(), chat.entries.iter().map(bubble).collect())).collect()
    }

    pub(crate) fn requests(&self, after: u64) -> Vec<Asked> {
        self.shared.book.list(after, |_| true).iter().map(asked).collect()
    }
}

fn bubble(entry: &Entry) -> Bubble {
    let choices = entry.buttons.iter().chain(&entry.rows);
    Bubble {
        n: entry.n,
        by_patient: entry.from == Author::Patient,
        id: entry.wamid.clone(),
        text: entry.text.clone().unwrap_or_default(),
        choices: choices.map(|choice| choice.title.clone()).collect(),
        key: entry.biz_opaque_callback_data.clone(),
        at_ms: milliseconds(&entry.time),
        acknowledged: entry.from == Author::Patient && entry.has("delivered"),
    }
}

fn asked(entry: &book::Entry) -> Asked {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let parts = |list: &'static str, member: &'static str| -> Vec<String> {
        let entries = entry.body["entry"].as_array().into_iter().flatten();
        let changes = entries.flat_map(|entry| entry["changes"].as_array().into_iter().flatten());
        let parts = changes.flat_map(|change| change["value"][list].as_array().into_iter().flatten());
        parts.filter_map(|part| text(&part[member])).collect()
    };
    let at_ms = milliseconds(&entry.time);
    Asked {
        n: entry.n,
        target: entry.target,
        method: entry.method.clone(),
        path: entry.path.clone(),
        at_ms,
        status: entry.status,
        over_ms: entry.took_ms.map(|took| at_ms.saturating_add_unsigned(took)),
        messages: parts("messages", "id"),
        keys: match entry.target {
            "graph" => text(&entry.body["biz_opaque_callback_data"]).into_iter().collect(),
            _ => parts("statuses", "biz_opaque_callback_data"),
        },
        patient: text(&entry.body["PatientName"]),
    }
}

/// A stamp of the sandbox's clock as a number.
fn milliseconds(stamp: &str) -> i64 {
    stamp.parse::<Timestamp>().map_or(0, Timestamp::as_millisecond)
}
