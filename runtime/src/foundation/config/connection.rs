//! `[connections.*]`: the hospital's systems, where they are and how they are entered.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{Deserializer, Error};
use toml::Spanned;

use super::secret::Secret;
use super::span::Span;

/// `[connections.<name>]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectionSection {
    /// What every path stands below. The connection talks to this host and to no other.
    pub base_url: BaseUrl,
    /// The most one attempt may take, whatever a flow asks for.
    #[serde(default = "attempt")]
    pub timeout: Span,
    /// Sent with every request. What authorises is a reference.
    #[serde(default)]
    pub headers: BTreeMap<String, HeaderText>,
    /// How the connection is entered.
    #[serde(default)]
    pub auth: AuthSection,
    /// Whether `POST` and `PATCH` are safe to repeat here, because the other side recognises a repetition.
    #[serde(default)]
    pub repeat_post: bool,
    /// How often a request that is safe to repeat is tried in all.
    #[serde(default = "attempts")]
    pub attempts: u32,
    /// The pause before the second attempt; doubles from there.
    #[serde(default = "pause")]
    pub retry_after: Span,
    /// Member names of answers as flows read them, whatever their letter case on the wire.
    #[serde(default)]
    pub field_names: Vec<String>,
    /// Misspelt member names of answers, and what flows read instead.
    #[serde(default)]
    pub field_aliases: BTreeMap<String, String>,
    /// Names for part of the paths, over those of the whole connection.
    #[serde(default)]
    pub resources: Vec<ResourceSection>,
}

/// `[[connections.<name>.resources]]`: names of the answers of some paths. The resource whose path is the longest
/// beginning of a request's path, segment by segment, counts; where it says nothing, the connection does.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceSection {
    /// Where it stands below the base address.
    pub path: String,
    /// As the connection's.
    #[serde(default)]
    pub field_names: Vec<String>,
    /// As the connection's.
    #[serde(default)]
    pub field_aliases: BTreeMap<String, String>,
}

/// An `http` or `https` address without query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(pub String);

/// A header's value.
#[derive(Debug, Clone)]
pub enum HeaderText {
    /// Open.
    Plain(Spanned<String>),
    /// Secret.
    Secret(Secret),
}

/// `[connections.<name>.auth]` as written; which keys belong to which kind is decided by `connections`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthSection {
    /// How the connection is entered.
    #[serde(default)]
    pub kind: AuthKind,
    /// `basic` and `token`.
    pub username: Option<Secret>,
    /// `basic` and `token`.
    pub password: Option<Secret>,
    /// `bearer`.
    pub token: Option<Secret>,
    /// `token`: where the login stands below the base address.
    pub path: Option<String>,
    /// `token`: more members of the login's body.
    #[serde(default)]
    pub extra: BTreeMap<String, String>,
    /// `token`: how long before its end a token is renewed.
    pub renew_before: Option<Span>,
}

/// Ways to enter a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthKind {
    /// Open.
    #[default]
    None,
    /// User and password with every request.
    Basic,
    /// A token that does not change.
    Bearer,
    /// A login that gives a token for a while (totvs-rm.md §1).
    Token,
}

const fn attempt() -> Span {
    Span::seconds(30)
}

const fn attempts() -> u32 {
    3
}

const fn pause() -> Span {
    Span::seconds(1)
}

impl<'de> Deserialize<'de> for BaseUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if crate::foundation::http::is_base(&text) {
            Ok(Self(text.trim_end_matches('/').to_owned()))
        } else {
            Err(D::Error::custom(
                "escreva um endereço como \"https://rm.hospital.br:8051\", sem usuário e sem `?`",
            ))
        }
    }
}

impl<'de> Deserialize<'de> for HeaderText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Spanned::<toml::Value>::deserialize(deserializer)?;
        let span = value.span();
        let value = value.into_inner();
        if let Some(text) = value.as_str() {
            return Ok(Self::Plain(Spanned::new(span, text.to_owned())));
        }
        super::secret::Reference::deserialize(value)
            .map(|reference| Self::Secret(Secret::at(span, reference)))
            .map_err(D::Error::custom)
    }
}

/// Whether a header of this name carries what authorises.
pub fn is_secret_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["authorization", "cookie", "token", "secret", "password", "api-key", "apikey"]
        .iter()
        .any(|word| name.contains(word))
}
