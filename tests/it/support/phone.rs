//! A WhatsApp phone: what it sends and what it shows.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use serde_json::{Value, json};

use super::PATIENCE;

/// How long a person takes to answer, at least.
const THINKING_MS: u64 = 250;

/// A phone in somebody's hand.
pub(crate) struct Phone {
    client: reqwest::Client,
    base: String,
    pub(crate) number: String,
    /// The last message of the chat that was looked at.
    seen: AtomicU64,
}

impl Phone {
    pub(crate) fn new(client: reqwest::Client, sandbox: &str, number: &str) -> Self {
        let base = format!("{sandbox}/control/phones/{number}");
        Self { client, base, number: number.to_owned(), seen: AtomicU64::new(0) }
    }

    /// Something sent in the sandbox's own form: `say`, `tap`, `media`, `location`, with its options.
    pub(crate) async fn send(&self, what: &str, body: Value) -> Value {
        let answer = self.client.post(format!("{}/{what}", self.base)).json(&body).send().await;
        let answer = answer.expect("the sandbox answers");
        let status = answer.status();
        let text = answer.text().await.expect("the sandbox answers with text");
        assert!(status.is_success(), "{what}: {status} {text}\n{}", self.chat().await);
        serde_json::from_str(&text).expect("the sandbox answers in JSON")
    }

    /// Types. People take a moment to answer what they read and tests do not, so the message arrives a moment later and
    /// is dated some seconds later: what arrives before its question is known to be accepted, or is dated in the same
    /// second, might have been written before it (flow-format.md §5, early messages).
    pub(crate) async fn say(&self, text: &str) -> Value {
        self.say_with(text, json!({})).await
    }

    /// Types, with the sandbox's options (duplicates, a wrong signature …).
    pub(crate) async fn say_with(&self, text: &str, options: Value) -> Value {
        let mut body = json!({ "text": text, "timestamp": now_in_seconds() + 3, "delay_ms": THINKING_MS });
        body.as_object_mut().expect("an object").extend(options.as_object().cloned().unwrap_or_default());
        self.send("say", body).await
    }

    /// Taps a button or a row by its title, in the newest message that shows it.
    pub(crate) async fn tap(&self, title: &str) -> Value {
        self.send("tap", json!({ "title": title })).await
    }

    /// All messages of the chat so far, both directions.
    pub(crate) async fn messages(&self) -> Vec<Value> {
        self.after(0, 0).await
    }

    async fn after(&self, n: u64, wait_ms: u64) -> Vec<Value> {
        let url = format!("{}/transcript?after={n}&wait_ms={wait_ms}&from=service", self.base);
        let url = if n == 0 && wait_ms == 0 { format!("{}/transcript", self.base) } else { url };
        let answer = self.client.get(url).send().await.expect("the sandbox answers");
        let answer: Value = answer.json().await.expect("the sandbox answers in JSON");
        answer["messages"].as_array().expect("a list of messages").clone()
    }

    /// Waits until a message that was not looked at yet holds a text, and answers that message.
    pub(crate) async fn hears(&self, text: &str) -> Value {
        self.hears_one_of(&[text]).await
    }

    /// Waits until a message that was not looked at yet holds one of the texts. Messages before it count as looked at.
    pub(crate) async fn hears_one_of(&self, texts: &[&str]) -> Value {
        let begun = Instant::now();
        loop {
            for message in self.after(self.seen.load(Ordering::Relaxed), 1_000).await {
                self.seen.store(message["n"].as_u64().expect("messages are numbered"), Ordering::Relaxed);
                let words = in_words(&message);
                if texts.iter().any(|text| words.contains(text)) {
                    return message;
                }
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "{} never heard {texts:?}; the chat:\n{}",
                self.number,
                self.chat().await
            );
        }
    }

    /// Everything that was said to this phone.
    pub(crate) async fn heard(&self) -> Vec<String> {
        self.messages().await.iter().filter(|message| message["from"] == "service").map(in_words).collect()
    }

    /// How often a text was said to this phone.
    pub(crate) async fn times_heard(&self, text: &str) -> usize {
        self.heard().await.iter().filter(|heard| heard.contains(text)).count()
    }

    /// The whole chat, for people.
    pub(crate) async fn chat(&self) -> String {
        let line = |message: &Value| {
            let word = |key: &str| message[key].as_str().unwrap_or_default().to_owned();
            let (time, effect, from) = (word("time"), word("biz_opaque_callback_data"), word("from"));
            format!("  {time} {effect} {from}: {}", in_words(message))
        };
        self.messages().await.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// The title of a message's first row.
    pub(crate) fn first_row(message: &Value) -> String {
        message["rows"][0]["title"].as_str().expect("a list with rows").to_owned()
    }
}

/// Unix time.
pub(crate) fn now_in_seconds() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
    now.expect("it is after 1970").as_secs()
}

/// A message as the phone shows it, on one line.
pub(crate) fn in_words(message: &Value) -> String {
    let titles = ["buttons", "rows"]
        .iter()
        .filter_map(|key| message.get(key)?.as_array())
        .flatten()
        .map(|choice| format!(" [{}]", choice["title"].as_str().unwrap_or_default()));
    format!("{}{}", message["text"].as_str().unwrap_or_default(), titles.collect::<String>())
}
