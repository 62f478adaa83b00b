//! Everything that requests share.

use std::sync::{Arc, Mutex, MutexGuard};

use anyhow::Context as _;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Options,
    book::Book,
    clock::Clock,
    faults::Faults,
    graph::{limits::Buckets, media::MediaShelf, templates::TemplateList},
    journal::Journal,
    live::{Change, Live},
    phone::{chat::Phones, delivery::Webhooks},
    rm::{auth::Tokens, registry::Registry},
    settings::Settings,
};

/// The sandbox from inside.
pub(crate) struct Shared {
    pub(crate) options: Options,
    /// Our own base URL.
    pub(crate) url: String,
    pub(crate) clock: Clock,
    pub(crate) live: Live,
    pub(crate) book: Book,
    pub(crate) faults: Faults,
    pub(crate) journal: Arc<Journal>,
    pub(crate) registry: Registry,
    pub(crate) tokens: Tokens,
    pub(crate) phones: Phones,
    pub(crate) webhooks: Webhooks,
    pub(crate) media: MediaShelf,
    pub(crate) templates: TemplateList,
    pub(crate) buckets: Buckets,
    pub(crate) http: reqwest::Client,
    pub(crate) stop: CancellationToken,
    /// What runs beside the requests: webhooks, statuses.
    pub(crate) tasks: TaskTracker,
    settings: Mutex<Settings>,
    service: Mutex<String>,
    desk: Mutex<Option<String>>,
}

impl Shared {
    pub(crate) fn new(options: Options, url: String) -> anyhow::Result<Arc<Self>> {
        let (journal, held) = Journal::open(options.state.as_deref())?;
        let journal = Arc::new(journal);
        let clock = Clock::new(options.today);
        let stop = CancellationToken::new();
        let http = reqwest::Client::builder()
            .user_agent("facebookexternalua")
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .context("cannot set up the HTTP client")?;
        Ok(Arc::new(Self {
            registry: Registry::new(
                &options.rm_company,
                options.seed,
                clock.today(),
                Arc::clone(&journal),
                &held,
            ),
            tokens: Tokens::default(),
            phones: Phones::new(Arc::clone(&journal), &held),
            webhooks: Webhooks::new(&held),
            media: MediaShelf::new(Arc::clone(&journal), &held),
            templates: TemplateList::default(),
            buckets: Buckets::default(),
            live: Live::new(stop.clone()),
            book: Book::default(),
            faults: Faults::default(),
            service: Mutex::new(options.service.trim_end_matches('/').to_owned()),
            desk: Mutex::new(options.desk_url.clone()),
            settings: Mutex::new(Settings::default()),
            tasks: TaskTracker::new(),
            journal,
            clock,
            http,
            stop,
            url,
            options,
        }))
    }

    pub(crate) fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().expect("no holder panics")
    }

    /// Base URL of the service, without a slash at the end; empty while it is not known.
    pub(crate) fn service(&self) -> String {
        self.service.lock().expect("no holder panics").clone()
    }

    /// The attendants' page, as the phone's page shows it.
    pub(crate) fn desk(&self) -> Option<String> {
        self.desk.lock().expect("no holder panics").clone()
    }

    pub(crate) fn set_desk(&self, url: &str) {
        *self.desk.lock().expect("no holder panics") = Some(url.to_owned());
    }

    pub(crate) fn set_service(&self, base: &str) {
        *self.service.lock().expect("no holder panics") = base.trim_end_matches('/').to_owned();
        self.webhooks.wake();
    }

    /// Runs something until it is done or the sandbox stops.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = work => {}
                () = stop.cancelled() => {}
            }
        });
    }

    /// Back to the seed: chats, appointments, faults, settings, the book and the clock's changes of habit.
    pub(crate) fn reset(&self) {
        self.journal.clear();
        self.registry.reset(self.clock.today());
        self.phones.clear();
        self.webhooks.clear();
        self.media.clear();
        self.templates.reset();
        self.buckets.clear();
        self.faults.clear(None);
        self.book.clear();
        *self.settings() = Settings::default();
        self.live.tell(Change::Reset);
    }
}
