//! Connections: the hospital's own systems, called by `http` nodes. Knows addresses, credentials and when a
//! request may be repeated; nothing of any one system.
//!
//! How a call ends (flow-format.md §4, `http`):
//!
//! | what happened | safe to repeat | not safe to repeat |
//! |---|---|---|
//! | no connection | repeated, then `Unreachable` | `Unreachable` |
//! | no connection in time | repeated, then `Timeout` | `Timeout` |
//! | something left, no answer in time | repeated, then `Timeout` | `Unknown` |
//! | something left, connection cut | repeated, then `Unreachable` | `Unknown` |
//! | 502, 504 | repeated, then the answer | `Unknown` |
//! | other 5xx, 429 | repeated, then the answer | the answer |
//! | 401 with a token that can be renewed | logged in again and repeated once | the same: it was refused, so nothing happened |
//! | anything else | the answer | the answer |
//!
//! Safe to repeat are the idempotent methods, whatever carries an idempotency key, and all where the connection
//! says `repeat_post = true`.

mod answer;
mod auth;
mod login;
mod names;
mod pause;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use fluxo_engine::ids::{ConnectionId, EffectId};
use fluxo_engine::protocol::{HttpOutcome, HttpRequest};
use secrecy::SecretString;

use crate::foundation::config::{Config, ConfigErrors, ConnectionSection, HeaderText, Problem};
use crate::foundation::http::{Answer, Call, Failure, HttpClient, NotARequest, below};
use auth::Auth;
use names::Names;
use pause::Pauses;

/// The connections of a project. Shared by all workers.
#[derive(Debug)]
pub struct Connections {
    http: HttpClient,
    all: BTreeMap<ConnectionId, Connection>,
}

/// One connection, with its credentials.
#[derive(Debug)]
struct Connection {
    name: ConnectionId,
    base: String,
    longest_attempt: Duration,
    headers: Vec<(String, SecretString)>,
    auth: Auth,
    repeat_post: bool,
    attempts: u32,
    retry_after: Duration,
    names: Names,
}

/// One attempt's end, before it is decided what it means for the call.
enum Attempt {
    Answered(Answer),
    Failed(Failure),
    /// The login did not work: nothing of the request itself left.
    NoLogin {
        timed_out: bool,
    },
}

impl Connections {
    /// All connections of a project, their secrets at hand.
    ///
    /// # Errors
    /// What is wrong with their sections, and secrets that are nowhere.
    pub fn new(config: &Config, http: HttpClient) -> Result<Self, ConfigErrors> {
        let mut errors = Vec::new();
        let mut all = BTreeMap::new();
        for (name, section) in &config.connections {
            match Connection::new(config, name, section) {
                Ok(connection) => {
                    all.insert(name.clone(), connection);
                }
                Err(more) => errors.extend(more.0),
            }
        }
        if errors.is_empty() { Ok(Self { http, all }) } else { Err(ConfigErrors(errors)) }
    }

    /// Performs a call with all its attempts. `key` is the effect that asks; pauses are drawn from it, so that
    /// calls that failed together do not come back together.
    ///
    /// A connection that the project no longer has is `Unreachable`: the engine has checked the name in its turn.
    pub async fn call(&self, request: &HttpRequest, key: &EffectId) -> HttpOutcome {
        match self.all.get(&request.connection) {
            Some(connection) => connection.call(&self.http, request, key).await,
            None => {
                tracing::error!(connection = %request.connection, effect = %key, "no such connection");
                HttpOutcome::Unreachable
            }
        }
    }

    /// Whether a request may be repeated when its outcome is not known; if not, its effect is marked as begun
    /// before [`Connections::call`].
    pub fn is_safe_to_repeat(&self, request: &HttpRequest) -> bool {
        self.all.get(&request.connection).is_none_or(|connection| connection.may_repeat(request))
    }
}

