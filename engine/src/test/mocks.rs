//! Simulated answers of the hospital's systems.

use serde_json::Value;

use super::document::{Mock, Reply, When};
use super::outside::Outside;
use crate::protocol::{HttpOutcome, HttpRequest, Response};

/// The simulated answers of one case, and the requests that were made.
#[derive(Debug, Clone)]
pub struct Mocks {
    rules: Vec<(When, Vec<Reply>, usize)>,
    requests: Vec<HttpRequest>,
}

impl Mocks {
    /// Rules in the order they are looked at.
    pub fn new<'a>(rules: impl Iterator<Item = &'a Mock>) -> Self {
        let rules = rules
            .map(|mock| (mock.when.clone(), mock.replies.iter().chain(&mock.reply).cloned().collect(), 0))
            .collect();
        Self { rules, requests: Vec::new() }
    }

    /// Requests made since [`Mocks::forget`].
    pub fn requests(&self) -> &[HttpRequest] {
        &self.requests
    }

    /// Forgets the requests made so far.
    pub fn forget(&mut self) {
        self.requests.clear();
    }
}

impl Outside for Mocks {
    fn call(&mut self, request: &HttpRequest) -> Result<HttpOutcome, String> {
        self.requests.push(request.clone());
        let rule = self.rules.iter_mut().find(|(when, replies, _)| !replies.is_empty() && when.fits(request));
        let Some((_, replies, used)) = rule else {
            return Err(in_words(request));
        };
        let reply = &replies[(*used).min(replies.len() - 1)];
        *used += 1;
        Ok(reply.outcome())
    }

    fn step(&mut self) {
        self.forget();
    }
}

impl When {
    /// Whether a request is meant.
    pub fn fits(&self, request: &HttpRequest) -> bool {
        let Self { connection, method, path, query, body } = self;
        connection.as_ref().is_none_or(|name| *name == request.connection.0)
            && method.is_none_or(|method| method == request.method)
            && path.as_ref().is_none_or(|pattern| path_fits(pattern, &request.path))
            && query.iter().all(|(key, value)| request.query.iter().any(|(k, v)| k == key && v == value))
            && body
                .as_ref()
                .is_none_or(|part| request.body.as_ref().is_some_and(|whole| contains(whole, part)))
    }
}

impl Reply {
    fn outcome(&self) -> HttpOutcome {
        if self.timeout {
            return HttpOutcome::Timeout;
        }
        if self.unreachable {
            return HttpOutcome::Unreachable;
        }
        if self.unknown {
            return HttpOutcome::Unknown;
        }
        HttpOutcome::Response(Response {
            status: self.status.unwrap_or(200),
            headers: self.headers.clone(),
            body: self.body.clone(),
            error: self.broken.then(|| "the body is not JSON".to_owned()),
        })
    }
}

/// One line for a person: `GET /x?a=b`.
pub(super) fn in_words(request: &HttpRequest) -> String {
    let query: Vec<String> = request.query.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{} {}{mark}{}", request.method.as_str(), request.path, query.join("&"))
}

/// Whether `whole` has all that `part` has: members of objects, the items of lists in their places.
pub(super) fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(key, value)| whole.get(key).is_some_and(|found| contains(found, value)))
        }
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(whole, part)| contains(whole, part))
        }
        (Value::Number(whole), Value::Number(part)) => whole.as_f64() == part.as_f64(),
        (whole, part) => whole == part,
    }
}

fn path_fits(pattern: &str, path: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = path.strip_prefix(pieces.next().unwrap_or_default()) else {
        return false;
    };
    let mut open = false;
    for piece in pieces {
        open = true;
        let Some(at) = (if piece.is_empty() { Some(0) } else { rest.find(piece) }) else {
            return false;
        };
        rest = &rest[at + piece.len()..];
        open &= piece.is_empty();
    }
    rest.is_empty() || open
}

#[cfg(test)]
mod tests {
    use super::path_fits;

    #[test]
    fn a_star_stands_for_any_run() {
        assert!(path_fits("/a/b", "/a/b"));
        assert!(!path_fits("/a/b", "/a/bc"));
        assert!(path_fits("/a/*", "/a/b%7Cc"));
        assert!(path_fits("/a/*/c", "/a/b/c"));
        assert!(!path_fits("/a/*/c", "/a/b/d"));
        assert!(path_fits("*", ""));
    }
}
