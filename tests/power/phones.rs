//! Patients who write to the service, each the next message once the last was answered, and who note when the service had
//! acknowledged which.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use tokio::task::JoinSet;

use crate::disk::{Disk, Position};
use crate::process::APP_SECRET;
use crate::provider::Provider;
use crate::webhook;

/// What a patient wrote: message n is at n - 1.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chat {
    pub(crate) phone: String,
    pub(crate) begun: Vec<Position>,
    /// When the webhook was answered with 200. Only the last message may be without.
    pub(crate) acknowledged: Vec<Position>,
}

impl Chat {
    /// How many messages were acknowledged by a moment.
    pub(crate) fn acknowledged_by(&self, at: Position) -> usize {
        self.acknowledged.partition_point(|position| *position <= at)
    }

    /// How many messages were on their way by a moment.
    pub(crate) fn begun_by(&self, at: Position) -> usize {
        self.begun.partition_point(|position| *position <= at)
    }
}

/// What a patient writes as their n-th message.
pub(crate) fn said(n: usize) -> String {
    format!("mensagem {n}.")
}

/// Patients, and what they write through.
#[derive(Debug, Clone)]
pub(crate) struct Phones {
    pub(crate) disk: Disk,
    pub(crate) webhook: String,
    pub(crate) provider: Arc<Provider>,
    /// Set when everybody is to stop.
    pub(crate) stop: Arc<AtomicBool>,
    /// How long each message is beside what tells it apart.
    pub(crate) padding: usize,
}

impl Phones {
    /// So many patients write until they are to stop, or until the service answers no more.
    pub(crate) async fn write(&self, first: usize, count: usize) -> Vec<Chat> {
        let mut patients = JoinSet::new();
        for patient in first..first + count {
            let phones = self.clone();
            patients.spawn(async move { phones.patient(patient).await });
        }
        patients.join_all().await
    }

    async fn patient(&self, number: usize) -> Chat {
        let mut chat = Chat { phone: format!("5511{:09}", 900_000_000 + number), ..Chat::default() };
        let (client, bell) = (reqwest::Client::new(), self.provider.bell(&chat.phone));
        while !self.stop.load(Ordering::Relaxed) {
            let n = chat.begun.len() + 1;
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
            let text = format!("{}{}", said(n), " blá".repeat(self.padding / 5));
            // People take a moment to answer; what is dated before its question was accepted is no answer to it.
            let body = webhook::text(&chat.phone, &format!("wamid.in.{number}.{n}"), &text, now + 3);
            chat.begun.push(self.disk.position());
            let sent = client
                .post(&self.webhook)
                .header("content-type", "application/json")
                .header("x-hub-signature-256", webhook::signature(APP_SECRET, &body))
                .body(body)
                .timeout(Duration::from_secs(30))
                .send();
            match sent.await {
                Ok(answer) if answer.status() == 200 => chat.acknowledged.push(self.disk.position()),
                Ok(_) | Err(_) => break,
            }
            // The reply, or the end.
            let _ = tokio::time::timeout(Duration::from_secs(5), bell.notified()).await;
        }
        chat
    }
}
