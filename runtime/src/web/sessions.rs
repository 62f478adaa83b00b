//! `POST /api/sessions`: starts a flow with a contact.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, StatusCode};
use fluxo_engine::ids::FlowId;
use fluxo_engine::protocol::Object;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Web;
use super::access::Program;
use super::error::Failed;
use crate::store::Address;

/// What to start, and with whom. A repeated `Idempotency-Key` starts nothing again.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Start {
    flow: FlowId,
    to: To,
    /// The only channel when there is one.
    channel: Option<String>,
    #[serde(default)]
    inputs: Object,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct To {
    /// With country code, punctuated as one likes.
    phone: Option<String>,
    /// The channel's own id of the person.
    user: Option<String>,
    name: Option<String>,
}

pub(super) async fn start(
    State(web): State<Arc<Web>>,
    _program: Program,
    headers: HeaderMap,
    body: Result<Json<Start>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), Failed> {
    // The rejection's text names places and types; `body_text` would quote a value, `to` holds personal ones.
    let Json(start) = body.map_err(|rejection| {
        Failed::new(rejection.status(), "bad_request", "the body is not as documented")
    })?;
    let address = Address {
        user: start.to.user.clone(),
        phone: start.to.phone.as_deref().map(digits).transpose()?,
        username: None,
    };
    let channel = match start.channel.clone() {
        Some(channel) => channel,
        None => only_channel(&web)?,
    };
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
    let conversations = Arc::clone(&web.conversations);
    let started = web
        .carry_out(async move {
            let (name, key) = (start.to.name.as_deref(), key.as_deref());
            conversations.start_session(&channel, &address, name, &start.flow, &start.inputs, key).await
        })
        .await??;
    let body = json!({ "conversation": started.conversation, "duplicate": started.duplicate });
    Ok((StatusCode::ACCEPTED, Json(body)))
}

fn only_channel(web: &Web) -> Result<String, Failed> {
    let mut channels = web.conversations.outside().channels();
    match (channels.next(), channels.next()) {
        (Some(channel), None) => Ok(channel.name().to_owned()),
        (_, _) => Err(Failed::unusable("name the channel")),
    }
}

/// E.164 without its plus sign: 8 to 15 digits.
fn digits(phone: &str) -> Result<String, Failed> {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    let punctuation = phone.chars().all(|c| c.is_ascii_digit() || "+-() .".contains(c));
    if (8..=15).contains(&digits.len()) && punctuation {
        Ok(digits)
    } else {
        Err(Failed::unusable("to.phone is not a phone number with country code"))
    }
}
