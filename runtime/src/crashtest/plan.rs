//! What is to be tried, and the detours that prove the kit itself.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The folder on the disk to be tried. The run makes a folder of its own in it.
    pub directory: PathBuf,
    /// The program whose `serve` is killed.
    pub program: PathBuf,
    /// How often.
    pub kills: u32,
    /// What all that is drawn comes from.
    pub seed: u64,
    /// No kill after so long, even if some are left.
    pub longest: Option<Duration>,
    /// How long everybody goes on after the last kill.
    pub calm: Duration,
    /// After so long without any message a patient gives up on an expected one: longer than a doubt may take.
    pub patience: Duration,
    /// Who takes part.
    pub crowd: Crowd,
    /// Trouble of the world while it lasts: slow and lost answers, refusals, times without statuses.
    pub trouble: bool,
    /// Nothing, but in tests of the kit.
    pub detours: Detours,
}

/// How many patients of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crowd {
    /// Write in bursts.
    pub writers: usize,
    /// Book.
    pub bookers: usize,
    /// Are asked by the API's flow and confirm or cancel.
    pub confirmers: usize,
    /// Ask for somebody at the desk.
    pub guests: usize,
}

impl Crowd {
    /// As many as keep a small machine busy although each death leaves some of them waiting half a minute in doubt.
    pub const USUAL: Self = Self { writers: 56, bookers: 56, confirmers: 28, guests: 20 };
}

/// Ways round: what lies and forgets where the world and the disk do not, so that tests see the kit notice.
#[derive(Clone, Default)]
pub struct Detours {
    /// Where the world posts its webhooks instead; gets the service's address.
    pub webhooks: Option<Detour>,
    /// Where the service finds the world instead; gets the world's address.
    pub world: Option<Detour>,
    /// Called with the store's directory after each death, before the next life.
    pub between_lives: Option<Meddling>,
    /// Nobody stops before this is so.
    pub until: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
}

/// Something done to a store that nobody has open.
pub type Meddling = Arc<dyn Fn(&Path) + Send + Sync>;

/// Another address for an address.
pub type Detour = Arc<dyn Fn(&str) -> String + Send + Sync>;

impl fmt::Debug for Detours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Detours")
            .field("webhooks", &self.webhooks.is_some())
            .field("world", &self.world.is_some())
            .field("between_lives", &self.between_lives.is_some())
            .field("until", &self.until.is_some())
            .finish()
    }
}
