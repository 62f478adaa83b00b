//! A hospital for tests: a real store in a temporary directory, and everything outside in memory.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Waker;
use std::time::Duration;

use fluxo_engine::ids::{ConversationId, EffectId, QueueId};
use fluxo_engine::protocol::{
    ChannelLimits, Content, HttpOutcome, HttpRequest, Inbound, Message, Project, Response,
};
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use super::script::Flows;
use crate::channels::{Channel, Receipt, Rejected, Request, SendError, Told};
use crate::conversations::{Calls, Conversations, Language, Mail, Outside, Surroundings};
use crate::foundation::clock::Clock;
use crate::mail::{Email, MailError};
use crate::releases::{Disk, Releases};
use crate::store::{Address, Conversation, Documents, Loaded, Options, SledStore, Store};
use crate::workers::{dispatcher, timers};

pub(super) const ACCOUNT: &str = "our-number";

/// Moves only when told.
#[derive(Debug, Clone)]
pub(super) struct Hand(Arc<Mutex<(Timestamp, Vec<Waker>)>>);

impl Hand {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(("2026-03-12T12:00:00Z".parse().unwrap(), Vec::new()))))
    }

    pub(super) fn forward(&self, by: Duration) {
        let mut state = self.0.lock().unwrap();
        state.0 += SignedDuration::try_from(by).unwrap();
        state.1.drain(..).for_each(Waker::wake);
    }

    /// Somebody puts it right.
    pub(super) fn back(&self, by: Duration) {
        self.0.lock().unwrap().0 -= SignedDuration::try_from(by).unwrap();
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        self.0.lock().unwrap().0
    }

    fn until(&self, moment: Timestamp) -> BoxFuture<'static, ()> {
        let state = Arc::clone(&self.0);
        Box::pin(std::future::poll_fn(move |cx| {
            let mut state = state.lock().unwrap();
            if state.0 >= moment {
                return std::task::Poll::Ready(());
            }
            state.1.push(cx.waker().clone());
            std::task::Poll::Pending
        }))
    }
}

/// Counts what is sent and answers as told, else accepts.
#[derive(Debug, Default)]
pub(super) struct Phone {
    pub(super) sent: Mutex<Vec<(Address, String, EffectId)>>,
    pub(super) answers: Mutex<VecDeque<Result<(), SendError>>>,
    /// A send never returns while this is set: the process is killed under it.
    pub(super) hangs: Mutex<bool>,
    /// Read marks that were begun: none ever ends.
    pub(super) marks: AtomicUsize,
    accepted: AtomicUsize,
}

impl Channel for Phone {
    fn name(&self) -> &str {
        "whatsapp"
    }

    fn account(&self) -> &str {
        ACCOUNT
    }

    fn messages_per_second(&self) -> u32 {
        70
    }

    fn limits(&self) -> ChannelLimits {
        ChannelLimits::default()
    }

    fn challenge(&self, _query: &[(String, String)]) -> Result<String, Rejected> {
        Err(Rejected::Signature)
    }

    fn verify(&self, _request: &Request<'_>) -> Result<(), Rejected> {
        Ok(())
    }

    fn parse(&self, _request: &Request<'_>) -> Result<Vec<Told>, Rejected> {
        Ok(Vec::new())
    }

    fn send<'a>(
        &'a self,
        to: &'a Address,
        message: &'a Message,
        key: &'a EffectId,
    ) -> BoxFuture<'a, Result<Receipt, SendError>> {
        Box::pin(async move {
            let text =
                if let Message::Text { text } = message { text.clone() } else { format!("{message:?}") };
            self.sent.lock().unwrap().push((to.clone(), text, key.clone()));
            if *self.hangs.lock().unwrap() {
                std::future::pending::<()>().await;
            }
            self.answers.lock().unwrap().pop_front().unwrap_or(Ok(()))?;
            let n = self.accepted.fetch_add(1, Ordering::Relaxed);
            Ok(Receipt { message: format!("out-{n}"), address: None })
        })
    }

    fn acknowledge<'a>(&'a self, _message: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async {
            self.marks.fetch_add(1, Ordering::Relaxed);
            std::future::pending::<()>().await;
        })
    }

    fn window_open(&self, last: Option<Timestamp>, now: Timestamp) -> bool {
        last.is_some_and(|last| now.duration_since(last) < SignedDuration::from_hours(24))
    }
}

