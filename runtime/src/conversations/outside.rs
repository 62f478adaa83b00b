//! What conversations need from the layers below: the channels, the calls, and what the project file says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use fluxo_engine::ids::{EffectId, QueueId};
use fluxo_engine::protocol::{HttpOutcome, HttpRequest, Project};
use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::words::Language;
use crate::channels::Channel;
use crate::connections::Connections;
use crate::mail::{Email, MailError, MailServer};

/// Performs the calls of `http` nodes.
pub trait Calls: fmt::Debug + Send + Sync {
    /// Whether doing a call twice has the effect of doing it once.
    fn is_safe_to_repeat(&self, request: &HttpRequest) -> bool;

    /// Makes a call, with the repetitions that its rule allows.
    fn call<'a>(&'a self, request: &'a HttpRequest, key: &'a EffectId) -> BoxFuture<'a, HttpOutcome>;
}

impl Calls for Connections {
    fn is_safe_to_repeat(&self, request: &HttpRequest) -> bool {
        Connections::is_safe_to_repeat(self, request)
    }

    fn call<'a>(&'a self, request: &'a HttpRequest, key: &'a EffectId) -> BoxFuture<'a, HttpOutcome> {
        Box::pin(Connections::call(self, request, key))
    }
}

/// Delivers the e-mails of `email` nodes.
pub trait Mail: fmt::Debug + Send + Sync {
    /// Hands one over, once. The same key gives the same `Message-ID`.
    fn send<'a>(&'a self, email: &'a Email<'a>, key: &'a EffectId) -> BoxFuture<'a, Result<(), MailError>>;
}

impl Mail for MailServer {
    fn send<'a>(&'a self, email: &'a Email<'a>, key: &'a EffectId) -> BoxFuture<'a, Result<(), MailError>> {
        Box::pin(MailServer::send(self, email, key))
    }
}

/// What the project file says, as it stands now.
pub trait Surroundings: fmt::Debug + Send + Sync {
    /// For the engine.
    fn project(&self) -> Arc<Project>;

    /// Queues within their opening hours.
    fn open_queues(&self, now: Timestamp) -> BTreeSet<QueueId>;

    /// A queue as people call it; its id, when it has no title.
    fn queue_title(&self, queue: &QueueId) -> String;

    /// What the staff reads.
    fn language(&self) -> Language;
}

/// The outside world.
#[derive(Debug, Clone)]
pub struct Outside {
    channels: BTreeMap<String, Arc<dyn Channel>>,
    calls: Arc<dyn Calls>,
    mail: Option<Arc<dyn Mail>>,
}

impl Outside {
    /// Channels by their names in the project file, and no mail server.
    pub fn new(channels: impl IntoIterator<Item = Arc<dyn Channel>>, calls: Arc<dyn Calls>) -> Self {
        let channels = channels.into_iter().map(|channel| (channel.name().to_owned(), channel)).collect();
        Self { channels, calls, mail: None }
    }

    /// With a mail server.
    #[must_use]
    pub fn with_mail(self, mail: Arc<dyn Mail>) -> Self {
        Self { mail: Some(mail), ..self }
    }

    /// A channel by its name.
    pub fn channel(&self, name: &str) -> Option<&Arc<dyn Channel>> {
        self.channels.get(name)
    }

    /// All channels.
    pub fn channels(&self) -> impl Iterator<Item = &Arc<dyn Channel>> {
        self.channels.values()
    }

    pub(super) fn calls(&self) -> &dyn Calls {
        &*self.calls
    }

    /// The mail server, if the project has one.
    pub(super) fn mail(&self) -> Option<&dyn Mail> {
        self.mail.as_deref()
    }
}
