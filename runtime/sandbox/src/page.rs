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

/// Name, kind and text of each file of the page.
const ASSETS: &[(&str, &str, &str)] = &[
    ("layout.css", CSS, include_str!("page/layout.css")),
    ("phone.css", CSS, include_str!("page/phone.css")),
    ("panels.css", CSS, include_str!("page/panels.css")),
    ("main.js", JS, include_str!("page/main.js")),
    ("control.js", JS, include_str!("page/control.js")),
    ("words.js", JS, include_str!("page/words.js")),
    ("chat.js", JS, include_str!("page/chat.js")),
    ("sheet.js", JS, include_str!("page/sheet.js")),
    ("people.js", JS, include_str!("page/people.js")),
    ("agenda.js", JS, include_str!("page/agenda.js")),
    ("backstage.js", JS, include_str!("page/backstage.js")),
];
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

async fn asset(Path(name): Path<String>) -> Response {
    match ASSETS.iter().find(|asset| asset.0 == name) {
        Some((_, content_type, text)) => file(content_type, text).await,
        None => StatusCode::NOT_FOUND.into_response(),
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
