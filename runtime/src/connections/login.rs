//! A login that gives a token for a while (totvs-rm.md §1): one at a time, renewed before its end.

use std::fmt;
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;

use crate::foundation::config::AuthSection;
use crate::foundation::http::{Answer, Call, Failure, HttpClient};

/// How long before its end a token is renewed, unless the connection says otherwise.
const RENEW_BEFORE: Duration = Duration::from_secs(30);

/// How long a token is believed in when the login does not say (totvs-rm.md §1: five minutes by default).
const UNSAID_LIFE: u64 = 300;

/// The login of one connection.
pub(super) struct Login {
    url: String,
    username: SecretString,
    password: SecretString,
    extra: Map<String, Value>,
    renew_before: Duration,
    /// Held while a login is under way: who comes meanwhile waits and finds the new token.
    current: Mutex<Option<Granted>>,
}

/// What a login gave.
struct Granted {
    token: SecretString,
    renewal: Option<SecretString>,
    good_until: Instant,
}

/// The login did not give a token. Why is in the log.
pub(super) struct Failed {
    pub(super) timed_out: bool,
}

#[derive(Deserialize)]
struct Grant {
    access_token: String,
    #[serde(default)]
    expires_in: Option<Value>,
    #[serde(default)]
    refresh_token: Option<String>,
}

impl Login {
    pub(super) fn new(
        url: String,
        username: SecretString,
        password: SecretString,
        section: &AuthSection,
    ) -> Self {
        let extra = section.extra.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let renew_before = section.renew_before.map_or(RENEW_BEFORE, |span| span.duration());
        Self { url, username, password, extra, renew_before, current: Mutex::new(None) }
    }

    /// A token that is good now. One that was just refused is not used again, however good it looked.
    pub(super) async fn token(
        &self,
        http: &HttpClient,
        timeout: Duration,
        refused: Option<&SecretString>,
    ) -> Result<SecretString, Failed> {
        let mut current = self.current.lock().await;
        let is_refused = |granted: &Granted| {
            refused.is_some_and(|refused| refused.expose_secret() == granted.token.expose_secret())
        };
        let mut renewal = None;
        if let Some(granted) = current.as_ref() {
            let refused = is_refused(granted);
            if !refused && granted.good_until > Instant::now() {
                return Ok(granted.token.clone());
            }
            // After a refusal only the password is believed in: whoever revoked the one may have revoked both.
            renewal = granted.renewal.clone().filter(|_| !refused);
        }
        *current = None;
        let mut granted = None;
        if let Some(renewal) = renewal {
            let body = json!({ "grant_type": "refresh_token", "refresh_token": renewal.expose_secret() });
            granted = self.ask(http, timeout, body).await.ok();
        }
        let granted = match granted {
            Some(granted) => granted,
            None => {
                let mut body = json!({
                    "grant_type": "password",
                    "username": self.username.expose_secret(),
                    "password": self.password.expose_secret(),
                });
                if let Value::Object(members) = &mut body {
                    members.extend(self.extra.clone());
                }
                self.ask(http, timeout, body).await?
            }
        };
        let token = granted.token.clone();
        *current = Some(granted);
        Ok(token)
    }

    async fn ask(&self, http: &HttpClient, timeout: Duration, body: Value) -> Result<Granted, Failed> {
        let failed = |why: &dyn fmt::Display, timed_out: bool| {
            tracing::warn!(%why, "a login did not work");
            Failed { timed_out }
        };
        let asked_at = Instant::now();
        let call = Call::new("POST", self.url.as_str(), timeout)
            .and_then(|call| call.header("accept", "application/json"))
            .map_err(|error| failed(&error, false))?
            .json(body.to_string().into_bytes());
        match http.send(call).await {
            Ok(Answer { status: 200..=299, body: Ok(body), .. }) => {
                let grant: Grant =
                    serde_json::from_slice(&body).map_err(|_| failed(&"the answer is not a token", false))?;
                let life = grant.expires_in.as_ref().and_then(seconds).unwrap_or(UNSAID_LIFE);
                let life = Duration::from_secs(life);
                // A token that lives shorter than the margin is used for half its life.
                let good_for = life.checked_sub(self.renew_before).unwrap_or(life / 2).max(life / 2);
                Ok(Granted {
                    token: grant.access_token.into(),
                    renewal: grant.refresh_token.map(SecretString::from),
                    good_until: asked_at + good_for,
                })
            }
            Ok(answer) => Err(failed(&format_args!("status {}", answer.status), false)),
            Err(failure) => {
                let (Failure::NothingLeft { timed_out, .. } | Failure::NoAnswer { timed_out, .. }) = &failure;
                Err(failed(&failure, *timed_out))
            }
        }
    }
}

fn seconds(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("url", &self.url).finish_non_exhaustive()
    }
}
