//! The page with the phone, and the media that it shows.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::{graph::media, shared::Shared};

/// Scripts and styles are ours alone; pictures that the service sends by link, and the attendants' page, come from elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src * data: blob:; \
    media-src *; frame-src *; base-uri 'none'; form-action 'none'";

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(|| file("text/html; charset=utf-8", include_str!("page/index.html"))))
        .route("/page/{name}", get(asset))
        .route("/media/{id}", get(picture))
}

async fn asset(Path(name): Path<String>) -> Response {
    match name.as_str() {
        "phone.css" => file("text/css; charset=utf-8", include_str!("page/phone.css")).await,
        "phone.js" => file("text/javascript; charset=utf-8", include_str!("page/phone.js")).await,
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn file(content_type: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, text).into_response()
}

/// Media as the phone sees it: no token, no expiry of the address.
async fn picture(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    shared
        .media
        .get(&id, shared.clock.now_ms())
        .map_or_else(|| StatusCode::NOT_FOUND.into_response(), |item| media::bytes_of(&item))
}