impl Connection {
    fn new(config: &Config, name: &ConnectionId, section: &ConnectionSection) -> Result<Self, ConfigErrors> {
        let mut errors = Vec::new();
        let mut headers = Vec::new();
        for (header, value) in &section.headers {
            match value {
                HeaderText::Plain(text) => {
                    headers.push((header.clone(), SecretString::from(text.get_ref().clone())));
                }
                HeaderText::Secret(secret) => match config.secret(secret) {
                    Ok(value) => headers.push((header.clone(), value)),
                    Err(error) => errors.push(error),
                },
            }
        }
        let auth = Auth::new(config, name, &section.auth).map_err(|more| errors.extend(more.0)).ok();
        let names = Names::new(section).map_err(|(key, why)| {
            let key = format!("connections.{name}.{key}");
            errors.push(config.error(&key, Problem::Invalid(why)));
        });
        if section.attempts == 0 {
            let why = "precisa de ao menos uma tentativa".to_owned();
            errors.push(config.error(&format!("connections.{name}.attempts"), Problem::Invalid(why)));
        }
        match (auth, names) {
            (Some(auth), Ok(names)) if errors.is_empty() => Ok(Self {
                name: name.clone(),
                base: section.base_url.0.clone(),
                longest_attempt: section.timeout.duration(),
                headers,
                auth,
                repeat_post: section.repeat_post,
                attempts: section.attempts,
                retry_after: section.retry_after.duration(),
                names,
            }),
            (_, _) => Err(ConfigErrors(errors)),
        }
    }

    fn may_repeat(&self, request: &HttpRequest) -> bool {
        self.repeat_post || request.idempotency_key.is_some() || request.method.is_idempotent()
    }

    async fn call(&self, http: &HttpClient, request: &HttpRequest, key: &EffectId) -> HttpOutcome {
        let repeat = self.may_repeat(request);
        let (attempts, first) = match &request.retry {
            Some(retry) => (retry.attempts.max(1), Duration::from_millis(retry.wait_ms)),
            None => (self.attempts, self.retry_after),
        };
        let mut pauses = Pauses::new(first, key);
        for left in (0..attempts).rev() {
            let attempt = match self.attempt(http, request, repeat).await {
                Ok(attempt) => attempt,
                Err(error) => {
                    tracing::error!(connection = %self.name, effect = %key, %error, "not a request");
                    return answer::refused(&error);
                }
            };
            let asked = answer::asked_pause(&attempt);
            let again = repeat && left > 0 && answer::is_passing(&attempt);
            match pauses.next(asked).filter(|_| again) {
                Some(pause) => {
                    tracing::debug!(connection = %self.name, effect = %key, ?pause, "trying again");
                    tokio::time::sleep(pause).await;
                }
                None => return answer::outcome(attempt, repeat, &self.names, &request.path),
            }
        }
        unreachable!("the last attempt is never followed by a pause")
    }

    /// One attempt; two when the first was refused for a token that had ended.
    async fn attempt(
        &self,
        http: &HttpClient,
        request: &HttpRequest,
        repeat: bool,
    ) -> Result<Attempt, NotARequest> {
        let timeout = Duration::from_millis(request.timeout_ms).min(self.longest_attempt);
        let mut refused: Option<SecretString> = None;
        loop {
            let token = match self.auth.token(http, timeout, refused.as_ref()).await {
                Ok(token) => token,
                Err(login::Failed { timed_out }) => return Ok(Attempt::NoLogin { timed_out }),
            };
            let mut call = Call::new(request.method.as_str(), below(&self.base, &request.path)?, timeout)?
                .query(&request.query);
            if !repeat {
                call = call.on_fresh_connection();
            }
            call = call.header("accept", "application/json")?;
            for (name, value) in &self.headers {
                call = call.secret_header(name, value)?;
            }
            for (name, value) in &request.headers {
                call = call.header(name, value)?;
            }
            if let Some(key) = &request.idempotency_key {
                call = call.header("idempotency-key", key)?;
            }
            call = self.auth.sign(call, token.as_ref())?;
            if let Some(body) = &request.body {
                call = call.json(body.to_string().into_bytes());
            }
            match http.send(call).await {
                Ok(answer) if answer.status == 401 && token.is_some() && refused.is_none() => refused = token,
                Ok(answer) => return Ok(Attempt::Answered(answer)),
                Err(failure) => {
                    tracing::warn!(connection = %self.name, %failure, "a call got no answer");
                    return Ok(Attempt::Failed(failure));
                }
            }
        }
    }
}
