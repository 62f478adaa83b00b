//! The conversations of a project on their own: what operators do while no service runs.

use std::path::PathBuf;
use std::sync::Arc;

use fluxo_engine::ids::EffectId;
use fluxo_engine::protocol::{HttpOutcome, HttpRequest};
use futures_util::future::BoxFuture;

use super::options;
use super::surroundings::Live;
use crate::conversations::{Calls, Conversations, Outside};
use crate::foundation::clock::{Clock, System};
use crate::foundation::config::Config;
use crate::operations::Operations;
use crate::releases::{Compiler, Releases};
use crate::store::{SledStore, Store, StoreError};

/// Why operations cannot be carried out here.
#[derive(Debug, thiserror::Error)]
pub enum AloneError {
    /// There never was a store: nothing is made by asking for it.
    #[error("não há dados em {}: nenhum serviço deste projeto guardou algo ali", .0.display())]
    NoStore(PathBuf),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens a project's store for operations, without workers, listener or secrets: nothing is played and nothing leaves.
///
/// # Errors
/// See [`AloneError`].
pub async fn alone(config: Config, compiler: Box<dyn Compiler>) -> Result<Operations, AloneError> {
    let clock: Arc<dyn Clock> = Arc::new(System);
    let directory = config.store_path();
    if !SledStore::is_in(&directory) {
        return Err(AloneError::NoStore(directory));
    }
    let store: Arc<dyn Store> = Arc::new(SledStore::open(&directory, &options(&config, &*clock)).await?);
    let releases = Arc::new(Releases::resting(Arc::clone(&store), Arc::from(compiler)).await?);
    let config = Arc::new(config);
    let surroundings = Arc::new(Live::new(Arc::clone(&config), Arc::clone(&clock)));
    let outside = Outside::new([], Arc::new(Nobody));
    let conversations = Conversations::new(store, releases, surroundings, outside, clock).resting();
    Ok(Operations::alone(Arc::new(conversations), config))
}

/// Calls nobody: no worker is there to ask it.
#[derive(Debug)]
struct Nobody;

impl Calls for Nobody {
    fn is_safe_to_repeat(&self, _: &HttpRequest) -> bool {
        false
    }

    fn call<'a>(&'a self, _: &'a HttpRequest, _: &'a EffectId) -> BoxFuture<'a, HttpOutcome> {
        Box::pin(async { HttpOutcome::Unreachable })
    }
}
