//! What a sandbox is started with.

use std::{net::SocketAddr, path::PathBuf};

/// How the outside world is set up. `Options::default()` holds the values of the demo; tests change what they need.
#[derive(Clone)]
pub struct Options {
    /// Where to listen; loopback only makes sense. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Base URL of the service; webhooks are posted to `{service}/webhooks/whatsapp`. Empty until the service is known:
    /// see [`Sandbox::set_service`](crate::Sandbox::set_service).
    pub service: String,
    /// The attendants' page of the service, shown beside the phone.
    pub desk_url: Option<String>,
    /// Bearer token of the service's API, for the page's button that asks for a confirmation.
    pub api_token: Option<String>,
    /// Key of the webhooks' `X-Hub-Signature-256` (whatsapp-cloud.md §2.2).
    pub app_secret: String,
    /// What the service expects as `hub.verify_token` (§2.1).
    pub verify_token: String,
    /// Bearer token that the Graph API asks for.
    pub access_token: String,
    /// Id of the hospital's number, the path parameter of a send. Not a phone number.
    pub phone_number_id: String,
    /// Id of the WhatsApp business account, owner of the templates.
    pub waba_id: String,
    /// The hospital's number as people see it.
    pub display_phone: String,
    /// RM user, for the token login and for HTTP Basic.
    pub rm_user: String,
    /// Password of that user.
    pub rm_password: String,
    /// The one company (`companyId`, `CODCOLIGADA`) that RM knows.
    pub rm_company: String,
    /// First day of the calendar; `None` is the real day in America/Sao_Paulo and moves on at midnight.
    pub today: Option<jiff::civil::Date>,
    /// Chooses names, agendas and ids. The same seed and day give the same hospital.
    pub seed: u64,
    /// Directory for everything that changes (appointments, patients, chats, webhooks still to be delivered), so that
    /// it survives the death of the process. `None` keeps it in memory.
    pub state: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            service: String::new(),
            desk_url: None,
            api_token: None,
            app_secret: "app-secret-for-tests".into(),
            verify_token: "verify-token-for-tests".into(),
            access_token: "access-token-for-tests".into(),
            phone_number_id: "106540352242922".into(),
            waba_id: "102290129340398".into(),
            display_phone: "551130030100".into(),
            rm_user: "fluxo".into(),
            rm_password: "rm-password-for-tests".into(),
            rm_company: "1".into(),
            today: None,
            seed: 1,
            state: None,
        }
    }
}