/// Counts what is called and answers 200.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) called: Mutex<Vec<EffectId>>,
    /// A call never returns while this is set: the process is killed under it.
    pub(super) hangs: Mutex<bool>,
}

impl Calls for Line {
    fn is_safe_to_repeat(&self, request: &HttpRequest) -> bool {
        request.method.is_idempotent()
    }

    fn call<'a>(&'a self, _request: &'a HttpRequest, key: &'a EffectId) -> BoxFuture<'a, HttpOutcome> {
        Box::pin(async move {
            self.called.lock().unwrap().push(key.clone());
            if *self.hangs.lock().unwrap() {
                std::future::pending::<()>().await;
            }
            HttpOutcome::Response(Response {
                status: 200,
                headers: BTreeMap::new(),
                body: serde_json::Value::Null,
                error: None,
            })
        })
    }
}

/// Counts the e-mails that are sent and answers as told, else takes them.
#[derive(Debug, Default)]
pub(super) struct Postman {
    pub(super) sent: Mutex<Vec<EffectId>>,
    pub(super) answers: Mutex<VecDeque<MailError>>,
    /// A send never returns while this is set: the process is killed under it.
    pub(super) hangs: Mutex<bool>,
}

impl Mail for Postman {
    fn send<'a>(&'a self, _: &'a Email<'a>, key: &'a EffectId) -> BoxFuture<'a, Result<(), MailError>> {
        Box::pin(async move {
            self.sent.lock().unwrap().push(key.clone());
            if *self.hangs.lock().unwrap() {
                std::future::pending::<()>().await;
            }
            self.answers.lock().unwrap().pop_front().map_or(Ok(()), Err)
        })
    }
}

#[derive(Debug)]
struct Here(Arc<Project>);

impl Surroundings for Here {
    fn project(&self) -> Arc<Project> {
        Arc::clone(&self.0)
    }

    fn open_queues(&self, _now: Timestamp) -> BTreeSet<QueueId> {
        self.0.queues.keys().cloned().collect()
    }

    fn queue_title(&self, queue: &QueueId) -> String {
        format!("{queue} (title)")
    }

    fn language(&self) -> Language {
        Language::English
    }
}

/// All of it.
pub(super) struct Hospital {
    pub(super) here: Arc<Conversations>,
    pub(super) phone: Arc<Phone>,
    pub(super) line: Arc<Line>,
    /// Absent, the project has no mail server.
    pub(super) postman: Option<Arc<Postman>>,
    pub(super) clock: Hand,
    flows: Flows,
    place: tempfile::TempDir,
    messages: AtomicUsize,
}

async fn open(
    place: &tempfile::TempDir,
    clock: &Hand,
    phone: &Arc<Phone>,
    line: &Arc<Line>,
    postman: Option<&Arc<Postman>>,
    flows: &Flows,
) -> Arc<Conversations> {
    // A process that was killed may still be closing its files.
    let mut opened = SledStore::open(place.path(), &Options::default()).await;
    for _ in 0..200 {
        match opened {
            Ok(_) => break,
            Err(_) => {
                tokio::task::yield_now().await;
                std::thread::sleep(Duration::from_millis(5));
                opened = SledStore::open(place.path(), &Options::default()).await;
            }
        }
    }
    let store: Arc<dyn Store> = Arc::new(opened.unwrap());
    let disk = Disk { flows: flows.documents(), tests: Documents::new() };
    let compiler = Arc::new(flows.clone());
    let releases = Releases::open(Arc::clone(&store), compiler, &disk, clock.now(), true).await.unwrap();
    let project = Project {
        queues: BTreeMap::from([("recepcao".into(), "console".into())]),
        desks: BTreeSet::from(["console".into()]),
        connections: BTreeSet::from(["rm".into()]),
        default_queue: Some("recepcao".into()),
        stale_tap_text: Some("botão antigo".into()),
        ..Project::default()
    };
    let channel: Arc<dyn Channel> = Arc::clone(phone) as _;
    let mut outside = Outside::new([channel], Arc::clone(line) as _);
    if let Some(postman) = postman {
        outside = outside.with_mail(Arc::clone(postman) as _);
    }
    let surroundings = Arc::new(Here(Arc::new(project)));
    Arc::new(Conversations::new(store, Arc::new(releases), surroundings, outside, Arc::new(clock.clone())))
}

