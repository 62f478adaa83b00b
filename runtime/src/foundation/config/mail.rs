//! `[mail]`: the server that takes the e-mails of `email` nodes. Without it they become dead letters.

use std::net::IpAddr;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::error::Problem;
use super::secret::Secret;
use super::span::Span;

/// The longest attempt: it must end well before the lease of its conversation.
const LONGEST: Span = Span::seconds(3 * 60);

/// `[mail]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSection {
    /// The server's name or address. Its certificate must be for it.
    pub host: String,
    /// Its port; absent, the usual one of the security.
    pub port: Option<u16>,
    /// How the way there is protected.
    #[serde(default = "tls")]
    pub security: Spanned<Security>,
    /// Who writes: `"Hospital <nao-responda@hospital.example>"`, or only the address.
    pub from: String,
    /// Together with the password, when the server wants to know who comes.
    pub username: Option<Secret>,
    /// Together with the user name.
    pub password: Option<Secret>,
    /// The most one attempt may take, from the connection to the server's last word; at most three minutes.
    #[serde(default = "attempt")]
    pub timeout: Spanned<Span>,
}

/// How the way to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// TLS before anything is said (RFC 3207); a server that does not offer it gets nothing.
    Starttls,
    /// Open: only to a server on this machine.
    None,
}

impl MailSection {
    /// The port to call.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.security.get_ref() {
            Security::Tls => 465,
            Security::Starttls => 587,
            Security::None => 25,
        })
    }

    /// What is wrong between its keys: the key, where, and what.
    pub(super) fn contradictions(&self) -> Vec<(&'static str, Range<usize>, Problem)> {
        let mut found = Vec::new();
        if *self.security.get_ref() == Security::None && !is_loopback(&self.host) {
            let why = "sem proteção, só para um servidor nesta máquina (localhost, 127.0.0.1); use \"tls\" ou \"starttls\"";
            found.push(("security", self.security.span(), Problem::Invalid(why.to_owned())));
        }
        if *self.timeout.get_ref() > LONGEST {
            let why = "uma tentativa pode demorar no máximo \"3m\"".to_owned();
            found.push(("timeout", self.timeout.span(), Problem::Invalid(why)));
        }
        match (&self.username, &self.password) {
            (Some(username), None) => {
                let why = "falta a chave `password`".to_owned();
                found.push(("username", username.span(), Problem::Invalid(why)));
            }
            (None, Some(password)) => {
                let why = "falta a chave `username`".to_owned();
                found.push(("password", password.span(), Problem::Invalid(why)));
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
        found
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

// What stands in no file stands nowhere.
fn tls() -> Spanned<Security> {
    Spanned::new(0..0, Security::Tls)
}

fn attempt() -> Spanned<Span> {
    Spanned::new(0..0, Span::seconds(60))
}
