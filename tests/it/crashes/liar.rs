//! Stands between the service and the world, passes everything on, and lies once.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use fluxo::crashtest::Detour;
use fluxo_sandbox::Options;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// Which of the requests that fit is lied about: by then the run has begun in earnest.
const WHICH: usize = 2;

/// What it does to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lie {
    /// A patient's message is acknowledged and never passed on.
    MessageSwallowed,
    /// A patient's message comes once more, under another id: as to a service that has forgotten the first.
    MessageTwice,
    /// A reply is acknowledged and never reaches the phone.
    ReplySwallowed,
    /// A reply is passed on twice.
    ReplyTwice,
    /// A reply is acknowledged, and passed on after the next one.
    ReplyLate,
    /// RM says that a booking was made and makes none.
    BookingInvented,
    /// RM makes a booking and says that it does not.
    BookingDenied,
}

/// The liar.
#[derive(Debug)]
struct Liar {
    lie: Lie,
    client: reqwest::Client,
    truth: OnceLock<String>,
    fitting: AtomicUsize,
    /// A reply that waits for the next one to the same phone.
    held: Mutex<Option<Request>>,
    done: AtomicBool,
}

/// Starts one: the detour that leads everything past it, and whether it has lied.
pub(super) async fn start(lie: Lie) -> (Detour, Arc<dyn Fn() -> bool + Send + Sync>) {
    let client = reqwest::Client::new();
    let liar = Arc::new(Liar {
        lie,
        client,
        truth: OnceLock::new(),
        fitting: AtomicUsize::new(0),
        held: Mutex::default(),
        done: AtomicBool::new(false),
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let here = format!("http://{}", listener.local_addr().expect("a bound listener has an address"));
    let router = Router::new().fallback(pass).with_state(Arc::clone(&liar));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let same = Arc::clone(&liar);
    let detour = Arc::new(move |truth: &str| {
        liar.truth.set(truth.to_owned()).expect("one liar, one truth");
        here.clone()
    });
    (detour, Arc::new(move || same.done.load(Ordering::SeqCst)))
}

async fn pass(
    State(liar): State<Arc<Liar>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = Request { method, uri, headers, body };
    let json: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    let now = liar.fits(&request, &json) && liar.fitting.fetch_add(1, Ordering::SeqCst) == WHICH;
    if !now {
        let answer = liar.forward(&request).await;
        if let Some(late) = liar.late_one(&json) {
            liar.forward(&late).await;
            liar.done.store(true, Ordering::SeqCst);
        }
        return answer;
    }
    if liar.lie == Lie::ReplyLate {
        *liar.held.lock().expect("no holder panics") = Some(request);
        return accepted();
    }
    liar.done.store(true, Ordering::SeqCst);
    match liar.lie {
        Lie::MessageSwallowed => StatusCode::OK.into_response(),
        Lie::MessageTwice => {
            liar.forward(&request).await;
            let message = &json["entry"][0]["changes"][0]["value"]["messages"][0]["id"];
            let id = message.as_str().expect("a message has an id");
            let text = String::from_utf8_lossy(&request.body).replace(id, &format!("{id}again"));
            liar.forward(&signed(request, text)).await
        }
        Lie::ReplySwallowed | Lie::ReplyLate => accepted(),
        Lie::ReplyTwice => {
            liar.forward(&request).await;
            liar.forward(&request).await
        }
        Lie::BookingInvented => (StatusCode::CREATED, Json(json!({ "id": "1|0" }))).into_response(),
        Lie::BookingDenied => {
            liar.forward(&request).await;
            (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "code": "FE000" }))).into_response()
        }
    }
}

#[derive(Debug)]
struct Request {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

impl Liar {
    fn fits(&self, request: &Request, json: &Value) -> bool {
        match self.lie {
            Lie::MessageSwallowed | Lie::MessageTwice => {
                let message = &json["entry"][0]["changes"][0]["value"]["messages"][0];
                message["text"]["body"].as_str().is_some_and(|text| text.starts_with("e0"))
            }
            // The first of two replies to a message.
            Lie::ReplySwallowed | Lie::ReplyTwice | Lie::ReplyLate => {
                json["text"]["body"].as_str().is_some_and(|text| text.starts_with("Li: "))
            }
            Lie::BookingInvented | Lie::BookingDenied => {
                request.method == Method::POST && json["PatientName"].is_string()
            }
        }
    }

    /// The reply that was held back, once another has gone to the same phone.
    fn late_one(&self, gone: &Value) -> Option<Request> {
        let mut held = self.held.lock().expect("no holder panics");
        let to = |body: &[u8]| serde_json::from_slice::<Value>(body).ok().map(|json| json["to"].clone());
        let same = held.as_ref().is_some_and(|late| {
            gone["type"].is_string() && to(&late.body).is_some_and(|phone| phone == gone["to"])
        });
        if same { held.take() } else { None }
    }

    async fn forward(&self, request: &Request) -> Response {
        let truth = self.truth.get().expect("the detour was taken");
        let mut headers = request.headers.clone();
        headers.remove("host");
        headers.remove("content-length");
        let sent = self
            .client
            .request(request.method.clone(), format!("{truth}{}", request.uri))
            .headers(headers)
            .body(request.body.clone())
            .send()
            .await;
        // Nobody there: the service is dead, and so is this connection for whoever asked.
        let Ok(answer) = sent else { return StatusCode::BAD_GATEWAY.into_response() };
        let status = answer.status();
        let kind = answer.headers().get("content-type").cloned();
        let mut response = (status, answer.bytes().await.unwrap_or_default()).into_response();
        if let Some(kind) = kind {
            response.headers_mut().insert("content-type", kind);
        }
        response
    }
}

/// What the provider says when it takes a message.
fn accepted() -> Response {
    let id = json!([{ "id": "wamid.never" }]);
    Json(json!({ "messaging_product": "whatsapp", "contacts": [], "messages": id })).into_response()
}

/// Another body under a good signature.
fn signed(request: Request, text: String) -> Request {
    let key = Options::default().app_secret;
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("any key length");
    mac.update(text.as_bytes());
    let digest: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let mut headers = request.headers;
    let value = format!("sha256={digest}").parse().expect("hex is ASCII");
    headers.insert("x-hub-signature-256", value);
    Request { headers, body: text.into(), ..request }
}
