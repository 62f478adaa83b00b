//! A call of the hospital's systems, asked by an `http` node and performed by the runtime.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::ConnectionId;

/// HTTP methods a flow may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs)]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// As it stands on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Whether a repeated request has the effect of one (RFC 9110 §9.2.2).
    pub fn is_idempotent(self) -> bool {
        match self {
            Self::Get | Self::Head | Self::Put | Self::Delete => true,
            Self::Post | Self::Patch => false,
        }
    }
}

/// One request, complete but for the connection's base address and credentials.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// Whose base address, credentials and headers to use.
    pub connection: ConnectionId,
    /// The method.
    pub method: Method,
    /// Below the base address, begins with `/`, already percent-encoded.
    pub path: String,
    /// In authors' order, not yet encoded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<(String, String)>,
    /// In authors' order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// Sent as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// For each attempt, in milliseconds.
    pub timeout_ms: u64,
    /// How often and how far apart; absent means the connection's own rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// Sent as `Idempotency-Key`; makes any method safe to repeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}

/// When to repeat a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// In all, the first one included.
    pub attempts: u32,
    /// Before the second attempt, in milliseconds; doubles from there.
    pub wait_ms: u64,
}

/// How a call ended, after its last attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HttpOutcome {
    /// An answer came.
    Response(Response),
    /// No answer in time, and the request is safe to repeat or never left.
    Timeout,
    /// No connection: nothing left.
    Unreachable,
    /// A request that is not safe to repeat left, and what became of it is not known.
    Unknown,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names in lower case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// JSON, or text as a JSON string, or null.
    #[serde(default)]
    pub body: Value,
    /// Why the body could not be used: not the JSON it claims, or over 1 MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
