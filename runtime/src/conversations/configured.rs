//! The project file as conversations see it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fluxo_engine::ids::QueueId;
use fluxo_engine::protocol::Project;
use jiff::Timestamp;

use super::outside::Surroundings;
use super::words::Language;
use crate::foundation::clock::{self, Clock};
use crate::foundation::config::{Config, Locale};

/// Holidays are of the years around the moment at which they were read.
const FRESH: Duration = Duration::from_secs(24 * 60 * 60);

/// The project file, with what is computed of it kept for a day.
#[derive(Debug)]
pub struct Configured {
    config: Arc<Config>,
    clock: Arc<dyn Clock>,
    project: Mutex<(Timestamp, Arc<Project>)>,
}

impl Configured {
    /// Reads what play needs.
    pub fn new(config: Arc<Config>, clock: Arc<dyn Clock>) -> Self {
        let now = clock.now();
        let project = Mutex::new((now, Arc::new(config.play(now))));
        Self { config, clock, project }
    }
}

impl Surroundings for Configured {
    fn project(&self) -> Arc<Project> {
        let now = self.clock.now();
        let mut kept = self.project.lock().unwrap_or_else(PoisonError::into_inner);
        if now >= clock::after(kept.0, FRESH) {
            *kept = (now, Arc::new(self.config.play(now)));
        }
        Arc::clone(&kept.1)
    }

    fn open_queues(&self, now: Timestamp) -> BTreeSet<QueueId> {
        self.config.open_queues(now)
    }

    fn language(&self) -> Language {
        match self.config.project.locale {
            Locale::PtBr => Language::Portuguese,
        }
    }
}
