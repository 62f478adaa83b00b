//! The phones: what their owners send, and what they see.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Path, Query, State},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Refusal,
    sending::{Sending, Shown, send_one, write},
};
use crate::{
    live::Change,
    phone::{
        entry::{Author, Choice, Entry, Media},
        number,
    },
    seed::patients::DEMO,
    shared::Shared,
};

/// The profile name of a demo patient's account.
pub(super) fn demo_name(wa_id: &str) -> Option<&'static str> {
    DEMO.iter()
        .find(|demo| number::variants(demo.phone).iter().any(|variant| variant == wa_id))
        .map(|demo| demo.name)
}

pub(super) async fn list(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let people: Vec<Value> = DEMO
        .iter()
        .map(|demo| {
            json!({
                "phone": demo.phone,
                "name": demo.name,
                "cpf": demo.cpf,
                "birth": demo.birth.to_string(),
                "story": demo.story,
                "appointments_tomorrow": demo.tomorrow,
            })
        })
        .collect();
    let chats = shared.phones.lock();
    let accounts: Vec<Value> = chats
        .values()
        .map(|chat| {
            let mut account = json!(chat.account);
            account["messages"] = json!(chat.entries.len());
            account["last"] = json!(chat.entries.last().and_then(|entry| entry.text.clone()));
            account
        })
        .collect();
    Json(json!({ "people": people, "accounts": accounts }))
}

