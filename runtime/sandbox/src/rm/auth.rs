//! RM's token login, and HTTP Basic beside it (totvs-rm.md §1).

use std::{collections::HashMap, sync::Mutex};

use axum::{
    Json,
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;

use super::envelope::{RmError, Style};
use crate::{seed::Random, shared::Shared};

/// Life of a refresh token: 16 h.
const REFRESH_MS: i64 = 16 * 60 * 60 * 1000;

/// The tokens that were given out, with the moment they expire.
#[derive(Default)]
pub(crate) struct Tokens {
    access: Mutex<HashMap<String, i64>>,
    refresh: Mutex<HashMap<String, i64>>,
}

impl Tokens {
    /// Makes every access token worthless at once.
    pub(crate) fn expire(&self) {
        self.access.lock().expect("no holder panics").clear();
    }
}

/// `POST /api/connect/token`.
pub(crate) fn token(shared: &Shared, method: &Method, body: &[u8]) -> Response {
    if method != Method::POST {
        return RmError::not_allowed().into_response(Style::Lower);
    }
    let Ok(request) = serde_json::from_slice::<Value>(body) else {
        return refused("invalid_request", "the body is not JSON");
    };
    let now = shared.clock.now_ms();
    let text = |name: &str| request[name].as_str().unwrap_or_default();
    match text("grant_type") {
        "password" if is_user(shared, text("username"), text("password")) => {}
        "refresh_token" => {
            // A refresh token is good for one use.
            let until = shared.tokens.refresh.lock().expect("no holder panics").remove(text("refresh_token"));
            if until.is_none_or(|until| until <= now) {
                return refused("invalid_grant", "the refresh token is unknown or has expired");
            }
        }
        "password" => return refused("invalid_grant", "Usuário ou senha inválidos."),
        _ => return refused("unsupported_grant_type", "grant_type is password or refresh_token"),
    }
    let life = shared.settings().token_seconds;
    let (access, refresh) = (fresh(shared, 1), fresh(shared, 2));
    shared.tokens.access.lock().expect("no holder panics").insert(access.clone(), now + life * 1000);
    shared.tokens.refresh.lock().expect("no holder panics").insert(refresh.clone(), now + REFRESH_MS);
    Json(json!({ "access_token": access, "expires_in": life, "refresh_token": refresh, "token_type": "Bearer" })).into_response()
}

/// A request must come with a live token, or with user and password.
pub(crate) fn check(shared: &Shared, headers: &HeaderMap) -> Result<(), RmError> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let allowed = if let Some(token) = given.strip_prefix("Bearer ") {
        let until = shared.tokens.access.lock().expect("no holder panics").get(token).copied();
        until.is_some_and(|until| shared.clock.now_ms() < until)
    } else if let Some(pair) = given.strip_prefix("Basic ") {
        let pair =
            STANDARD.decode(pair).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        pair.split_once(':').is_some_and(|(user, password)| is_user(shared, user, password))
    } else {
        false
    };
    if allowed { Ok(()) } else { Err(RmError::unauthorized()) }
}

fn is_user(shared: &Shared, user: &str, password: &str) -> bool {
    let same = |a: &str, b: &str| bool::from(a.as_bytes().ct_eq(b.as_bytes()));
    same(user, &shared.options.rm_user) & same(password, &shared.options.rm_password)
}

fn fresh(shared: &Shared, kind: u64) -> String {
    static COUNTER: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let count = COUNTER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let mut random = Random::of(&[shared.clock.now_ms() as u64, u64::from(std::process::id()), count, kind]);
    (0..4).map(|_| format!("{:016x}", random.next())).collect()
}

fn refused(error: &str, description: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": error, "error_description": description })))
        .into_response()
}
