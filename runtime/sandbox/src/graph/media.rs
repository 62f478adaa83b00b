//! Media: uploaded by the service, sent by patients, fetched with a short-lived address (whatsapp-cloud.md §8).

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Json,
    body::Body,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{error::GraphError, multipart};
use crate::{journal::Journal, phone::entry::Media, seed::Random, shared::Shared};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Life of what the service uploads.
const UPLOADED_MS: i64 = 30 * DAY_MS;
/// Life of what patients send.
const RECEIVED_MS: i64 = 7 * DAY_MS;
/// Life of an address.
const ADDRESS_MS: i64 = 5 * 60 * 1000;
/// What is larger is not kept across restarts.
const KEPT_BYTES: usize = 2 << 20;

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) mime_type: String,
    pub(crate) filename: Option<String>,
    expires_ms: i64,
    /// Base64.
    data: String,
}

impl Item {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        STANDARD.decode(self.data.as_bytes()).unwrap_or_default()
    }

    /// Base64, as webhooks carry it.
    pub(crate) fn sha256(&self) -> String {
        STANDARD.encode(Sha256::digest(self.bytes()))
    }
}

pub(crate) struct MediaShelf {
    journal: Arc<Journal>,
    items: Mutex<BTreeMap<String, Item>>,
}

impl MediaShelf {
    pub(crate) fn new(journal: Arc<Journal>, held: &BTreeMap<String, Value>) -> Self {
        let items = held
            .iter()
            .filter(|(key, _)| key.starts_with("media/"))
            .filter_map(|(_, value)| serde_json::from_value::<Item>(value.clone()).ok())
            .map(|item| (item.id.clone(), item))
            .collect();
        Self { journal, items: Mutex::new(items) }
    }

    pub(crate) fn clear(&self) {
        self.items.lock().expect("no holder panics").clear();
    }

    /// Puts what a patient sends on the shelf.
    pub(crate) fn receive(
        &self,
        now_ms: i64,
        mime_type: &str,
        filename: Option<String>,
        bytes: &[u8],
    ) -> Item {
        self.put(now_ms, RECEIVED_MS, mime_type, filename, bytes)
    }

    fn put(
        &self,
        now_ms: i64,
        life_ms: i64,
        mime_type: &str,
        filename: Option<String>,
        bytes: &[u8],
    ) -> Item {
        let mut items = self.items.lock().expect("no holder panics");
        let mut random = Random::of(&[now_ms as u64, items.len() as u64]);
        let item = Item {
            id: format!("10{}", random.digits(14)),
            mime_type: mime_type.to_owned(),
            filename,
            expires_ms: now_ms + life_ms,
            data: STANDARD.encode(bytes),
        };
        if bytes.len() <= KEPT_BYTES {
            self.journal.put(&format!("media/{}", item.id), &item);
        }
        items.insert(item.id.clone(), item.clone());
        item
    }

    /// An item that has not expired.
    pub(crate) fn get(&self, id: &str, now_ms: i64) -> Option<Item> {
        let items = self.items.lock().expect("no holder panics");
        items.get(id).filter(|item| now_ms < item.expires_ms).cloned()
    }

    fn remove(&self, id: &str) -> bool {
        self.journal.remove(&format!("media/{id}"));
        self.items.lock().expect("no holder panics").remove(id).is_some()
    }
}

/// What the phone shows of a media object, by id or by link.
pub(crate) fn shown(kind: &str, object: &Value) -> Media {
    let text = |name: &str| object[name].as_str().map(str::to_owned);
    let id = text("id");
    let url = text("link").or_else(|| id.as_ref().map(|id| format!("/media/{id}"))).unwrap_or_default();
    Media {
        kind: kind.to_owned(),
        url,
        id,
        mime_type: None,
        filename: text("filename"),
        caption: text("caption"),
    }
}

