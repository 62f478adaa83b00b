//! What the project file says about a business number.

use secrecy::SecretString;
use serde::Deserialize;

use crate::foundation::config::{BaseUrl, ChannelSection, ConfigErrors, Secret};

/// `[channels.<name>]` of kind `whatsapp_cloud`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    #[serde(rename = "kind")]
    _kind: String,
    base_url: BaseUrl,
    phone_number_id: String,
    access_token: Secret,
    app_secret: Secret,
    verify_token: Secret,
    messages_per_second: Option<std::num::NonZeroU32>,
    #[serde(default = "yes")]
    read_marks: bool,
}

/// Meta takes 80 messages per second and number, in and out together (whatsapp-cloud.md §9); this leaves room.
const MESSAGES_PER_SECOND: u32 = 70;

fn yes() -> bool {
    true
}

/// A business number with its secrets at hand.
#[derive(Debug)]
pub(super) struct Settings {
    /// The channel's name.
    pub(super) name: String,
    /// The Graph API with its version: `https://graph.facebook.com/v26.0`.
    pub(super) base_url: String,
    /// Our number's id at Meta; not a phone number.
    pub(super) phone_number_id: String,
    /// For Graph calls.
    pub(super) access_token: SecretString,
    /// The key of webhook signatures.
    pub(super) app_secret: SecretString,
    /// What Meta repeats when it checks our webhook's address.
    pub(super) verify_token: SecretString,
    /// How many messages may leave in a second; more than the usual where Meta has raised the number's limit.
    pub(super) messages_per_second: u32,
    /// Whether a message is marked as read, with "typing", once it was taken in: one more call to Meta for each.
    pub(super) read_marks: bool,
}

impl Settings {
    pub(super) fn new(section: &ChannelSection) -> Result<Self, ConfigErrors> {
        let read: Section = section.read()?;
        let mut errors = Vec::new();
        let mut secret = |secret: &Secret| section.secret(secret).map_err(|error| errors.push(error)).ok();
        let secrets = (secret(&read.access_token), secret(&read.app_secret), secret(&read.verify_token));
        let (Some(access_token), Some(app_secret), Some(verify_token)) = secrets else {
            return Err(ConfigErrors(errors));
        };
        Ok(Self {
            name: section.name.clone(),
            base_url: read.base_url.0,
            phone_number_id: read.phone_number_id,
            access_token,
            app_secret,
            verify_token,
            messages_per_second: read
                .messages_per_second
                .map_or(MESSAGES_PER_SECOND, std::num::NonZeroU32::get),
            read_marks: read.read_marks,
        })
    }
}
