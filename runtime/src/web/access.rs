//! Who may: programs with the api token, people with a login, which is a signed cookie.
//!
//! Cookies and tickets are texts signed with the api token, so that no process needs to remember a login; only
//! that a ticket was used is remembered, until it would have ended anyway.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::Web;
use super::error::Failed;

/// The cookie's name.
pub(super) const COOKIE_NAME: &str = "fluxo_desk";

/// How long a login lasts, in seconds: a shift.
pub(super) const LOGIN_SECONDS: i64 = 12 * 60 * 60;

/// How long a ticket can be used, in seconds.
const TICKET_SECONDS: i64 = 24 * 60 * 60;

/// The longest name of an attendant, in characters.
const NAME: usize = 60;

/// The keys.
#[derive(Debug)]
pub(super) struct Access {
    api_token: SecretString,
    tickets: AtomicU64,
    used: Mutex<BTreeMap<String, i64>>,
}

/// A program with the api token.
#[derive(Debug)]
pub(super) struct Program;

/// Somebody who works at the desk, by name. A program names its attendant in `x-fluxo-attendant`.
#[derive(Debug)]
pub(super) struct Attendant(pub(super) String);

impl Access {
    pub(super) fn new(api_token: SecretString) -> Self {
        Self { api_token, tickets: AtomicU64::new(0), used: Mutex::default() }
    }

    /// Whether a text is the api token.
    pub(super) fn is_token(&self, text: &str) -> bool {
        text.as_bytes().ct_eq(self.api_token.expose_secret().as_bytes()).into()
    }

    /// The value of a login's cookie.
    pub(super) fn login(&self, attendant: &str, now: Timestamp) -> String {
        self.signed("login", attendant, "0", now.as_second() + LOGIN_SECONDS)
    }

    /// Logs somebody in once.
    pub(super) fn ticket(&self, attendant: &str, now: Timestamp) -> String {
        let number = self.tickets.fetch_add(1, Ordering::Relaxed);
        let once = format!("{}-{number}", now.as_nanosecond());
        self.signed("ticket", attendant, &once, now.as_second() + TICKET_SECONDS)
    }

    /// The name on a ticket that is good and was not used; it is used now.
    pub(super) fn redeem(&self, ticket: &str, now: Timestamp) -> Option<String> {
        let name = self.name_on("ticket", ticket, now)?;
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|_, ends| *ends > now.as_second());
        let first = used.insert(ticket.to_owned(), now.as_second() + TICKET_SECONDS).is_none();
        first.then_some(name)
    }

    /// Who is logged in.
    pub(super) fn logged_in(&self, headers: &HeaderMap, now: Timestamp) -> Option<String> {
        headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == COOKIE_NAME)
            .find_map(|(_, value)| self.name_on("login", value, now))
    }

    fn is_program(&self, headers: &HeaderMap) -> bool {
        let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        value.and_then(|value| value.strip_prefix("Bearer ")).is_some_and(|token| self.is_token(token))
    }

    /// `purpose.name.once.end.signature`
    fn signed(&self, purpose: &str, name: &str, once: &str, end: i64) -> String {
        let text = format!("{purpose}.{}.{once}.{end}", URL_SAFE_NO_PAD.encode(name));
        let signature = URL_SAFE_NO_PAD.encode(self.mac(&text).finalize().into_bytes());
        format!("{text}.{signature}")
    }

    fn name_on(&self, purpose: &str, signed: &str, now: Timestamp) -> Option<String> {
        let (text, signature) = signed.rsplit_once('.')?;
        self.mac(text).verify_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
        let mut parts = text.split('.');
        let (found, name, _, end) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let good = found == purpose && end.parse::<i64>().ok()? > now.as_second();
        good.then(|| String::from_utf8(URL_SAFE_NO_PAD.decode(name).ok()?).ok())?
    }

    fn mac(&self, text: &str) -> Hmac<Sha256> {
        let key = self.api_token.expose_secret().as_bytes();
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length is taken");
        mac.update(text.as_bytes());
        mac
    }
}

/// A name as it is shown: not empty, on one line, not too long.
pub(super) fn name(text: &str) -> Option<String> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits = !name.is_empty() && name.chars().count() <= NAME && !name.chars().any(char::is_control);
    fits.then_some(name)
}

impl FromRequestParts<Arc<Web>> for Program {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Failed> {
        web.access.is_program(&parts.headers).then_some(Self).ok_or_else(Failed::unknown_caller)
    }
}

impl FromRequestParts<Arc<Web>> for Attendant {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Failed> {
        if web.access.is_program(&parts.headers) {
            let given = parts.headers.get("x-fluxo-attendant").and_then(|value| value.to_str().ok());
            return Ok(Self(given.and_then(name).unwrap_or_else(|| "API".to_owned())));
        }
        let now = web.conversations.clock().now();
        web.access.logged_in(&parts.headers, now).map(Self).ok_or_else(Failed::unknown_caller)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn access(token: &str) -> Access {
        Access::new(SecretString::from(token.to_owned()))
    }

    fn cookie(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, format!("other=1; {COOKIE_NAME}={value}").parse().unwrap());
        headers
    }

    #[test]
    fn a_login_lasts_a_shift_and_cannot_be_made_without_the_token() {
        let access = access("t0ken");
        let value = access.login("Márcia", at(0));
        assert_eq!(access.logged_in(&cookie(&value), at(1)).as_deref(), Some("Márcia"));
        assert_eq!(access.logged_in(&cookie(&value), at(LOGIN_SECONDS)), None);
        assert_eq!(self::access("other").logged_in(&cookie(&value), at(1)), None);
        let (text, signature) = value.rsplit_once('.').unwrap();
        let other = text.replace(&URL_SAFE_NO_PAD.encode("Márcia"), &URL_SAFE_NO_PAD.encode("Rui"));
        assert_eq!(access.logged_in(&cookie(&format!("{other}.{signature}")), at(1)), None);
        for strange in ["", ".", "a.b.c.d.e", text, "....."] {
            assert_eq!(access.logged_in(&cookie(strange), at(1)), None);
        }
    }

    #[test]
    fn a_ticket_is_good_once_and_is_no_login() {
        let access = access("t0ken");
        let (first, second) = (access.ticket("Ana", at(0)), access.ticket("Ana", at(0)));
        assert_ne!(first, second);
        assert_eq!(access.logged_in(&cookie(&first), at(1)), None);
        assert_eq!(access.redeem(&access.login("Ana", at(0)), at(1)), None);
        assert_eq!(access.redeem(&first, at(1)).as_deref(), Some("Ana"));
        assert_eq!(access.redeem(&first, at(2)), None);
        assert_eq!(access.redeem(&second, at(TICKET_SECONDS)), None);
    }

    #[test]
    fn names_are_one_short_line() {
        assert_eq!(name("  Ana \n Lima ").as_deref(), Some("Ana Lima"));
        for text in ["", "   ", &"a".repeat(61), "a\u{0}b"] {
            assert_eq!(name(text), None);
        }
    }
}