/// `POST /{phone_number_id}/media`.
pub(crate) fn upload(shared: &Shared, headers: &HeaderMap, body: &[u8]) -> Result<Response, GraphError> {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let parts =
        multipart::parts(content_type, body).ok_or_else(|| GraphError::parameter("Invalid parameter"))?;
    let field = |name: &str| parts.iter().find(|part| part.name == name);
    if field("messaging_product").is_none_or(|part| part.bytes != b"whatsapp") {
        return Err(GraphError::parameter("The parameter messaging_product is required."));
    }
    let file = field("file").ok_or_else(|| GraphError::parameter("The parameter file is required."))?;
    let declared = field("type").and_then(|part| std::str::from_utf8(part.bytes).ok());
    let mime_type = file.content_type.as_deref().or(declared).unwrap_or_default();
    let limit = limit(mime_type).ok_or_else(|| {
        GraphError::parameter(format!(
            "Param file must be a file with one of the supported types. Received file of type '{mime_type}'."
        ))
    })?;
    if file.bytes.len() > limit {
        return Err(GraphError::new(400, 131_053, "Media upload error")
            .details(format!("file exceeds the limit of {limit} bytes")));
    }
    let item =
        shared.media.put(shared.clock.now_ms(), UPLOADED_MS, mime_type, file.filename.clone(), file.bytes);
    Ok(Json(json!({ "id": item.id })).into_response())
}

/// Largest outbound file of a type; `None` for a type that is not accepted.
fn limit(mime_type: &str) -> Option<usize> {
    const KB: usize = 1 << 10;
    const MB: usize = 1 << 20;
    match mime_type.split(';').next().unwrap_or_default().trim() {
        "image/jpeg" | "image/png" => Some(5 * MB),
        "image/webp" => Some(500 * KB),
        "audio/aac" | "audio/amr" | "audio/mpeg" | "audio/mp4" | "audio/ogg" => Some(16 * MB),
        "video/mp4" | "video/3gpp" => Some(16 * MB),
        "text/plain"
        | "application/pdf"
        | "application/msword"
        | "application/vnd.ms-excel"
        | "application/vnd.ms-powerpoint" => Some(100 * MB),
        office if office.starts_with("application/vnd.openxmlformats-officedocument.") => Some(100 * MB),
        _ => None,
    }
}

/// `GET /{media_id}`: an address that works for five minutes.
pub(crate) fn address(shared: &Shared, id: &str) -> Option<Response> {
    let now = shared.clock.now_ms();
    let item = shared.media.get(id, now)?;
    let url = format!("{}/graph/attachments/?mid={id}&ext={}", shared.url, now + ADDRESS_MS);
    Some(
        Json(json!({
            "messaging_product": "whatsapp",
            "url": url,
            "mime_type": item.mime_type,
            "sha256": crate::phone::signature::hex(&Sha256::digest(item.bytes())),
            "file_size": item.bytes().len(),
            "id": id,
        }))
        .into_response(),
    )
}

/// `GET <address>`: the bytes. An address that is too old is as good as none.
pub(crate) fn download(shared: &Shared, query: &str) -> Response {
    let member = |name: &str| {
        query
            .split('&')
            .find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name))
            .map(|(_, value)| value)
    };
    let now = shared.clock.now_ms();
    let fresh = member("ext").and_then(|until| until.parse::<i64>().ok()).is_some_and(|until| now < until);
    match member("mid").and_then(|id| shared.media.get(id, now)).filter(|_| fresh) {
        Some(item) => bytes_of(&item),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The bytes with their type.
pub(crate) fn bytes_of(item: &Item) -> Response {
    let mut response = Response::new(Body::from(item.bytes()));
    if let Ok(value) = item.mime_type.parse() {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    response
}

/// `DELETE /{media_id}`.
pub(crate) fn delete(shared: &Shared, id: &str) -> Option<Response> {
    shared.media.remove(id).then(|| Json(json!({ "success": true })).into_response())
}
