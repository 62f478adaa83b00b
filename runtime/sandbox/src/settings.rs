//! Habits of the outside world that can be changed while it runs.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Set by `POST /control/settings` with the members to change; see [`crate::control`] for their meaning.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// How RM answers a booking of a taken slot: nobody documents it (totvs-rm.md §3), so all three are offered.
    pub(crate) conflict_form: ConflictForm,
    /// Life of an RM access token.
    pub(crate) token_seconds: i64,
    /// Letter case of RM's envelopes.
    pub(crate) letter_case: LetterCase,

    /// One message per 6 s and recipient after a burst of 45, else 131056 (whatsapp-cloud.md §9).
    pub(crate) pair_limit: bool,
    /// Messages per second of the number, else 130429; 80 in the real world.
    pub(crate) throughput: Option<u32>,
    /// Free-form messages outside the 24-hour window fail with 131047.
    pub(crate) window: bool,
    /// Fetches media sent by link, as Meta does, and fails with 131053 where that is not possible.
    pub(crate) fetch_links: bool,
    /// Numbers, written with the ninth digit, whose account is older than it.
    pub(crate) without_ninth_digit: Vec<String>,
    /// Numbers that WhatsApp does not know: accepted, then `failed` with 131026.
    pub(crate) not_on_whatsapp: Vec<String>,
    /// A test number's allow list, else 131030.
    pub(crate) allowed_recipients: Option<Vec<String>>,

    /// Milliseconds from acceptance to each status; `null` leaves it out.
    pub(crate) sent_ms: Option<u64>,
    pub(crate) delivered_ms: Option<u64>,
    pub(crate) read_ms: Option<u64>,
    /// `delivered` before `sent`.
    pub(crate) reorder_statuses: bool,
    /// How often each status is posted.
    pub(crate) status_copies: usize,
    /// Posts `sent` before the send is answered.
    pub(crate) sent_before_response: bool,
    /// The webhook format: `conversation` is there in v23 and not in v24 (§5).
    pub(crate) status_format: StatusFormat,

    /// Pauses between attempts of a webhook that was not answered with 200; the last one repeats, for seven days.
    pub(crate) retry_ms: Vec<u64>,
    /// How long a webhook waits for its answer.
    pub(crate) webhook_timeout_ms: u64,
    /// Whether non-ASCII is escaped in webhooks: Meta does; `half` catches verifiers that re-serialise.
    pub(crate) escape: Escape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ConflictForm {
    #[serde(rename = "409")]
    Conflict,
    #[serde(rename = "400")]
    BadRequest,
    #[serde(rename = "500")]
    ServerError,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LetterCase {
    /// Some resources one way, some the other, as production shows.
    Mixed,
    /// `items`, `hasNext`, `code`, `message`.
    Lower,
    /// `Items`, `HasNext`, `Code`, `Message`.
    Upper,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum StatusFormat {
    V23,
    V24,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Escape {
    Half,
    Always,
    Never,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            conflict_form: ConflictForm::Conflict,
            token_seconds: 300,
            letter_case: LetterCase::Mixed,
            pair_limit: false,
            throughput: None,
            window: true,
            fetch_links: false,
            without_ninth_digit: vec!["5531996883193".into()],
            not_on_whatsapp: Vec::new(),
            allowed_recipients: None,
            sent_ms: Some(60),
            delivered_ms: Some(200),
            read_ms: Some(500),
            reorder_statuses: false,
            status_copies: 1,
            sent_before_response: false,
            status_format: StatusFormat::V24,
            retry_ms: vec![200, 400, 800, 1600, 3000],
            webhook_timeout_ms: 10_000,
            escape: Escape::Half,
        }
    }
}

impl Settings {
    /// These settings with some members replaced.
    pub(crate) fn patched(&self, patch: &Value) -> Result<Self, String> {
        let Value::Object(patch) = patch else { return Err("settings are an object".into()) };
        let Value::Object(mut members) = serde_json::to_value(self).map_err(|error| error.to_string())?
        else {
            return Err("settings are an object".into());
        };
        members.extend(patch.clone());
        serde_json::from_value(Value::Object(members)).map_err(|error| error.to_string())
    }
}
