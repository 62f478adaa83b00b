//! Looking at the outside world, and changing its mood.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Path, Query, State},
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, StreamExt as _, stream};
use jiff::ToSpan;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;

use super::Refusal;
use crate::{book::Entry, live::Change, shared::Shared};

#[derive(Deserialize)]
pub(super) struct Wanted {
    path: Option<String>,
    target: Option<String>,
    method: Option<String>,
    #[serde(default)]
    after: u64,
    #[serde(default)]
    wait_ms: u64,
    count: Option<usize>,
    #[serde(default)]
    done: bool,
    last: Option<usize>,
}

pub(super) async fn requests(State(shared): State<Arc<Shared>>, Query(wanted): Query<Wanted>) -> Json<Value> {
    let is = |entry: &Entry| {
        (!wanted.done || entry.took_ms.is_some())
            && wanted.path.as_ref().is_none_or(|path| entry.path.starts_with(path.as_str()))
            && wanted.target.as_ref().is_none_or(|target| entry.target == target)
            && wanted.method.as_ref().is_none_or(|method| entry.method.eq_ignore_ascii_case(method))
    };
    let enough = wanted.count.unwrap_or(1);
    let limit = Duration::from_millis(wanted.wait_ms.min(120_000));
    let found = shared
        .live
        .wait(limit, || Some(shared.book.list(wanted.after, is)).filter(|list| list.len() >= enough))
        .await;
    let mut list = found.unwrap_or_else(|| shared.book.list(wanted.after, is));
    if let Some(last) = wanted.last {
        list.drain(..list.len().saturating_sub(last));
    }
    Json(json!({ "requests": list }))
}

pub(super) async fn state(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let today = shared.clock.today();
    let (appointments, patients, changed) = {
        let books = shared.registry.books(today);
        (books.appointments.len(), books.patients.len(), books.changed_count())
    };
    let (chats, messages) = {
        let chats = shared.phones.lock();
        (chats.len(), chats.values().map(|chat| chat.entries.len()).sum::<usize>())
    };
    let hospital = &shared.registry.hospital;
    Json(json!({
        "today": today.to_string(),
        "tomorrow": today.saturating_add(1.day()).to_string(),
        "hospital": hospital.name,
        "display_phone": shared.options.display_phone,
        "phone_number_id": shared.options.phone_number_id,
        "service": shared.service(),
        "service_reachable": shared.webhooks.reachable(),
        "desk_url": shared.desk(),
        "can_confirm": shared.options.api_token.is_some(),
        "specialties": hospital.specialties.len(),
        "doctors": hospital.doctors.len(),
        "units": hospital.units.len(),
        "patients": patients,
        "appointments": appointments,
        "appointments_changed": changed,
        "chats": chats,
        "messages": messages,
        "requests": shared.book.count(),
        "webhooks_pending": shared.webhooks.pending(),
        "clock_advanced_ms": shared.clock.advanced_ms(),
    }))
}

pub(super) async fn reset(State(shared): State<Arc<Shared>>) -> Json<Value> {
    shared.reset();
    Json(json!({ "ok": true }))
}

/// What changes, as it changes. The stream ends when the sandbox stops: an open one would hold it up.
pub(super) async fn events(
    State(shared): State<Arc<Shared>>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let watch = shared.live.watch();
    let changes = stream::unfold(watch, |mut watch| async move {
        match watch.recv().await {
            Ok(change) => Some((change, watch)),
            // Who was too slow looks at everything again.
            Err(RecvError::Lagged(_)) => Some((Change::Reset, watch)),
            Err(RecvError::Closed) => None,
        }
    });
    let stop = shared.stop.clone();
    let events = changes
        .map(|change| Ok(Event::default().data(serde_json::to_string(&change).unwrap_or_default())))
        .take_until(async move { stop.cancelled().await });
    Sse::new(events).keep_alive(KeepAlive::default())
}

pub(super) async fn faults(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({ "faults": shared.faults.list() }))
}

