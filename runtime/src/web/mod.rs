//! What is reached over HTTP: webhooks, the API, the attendants' page, health and figures. The only place that
//! names `axum`. It decides nothing about conversations: it asks [`Conversations`].

mod access;
mod desk;
mod error;
mod health;
mod log;
mod page;
mod sessions;
mod transcript;
mod webhooks;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use fluxo_engine::ids::QueueId;
use secrecy::SecretString;
use tokio::net::TcpListener;

use crate::conversations::Conversations;
use crate::foundation::shutdown::Shutdown;
use access::Access;
use error::Failed;

/// The most a webhook's body may hold: 3 MB (whatsapp-cloud.md §2.2).
const WEBHOOK_LIMIT: usize = 3 * 1024 * 1024;

/// The most another body may hold.
const BODY_LIMIT: usize = 256 * 1024;

/// What all requests share.
#[derive(Debug)]
pub struct Web {
    conversations: Arc<Conversations>,
    access: Access,
    shutdown: Shutdown,
    facts: Facts,
    down: AtomicBool,
}

/// What the page shows of the project.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The project's name.
    pub project: String,
    /// Its time zone, an IANA name: what happened is shown in the hospital's time.
    pub time_zone: String,
    /// Titles of queues.
    pub queues: BTreeMap<QueueId, String>,
}

impl Web {
    /// Over conversations; `api_token` opens the API and the page.
    pub fn new(
        conversations: Arc<Conversations>,
        api_token: SecretString,
        facts: Facts,
        shutdown: Shutdown,
    ) -> Self {
        Self { conversations, access: Access::new(api_token), shutdown, facts, down: AtomicBool::new(false) }
    }

    /// Answers "not ready" from now on: the store is down.
    pub fn set_down(&self) {
        self.down.store(true, Ordering::SeqCst);
    }

    /// A path that logs somebody in once.
    pub fn desk_link(&self, attendant: &str) -> String {
        let ticket = self.access.ticket(attendant, self.conversations.clock().now());
        format!("/desk/enter?ticket={ticket}")
    }

    fn is_up(&self) -> bool {
        !self.down.load(Ordering::SeqCst) && !self.shutdown.is_asked()
    }

    /// Lets something run to its end even when whoever asked for it goes away: a commit is followed by what it
    /// leads to, and a stop waits for both.
    async fn carry_out<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Failed> {
        let (done, result) = tokio::sync::oneshot::channel();
        self.shutdown.run(async move {
            // Whoever asked may be gone: the work is done all the same.
            let _ = done.send(task.await);
        });
        result.await.map_err(|_| Failed::internal("a task ended without a result"))
    }
}

/// Everything that is reached over HTTP.
pub fn router(web: Arc<Web>) -> Router {
    let webhooks = Router::new()
        .route("/webhooks/{channel}", get(webhooks::challenge).post(webhooks::deliver))
        .layer(DefaultBodyLimit::max(WEBHOOK_LIMIT));
    let rest = Router::new()
        .route("/api/sessions", post(sessions::start))
        .route("/api/desk/me", get(desk::me))
        .route("/api/desk/conversations", get(desk::list))
        .route("/api/desk/conversations/{id}/lines", get(desk::lines))
        .route("/api/desk/conversations/{id}/take", post(desk::take))
        .route("/api/desk/conversations/{id}/reply", post(desk::reply))
        .route("/api/desk/conversations/{id}/return", post(desk::give_back))
        .route("/api/desk/conversations/{id}/finish", post(desk::finish))
        .route("/api/desk/notices", get(desk::notices))
        .route("/desk", get(page::html))
        .route("/desk/desk.js", get(page::script))
        .route("/desk/desk.css", get(page::style))
        .route("/desk/enter", get(page::enter))
        .route("/desk/login", post(page::login))
        .route("/desk/logout", post(page::logout))
        .route("/health", get(health::alive))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .layer(DefaultBodyLimit::max(BODY_LIMIT));
    webhooks
        .merge(rest)
        .fallback(error::nothing_here)
        .layer(axum::middleware::from_fn(log::log))
        .with_state(web)
}

/// Serves until stopping is asked; then takes no more and finishes what it has taken.
///
/// # Errors
/// The listener's.
pub async fn serve(web: Arc<Web>, listener: TcpListener) -> io::Result<()> {
    let shutdown = web.shutdown.clone();
    axum::serve(listener, router(web)).with_graceful_shutdown(async move { shutdown.asked().await }).await
}
