//! Channels: where contacts write. One folder per provider, and the contract they share.

mod whatsapp;

use fluxo_engine::ids::EffectId;
use fluxo_engine::protocol::{ChannelLimits, Inbound, Message, SendFailure};
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

use crate::foundation::config::{Config, ConfigErrors};
use crate::foundation::http::HttpClient;
use crate::store::{Address, SendState};

/// A webhook request as it came, before anything was believed.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Header names in lower case.
    pub header: &'a dyn Headers,
    /// The raw bytes: signatures are over these.
    pub body: &'a [u8],
    /// When it came.
    pub received_at: Timestamp,
}

/// Looks a header up.
pub trait Headers: std::fmt::Debug + Send + Sync {
    /// The first value of a header, by its lower-case name.
    fn get(&self, name: &str) -> Option<&str>;
}

/// Why a webhook request was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// No signature, or one that does not fit: 401.
    #[error("the signature is missing or wrong")]
    Signature,
    /// Not what the provider sends: 400. Says where, never quotes the contact.
    #[error("not a webhook of this channel: {0}")]
    Malformed(String),
}

/// One thing a webhook request tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// A contact wrote.
    Message {
        /// Our address it came to.
        account: String,
        /// Who wrote.
        from: Address,
        /// The name the contact gives itself.
        profile_name: Option<String>,
        /// What.
        message: Box<Inbound>,
    },
    /// How a message of ours fares.
    Status {
        /// Our address it was sent from.
        account: String,
        /// The provider's id of our message.
        message: String,
        /// Our effect's id, when the provider echoes it.
        effect: Option<EffectId>,
        /// How far it is.
        state: SendState,
        /// When.
        at: Timestamp,
        /// Why it failed: the action, and the provider's reason in words.
        failure: Option<SendFailure>,
    },
    /// A contact's address changed: the conversation moves with its history.
    AddressChanged {
        /// Our address.
        account: String,
        /// As it was.
        from: Address,
        /// As it is.
        to: Address,
        /// The provider's id of this notice.
        id: String,
    },
    /// Something for an address of the provider's that is not ours: the project file may name the wrong one.
    OtherAccount {
        /// The provider's id of it.
        account: String,
    },
    /// Something this version only keeps in the log: the name of the field.
    Ignored {
        /// The provider's name of it.
        what: String,
    },
}

/// The provider took a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The provider's id of the message.
    pub message: String,
    /// The person's address as the provider writes it.
    pub address: Option<Address>,
}

/// Why a message was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendError {
    /// Not now.
    Retry {
        /// When the provider says so.
        after: Option<Duration>,
        /// In words for the staff.
        reason: String,
        /// Nothing on this account can be sent until then (a rate or token problem), not only this message.
        account_wide: bool,
    },
    /// Never.
    GiveUp {
        /// Why.
        failure: SendFailure,
    },
    /// The bytes left, no answer came: neither success nor failure.
    Unclear,
}

/// A channel.
pub trait Channel: Send + Sync + std::fmt::Debug {
    /// Its name in the project file.
    fn name(&self) -> &str;

    /// Our address on it.
    fn account(&self) -> &str;

    /// What it can show.
    fn limits(&self) -> ChannelLimits;

    /// How many messages may leave this account in a second.
    fn messages_per_second(&self) -> u32;

    /// The answer to the provider's check of our webhook address, by its query parameters.
    ///
    /// # Errors
    /// [`Rejected::Signature`] when the check does not know our secret.
    fn challenge(&self, query: &[(String, String)]) -> Result<String, Rejected>;

    /// Whether the provider sent this. Pure.
    ///
    /// # Errors
    /// [`Rejected::Signature`].
    fn verify(&self, request: &Request<'_>) -> Result<(), Rejected>;

    /// All that a request tells, in its order. Pure.
    ///
    /// # Errors
    /// [`Rejected::Malformed`]; never for a type it does not know.
    fn parse(&self, request: &Request<'_>) -> Result<Vec<Told>, Rejected>;

    /// Sends one message, tagged with the effect's id.
    fn send<'a>(
        &'a self,
        to: &'a Address,
        message: &'a Message,
        key: &'a EffectId,
    ) -> BoxFuture<'a, Result<Receipt, SendError>>;

    /// Shows the contact that its message was read and that an answer is being written. Best effort.
    fn acknowledge<'a>(&'a self, message: &'a str) -> BoxFuture<'a, ()>;

    /// Whether free text may be sent now, given when the contact last wrote. Pure.
    fn window_open(&self, last_inbound: Option<Timestamp>, now: Timestamp) -> bool;
}

/// The channels that exist: `kind` in the project file. One line here and one arm in [`all`].
const KINDS: &[&str] = &[whatsapp::KIND];

/// The channels of a project, their secrets at hand.
///
/// # Errors
/// What is wrong with their sections, and secrets that are nowhere.
pub fn all(config: &Config, http: &HttpClient) -> Result<Vec<Arc<dyn Channel>>, ConfigErrors> {
    let mut channels: Vec<Arc<dyn Channel>> = Vec::new();
    let mut errors = Vec::new();
    for section in &config.channels {
        match section.kind.as_str() {
            whatsapp::KIND => match whatsapp::WhatsApp::new(section, http.clone()) {
                Ok(channel) => channels.push(Arc::new(channel)),
                Err(more) => errors.extend(more.0),
            },
            _ => errors.push(section.unknown_kind(KINDS)),
        }
    }
    if errors.is_empty() { Ok(channels) } else { Err(ConfigErrors(errors)) }
}
