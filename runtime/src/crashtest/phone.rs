//! A patient's phone: what it sends, and what it waits to hear.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fluxo_sandbox::Bubble;
use serde_json::{Value, json};

use super::stage::Stage;

/// How long one look at the chat waits for something new.
const LOOK: Duration = Duration::from_secs(1);

/// A phone in a patient's hand.
#[derive(Debug)]
pub(super) struct Phone {
    stage: Arc<Stage>,
    pub(super) number: String,
    /// The last message of the service that was taken into `unread`.
    fetched: u64,
    unread: VecDeque<Bubble>,
}

/// What was waited for did not come in all the time that a patient waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Silence {
    /// Whose phone.
    pub(super) number: String,
    /// What was waited for: one of these.
    pub(super) wanted: Vec<String>,
}

impl Phone {
    /// The phone with a number.
    pub(super) fn new(stage: &Arc<Stage>, number: String) -> Self {
        Self { stage: Arc::clone(stage), number, fetched: 0, unread: VecDeque::new() }
    }

    /// Types a text.
    pub(super) async fn say(&self, text: &str) {
        self.send("say", json!({ "text": text, "wait": false })).await;
    }

    /// Types a text whose webhook the world delivers so often.
    pub(super) async fn say_times(&self, text: &str, times: u64) {
        self.send("say", json!({ "text": text, "wait": false, "times": times })).await;
    }

    /// Taps a button of the newest message that has it.
    pub(super) async fn tap(&self, title: &str) {
        self.send("tap", json!({ "title": title, "wait": false })).await;
    }

    async fn send(&self, what: &str, body: Value) {
        self.stage.written.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = self.stage.world.phone(&self.number, what, &body).await {
            self.stage.kit_failed(&error);
        }
    }

    /// Waits for a message that holds one of some texts; what came before it is read over. Which one it was is answered.
    ///
    /// Patience begins anew with every message: one that is in doubt holds up those behind it for a minute, each.
    pub(super) async fn hear(&mut self, wanted: &[&str]) -> Result<usize, Silence> {
        let mut last = Instant::now();
        loop {
            while let Some(bubble) = self.unread.pop_front() {
                if let Some(which) = wanted.iter().position(|text| bubble.text.contains(text)) {
                    return Ok(which);
                }
            }
            if last.elapsed() > self.stage.patience || self.stage.is_hopeless() {
                let wanted = wanted.iter().map(|&text| text.to_owned()).collect();
                let silence = Silence { number: self.number.clone(), wanted };
                self.stage.silent(silence.clone());
                return Err(silence);
            }
            for bubble in self.stage.world.hear(&self.number, self.fetched, LOOK).await {
                last = Instant::now();
                self.fetched = bubble.n;
                self.unread.push_back(bubble);
            }
        }
    }
}

/// Numbers of a kind of patients: mobile numbers that nobody has. Who was left without an answer comes back as another
/// person, counted by `person`: a conversation that has lost a message is people's to look at.
pub(super) fn number(kind: u64, n: usize, person: usize) -> String {
    format!("55119{}", 80_000_000 + kind * 1_000_000 + n as u64 * 1_000 + person as u64)
}

/// Counts something.
pub(super) type Count = AtomicU64;
