//! The HTTP client of everything that calls out: the only place that names `reqwest`.
//!
//! It never follows a redirect, never uses a proxy of the environment, and stops reading at a cap. What matters
//! most here is the difference between *nothing left* and *something left and no answer came* ([`Failure`]):
//! a booking that never left may be tried again, one that left may not.
//!
//! How the two are told apart: `reqwest` says `is_connect()` for name, TCP and TLS failures, and then nothing of
//! the request has left. It does not say so when the attempt's whole time ends during the connect. Bodies are
//! therefore handed over as a stream that notes when it is first asked for: a server never acts on a request
//! whose declared body did not begin, so a body never asked for is a request that never left.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::stream;
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use secrecy::{ExposeSecret, SecretString};

/// The most that is read of a body, in bytes: 1 MiB (flow-format.md §4, `http`).
pub const BODY_CAP: usize = 1 << 20;

/// How long an idle connection is kept. Short: a request written to a connection that the server has just
/// closed is a request whose outcome is not known.
const IDLE: Duration = Duration::from_secs(15);

/// Idle connections kept per host: as many as may be in use at once, or each rush ends in connecting anew.
const KEPT: usize = 256;

/// A client with its pools of connections. Cheap to clone.
#[derive(Debug, Clone)]
pub struct HttpClient {
    pooled: reqwest::Client,
    fresh: reqwest::Client,
}

/// One request.
#[derive(Debug)]
pub struct Call {
    method: reqwest::Method,
    url: String,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
    timeout: Duration,
    fresh: bool,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Names in lower case; of equal names the first.
    pub headers: BTreeMap<String, String>,
    /// Its bytes, or nothing when they were over the cap.
    pub body: Result<Vec<u8>, TooLarge>,
}

/// A body over [`BODY_CAP`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is over {BODY_CAP} bytes")]
pub struct TooLarge;

/// Why there is no answer. The detail names no address and no value of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Nothing left: the other side cannot have acted.
    #[error("nothing was sent: {detail}")]
    NothingLeft {
        /// It took too long, as opposed to being refused.
        timed_out: bool,
        /// In the library's words.
        detail: String,
    },
    /// At least the beginning left, and no whole answer came: the other side may have acted.
    #[error("no answer came: {detail}")]
    NoAnswer {
        /// It took too long, as opposed to being cut.
        timed_out: bool,
        /// In the library's words.
        detail: String,
    },
}

/// A request that cannot be written down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotARequest {
    /// A header's name or value has characters that cannot stand there.
    #[error("the header {0} cannot be sent")]
    Header(String),
    /// The address is not one.
    #[error("the path cannot be used")]
    Path,
}

