//! The WhatsApp Cloud API as a business sees it (whatsapp-cloud.md §6 to §12), under `/graph`.

mod checks;
mod error;
pub(crate) mod limits;
pub(crate) mod media;
pub(crate) mod messages;
mod multipart;
pub(crate) mod templates;

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, Uri, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;

use self::error::GraphError;
use crate::shared::Shared;

/// Every call of the Graph API.
pub(crate) async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    route(&shared, &method, &uri, &headers, &body).await.unwrap_or_else(IntoResponse::into_response)
}

async fn route(
    shared: &Arc<Shared>,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Response, GraphError> {
    let path = uri.path().strip_prefix("/graph").unwrap_or(uri.path());
    let query = uri.query().unwrap_or_default();
    check_bearer(shared, headers)?;
    if path == "/attachments/" {
        return Ok(media::download(shared, query));
    }
    let mut segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    // The version is optional (§1).
    if segments
        .first()
        .is_some_and(|first| first.starts_with('v') && first[1..].starts_with(|c: char| c.is_ascii_digit()))
    {
        segments.remove(0);
    }
    let id = segments.first().copied().unwrap_or_default();
    let number = id == shared.options.phone_number_id;
    let waba = id == shared.options.waba_id;
    match (method.as_str(), segments.get(1).copied()) {
        ("POST", Some("messages")) if number => messages::send(shared, path, body).await,
        ("POST", Some("media")) if number => media::upload(shared, headers, body),
        ("GET", None) if number => Ok(Json(number_details(shared)).into_response()),
        ("POST", Some("register")) if number => Ok(success()),
        ("GET", Some("phone_numbers")) if waba => {
            Ok(Json(json!({ "data": [number_details(shared)] })).into_response())
        }
        ("POST" | "DELETE", Some("subscribed_apps")) if waba => Ok(success()),
        ("GET", Some("subscribed_apps")) if waba => Ok(Json(json!({ "data": [] })).into_response()),
        ("GET", Some("message_templates")) if waba => list_templates(shared, query),
        ("GET", None) => media::address(shared, id).ok_or_else(|| GraphError::unknown_object(id)),
        ("DELETE", None) => media::delete(shared, id).ok_or_else(|| GraphError::unknown_object(id)),
        _ => Err(GraphError::unknown_object(id)),
    }
}

fn check_bearer(shared: &Shared, headers: &HeaderMap) -> Result<(), GraphError> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if bool::from(token.as_bytes().ct_eq(shared.options.access_token.as_bytes())) {
        return Ok(());
    }
    Err(GraphError::unauthorized())
}

fn success() -> Response {
    Json(json!({ "success": true })).into_response()
}

fn number_details(shared: &Shared) -> Value {
    json!({
        "id": shared.options.phone_number_id,
        "display_phone_number": shared.options.display_phone,
        "verified_name": shared.registry.hospital.name,
        "quality_rating": "GREEN",
        "name_status": "APPROVED",
        "code_verification_status": "VERIFIED",
        "throughput": { "level": "STANDARD" },
        "whatsapp_business_manager_messaging_limit": "TIER_100K",
    })
}

/// Pages by cursor; a cursor that we never gave is 131059.
fn list_templates(shared: &Shared, query: &str) -> Result<Response, GraphError> {
    let member = |name: &str| {
        query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    };
    let mut list = shared.templates.list();
    if let Some(name) = member("name") {
        list.retain(|template| template["name"] == name);
    }
    if let Some(status) = member("status") {
        list.retain(|template| template["status"] == status);
    }
    let limit = member("limit").and_then(|limit| limit.parse().ok()).unwrap_or(25_usize).max(1);
    let start = match member("after") {
        None => 0,
        Some(cursor) => cursor
            .strip_prefix("MjQZD")
            .and_then(|at| at.parse::<usize>().ok())
            .filter(|at| *at <= list.len())
            .ok_or_else(|| GraphError::new(400, 131_059, "Invalid cursor"))?,
    };
    let end = (start + limit).min(list.len());
    let mut paging =
        json!({ "cursors": { "before": format!("MjQZD{start}"), "after": format!("MjQZD{end}") } });
    if end < list.len() {
        paging["next"] = json!(format!(
            "{}/graph/v26.0/{}/message_templates?after=MjQZD{end}&limit={limit}",
            shared.url, shared.options.waba_id
        ));
    }
    let page: Vec<Value> = list[start..end].to_vec();
    Ok(Json(json!({ "data": page, "paging": paging })).into_response())
}
