//! How a connection is entered: openly, with user and password, with a token, or with a login.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fluxo_engine::ids::ConnectionId;
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;

use super::login::{Failed, Login};
use crate::foundation::config::{AuthKind, AuthSection, Config, ConfigErrors, Problem, Secret};
use crate::foundation::http::{Call, HttpClient, NotARequest, below};

/// Credentials of one connection.
#[derive(Debug)]
pub(super) enum Auth {
    None,
    /// The whole header.
    Basic(SecretString),
    Bearer(SecretString),
    Token(Box<Login>),
}

impl Auth {
    pub(super) fn new(
        config: &Config,
        name: &ConnectionId,
        section: &AuthSection,
    ) -> Result<Self, ConfigErrors> {
        let key = format!("connections.{name}.auth");
        let missing = |member: &str| config.error(&key, Problem::Missing(member.to_owned()));
        let mut errors = Vec::new();
        let mut secret = |member: &str, secret: &Option<Secret>| match secret {
            Some(secret) => config.secret(secret).map_err(|error| errors.push(error)).ok(),
            None => {
                errors.push(missing(member));
                None
            }
        };
        let auth = match section.kind {
            AuthKind::None => Some(Self::None),
            AuthKind::Bearer => secret("token", &section.token).map(Self::Bearer),
            AuthKind::Basic => {
                let user = secret("username", &section.username);
                let password = secret("password", &section.password);
                user.zip(password).map(|(user, password)| {
                    let pair = format!("{}:{}", user.expose_secret(), password.expose_secret());
                    Self::Basic(SecretString::from(format!("Basic {}", STANDARD.encode(pair))))
                })
            }
            AuthKind::Token => {
                let user = secret("username", &section.username);
                let password = secret("password", &section.password);
                let base = config.connections.get(name).map(|connection| connection.base_url.0.as_str());
                let url = match (base, &section.path) {
                    (Some(base), Some(path)) => below(base, path)
                        .map_err(|_| {
                            let why = "escreva um caminho que começa com `/`".to_owned();
                            errors.push(config.error(&format!("{key}.path"), Problem::Invalid(why)));
                        })
                        .ok(),
                    (_, _) => {
                        errors.push(missing("path"));
                        None
                    }
                };
                match (url, user, password) {
                    (Some(url), Some(user), Some(password)) => {
                        Some(Self::Token(Box::new(Login::new(url, user, password, section))))
                    }
                    (_, _, _) => None,
                }
            }
        };
        auth.filter(|_| errors.is_empty()).ok_or(ConfigErrors(errors))
    }

    /// The token to use now, logging in when there is none or it was refused. [`None`] where a login is no part
    /// of this kind.
    pub(super) async fn token(
        &self,
        http: &HttpClient,
        timeout: Duration,
        refused: Option<&SecretString>,
    ) -> Result<Option<SecretString>, Failed> {
        match self {
            Self::Token(login) => login.token(http, timeout, refused).await.map(Some),
            Self::None | Self::Basic(_) | Self::Bearer(_) => Ok(None),
        }
    }

    /// Puts the credentials on a request.
    pub(super) fn sign(&self, call: Call, token: Option<&SecretString>) -> Result<Call, NotARequest> {
        match (self, token) {
            (Self::None, _) | (Self::Token(_), None) => Ok(call),
            (Self::Basic(header), _) => call.secret_header("authorization", header),
            (Self::Bearer(token), _) | (Self::Token(_), Some(token)) => call.bearer(token),
        }
    }
}