impl HttpClient {
    /// A client. `connect` bounds name lookup, TCP and TLS of one attempt.
    ///
    /// # Errors
    /// When the system's trust store cannot be used.
    pub fn new(connect: Duration) -> Result<Self, std::io::Error> {
        let client = |idle: usize| {
            reqwest::Client::builder()
                .user_agent(concat!("fluxo/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(connect)
                .pool_idle_timeout(IDLE)
                .pool_max_idle_per_host(idle)
                .redirect(Policy::none())
                .no_proxy()
                .build()
                .map_err(std::io::Error::other)
        };
        Ok(Self { pooled: client(KEPT)?, fresh: client(0)? })
    }

    /// Sends a request once and reads its answer.
    ///
    /// # Errors
    /// [`Failure`], which says whether anything left.
    pub async fn send(&self, call: Call) -> Result<Answer, Failure> {
        let client = if call.fresh { &self.fresh } else { &self.pooled };
        let mut request = client.request(call.method, &call.url).headers(call.headers).timeout(call.timeout);
        if !call.query.is_empty() {
            request = request.query(&call.query);
        }
        let mut asked_for: Option<Arc<AtomicBool>> = None;
        if let Some(body) = call.body.filter(|body| !body.is_empty()) {
            let mark = Arc::new(AtomicBool::new(false));
            asked_for = Some(Arc::clone(&mark));
            request = request.header(CONTENT_LENGTH, body.len());
            request = request.body(reqwest::Body::wrap_stream(stream::once(async move {
                mark.store(true, Ordering::SeqCst);
                Ok::<_, Infallible>(body)
            })));
        }
        let failure = |error: reqwest::Error| {
            let timed_out = error.is_timeout();
            let never_asked = asked_for.as_ref().is_some_and(|mark| !mark.load(Ordering::SeqCst));
            let detail = detail(&error);
            if error.is_connect() || error.is_builder() || never_asked {
                Failure::NothingLeft { timed_out, detail }
            } else {
                Failure::NoAnswer { timed_out, detail }
            }
        };
        let mut response = request.send().await.map_err(&failure)?;
        let status = response.status().as_u16();
        let mut headers = BTreeMap::new();
        for (name, value) in response.headers() {
            if let Ok(value) = value.to_str() {
                headers.entry(name.as_str().to_owned()).or_insert_with(|| value.to_owned());
            }
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(&failure)? {
            if body.len() + chunk.len() > BODY_CAP {
                return Ok(Answer { status, headers, body: Err(TooLarge) });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body: Ok(body) })
    }
}

impl Call {
    /// A request to an address, which must be complete but for its query. `timeout` is for the whole attempt.
    pub fn new(method: &str, url: impl Into<String>, timeout: Duration) -> Result<Self, NotARequest> {
        let method = reqwest::Method::from_bytes(method.as_bytes()).map_err(|_| NotARequest::Path)?;
        let url = url.into();
        reqwest::Url::parse(&url).map_err(|_| NotARequest::Path)?;
        Ok(Self {
            method,
            url,
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: None,
            timeout,
            fresh: false,
        })
    }

    /// Adds query members, not yet encoded.
    #[must_use]
    pub fn query(mut self, query: &[(String, String)]) -> Self {
        self.query.extend_from_slice(query);
        self
    }

    /// Sets a header.
    ///
    /// # Errors
    /// When it cannot stand on the wire.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, NotARequest> {
        let (name, value) = header(name, value)?;
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Sets a header that is never shown.
    ///
    /// # Errors
    /// When it cannot stand on the wire.
    pub fn secret_header(mut self, name: &str, value: &SecretString) -> Result<Self, NotARequest> {
        let (name, mut value) = header(name, value.expose_secret())?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Sets the bearer token.
    ///
    /// # Errors
    /// When it cannot stand on the wire.
    pub fn bearer(self, token: &SecretString) -> Result<Self, NotARequest> {
        let text = SecretString::from(format!("Bearer {}", token.expose_secret()));
        self.secret_header(AUTHORIZATION.as_str(), &text)
    }

    /// Sets the body, which is JSON text.
    #[must_use]
    pub fn json(mut self, body: Vec<u8>) -> Self {
        self.headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
        self.body = Some(body);
        self
    }

    /// Uses a new connection: for what is not safe to repeat, where a pooled connection that the server closes
    /// at the same moment would leave a doubt.
    #[must_use]
    pub fn on_fresh_connection(mut self) -> Self {
        self.fresh = true;
        self
    }
}

/// A base address with a path below it. The path is already percent-encoded; one that would climb is refused,
/// so a request never leaves the base.
///
/// # Errors
/// [`NotARequest::Path`].
pub fn below(base: &str, path: &str) -> Result<String, NotARequest> {
    let climbs = path.split('/').any(|segment| {
        let plain = segment.to_ascii_lowercase().replace("%2e", ".");
        plain == "." || plain == ".."
    });
    let strange =
        path.contains(['?', '#', '\\']) || path.chars().any(|c| c.is_whitespace() || c.is_control());
    if !path.starts_with('/') || climbs || strange {
        return Err(NotARequest::Path);
    }
    Ok(format!("{}{path}", base.trim_end_matches('/')))
}

/// Whether a text can be the base of addresses: `http` or `https`, a host, no user, no query, no fragment.
pub fn is_base(text: &str) -> bool {
    reqwest::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    })
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), NotARequest> {
    let refused = || NotARequest::Header(name.to_owned());
    let value = HeaderValue::from_str(value).map_err(|_| refused())?;
    Ok((HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?, value))
}

/// The innermost cause: it says what happened and never holds the address, whose query may be personal.
fn detail(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    if std::ptr::eq(cause as *const dyn Error as *const (), error as *const _ as *const ()) {
        return "the request failed".to_owned();
    }
    cause.to_string()
}
