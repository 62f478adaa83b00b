//! Whether the service is alive, whether it can work, and its figures.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::Web;
use super::error::Failed;
use crate::foundation::metrics::{self, Gauge};

/// The process answers.
pub(super) async fn alive() -> Json<Value> {
    Json(json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }))
}

/// The store answers and nobody has asked to stop: send us webhooks.
pub(super) async fn ready(State(web): State<Arc<Web>>) -> Result<Json<Value>, Failed> {
    if !web.is_up() {
        return Err(Failed::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", "the service is stopping"));
    }
    web.conversations.store().counts().await?;
    Ok(Json(json!({ "status": "ready", "release": web.conversations.releases().current().id() })))
}

/// Figures, in Prometheus' text format.
pub(super) async fn metrics(State(web): State<Arc<Web>>) -> Result<impl IntoResponse, Failed> {
    let counts = web.conversations.store().counts().await?;
    let gauge = |name, help, value| Gauge { name, help, value };
    let gauges = [
        gauge("fluxo_conversations", "Conversations in the store.", counts.conversations),
        gauge("fluxo_contacts", "Contacts in the store.", counts.contacts),
        gauge("fluxo_outbox", "Effects that are not over.", counts.outbox),
        gauge("fluxo_timers", "Timers armed.", counts.timers),
        gauge("fluxo_inbox", "Messages that wait to be played.", counts.inbox),
        gauge("fluxo_dead_letters", "Effects given up and not yet seen to.", counts.dead_letters),
    ];
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((kind, metrics::text(&gauges)))
}
