//! A stub in the place of the WhatsApp Cloud API: takes every message at once and notes when.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;

/// The stub.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) base: String,
    book: Arc<Book>,
}

#[derive(Debug, Default)]
struct Book {
    taken: AtomicU64,
    last: Mutex<HashMap<String, Instant>>,
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let book = Arc::new(Book::default());
        let app = Router::new().route("/v26.0/{account}/messages", post(take)).with_state(Arc::clone(&book));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback has a port");
        let base = format!("http://{}", listener.local_addr().expect("a bound listener has an address"));
        tokio::spawn(async move { axum::serve(listener, app).await.expect("the stub serves") });
        Self { base, book }
    }

    /// When a phone was last sent something.
    pub(crate) fn last_to(&self, phone: &str) -> Option<Instant> {
        self.book.last.lock().expect("nobody panics with the book").get(phone).copied()
    }

    /// Waits until nothing has been sent for a while.
    pub(crate) async fn quiet(&self, patience: Duration) {
        let begun = Instant::now();
        let mut before = self.book.taken.load(Ordering::Relaxed);
        while begun.elapsed() < patience {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let now = self.book.taken.load(Ordering::Relaxed);
            if now == before {
                return;
            }
            before = now;
        }
    }
}

async fn take(State(book): State<Arc<Book>>, Json(body): Json<Value>) -> Json<Value> {
    let to = body["to"].as_str().unwrap_or_default().trim_start_matches('+').to_owned();
    // Read marks and typing go to the same address and name nobody.
    if to.is_empty() {
        return Json(json!({ "success": true }));
    }
    let n = book.taken.fetch_add(1, Ordering::Relaxed);
    book.last.lock().expect("nobody panics with the book").insert(to.clone(), Instant::now());
    Json(json!({
        "messaging_product": "whatsapp",
        "contacts": [{ "input": to, "wa_id": to }],
        "messages": [{ "id": format!("wamid.load.{n}") }],
    }))
}
