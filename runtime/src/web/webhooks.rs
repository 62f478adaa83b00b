//! Webhooks of the channels: believed only when signed, acknowledged only when durable.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::Web;
use super::error::{Failed, nothing_here};
use crate::channels::{Channel, Headers, Rejected, Request};
use crate::foundation::metrics;

#[derive(Debug)]
struct Given<'a>(&'a HeaderMap);

impl Headers for Given<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.to_str().ok()
    }
}

/// The provider checks our address.
pub(super) async fn challenge(
    State(web): State<Arc<Web>>,
    Path(channel): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    let Some(channel) = web.conversations.outside().channel(&channel) else {
        return nothing_here().await.into_response();
    };
    match channel.challenge(&query) {
        Ok(answer) => answer.into_response(),
        Err(Rejected::Signature | Rejected::Malformed(_)) => {
            Failed::new(StatusCode::FORBIDDEN, "forbidden", "not our token").into_response()
        }
    }
}

/// The provider delivers.
pub(super) async fn deliver(
    State(web): State<Arc<Web>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Failed> {
    let Some(channel) = web.conversations.outside().channel(&name) else {
        return Err(nothing_here().await);
    };
    let header = Given(&headers);
    let request = Request { header: &header, body: &body, received_at: web.conversations.clock().now() };
    let told = believed(&**channel, &request)?;
    let conversations = Arc::clone(&web.conversations);
    let taken_in = web.carry_out(async move { conversations.intake(&name, told).await }).await?;
    match taken_in {
        Ok(taken) => {
            metrics::WEBHOOKS.add(1);
            metrics::MESSAGES.add(taken.messages);
            metrics::DUPLICATES.add(taken.duplicates);
            Ok(StatusCode::OK)
        }
        Err(error) => {
            metrics::WEBHOOKS_DEFERRED.add(1);
            // Never 413 or the like: whatever the store says, the provider is to deliver again.
            tracing::error!(%error, "a delivery was not taken in");
            Err(Failed::new(StatusCode::SERVICE_UNAVAILABLE, "store_down", "deliver again later"))
        }
    }
}

fn believed(channel: &dyn Channel, request: &Request<'_>) -> Result<Vec<crate::channels::Told>, Failed> {
    let rejected = |rejected: Rejected| match rejected {
        Rejected::Signature => {
            metrics::WEBHOOKS_REFUSED.add(1);
            Failed::new(StatusCode::UNAUTHORIZED, "unauthorized", "the signature is missing or wrong")
        }
        Rejected::Malformed(why) => {
            metrics::WEBHOOKS_MALFORMED.add(1);
            // Signed by the provider and not understood: it will be delivered again, and somebody must look.
            tracing::error!(channel = channel.name(), why, "a signed delivery cannot be read");
            Failed::new(StatusCode::BAD_REQUEST, "malformed", why)
        }
    };
    channel.verify(request).map_err(rejected)?;
    channel.parse(request).map_err(rejected)
}