impl Hospital {
    pub(super) async fn open() -> Self {
        Self::with(Flows::Script).await
    }

    pub(super) async fn with(flows: Flows) -> Self {
        Self::with_postman(flows, None).await
    }

    /// With a mail server that answers like this.
    pub(super) async fn with_mail(answers: impl IntoIterator<Item = MailError>) -> Self {
        let postman = Postman::default();
        postman.answers.lock().unwrap().extend(answers);
        Self::with_postman(Flows::Script, Some(Arc::new(postman))).await
    }

    async fn with_postman(flows: Flows, postman: Option<Arc<Postman>>) -> Self {
        let place = tempfile::tempdir_in(concat!(env!("CARGO_MANIFEST_DIR"), "/../target")).unwrap();
        let (clock, phone, line) = (Hand::new(), Arc::default(), Arc::default());
        let here = open(&place, &clock, &phone, &line, postman.as_ref(), &flows).await;
        Self { here, phone, line, postman, clock, flows, place, messages: AtomicUsize::new(0) }
    }

    /// Everything in memory is gone, the store is opened anew.
    pub(super) async fn killed(self) -> Self {
        let Self { here, phone, line, postman, clock, flows, place, messages } = self;
        assert_eq!(Arc::strong_count(&here), 1, "something of the process still runs");
        drop(here);
        let here = open(&place, &clock, &phone, &line, postman.as_ref(), &flows).await;
        here.recover().await.unwrap();
        Self { here, phone, line, postman, clock, flows, place, messages }
    }

    /// The process is killed, and conversations' records are torn.
    pub(super) async fn torn(self, ids: &[ConversationId]) -> Self {
        let Self { here, phone, line, postman, clock, flows, place, messages } = self;
        drop(here);
        let store = SledStore::open(place.path(), &Options::default()).await.unwrap();
        for id in ids {
            store.damage(id).await;
        }
        drop(store);
        let here = open(&place, &clock, &phone, &line, postman.as_ref(), &flows).await;
        Self { here, phone, line, postman, clock, flows, place, messages }
    }

    /// The process is killed, and somebody reads the store's files.
    pub(super) async fn rows(self) -> Vec<(Vec<u8>, u64, Vec<u8>)> {
        let Self { here, place, .. } = self;
        drop(here);
        SledStore::open(place.path(), &Options::default()).await.unwrap().rows().await
    }

    /// With what somebody has put into the store's files before it was opened.
    pub(super) async fn with_rows(flows: Flows, rows: Vec<(Vec<u8>, u64, Vec<u8>)>) -> Self {
        let Self { here, phone, line, postman, clock, place, messages, .. } = Self::with(flows.clone()).await;
        drop(here);
        let store = SledStore::open(place.path(), &Options::default()).await.unwrap();
        for row in rows {
            store.put_row(row).await;
        }
        drop(store);
        let here = open(&place, &clock, &phone, &line, postman.as_ref(), &flows).await;
        Self { here, phone, line, postman, clock, flows, place, messages }
    }

    pub(super) fn told(&self, from: &Address, id: &str, text: &str) -> Told {
        self.told_of(from, id, Content::Text { text: text.to_owned() }, Duration::ZERO)
    }

