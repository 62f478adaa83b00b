//! `GET /desk`: the attendants' page, in Portuguese, and its login. Self-contained: no build, no other host.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::Web;
use super::access::{COOKIE_NAME, LOGIN_SECONDS, name};
use super::error::Failed;

/// Nothing but our own files; shown in a frame only by pages of the same machine (the demo's phone).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'self' http://127.0.0.1:* http://localhost:*";

/// A wrong token costs this long: guessing does not pay.
const WRONG_TOKEN: Duration = Duration::from_millis(500);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Login {
    name: String,
    token: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Enter {
    ticket: String,
}

pub(super) async fn html() -> Response {
    file("text/html; charset=utf-8", include_str!("page/desk.html"))
}

pub(super) async fn script() -> Response {
    file("text/javascript; charset=utf-8", include_str!("page/desk.js"))
}

pub(super) async fn style() -> Response {
    file("text/css; charset=utf-8", include_str!("page/desk.css"))
}

fn file(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, text).into_response()
}

/// Logs in with the api token and a name for the transcript.
pub(super) async fn login(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    body: Result<Json<Login>, JsonRejection>,
) -> Result<Response, Failed> {
    let Json(login) = body.map_err(|_| Failed::unusable("the body is not {\"name\": …, \"token\": …}"))?;
    let name = name(&login.name).ok_or_else(|| Failed::unusable("a name has 1 to 60 characters"))?;
    if !web.access.is_token(&login.token) {
        tokio::time::sleep(WRONG_TOKEN).await;
        return Err(Failed::unknown_caller());
    }
    let value = web.access.login(&name, web.conversations.clock().now());
    Ok((StatusCode::NO_CONTENT, [cookie(&headers, &value, LOGIN_SECONDS)]).into_response())
}

/// Logs in with a ticket. One that was used leads to the page all the same, which asks who it is.
pub(super) async fn enter(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    Query(Enter { ticket }): Query<Enter>,
) -> Response {
    let now = web.conversations.clock().now();
    match web.access.redeem(&ticket, now) {
        Some(name) => {
            let value = web.access.login(&name, now);
            ([cookie(&headers, &value, LOGIN_SECONDS)], Redirect::to("/desk")).into_response()
        }
        None => Redirect::to("/desk").into_response(),
    }
}

pub(super) async fn logout(headers: HeaderMap) -> Response {
    (StatusCode::NO_CONTENT, [cookie(&headers, "", 0)]).into_response()
}

fn cookie(headers: &HeaderMap, value: &str, seconds: i64) -> (header::HeaderName, String) {
    let behind_tls = headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https");
    let secure = if behind_tls { "; Secure" } else { "" };
    let text = format!("{COOKIE_NAME}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    (header::SET_COOKIE, text)
}
