//! What the project file says, for conversations.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use fluxo_engine::ids::QueueId;
use fluxo_engine::protocol::Project;
use jiff::Timestamp;

use crate::conversations::{Language, Surroundings};
use crate::foundation::clock::Clock;
use crate::foundation::config::{Config, Locale};

/// A project file as it was read; what it says depends on the day only through holidays.
pub(super) struct Live {
    config: Arc<Config>,
    clock: Arc<dyn Clock>,
    /// The year it was made for, and what it says.
    play: Mutex<(i16, Arc<Project>)>,
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("project", &self.config.project.name).finish_non_exhaustive()
    }
}

impl Live {
    pub(super) fn new(config: Arc<Config>, clock: Arc<dyn Clock>) -> Self {
        let now = clock.now();
        let play = Mutex::new((year(&config, now), Arc::new(config.play(now))));
        Self { config, clock, play }
    }
}

impl Surroundings for Live {
    fn project(&self) -> Arc<Project> {
        let now = self.clock.now();
        let year = year(&self.config, now);
        let mut play = self.play.lock().unwrap_or_else(PoisonError::into_inner);
        if play.0 != year {
            *play = (year, Arc::new(self.config.play(now)));
        }
        Arc::clone(&play.1)
    }

    fn open_queues(&self, now: Timestamp) -> BTreeSet<QueueId> {
        self.config.open_queues(now)
    }

    fn queue_title(&self, queue: &QueueId) -> String {
        self.config.queues.get(queue).map_or_else(|| queue.to_string(), |known| known.title.clone())
    }

    fn language(&self) -> Language {
        match self.config.project.locale {
            Locale::PtBr => Language::Portuguese,
        }
    }
}

fn year(config: &Config, now: Timestamp) -> i16 {
    now.to_zoned(config.project.time_zone.0.clone()).year()
}
