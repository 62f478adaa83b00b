//! What an attempt means for its call.

use std::time::Duration;

use fluxo_engine::protocol::{HttpOutcome, Response};
use serde_json::Value;

use super::Attempt;
use super::names::Names;
use crate::foundation::http::{Answer, Failure, NotARequest};

/// Whether another attempt may end differently.
pub(super) fn is_passing(attempt: &Attempt) -> bool {
    match attempt {
        Attempt::Answered(answer) => answer.status == 429 || answer.status >= 500,
        Attempt::Failed(_) | Attempt::NoLogin { .. } => true,
    }
}

/// The pause the other side asked for, in seconds; a date is not one of ours to trust and counts as unsaid.
pub(super) fn asked_pause(attempt: &Attempt) -> Option<Duration> {
    match attempt {
        Attempt::Answered(answer) => {
            let seconds = answer.headers.get("retry-after")?.trim().parse().ok()?;
            Some(Duration::from_secs(seconds))
        }
        Attempt::Failed(_) | Attempt::NoLogin { .. } => None,
    }
}

/// How a call ends with its last attempt. `repeat`: it was safe to repeat, so nothing is in doubt.
pub(super) fn outcome(attempt: Attempt, repeat: bool, names: &Names, path: &str) -> HttpOutcome {
    let silent = |timed_out: bool| if timed_out { HttpOutcome::Timeout } else { HttpOutcome::Unreachable };
    match attempt {
        Attempt::NoLogin { timed_out } | Attempt::Failed(Failure::NothingLeft { timed_out, .. }) => {
            silent(timed_out)
        }
        Attempt::Failed(Failure::NoAnswer { .. }) if !repeat => HttpOutcome::Unknown,
        Attempt::Failed(Failure::NoAnswer { timed_out, .. }) => silent(timed_out),
        // A gateway's words about a server that may have acted.
        Attempt::Answered(Answer { status: 502 | 504, .. }) if !repeat => HttpOutcome::Unknown,
        Attempt::Answered(answer) => HttpOutcome::Response(response(answer, names, path)),
    }
}

/// A request of a flow that cannot be sent: an answer with a reason, so that it leaves by `failure`.
pub(super) fn refused(error: &NotARequest) -> HttpOutcome {
    HttpOutcome::Response(Response {
        status: 0,
        headers: Default::default(),
        body: Value::Null,
        error: Some(error.to_string()),
    })
}

fn response(answer: Answer, names: &Names, path: &str) -> Response {
    let Answer { status, headers, body } = answer;
    let (body, error) = match body {
        Ok(bytes) => body_of(&bytes, headers.get("content-type").map_or("", String::as_str)),
        Err(too_large) => (Value::Null, Some(too_large.to_string())),
    };
    // An error's body is not of the resource: its `code` is not the resource's `Code`.
    let names = if status < 400 { names.of(path) } else { names.of_errors() };
    Response { status, headers, body: names.apply(body), error }
}

/// JSON as JSON, other text as text, nothing as null. What claims to be JSON and is not keeps its text out.
fn body_of(bytes: &[u8], content_type: &str) -> (Value, Option<String>) {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = kind == "application/json" || kind == "text/json" || kind.ends_with("+json");
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return (Value::Null, None);
    }
    if is_json {
        return match serde_json::from_slice(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)) {
            Ok(value) => (value, None),
            // Line and column only: the parser's own words may hold what is personal.
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                (Value::Null, Some(format!("the body is not JSON: line {line}, column {column}")))
            }
        };
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => (Value::String(text.to_owned()), None),
        Err(_) => (Value::Null, Some("the body is not text".to_owned())),
    }
}
