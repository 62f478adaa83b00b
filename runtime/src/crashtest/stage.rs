//! What everybody who takes part in a run shares.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::phone::{Count, Silence};
use super::service::Service;
use super::world::World;

/// The stage.
pub(super) struct Stage {
    pub(super) world: Arc<World>,
    pub(super) service: Arc<Service>,
    pub(super) seed: u64,
    pub(super) patience: Duration,
    /// Messages that patients wrote.
    pub(super) written: Count,
    /// Nobody begins anything new.
    over: AtomicBool,
    silences: Mutex<Vec<Silence>>,
    failed: Mutex<Option<String>>,
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stage").field("seed", &self.seed).finish_non_exhaustive()
    }
}

impl Stage {
    /// A stage for a service and its world.
    pub(super) fn new(world: Arc<World>, service: Arc<Service>, seed: u64, patience: Duration) -> Self {
        Self {
            world,
            service,
            seed,
            patience,
            written: Count::default(),
            over: AtomicBool::new(false),
            silences: Mutex::default(),
            failed: Mutex::default(),
        }
    }

    /// Lets everybody end what they have begun.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::SeqCst);
    }

    /// Whether nobody is to begin anything new.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst) || self.is_hopeless()
    }

    /// Whether it makes no sense to wait for anything any longer.
    pub(super) fn is_hopeless(&self) -> bool {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Somebody never heard what they waited for.
    pub(super) fn silent(&self, silence: Silence) {
        self.silences.lock().unwrap_or_else(PoisonError::into_inner).push(silence);
    }

    /// Who never heard what they waited for.
    pub(super) fn silences(&self) -> Vec<Silence> {
        self.silences.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The kit itself cannot go on.
    pub(super) fn kit_failed(&self, error: &anyhow::Error) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.get_or_insert_with(|| format!("{error:#}"));
    }

    /// Why the kit itself cannot go on.
    pub(super) fn failure(&self) -> Option<String> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