pub(super) async fn say(
    State(shared): State<Arc<Shared>>,
    Path(phone): Path<String>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, Refusal> {
    if body["text"].as_str().is_none() {
        return Err(Refusal::missing("text"));
    }
    send(&shared, &phone, &body).await
}

pub(super) async fn tap(
    State(shared): State<Arc<Shared>>,
    Path(phone): Path<String>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, Refusal> {
    if ["id", "title", "payload"].iter().all(|name| body[*name].as_str().is_none()) {
        return Err(Refusal::missing("id, title or payload"));
    }
    send(&shared, &phone, &body).await
}

pub(super) async fn message(
    State(shared): State<Arc<Shared>>,
    Path(phone): Path<String>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, Refusal> {
    if !body["message"].is_object() {
        return Err(Refusal::missing("message"));
    }
    send(&shared, &phone, &body).await
}

async fn send(shared: &Arc<Shared>, phone: &str, body: &Value) -> Result<Json<Value>, Refusal> {
    let (content, shown, context) = content(shared, phone, body)?;
    let sending = Sending::parse(body)?.with_context(context);
    let written = write(shared, phone, &sending, content, shown);
    Ok(send_one(shared, &sending, written).await)
}

/// A message's own members, what the chat shows of it, and the message that it answers.
pub(super) fn content(
    shared: &Shared,
    phone: &str,
    body: &Value,
) -> Result<(Value, Shown, Option<String>), Refusal> {
    if body["message"].is_object() {
        let content = body["message"].clone();
        let kind = content["type"].as_str().unwrap_or("unknown").to_owned();
        let text = content["text"]["body"].as_str().map(str::to_owned);
        return Ok((content, Shown { kind, text, ..Shown::default() }, None));
    }
    if body["id"].is_string() || body["title"].is_string() || body["payload"].is_string() {
        return tapped(shared, phone, body);
    }
    let text = body["text"].as_str().ok_or_else(|| Refusal::missing("text, id or message"))?;
    let shown = Shown { kind: "text".into(), text: Some(text.to_owned()), ..Shown::default() };
    Ok((json!({ "text": { "body": text }, "type": "text" }), shown, None))
}

fn tapped(shared: &Shared, phone: &str, body: &Value) -> Result<(Value, Shown, Option<String>), Refusal> {
    let wa_id = shared.phones.open(phone, &shared.settings().clone());
    let wanted = body["id"].as_str().or(body["payload"].as_str());
    let title = body["title"].as_str().or(body["text"].as_str());
    let on = body["wamid_of"].as_str().or(body["context"].as_str());
    let is = |choice: &&Choice| match (wanted, title) {
        (Some(id), _) => choice.id == id && choice.url.is_none(),
        (None, Some(title)) => choice.title == title && choice.url.is_none(),
        (None, None) => false,
    };
    let found: Option<(Entry, Choice)> = {
        let chats = shared.phones.lock();
        let entries = chats.get(&wa_id).map(|chat| chat.entries.as_slice()).unwrap_or_default();
        let mut newest = entries
            .iter()
            .rev()
            .filter(|entry| entry.from == Author::Service && on.is_none_or(|on| entry.wamid == on));
        newest.find_map(|entry| {
            Some((entry.clone(), entry.buttons.iter().chain(&entry.rows).find(is)?.clone()))
        })
    };
    let (shape, choice, context) = match found {
        Some((entry, choice)) => {
            let shape = match entry.kind.as_str() {
                "template" => "button",
                _ if entry.rows.is_empty() => "button_reply",
                _ => "list_reply",
            };
            (shape, choice, Some(entry.wamid))
        }
        None => {
            let id = wanted.ok_or_else(|| Refusal::not_found("button or row with this title"))?;
            let shape = body["as"].as_str().unwrap_or(if body["payload"].is_string() {
                "button"
            } else {
                "button_reply"
            });
            (shape, Choice { id: id.into(), title: title.unwrap_or(id).into(), ..Choice::default() }, None)
        }
    };
    let content = match shape {
        "button" => json!({ "type": "button", "button": { "payload": choice.id, "text": choice.title } }),
        "button_reply" => {
            json!({ "type": "interactive", "interactive": { "type": "button_reply", "button_reply": { "id": choice.id, "title": choice.title } } })
        }
        "list_reply" => {
            let mut reply = json!({ "id": choice.id, "title": choice.title });
            if let Some(description) = &choice.description {
                reply["description"] = json!(description);
            }
            json!({ "type": "interactive", "interactive": { "type": "list_reply", "list_reply": reply } })
        }
        other => return Err(Refusal::bad(format!("unknown shape of a tap: {other}"))),
    };
    let shown =
        Shown { kind: "tap".into(), text: Some(choice.title), choice: Some(choice.id), ..Shown::default() };
    Ok((content, shown, context))
}

/// A one-pixel picture, for who has none at hand.
const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

pub(super) async fn media(
    State(shared): State<Arc<Shared>>,
    Path(phone): Path<String>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, Refusal> {
    let kind = body["kind"].as_str().unwrap_or("image");
    let usual = match kind {
        "image" => "image/png",
        "document" => "application/pdf",
        "audio" => "audio/ogg; codecs=opus",
        "video" => "video/mp4",
        "sticker" => "image/webp",
        other => return Err(Refusal::bad(format!("unknown kind {other}"))),
    };
    let mime_type = body["mime_type"].as_str().unwrap_or(usual);
    let bytes = STANDARD
        .decode(body["base64"].as_str().unwrap_or(PIXEL))
        .map_err(|error| Refusal::bad(format!("base64: {error}")))?;
    let filename = body["filename"].as_str().map(str::to_owned);
    let item = shared.media.receive(shared.clock.now_ms(), mime_type, filename.clone(), &bytes);
    let caption = body["caption"].as_str().map(str::to_owned);
    let mut object = json!({ "id": item.id, "mime_type": mime_type, "sha256": item.sha256() });
    if let Some(caption) = &caption {
        object["caption"] = json!(caption);
    }
    match kind {
        "document" => object["filename"] = json!(filename.clone().unwrap_or_else(|| "documento.pdf".into())),
        "audio" => object["voice"] = json!(true),
        "sticker" => object["animated"] = json!(false),
        _ => {}
    }
    let mut content = json!({ "type": kind });
    content[kind] = object;
    let media = Media {
        kind: kind.to_owned(),
        url: format!("/media/{}", item.id),
        id: Some(item.id),
        mime_type: Some(mime_type.to_owned()),
        filename,
        caption,
    };
    let sending = Sending::parse(&body)?;
    let written = write(
        &shared,
        &phone,
        &sending,
        content,
        Shown { kind: kind.to_owned(), media: Some(media), ..Shown::default() },
    );
    Ok(send_one(&shared, &sending, written).await)
}

pub(super) async fn location(
    State(shared): State<Arc<Shared>>,
    Path(phone): Path<String>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, Refusal> {
    let mut place = json!({
        "latitude": body["latitude"].as_f64().ok_or_else(|| Refusal::missing("latitude"))?,
        "longitude": body["longitude"].as_f64().ok_or_else(|| Refusal::missing("longitude"))?,
    });
    for optional in ["name", "address"] {
        // `name` is also the profile's, in the options; a place has its own under `place`.
        let given = if optional == "name" { &body["place"] } else { &body[optional] };
        if given.is_string() {
            place[optional] = given.clone();
        }
    }
    let sending = Sending::parse(&body)?;
    let content = json!({ "type": "location", "location": place });
    let written = write(
        &shared,
        &phone,
        &sending,
        content,
        Shown { kind: "location".into(), location: Some(place), ..Shown::default() },
    );
    Ok(send_one(&shared, &sending, written).await)
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    after: u64,
    #[serde(default)]
    wait_ms: u64,
    count: Option<usize>,
    from: Option<Author>,
    status: Option<String>,
    contains: Option<String>,
}

pub(super) async fn transcript(
    State(shared): State<Arc<Shared>>,
    Path(phone): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Json<Value> {
    let look = || -> Vec<Entry> {
        let wa_id = known(&shared, &phone);
        let chats = shared.phones.lock();
        let entries =
            wa_id.and_then(|wa_id| chats.get(&wa_id)).map(|chat| chat.entries.as_slice()).unwrap_or_default();
        let contains = |entry: &Entry, text: &str| {
            let choices = entry.buttons.iter().chain(&entry.rows).map(|choice| &choice.title);
            entry.text.iter().chain(choices).any(|have| have.contains(text))
        };
        entries[entries.partition_point(|entry| entry.n <= wanted.after)..]
            .iter()
            .filter(|entry| wanted.from.is_none_or(|from| entry.from == from))
            .filter(|entry| wanted.status.as_ref().is_none_or(|status| entry.has(status)))
            .filter(|entry| wanted.contains.as_ref().is_none_or(|text| contains(entry, text)))
            .cloned()
            .collect()
    };
    let enough = wanted.count.unwrap_or(1);
    let limit = Duration::from_millis(wanted.wait_ms.min(120_000));
    let found =
        shared.live.wait_for_chat(&phone, limit, || Some(look()).filter(|found| found.len() >= enough)).await;
    let messages = found.unwrap_or_else(look);
    let wa_id = known(&shared, &phone);
    let chats = shared.phones.lock();
    let chat = wa_id.as_ref().and_then(|wa_id| chats.get(wa_id));
    let now = shared.clock.now_ms();
    Json(json!({
        "phone": wa_id,
        "name": chat.map(|chat| &chat.account.name),
        "messages": messages,
        "last": chat.and_then(|chat| chat.entries.last()).map_or(0, |entry| entry.n),
        "typing": chat.is_some_and(|chat| chat.typing_until_ms > now),
        "window_open": chat.is_some_and(|chat| chat.window_open(now)),
        "failed": chat.map(|chat| &chat.failed),
    }))
}

/// The chat of a number, if there is one.
fn known(shared: &Shared, phone: &str) -> Option<String> {
    let chats = shared.phones.lock();
    number::variants(phone).into_iter().find(|variant| chats.contains_key(variant))
}

pub(super) async fn wipe(State(shared): State<Arc<Shared>>, Path(phone): Path<String>) -> Json<Value> {
    if let Some(wa_id) = known(&shared, &phone) {
        shared.phones.wipe(&wa_id);
        shared.live.tell(Change::Chat { phone: wa_id });
    }
    Json(json!({ "ok": true }))
}

pub(super) async fn window(
    State(shared): State<Arc<Shared>>,
    Path(phone): Path<String>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, Refusal> {
    let open = body["open"].as_bool().ok_or_else(|| Refusal::missing("open"))?;
    let wa_id = shared.phones.open(&phone, &shared.settings().clone());
    let now = shared.clock.now_ms();
    shared.phones.change(&wa_id, |account| account.last_inbound_ms = Some(if open { now } else { 0 }));
    shared.live.tell(Change::Chat { phone: wa_id });
    Ok(Json(json!({ "open": open })))
}
