//! What every request to RM and to the Graph API passes: the book writes it down, faults strike it.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Json,
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header, response::Parts},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use serde_json::Value;

use crate::{
    book::{self, Entry},
    faults::{Asked, Fault},
    line::Line,
    live::Change,
    phone::number,
    shared::Shared,
};

/// The largest body: a document of 100 MB and its envelope.
const MOST_BYTES: usize = 101 << 20;

const PROXY_PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n\
    <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";

pub(crate) async fn pass(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, MOST_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let full = parts.uri.path();
    let (target, path) = match full.strip_prefix("/rm") {
        Some(path) => ("rm", path.to_owned()),
        None => ("graph", full.strip_prefix("/graph").unwrap_or(full).to_owned()),
    };
    let method = parts.method.as_str().to_owned();
    let auth = match parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) {
        Some(value) if value.starts_with("Basic ") => "basic",
        Some(value) if value.starts_with("Bearer ") => "bearer",
        Some(_) => "other",
        None => "",
    };
    let noted = book::noted(&bytes);
    let struck = shared.faults.strike(Asked { target, method: &method, path: &path, body: &noted });
    let phone = noted["to"].as_str().map(number::digits);
    let n = shared.book.open(Entry {
        n: 0,
        target,
        method: method.clone(),
        path: path.clone(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        body: noted,
        auth,
        time: shared.clock.stamp(shared.clock.now_ms()),
        status: None,
        answer: Value::Null,
        took_ms: None,
        fault: None,
        phone,
    });
    shared.live.tell(Change::Request { n });
    let started = Instant::now();
    if !struck.is_empty() {
        let names: Vec<String> = struck.iter().map(Fault::name).collect();
        shared.book.close(n, |entry| entry.fault = Some(names.join(", ")));
        shared.live.tell(Change::Controls);
    }
    let torn = struck.contains(&Fault::Torn);
    let request = Request::from_parts(parts, Body::from(bytes));
    let answer = play(&shared, &line, struck, request, next).await;
    let took = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let Some(response) = answer else {
        shared.book.close(n, |entry| entry.took_ms = Some(took));
        shared.live.tell(Change::Request { n });
        line.cut();
        // Never seen: the line is cut.
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, MOST_BYTES).await.unwrap_or_default();
    shared.book.close(n, |entry| {
        entry.status = Some(parts.status.as_u16());
        entry.took_ms = Some(took);
        entry.answer = book::noted(&bytes);
    });
    shared.live.tell(Change::Request { n });
    if torn {
        return tear(parts, &bytes);
    }
    Response::from_parts(parts, Body::from(bytes))
}

/// Announces the whole body, sends half of it, and hangs up.
fn tear(mut parts: Parts, whole: &[u8]) -> Response {
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(whole.len()));
    let half = whole[..whole.len() / 2].to_vec();
    let pieces = [Ok(half), Err(io::Error::from(io::ErrorKind::ConnectionReset))];
    Response::from_parts(parts, Body::from_stream(futures_util::stream::iter(pieces)))
}

/// The right answer, or what the faults make of it; `None` cuts the connection.
async fn play(
    shared: &Shared,
    line: &Line,
    struck: Vec<Fault>,
    request: Request,
    next: Next,
) -> Option<Response> {
    let mut terminal = None;
    for fault in struck {
        match fault {
            Fault::Slow { ms } => tokio::time::sleep(Duration::from_millis(ms)).await,
            other @ (Fault::Status { .. }
            | Fault::SlowBetween { .. }
            | Fault::CutBefore
            | Fault::CutAfterAccepting
            | Fault::Html { .. }
            | Fault::Torn
            | Fault::ContentType { .. }
            | Fault::Silence { .. }
            | Fault::Conflict { .. }
            | Fault::AsyncFailed { .. }) => terminal = Some(other),
        }
    }
    match terminal {
        None
        | Some(
            Fault::Slow { .. }
            | Fault::SlowBetween { .. }
            | Fault::Conflict { .. }
            | Fault::AsyncFailed { .. },
        ) => Some(next.run(request).await),
        // The gate tears it, once it has noted it.
        Some(Fault::Torn) => Some(next.run(request).await),
        Some(Fault::ContentType { content_type }) => {
            let mut response = next.run(request).await;
            if let Ok(value) = HeaderValue::from_str(&content_type) {
                response.headers_mut().insert(header::CONTENT_TYPE, value);
            }
            Some(response)
        }
        Some(Fault::CutBefore) => None,
        Some(Fault::CutAfterAccepting) => {
            next.run(request).await;
            None
        }
        Some(Fault::Silence { after_accepting }) => {
            if after_accepting {
                next.run(request).await;
            }
            shared.stop.cancelled().await;
            line.cut();
            None
        }
        Some(Fault::Html { after_accepting }) => {
            if after_accepting {
                next.run(request).await;
            }
            Some((StatusCode::BAD_GATEWAY, Html(PROXY_PAGE)).into_response())
        }
        Some(Fault::Status { status, body, headers, after_accepting }) => {
            if after_accepting {
                next.run(request).await;
            }
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response = match body {
                Value::Null => status.into_response(),
                Value::String(text) => (status, text).into_response(),
                json @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                    (status, Json(json)).into_response()
                }
            };
            for (name, value) in headers {
                if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
                    response.headers_mut().insert(name, value);
                }
            }
            Some(response)
        }
    }
}
