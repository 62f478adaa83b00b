//! The WhatsApp Cloud API (whatsapp-cloud.md): Meta's webhooks in, Meta's Graph calls out.

mod client;
mod config;
mod errors;
mod payload;
mod render;
#[cfg(test)]
mod tests;
mod webhook;

use std::time::Duration;

use fluxo_engine::ids::EffectId;
use fluxo_engine::protocol::{ChannelLimits, Message};
use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::{Channel, Receipt, Rejected, Request, SendError, Told};
use crate::foundation::config::{ChannelSection, ConfigErrors};
use crate::foundation::http::HttpClient;
use crate::store::Address;
use client::Client;
use config::Settings;

/// `kind` in the project file.
pub(super) const KIND: &str = "whatsapp_cloud";

/// How long free text may be sent after the contact last wrote: 24 hours (whatsapp-cloud.md §7) less a margin
/// for clocks and for the time a message waits before it leaves.
const WINDOW: Duration = Duration::from_secs(24 * 60 * 60 - 5 * 60);

/// One business number.
#[derive(Debug)]
pub(super) struct WhatsApp {
    settings: Settings,
    client: Client,
}

impl WhatsApp {
    pub(super) fn new(section: &ChannelSection, http: HttpClient) -> Result<Self, ConfigErrors> {
        let settings = Settings::new(section)?;
        let client = Client::new(&settings, http);
        Ok(Self { settings, client })
    }
}

impl Channel for WhatsApp {
    fn name(&self) -> &str {
        &self.settings.name
    }

    fn account(&self) -> &str {
        &self.settings.phone_number_id
    }

    fn messages_per_second(&self) -> u32 {
        self.settings.messages_per_second
    }

    fn limits(&self) -> ChannelLimits {
        render::LIMITS
    }

    fn challenge(&self, query: &[(String, String)]) -> Result<String, Rejected> {
        webhook::challenge(&self.settings, query)
    }

    fn verify(&self, request: &Request<'_>) -> Result<(), Rejected> {
        webhook::verify(&self.settings, request)
    }

    fn parse(&self, request: &Request<'_>) -> Result<Vec<Told>, Rejected> {
        webhook::parse(&self.settings.phone_number_id, request)
    }

    fn send<'a>(
        &'a self,
        to: &'a Address,
        message: &'a Message,
        key: &'a EffectId,
    ) -> BoxFuture<'a, Result<Receipt, SendError>> {
        Box::pin(async move {
            let body = render::render(to, message, key).map_err(|failure| SendError::GiveUp { failure })?;
            self.client.send(&body).await
        })
    }

    fn acknowledge<'a>(&'a self, message: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if self.settings.read_marks {
                self.client.acknowledge(message).await;
            }
        })
    }

    fn window_open(&self, last_inbound: Option<Timestamp>, now: Timestamp) -> bool {
        last_inbound.is_some_and(|last| {
            now.duration_since(last) < jiff::SignedDuration::try_from(WINDOW).expect("a day is in range")
        })
    }
}