    /// A message of any content, written so long ago.
    pub(super) fn told_of(&self, from: &Address, id: &str, content: Content, ago: Duration) -> Told {
        let now = self.clock.now();
        Told::Message {
            account: ACCOUNT.to_owned(),
            from: from.clone(),
            profile_name: Some("Ana".to_owned()),
            message: Box::new(Inbound {
                id: id.to_owned(),
                written_at: now - SignedDuration::try_from(ago).unwrap(),
                received_at: now,
                content,
                quoted: None,
                referral: None,
            }),
        }
    }

    /// A contact writes, and all that can happen at this moment happens.
    pub(super) async fn hears(&self, from: &Address, text: &str) {
        let id = format!("in-{}", self.messages.fetch_add(1, Ordering::Relaxed));
        self.here.intake("whatsapp", vec![self.told(from, &id, text)]).await.unwrap();
        self.works().await;
    }

    pub(super) async fn works(&self) {
        dispatcher::pass(&self.here).await.unwrap();
        timers::pass(&self.here).await.unwrap();
        dispatcher::pass(&self.here).await.unwrap();
    }

    /// Lets effects be performed until `reached`, then the process is killed under them.
    pub(super) async fn killed_when(self, reached: impl Fn(&Self) -> bool) -> Self {
        let here = Arc::clone(&self.here);
        let working = tokio::spawn(async move { dispatcher::pass(&here).await });
        while !reached(&self) {
            tokio::task::yield_now().await;
        }
        working.abort();
        assert!(working.await.unwrap_err().is_cancelled());
        while Arc::strong_count(&self.here) > 1 {
            tokio::task::yield_now().await;
        }
        self.killed().await
    }

    pub(super) async fn later(&self, by: Duration) {
        self.clock.forward(by);
        self.works().await;
    }

    /// What was sent, to whom and for which effect, oldest first.
    pub(super) fn sent(&self) -> Vec<(Address, String, EffectId)> {
        self.phone.sent.lock().unwrap().clone()
    }

    /// The effects whose e-mails were sent, oldest first.
    pub(super) fn mailed(&self) -> Vec<EffectId> {
        self.postman.as_ref().unwrap().sent.lock().unwrap().clone()
    }

    /// What was said to anybody, oldest first.
    pub(super) fn said(&self) -> Vec<String> {
        self.sent().into_iter().map(|(_, text, _)| text).collect()
    }

    pub(super) fn last_effect(&self) -> EffectId {
        self.sent().pop().unwrap().2
    }

    pub(super) fn answers(&self, answers: impl IntoIterator<Item = SendError>) {
        self.phone.answers.lock().unwrap().extend(answers.into_iter().map(Err));
    }

    pub(super) async fn all(&self) -> Vec<Conversation> {
        self.here.store().conversations(None, 1000).await.unwrap()
    }

    pub(super) async fn only(&self) -> ConversationId {
        let all = self.all().await;
        assert_eq!(all.len(), 1, "{all:?}");
        all[0].id.clone()
    }

    pub(super) async fn read(&self, id: &ConversationId) -> Loaded {
        self.here.store().load(id).await.unwrap().unwrap()
    }

    /// Notices, oldest first.
    pub(super) async fn notices(&self) -> Vec<String> {
        let notices = self.here.store().notices(1000).await.unwrap();
        notices.into_iter().rev().map(|notice| notice.text).collect()
    }
}

pub(super) const SECOND: Duration = Duration::from_secs(1);

pub(super) fn phone(digits: &str) -> Address {
    Address { phone: Some(digits.to_owned()), ..Address::default() }
}

pub(super) fn user(id: &str) -> Address {
    Address { user: Some(id.to_owned()), ..Address::default() }
}

pub(super) fn both(id: &str, digits: &str) -> Address {
    Address { user: Some(id.to_owned()), phone: Some(digits.to_owned()), username: None }
}
