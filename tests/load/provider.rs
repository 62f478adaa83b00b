//! A stub in the place of the WhatsApp Cloud API: takes every message at once and tells whoever waits for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::post;
use tokio::sync::oneshot;

/// The stub.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) base: String,
    book: Arc<Mutex<Book>>,
}

#[derive(Debug, Default)]
struct Book {
    taken: u64,
    waiting: HashMap<String, oneshot::Sender<Instant>>,
}

impl Provider {
    pub(crate) async fn start() -> Arc<Self> {
        let book = Arc::<Mutex<Book>>::default();
        let app = Router::new().route("/v26.0/{account}/messages", post(take)).with_state(Arc::clone(&book));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback has a port");
        let base = format!("http://{}", listener.local_addr().expect("a bound listener has an address"));
        tokio::spawn(async move { axum::serve(listener, app).await.expect("the stub serves") });
        Arc::new(Self { base, book })
    }

    /// When the next message to a phone is taken. To be asked before the phone writes.
    pub(crate) fn next_to(&self, phone: &str) -> oneshot::Receiver<Instant> {
        let (tell, told) = oneshot::channel();
        lock(&self.book).waiting.insert(phone.to_owned(), tell);
        told
    }
}

fn lock(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().expect("nobody panics with the book")
}

async fn take(State(book): State<Arc<Mutex<Book>>>, body: Bytes) -> impl IntoResponse {
    let json = [(CONTENT_TYPE, "application/json")];
    // Read marks and typing go to the same address and name nobody.
    let Some(to) = recipient(&body) else { return (json, r#"{"success":true}"#.to_owned()) };
    let mut book = lock(&book);
    book.taken += 1;
    if let Some(waiting) = book.waiting.remove(to) {
        // A phone that no longer waits has counted itself as without reply.
        let _ = waiting.send(Instant::now());
    }
    let n = book.taken;
    let answer = format!(
        r#"{{"messaging_product":"whatsapp","contacts":[{{"input":"{to}","wa_id":"{to}"}}],"messages":[{{"id":"wamid.load.{n}"}}]}}"#
    );
    (json, answer)
}

/// The digits of `to`. The stub must cost little: it reads no more than that of the body.
fn recipient(body: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once(r#""to":""#)?;
    let (to, _) = rest.split_once('"')?;
    Some(to.trim_start_matches('+'))
}
