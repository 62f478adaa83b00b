//! Many phones: signed webhooks, one after another from each phone, many phones at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::process::APP_SECRET;
use super::provider::Provider;

/// All phones.
#[derive(Debug, Clone)]
pub(crate) struct Phones {
    client: reqwest::Client,
    webhook: String,
    provider: Arc<Provider>,
    sent: Arc<AtomicU64>,
}

/// What one run saw, sorted.
#[derive(Debug, Default)]
pub(crate) struct Run {
    pub(crate) answers: Vec<Duration>,
    pub(crate) replies: Vec<Duration>,
    pub(crate) refused: usize,
}

struct Sent {
    phone: String,
    begun: Instant,
    answered: Option<Duration>,
}

impl Phones {
    pub(crate) fn new(service: &str, provider: Arc<Provider>) -> Self {
        Self {
            client: reqwest::Client::new(),
            webhook: format!("{service}/webhooks/whatsapp"),
            provider,
            sent: Arc::new(AtomicU64::new(0)),
        }
    }

    async fn say(&self, phone: u64) -> Sent {
        let n = self.sent.fetch_add(1, Ordering::Relaxed);
        let phone = format!("5511{:09}", 900_000_000 + phone);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let body = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [{
            "field": "messages",
            "value": {
                "messaging_product": "whatsapp",
                "metadata": { "display_phone_number": "551130030100", "phone_number_id": "106540352242922" },
                "contacts": [{ "profile": { "name": "Ana" }, "wa_id": phone }],
                "messages": [{ "from": phone, "id": format!("wamid.in.{n}"), "timestamp": now.to_string(),
                               "type": "text", "text": { "body": format!("mensagem {n}") } }],
            },
        }]}]})
        .to_string();
        let mut mac = Hmac::<Sha256>::new_from_slice(APP_SECRET.as_bytes()).expect("any key length");
        mac.update(body.as_bytes());
        let signature: String =
            mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let begun = Instant::now();
        let answer = self
            .client
            .post(&self.webhook)
            .header("content-type", "application/json")
            .header("x-hub-signature-256", format!("sha256={signature}"))
            .body(body)
            .send()
            .await;
        let answered = answer.is_ok_and(|answer| answer.status() == 200).then(|| begun.elapsed());
        Sent { phone, begun, answered }
    }

    pub(crate) async fn warm_up(&self, messages: u64) {
        self.many(0..messages, 64, 1_000).await;
    }

    /// So many at a time, each new one as soon as another is answered.
    pub(crate) async fn closed_loop(&self, at_a_time: u64, length: Duration) -> Run {
        let mut tasks = JoinSet::new();
        for lane in 0..at_a_time {
            let phones = self.clone();
            tasks.spawn(async move {
                let (begun, mut sent, mut n) = (Instant::now(), Vec::new(), 0);
                while begun.elapsed() < length {
                    // A few phones a lane: nobody writes again before the answer, as people do.
                    sent.push(phones.say(lane * 64 + n % 64).await);
                    n += 1;
                }
                sent
            });
        }
        let mut all = Vec::new();
        while let Some(sent) = tasks.join_next().await {
            all.extend(sent.expect("a lane ends"));
        }
        self.summary(all, false).await
    }

    /// So many per second, whether or not the answers keep up.
    pub(crate) async fn open_loop(&self, rate: u64, length: Duration) -> Run {
        let mut tick = tokio::time::interval(Duration::from_secs(1) / u32::try_from(rate).unwrap_or(1));
        let mut tasks = JoinSet::new();
        let begun = Instant::now();
        let mut n = 0;
        while begun.elapsed() < length {
            tick.tick().await;
            let phones = self.clone();
            // Each writes once, so that the last thing sent to it is the reply.
            let phone = rate * 1_000_000 + n;
            n += 1;
            tasks.spawn(async move { phones.say(phone).await });
        }
        let mut all = Vec::new();
        while let Some(sent) = tasks.join_next().await {
            all.push(sent.expect("a message is sent"));
        }
        self.summary(all, true).await
    }

    /// One message from each of so many phones.
    pub(crate) async fn each_once(&self, phones: u64) {
        self.many(20_000..20_000 + phones, 128, u64::MAX).await;
    }

    async fn many(&self, numbers: std::ops::Range<u64>, at_a_time: usize, modulo: u64) {
        let places = Arc::new(Semaphore::new(at_a_time));
        let mut tasks = JoinSet::new();
        for n in numbers {
            let place = Arc::clone(&places).acquire_owned().await.expect("the semaphore stays open");
            let phones = self.clone();
            tasks.spawn(async move {
                let sent = phones.say(n % modulo).await;
                drop(place);
                sent.answered.is_some()
            });
            while tasks.try_join_next().is_some() {}
        }
        while tasks.join_next().await.is_some() {}
    }

    async fn summary(&self, sent: Vec<Sent>, replies: bool) -> Run {
        let mut run = Run::default();
        if replies {
            self.provider.quiet(Duration::from_secs(30)).await;
        }
        for Sent { phone, begun, answered } in sent {
            match answered {
                Some(answered) => run.answers.push(answered),
                None => run.refused += 1,
            }
            // A phone that wrote again later hides the reply to the earlier message: count it only when it is the first after.
            if let Some(at) = self.provider.last_to(&phone).filter(|_| replies)
                && at > begun
            {
                run.replies.push(at - begun);
            }
        }
        run.answers.sort_unstable();
        run.replies.sort_unstable();
        run
    }
}
