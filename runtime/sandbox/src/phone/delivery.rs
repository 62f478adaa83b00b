//! Posts webhooks to the service, again and again until it takes them (whatsapp-cloud.md §2.3).
//!
//! Webhooks of one lane (a phone's messages; the statuses of one message) go out one after another, lanes in parallel.
//! While the service cannot be reached a lane waits at its head, so that what was written while it was down arrives in
//! the order it was written; an answer other than 200 sends that one webhook aside, to be repeated on its own.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::{Notify, oneshot};

use super::{entry::Stamp, signature::Signature};
use crate::{
    book::{self, Entry},
    live::Change,
    shared::Shared,
};

/// After so long a webhook is given up.
const GIVEN_UP_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// One webhook on its way.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Webhook {
    /// Order of creation; 0 until it is queued.
    #[serde(default)]
    pub(crate) seq: u64,
    pub(crate) lane: String,
    /// The bytes exactly as they are sent and signed.
    pub(crate) body: String,
    #[serde(default)]
    pub(crate) signature: Signature,
    /// How often each attempt posts it.
    pub(crate) copies: usize,
    /// The copies at the same time, not one after another.
    #[serde(default)]
    pub(crate) parallel: bool,
    pub(crate) retry: bool,
    pub(crate) delay_ms: u64,
    pub(crate) created_ms: i64,
    /// Whose messages are in it: their ticks turn when it is taken.
    pub(crate) messages: Vec<(String, String)>,
    /// For the book.
    pub(crate) phone: Option<String>,
}

/// What one post came to.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Outcome {
    /// Absent where no answer came.
    pub(crate) status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    pub(crate) took_ms: u64,
}

type Report = oneshot::Sender<Vec<Outcome>>;

#[derive(Default)]
struct Lane {
    queue: VecDeque<(Webhook, Option<Report>)>,
    running: bool,
    /// The service could not be reached at the last attempt.
    stuck: bool,
}

pub(crate) struct Webhooks {
    lanes: Mutex<HashMap<String, Lane>>,
    /// From an earlier process; taken by [`resume`].
    left_over: Mutex<Vec<Webhook>>,
    next: AtomicU64,
    pending: AtomicU64,
    /// Whether the last attempt reached the service.
    reachable: Mutex<Option<bool>>,
    wake: Notify,
}

impl Webhooks {
    pub(crate) fn new(held: &BTreeMap<String, Value>) -> Self {
        let mut left_over: Vec<Webhook> = held
            .iter()
            .filter(|(key, _)| key.starts_with("webhook/"))
            .filter_map(|(_, value)| serde_json::from_value(value.clone()).ok())
            .collect();
        left_over.sort_by_key(|webhook| webhook.seq);
        Self {
            lanes: Mutex::default(),
            next: AtomicU64::new(left_over.last().map_or(1, |last| last.seq + 1)),
            pending: AtomicU64::new(0),
            reachable: Mutex::new(None),
            left_over: Mutex::new(left_over),
            wake: Notify::new(),
        }
    }

    /// Makes whoever waits for a later attempt try at once.
    pub(crate) fn wake(&self) {
        self.wake.notify_waiters();
    }

    /// How many are not yet taken by the service.
    pub(crate) fn pending(&self) -> u64 {
        self.pending.load(Ordering::Relaxed)
    }

    /// Whether the last attempt reached the service; `None` before the first.
    pub(crate) fn reachable(&self) -> Option<bool> {
        *self.reachable.lock().expect("no holder panics")
    }

    pub(crate) fn clear(&self) {
        let mut lanes = self.lanes.lock().expect("no holder panics");
        for lane in lanes.values_mut() {
            self.pending.fetch_sub(lane.queue.len() as u64, Ordering::Relaxed);
            lane.queue.clear();
        }
    }
}

/// Takes up what an earlier process could not deliver.
pub(crate) fn resume(shared: &Arc<Shared>) {
    let left_over = std::mem::take(&mut *shared.webhooks.left_over.lock().expect("no holder panics"));
    for mut webhook in left_over {
        webhook.delay_ms = 0;
        enqueue(shared, webhook, None);
    }
}

/// Queues a webhook and waits for its first attempt: one outcome per copy, or none at all if it has to wait behind
/// others because the service cannot be reached.
pub(crate) async fn deliver(shared: &Arc<Shared>, webhook: Webhook) -> Vec<Outcome> {
    let (report, answer) = oneshot::channel();
    enqueue(shared, webhook, Some(report));
    answer.await.unwrap_or_default()
}

/// Queues a webhook.
pub(crate) fn post(shared: &Arc<Shared>, webhook: Webhook) {
    enqueue(shared, webhook, None);
}

fn enqueue(shared: &Arc<Shared>, mut webhook: Webhook, report: Option<Report>) {
    let webhooks = &shared.webhooks;
    if webhook.seq == 0 {
        webhook.seq = webhooks.next.fetch_add(1, Ordering::Relaxed);
        if webhook.retry {
            shared.journal.put(&key(&webhook), &webhook);
        }
    }
    webhooks.pending.fetch_add(1, Ordering::Relaxed);
    let name = webhook.lane.clone();
    let mut lanes = webhooks.lanes.lock().expect("no holder panics");
    let lane = lanes.entry(name.clone()).or_default();
    if lane.stuck {
        // Nobody is kept waiting for a service that is down; dropping the report says so.
        lane.queue.push_back((webhook, None));
        drop(lanes);
        webhooks.wake();
        return;
    }
    lane.queue.push_back((webhook, report));
    if !lane.running {
        lane.running = true;
        let shared_too = Arc::clone(shared);
        shared.spawn(async move { run_lane(&shared_too, &name).await });
    }
}

fn key(webhook: &Webhook) -> String {
    format!("webhook/{:010}", webhook.seq)
}

