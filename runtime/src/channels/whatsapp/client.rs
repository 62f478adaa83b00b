//! Calls to the Graph API: one message out, one read mark out.

use std::time::Duration;

use fluxo_engine::protocol::SendFailure;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::config::Settings;
use super::errors;
use super::payload::{Refused, Sent};
use crate::channels::{Receipt, SendError};
use crate::foundation::http::{Answer, Call, Failure, HttpClient, NotARequest};
use crate::store::Address;

/// The longest a send may take; Meta's own answers come within two seconds.
const SEND_TIMEOUT: Duration = Duration::from_secs(20);

/// The longest a read mark may take: it is a courtesy.
const MARK_TIMEOUT: Duration = Duration::from_secs(5);

/// How long nothing is sent when something between us and Meta answers instead of it.
const STRANGE_PAUSE: Duration = Duration::from_secs(60);

/// The Graph API of one number.
#[derive(Debug)]
pub(super) struct Client {
    http: HttpClient,
    url: String,
    token: SecretString,
}

impl Client {
    pub(super) fn new(settings: &Settings, http: HttpClient) -> Self {
        let url = format!("{}/{}/messages", settings.base_url, settings.phone_number_id);
        Self { http, url, token: settings.access_token.clone() }
    }

    /// Sends one rendered message.
    ///
    /// An answer of Meta's (a body with its `error`) says that nothing was sent. A cut connection, a timeout, a
    /// 5xx that is not Meta's and a success that cannot be read say nothing: [`SendError::Unclear`].
    pub(super) async fn send(&self, body: &Value) -> Result<Receipt, SendError> {
        let retry = |reason: String| SendError::Retry { after: None, reason, account_wide: false };
        let call = self
            .call(body, SEND_TIMEOUT)
            .map_err(|error| SendError::GiveUp { failure: SendFailure::Other(error.to_string()) })?;
        let answer = match self.http.send(call).await {
            Ok(answer) => answer,
            Err(failure @ Failure::NothingLeft { .. }) => return Err(retry(failure.to_string())),
            Err(failure @ Failure::NoAnswer { .. }) => {
                tracing::warn!(%failure, "a send is in doubt");
                return Err(SendError::Unclear);
            }
        };
        let Answer { status, body, .. } = answer;
        let body = body.unwrap_or_default();
        if (200..300).contains(&status) {
            return receipt(&body).ok_or_else(|| {
                tracing::warn!(status, "a send was answered with something unreadable");
                SendError::Unclear
            });
        }
        if let Ok(Refused { error }) = serde_json::from_slice(&body) {
            return Err(errors::refused(status, &error));
        }
        match status {
            // Timed out at a gateway, or a server of which we do not know how far it came.
            408 | 500.. => Err(SendError::Unclear),
            _ => Err(SendError::Retry {
                after: Some(STRANGE_PAUSE),
                reason: format!("HTTP {status} without a reason of Meta's"),
                account_wide: true,
            }),
        }
    }

    /// Marks a message as read and shows that an answer is being written.
    pub(super) async fn acknowledge(&self, message: &str) {
        let body = json!({
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": message,
            "typing_indicator": { "type": "text" },
        });
        let Ok(call) = self.call(&body, MARK_TIMEOUT) else { return };
        match self.http.send(call).await {
            Ok(Answer { status: 200..=299, .. }) => {}
            Ok(Answer { status, .. }) => tracing::debug!(status, "a read mark was refused"),
            Err(failure) => tracing::debug!(%failure, "a read mark did not arrive"),
        }
    }

    fn call(&self, body: &Value, timeout: Duration) -> Result<Call, NotARequest> {
        Ok(Call::new("POST", self.url.as_str(), timeout)?
            .bearer(&self.token)?
            .json(body.to_string().into_bytes()))
    }
}

fn receipt(body: &[u8]) -> Option<Receipt> {
    let sent: Sent = serde_json::from_slice(body).ok()?;
    let address = sent.contacts.into_iter().next().map(|contact| Address {
        user: contact.user_id,
        phone: contact.wa_id,
        username: None,
    });
    let message = sent.messages.into_iter().next()?.id;
    Some(Receipt { message, address: address.filter(|address| *address != Address::default()) })
}
