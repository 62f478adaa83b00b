//! The outside world on loopback: TOTVS RM under `/rm`, the WhatsApp Cloud API under `/graph`, the patients' phones as a
//! page at `/`, and a control plane under `/control` (see `control.rs`).
//!
//! Written from the contracts alone. It shares no type with the adapters that it stands against, so that a mistake in
//! one shows in the other.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! let sandbox = fluxo_sandbox::start(fluxo_sandbox::Options::default()).await?;
//! println!("RM at {}, Graph API at {}, phones at {}", sandbox.rm_url(), sandbox.graph_url(), sandbox.url());
//! sandbox.set_service("http://127.0.0.1:8080");
//! # sandbox.shutdown().await;
//! # Ok(()) }
//! ```

// An appointment has more members than `json!` expands by default.
#![recursion_limit = "256"]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may panic"))]

mod book;
mod clock;
mod control;
mod faults;
mod gate;
mod graph;
mod inside;
mod journal;
mod line;
mod live;
mod options;
mod page;
mod phone;
mod rm;
mod seed;
mod settings;
mod shared;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::{Router, middleware, routing::any};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};

pub use self::inside::{Asked, Bubble};
pub use self::options::Options;
use self::{
    inside::Inside,
    line::{CuttingListener, Line},
    phone::{delivery, statuses},
    shared::Shared,
};

/// How long open requests may take to end.
const GRACE: Duration = Duration::from_secs(2);

/// A running sandbox. Dropping it leaves it running until the process ends; [`Sandbox::shutdown`] stops it.
pub struct Sandbox {
    shared: Arc<Shared>,
    inside: Inside,
    server: JoinHandle<std::io::Result<()>>,
}

/// Starts the outside world and says where it is.
///
/// # Errors
/// If the address is taken, or the state directory cannot be read or written.
pub async fn start(options: Options) -> anyhow::Result<Sandbox> {
    let listener = TcpListener::bind(options.listen)
        .await
        .with_context(|| format!("cannot listen on {}", options.listen))?;
    let url = format!("http://{}", listener.local_addr()?);
    let shared = Shared::new(options, url)?;
    let service = router(&shared).into_make_service_with_connect_info::<Line>();
    let stop = shared.stop.clone();
    let server =
        axum::serve(CuttingListener(listener), service).with_graceful_shutdown(stop.cancelled_owned());
    let server = tokio::spawn(server.into_future());
    delivery::resume(&shared);
    statuses::resume(&shared);
    let inside = Inside::new(&shared);
    Ok(Sandbox { shared, inside, server })
}

fn router(shared: &Arc<Shared>) -> Router {
    let outside = Router::new()
        .route("/rm/{*path}", any(rm::answer))
        .route("/graph/{*path}", any(graph::answer))
        .layer(axum::extract::DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(Arc::clone(shared), gate::pass));
    Router::new()
        .merge(outside)
        .merge(control::routes(shared))
        .merge(page::routes())
        .layer(axum::extract::DefaultBodyLimit::max(150 << 20))
        .with_state(Arc::clone(shared))
}

impl Sandbox {
    /// The page with the phone.
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// Base URL of RM; its paths begin with `/api`.
    pub fn rm_url(&self) -> String {
        format!("{}/rm", self.shared.url)
    }

    /// Base URL of the Graph API; its paths begin with the version.
    pub fn graph_url(&self) -> String {
        format!("{}/graph", self.shared.url)
    }

    /// Says where the attendants' page is: a link that logs in is known only once the service runs.
    pub fn set_desk(&self, url: &str) {
        self.shared.set_desk(url);
    }

    /// Says where the service is, if it was not known at the start or has moved. Webhooks that wait are tried at once.
    pub fn set_service(&self, base: &str) {
        self.shared.set_service(base);
    }

    /// One call of the control plane without a socket: `control("POST", "phones/5511987654321/say", …)`. Null is no body.
    ///
    /// # Errors
    /// What the control plane refuses, in its words.
    pub async fn control(&self, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.inside.control(method, path, body).await
    }

    /// What the service said to a phone after a message's number; waits so long for the first one.
    pub async fn hear(&self, phone: &str, after: u64, limit: Duration) -> Vec<Bubble> {
        self.inside.hear(phone, after, limit).await
    }

    /// All chats by `wa_id`, oldest message first.
    pub fn chats(&self) -> BTreeMap<String, Vec<Bubble>> {
        self.inside.chats()
    }

    /// The book after a number. It keeps the newest 20,000 requests.
    pub fn requests(&self, after: u64) -> Vec<Asked> {
        self.inside.requests(after)
    }

    /// Stops: ends streams and background work, lets open requests finish for two seconds.
    pub async fn shutdown(self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        let server = self.server.abort_handle();
        let ended = async {
            self.shared.tasks.wait().await;
            self.server.await
        };
        if tokio::time::timeout(GRACE, ended).await.is_err() {
            tracing::debug!("a request was still open when the sandbox stopped");
            server.abort();
        }
    }
}