async fn run_lane(shared: &Arc<Shared>, name: &str) {
    loop {
        let next = {
            let mut lanes = shared.webhooks.lanes.lock().expect("no holder panics");
            let next = lanes.get_mut(name).and_then(|lane| lane.queue.pop_front());
            if next.is_none() {
                lanes.remove(name);
            }
            next
        };
        let Some((webhook, mut report)) = next else { return };
        if webhook.delay_ms > 0 {
            tokio::time::sleep(Duration::from_millis(webhook.delay_ms)).await;
        }
        for attempt in 0.. {
            let outcomes = attempt_once(shared, &webhook).await;
            let unreachable = outcomes.iter().any(|outcome| outcome.status.is_none());
            let taken = outcomes.iter().all(|outcome| outcome.status == Some(200));
            if let Some(report) = report.take() {
                // Whoever asked may have gone.
                let _ = report.send(outcomes);
            }
            if taken || !webhook.retry || given_up(shared, &webhook) {
                finish(shared, &webhook, taken);
                break;
            }
            if !unreachable {
                let shared_too = Arc::clone(shared);
                shared.spawn(async move { repeat(&shared_too, webhook, attempt).await });
                break;
            }
            mark_stuck(shared, name, true);
            tokio::select! {
                () = tokio::time::sleep(wait_after(shared, attempt)) => {}
                () = shared.webhooks.wake.notified() => {}
            }
        }
        mark_stuck(shared, name, false);
    }
}

/// Repeats one webhook that was answered with something else than 200.
async fn repeat(shared: &Arc<Shared>, webhook: Webhook, from: usize) {
    for attempt in from.. {
        tokio::time::sleep(wait_after(shared, attempt)).await;
        let outcomes = attempt_once(shared, &webhook).await;
        let taken = outcomes.iter().all(|outcome| outcome.status == Some(200));
        if taken || given_up(shared, &webhook) {
            finish(shared, &webhook, taken);
            return;
        }
    }
}

fn mark_stuck(shared: &Shared, name: &str, stuck: bool) {
    let mut lanes = shared.webhooks.lanes.lock().expect("no holder panics");
    if let Some(lane) = lanes.get_mut(name) {
        lane.stuck = stuck;
        if stuck {
            for (_, report) in &mut lane.queue {
                *report = None;
            }
        }
    }
}

fn given_up(shared: &Shared, webhook: &Webhook) -> bool {
    shared.clock.now_ms() - webhook.created_ms > GIVEN_UP_MS
}

fn wait_after(shared: &Shared, attempt: usize) -> Duration {
    let settings = shared.settings();
    let last = settings.retry_ms.len().saturating_sub(1);
    Duration::from_millis(settings.retry_ms.get(attempt.min(last)).copied().unwrap_or(1000))
}

fn finish(shared: &Shared, webhook: &Webhook, taken: bool) {
    shared.webhooks.pending.fetch_sub(1, Ordering::Relaxed);
    if webhook.retry {
        shared.journal.remove(&key(webhook));
    }
    if !taken {
        return;
    }
    for (wa_id, wamid) in &webhook.messages {
        let time = shared.clock.stamp(shared.clock.now_ms());
        shared.phones.stamp(wa_id, wamid, Stamp { status: "delivered".into(), time, code: None });
        shared.live.tell(Change::Chat { phone: wa_id.clone() });
    }
    // The service is there: others that wait need not wait longer.
    shared.webhooks.wake();
}

async fn attempt_once(shared: &Arc<Shared>, webhook: &Webhook) -> Vec<Outcome> {
    if webhook.parallel {
        return futures_util::future::join_all((0..webhook.copies).map(|_| post_once(shared, webhook))).await;
    }
    let mut outcomes = Vec::new();
    for _ in 0..webhook.copies {
        outcomes.push(post_once(shared, webhook).await);
    }
    outcomes
}

async fn post_once(shared: &Arc<Shared>, webhook: &Webhook) -> Outcome {
    let service = shared.service();
    let n = shared.book.open(Entry {
        n: 0,
        target: "webhook",
        method: "POST".into(),
        path: "/webhooks/whatsapp".into(),
        query: String::new(),
        body: book::noted(webhook.body.as_bytes()),
        auth: "",
        time: shared.clock.stamp(shared.clock.now_ms()),
        status: None,
        answer: Value::Null,
        took_ms: None,
        fault: None,
        phone: webhook.phone.clone(),
    });
    shared.live.tell(Change::Request { n });
    let started = Instant::now();
    let timeout = Duration::from_millis(shared.settings().webhook_timeout_ms);
    let mut request = shared
        .http
        .post(format!("{service}/webhooks/whatsapp"))
        .timeout(timeout)
        .header("content-type", "application/json");
    if let Some((name, value)) = webhook.signature.header(&shared.options.app_secret, webhook.body.as_bytes())
    {
        request = request.header(name, value);
    }
    let result = request.body(webhook.body.clone()).send().await;
    let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let outcome = match result {
        Ok(response) => Outcome { status: Some(response.status().as_u16()), error: None, took_ms },
        Err(error) => {
            let why = if error.is_connect() || error.is_builder() {
                "unreachable"
            } else if error.is_timeout() {
                "timeout"
            } else {
                "cut"
            };
            Outcome { status: None, error: Some(why.into()), took_ms }
        }
    };
    *shared.webhooks.reachable.lock().expect("no holder panics") = Some(outcome.status.is_some());
    shared.book.close(n, |entry| {
        entry.status = outcome.status;
        entry.took_ms = Some(took_ms);
        entry.answer = outcome.error.as_ref().map_or(Value::Null, |error| json!({ "error": error }));
    });
    shared.live.tell(Change::Request { n });
    outcome
}