pub(super) async fn add_faults(
    State(shared): State<Arc<Shared>>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, Refusal> {
    let ids = shared.faults.add(&body).map_err(Refusal::bad)?;
    shared.live.tell(Change::Controls);
    Ok(Json(json!({ "ids": ids })))
}

pub(super) async fn clear_faults(State(shared): State<Arc<Shared>>) -> Json<Value> {
    shared.faults.clear(None);
    shared.live.tell(Change::Controls);
    Json(json!({ "ok": true }))
}

pub(super) async fn clear_fault(State(shared): State<Arc<Shared>>, Path(id): Path<u64>) -> Json<Value> {
    shared.faults.clear(Some(id));
    shared.live.tell(Change::Controls);
    Json(json!({ "ok": true }))
}

pub(super) async fn settings(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!(*shared.settings()))
}

pub(super) async fn change_settings(
    State(shared): State<Arc<Shared>>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, Refusal> {
    let changed = shared.settings().patched(&body).map_err(Refusal::bad)?;
    let shown = json!(changed);
    *shared.settings() = changed;
    shared.live.tell(Change::Controls);
    Ok(Json(shown))
}

pub(super) async fn put_template(
    State(shared): State<Arc<Shared>>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, Refusal> {
    let template = serde_json::from_value(body).map_err(|error| Refusal::bad(error.to_string()))?;
    shared.templates.put(template);
    Ok(Json(json!({ "ok": true })))
}

pub(super) async fn advance_clock(
    State(shared): State<Arc<Shared>>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, Refusal> {
    let seconds = body["advance_s"].as_i64().ok_or_else(|| Refusal::missing("advance_s"))?;
    shared.clock.advance(seconds * 1000);
    Ok(Json(
        json!({ "now": shared.clock.stamp(shared.clock.now_ms()), "today": shared.clock.today().to_string() }),
    ))
}

pub(super) async fn set_service(
    State(shared): State<Arc<Shared>>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, Refusal> {
    shared.set_service(body["url"].as_str().ok_or_else(|| Refusal::missing("url"))?);
    Ok(Json(json!({ "service": shared.service() })))
}

/// The subscription's handshake (whatsapp-cloud.md §2.1).
pub(super) async fn verify(
    State(shared): State<Arc<Shared>>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, Refusal> {
    let challenge = body["challenge"].as_str().unwrap_or("1158201444");
    let token = body["verify_token"].as_str().unwrap_or(&shared.options.verify_token);
    let mode = body["mode"].as_str().unwrap_or("subscribe");
    let query = [("hub.mode", mode), ("hub.challenge", challenge), ("hub.verify_token", token)];
    let url = format!("{}/webhooks/whatsapp", shared.service());
    let answer = shared.http.get(url).query(&query).timeout(Duration::from_secs(10)).send().await;
    let answer = answer
        .map_err(|error| Refusal::bad(format!("the service did not answer: {}", error.without_url())))?;
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap_or_default();
    Ok(Json(json!({ "status": status, "ok": status == 200 && text == challenge, "body": text })))
}

/// Asks the service to start the reminder for somebody, as a scheduler would.
pub(super) async fn confirmation(
    State(shared): State<Arc<Shared>>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, Refusal> {
    let token = shared
        .options
        .api_token
        .as_ref()
        .ok_or_else(|| Refusal::bad("the service's API token is not known"))?;
    let phone = body["phone"].as_str().ok_or_else(|| Refusal::missing("phone"))?;
    let name = super::phones::demo_name(phone)
        .map(str::to_owned)
        .or_else(|| body["name"].as_str().map(str::to_owned));
    let tomorrow = shared.clock.today().saturating_add(1.day()).to_string();
    let request = json!({
        "flow": body["flow"].as_str().unwrap_or("lembrete"),
        "to": { "phone": phone, "name": name },
        "inputs": { "data": body["data"].as_str().unwrap_or(&tomorrow) },
    });
    let url = format!("{}/api/sessions", shared.service());
    let answer =
        shared.http.post(url).bearer_auth(token).json(&request).timeout(Duration::from_secs(15)).send().await;
    let answer = answer
        .map_err(|error| Refusal::bad(format!("the service did not answer: {}", error.without_url())))?;
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap_or_default();
    let answered: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok(Json(json!({ "status": status, "request": request, "answer": answered })))
}
