//! The service, wired: store, channels, connections, mail, conversations, workers and web. `fluxo serve`, `fluxo demo` and
//! the tests of the whole system start it here, so that all of them run the same thing.

mod alone;
mod compiler;
mod surroundings;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use alone::{AloneError, alone};
pub use compiler::FlowReader;

use crate::channels;
use crate::connections::Connections;
use crate::conversations::{Conversations, Outside};
use crate::foundation::clock::{Clock, System};
use crate::foundation::config::{Config, ConfigErrors};
use crate::foundation::http::HttpClient;
use crate::foundation::shutdown::Shutdown;
use crate::mail::MailServer;
use crate::operations::{Door, Operations};
use crate::releases::{Compiler, Disk, PublishError, Releases};
use crate::store::{Options, SledStore, Store, StoreError};
use crate::web::{self, Facts, Web};
use crate::workers;
use crate::workers::publisher::Publisher;
use surroundings::Live;

/// How long name lookup, TCP and TLS of one attempt to reach a neighbour may take.
const CONNECT: Duration = Duration::from_secs(5);

/// How long a stop waits for what runs. What is cut off then is found by the next start, as after a crash.
const GRACE: Duration = Duration::from_secs(10);

/// Why the service did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The project file.
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    /// The flows.
    #[error(transparent)]
    Flows(#[from] PublishError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The flows' directory, the listener, the system's trust store.
    #[error("{what}: {error}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        error: io::Error,
    },
}

/// A running service. Dropping it leaves it running until the process ends; [`Service::stop`] stops it.
#[derive(Debug)]
pub struct Service {
    address: SocketAddr,
    conversations: Arc<Conversations>,
    web: Arc<Web>,
    shutdown: Shutdown,
    server: JoinHandle<io::Result<()>>,
}

impl Service {
    /// Starts a project's service on a listener, with the machine's clock and the embedded store.
    ///
    /// # Errors
    /// See [`ServiceError`]. Nothing is left running then.
    pub async fn start(
        config: Config,
        compiler: Box<dyn Compiler>,
        listener: TcpListener,
    ) -> Result<Self, ServiceError> {
        let system = |what| move |error| ServiceError::System { what, error };
        let clock: Arc<dyn Clock> = Arc::new(System);
        let http = HttpClient::new(CONNECT).map_err(system("the HTTP client cannot be set up"))?;
        let api_token = config.secret(&config.server.api_token).map_err(ConfigErrors::from)?;
        let channels = channels::all(&config, &http)?;
        let connections = Connections::new(&config, http)?;
        let mail = MailServer::new(&config)?;
        let address = listener.local_addr().map_err(system("the listener has no address"))?;

        let options = options(&config, &*clock);
        let store: Arc<dyn Store> = Arc::new(SledStore::open(&config.store_path(), &options).await?);
        let config = Arc::new(config);
        // Before the flows are read: what changes from here on is noticed.
        let publisher = Publisher::of(Arc::clone(&config));
        let disk = Disk::read(config.folder()).map_err(system("the flows cannot be read"))?;
        let publishes = config.flows.watch;
        let releases =
            Releases::open(Arc::clone(&store), Arc::from(compiler), &disk, clock.now(), publishes).await?;

        let facts = Facts {
            project: config.project.name.clone(),
            time_zone: config.play(clock.now()).time_zone,
            queues: config.queues.iter().map(|(id, queue)| (id.clone(), queue.title.clone())).collect(),
        };
        let replay = config.retention.replay.duration();
        let surroundings = Arc::new(Live::new(Arc::clone(&config), Arc::clone(&clock)));
        let mut outside = Outside::new(channels, Arc::new(connections));
        if let Some(mail) = mail {
            outside = outside.with_mail(Arc::new(mail));
        }
        let conversations = Arc::new(Conversations::new(
            Arc::clone(&store),
            Arc::new(releases),
            surroundings,
            outside,
            clock,
        ));
        conversations.recover().await?;

        let shutdown = Shutdown::new();
        workers::start(&conversations, replay, &shutdown);
        shutdown.run(publisher.run(Arc::clone(&conversations), shutdown.clone()));
        admit(Operations::of_service(Arc::clone(&conversations), config), &shutdown);
        let web = Arc::new(Web::new(Arc::clone(&conversations), api_token, facts, shutdown.clone()));
        let server = tokio::spawn(web::serve(Arc::clone(&web), listener));
        watch(store, Arc::clone(&web), shutdown.clone());
        tracing::info!(%address, release = %conversations.releases().current().id(), "serving");
        Ok(Self { address, conversations, web, shutdown, server })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its base address on this machine.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A link to the attendants' page that logs somebody in once.
    pub fn desk_link(&self, attendant: &str) -> String {
        format!("{}{}", self.url(), self.web.desk_link(attendant))
    }

    /// Its conversations.
    pub fn conversations(&self) -> &Arc<Conversations> {
        &self.conversations
    }

    /// Ends when the service has to: the store can no longer be trusted, or the listener has failed. The process
    /// should then stop it and end with an error; whoever supervises it starts it again.
    pub async fn ended(&mut self) -> ServiceError {
        let store = Arc::clone(self.conversations.store());
        tokio::select! {
            error = store.failed() => error.into(),
            ended = &mut self.server => {
                let error = match ended {
                    Ok(Ok(())) => io::Error::other("it was stopped"),
                    Ok(Err(error)) => error,
                    Err(error) => io::Error::other(error),
                };
                ServiceError::System { what: "the listener has ended", error }
            }
        }
    }

    /// Stops: takes nothing new, finishes what runs. Answers whether all of it ended in time.
    pub async fn stop(self) -> bool {
        self.shutdown.ask();
        let server = self.server.abort_handle();
        let served = self.server.is_finished() || tokio::time::timeout(GRACE, self.server).await.is_ok();
        if !served {
            server.abort();
        }
        self.shutdown.finish(GRACE).await && served
    }
}

/// How a project's store is opened.
fn options(config: &Config, clock: &dyn Clock) -> Options {
    Options {
        cache_bytes: config.store.cache_mib << 20,
        // Seconds since 1970: no store of this house has had it.
        new_epoch: u32::try_from(clock.now().as_second()).unwrap_or(u32::MAX),
    }
}

/// Opens the operators' door. Without it the service does its work all the same.
fn admit(operations: Operations, shutdown: &Shutdown) {
    match Door::open(&operations.config().store_path()) {
        Ok(door) => shutdown.run(door.serve(Arc::new(operations), shutdown.clone())),
        Err(error) => {
            tracing::warn!(%error, "operators' commands find no service: the socket cannot be opened")
        }
    }
}

/// Once the store is down nothing may be acknowledged any more: webhooks get a 503 and workers stop.
fn watch(store: Arc<dyn Store>, web: Arc<Web>, shutdown: Shutdown) {
    tokio::spawn(async move {
        tokio::select! {
            error = store.failed() => {
                tracing::error!(%error, "the store is down");
                web.set_down();
                shutdown.ask();
            }
            () = shutdown.asked() => {}
        }
    });
}
