//! A stub in the place of the WhatsApp Cloud API: takes every message and notes it, with the moment in the disk's life.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::disk::{Disk, Position};

/// A message that was taken.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) at: Position,
    pub(crate) to: String,
    pub(crate) text: String,
    /// Our effect id, as the message carried it.
    pub(crate) effect: String,
}

/// The stub.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) base: String,
    book: Arc<Book>,
}

#[derive(Debug)]
struct Book {
    disk: Disk,
    taken: Mutex<Vec<Taken>>,
    waiting: Mutex<HashMap<String, Arc<Notify>>>,
}

impl Provider {
    pub(crate) async fn start(disk: Disk) -> Result<Self, String> {
        let book = Arc::new(Book { disk, taken: Mutex::default(), waiting: Mutex::default() });
        let app = Router::new().route("/v26.0/{account}/messages", post(take)).with_state(Arc::clone(&book));
        let told = |error: std::io::Error| error.to_string();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.map_err(told)?;
        let base = format!("http://{}", listener.local_addr().map_err(told)?);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self { base, book })
    }

    /// All it has taken so far.
    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.book.taken.lock().expect("nobody panics with the book").clone()
    }

    /// Waits until it has taken so many.
    pub(crate) async fn takes(&self, count: usize) -> Result<(), String> {
        let begun = Instant::now();
        while self.book.taken.lock().expect("nobody panics with the book").len() < count {
            if begun.elapsed() > Duration::from_secs(60) {
                return Err(format!("the service has sent {} messages in a minute", self.taken().len()));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Told whenever something is sent to a phone.
    pub(crate) fn bell(&self, phone: &str) -> Arc<Notify> {
        let mut waiting = self.book.waiting.lock().expect("nobody panics with the book");
        Arc::clone(waiting.entry(phone.to_owned()).or_default())
    }
}

async fn take(State(book): State<Arc<Book>>, Json(body): Json<Value>) -> Json<Value> {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let to = word(&body["to"]).trim_start_matches('+').to_owned();
    // Read marks and typing go to the same address and name nobody.
    if to.is_empty() {
        return Json(json!({ "success": true }));
    }
    let taken = Taken {
        at: book.disk.position(),
        to: to.clone(),
        text: word(&body["text"]["body"]),
        effect: word(&body["biz_opaque_callback_data"]),
    };
    let effect = taken.effect.clone();
    book.taken.lock().expect("nobody panics with the book").push(taken);
    if let Some(bell) = book.waiting.lock().expect("nobody panics with the book").get(&to) {
        bell.notify_one();
    }
    Json(json!({
        "messaging_product": "whatsapp",
        "contacts": [{ "input": to, "wa_id": to }],
        "messages": [{ "id": format!("wamid.power.{effect}") }],
    }))
}
