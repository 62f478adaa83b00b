//! Publishes the flows when they change on disk: an analyst changes a sentence and reads it in the next conversation.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use std::{fs, io};

use super::until;
use crate::conversations::Conversations;
use crate::foundation::clock;
use crate::foundation::config::Config;
use crate::foundation::shutdown::Shutdown;
use crate::releases::{Announcement, Disk, PublishError, Published};
use crate::store::Occasion;

/// How often the directory is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// Looks at the flows of a project's folder, and publishes what has changed once it is whole.
#[derive(Debug)]
pub struct Publisher {
    config: Arc<Config>,
    /// As it lay there when it was last published, or refused.
    settled: Option<Look>,
    /// As it lay there a moment ago: an editor that is writing leaves something else the next moment.
    moving: Option<Look>,
    /// The project file says something else than what this process goes by, and that was told.
    outdated: bool,
    /// What could not be read, and was told.
    unreadable: Option<String>,
}

/// What is to be seen of a project's folder without reading it.
type Look = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

impl Publisher {
    /// Of a project, whose flows are read and published after this.
    pub fn of(config: Arc<Config>) -> Self {
        let settled = look(config.folder()).ok();
        Self { config, settled, moving: None, outdated: false, unreadable: None }
    }

    /// Until stopping is asked.
    pub async fn run(mut self, conversations: Arc<Conversations>, stop: Shutdown) {
        while !stop.is_asked() {
            let next = clock::after(conversations.clock().now(), EVERY);
            tokio::select! {
                () = stop.asked() => return,
                () = until(&conversations, Some(next)) => {}
            }
            self.pass(&conversations).await;
        }
    }

    /// Looks once.
    pub async fn pass(&mut self, conversations: &Conversations) {
        self.tell_outdated().await;
        if !self.config.flows.watch {
            return;
        }
        let project = self.config.folder().to_path_buf();
        let seen = in_background(move || look(&project)).await;
        let seen = match seen {
            Ok(seen) => seen,
            Err(error) => return self.tell_unreadable(&error),
        };
        if self.settled.as_ref() == Some(&seen) {
            self.moving = None;
            return;
        }
        if self.moving.as_ref() != Some(&seen) {
            self.moving = Some(seen);
            return;
        }
        let project = self.config.folder().to_path_buf();
        let read = in_background(move || Ok((Disk::read(&project)?, look(&project)?))).await;
        match read {
            Ok((disk, after)) if after == seen => {
                self.unreadable = None;
                if publish(conversations, &disk).await {
                    self.settled = Some(seen);
                }
            }
            // It was written to just now.
            Ok((_, after)) => self.moving = Some(after),
            Err(error) => self.tell_unreadable(&error),
        }
    }

    /// Channels, queues and all else in the project file are read at the start only.
    async fn tell_outdated(&mut self) {
        let config = Arc::clone(&self.config);
        let outdated = in_background(move || Ok(config.is_outdated())).await.unwrap_or_default();
        if outdated && !self.outdated {
            tracing::warn!(
                file = %self.config.file().display(),
                "the project file has changed: what it says counts when the service is started again"
            );
        }
        self.outdated = outdated;
    }

    fn tell_unreadable(&mut self, error: &io::Error) {
        let error = error.to_string();
        if self.unreadable.as_ref() != Some(&error) {
            tracing::warn!(error, "the flows on the disk cannot be read; the release before stays");
            self.unreadable = Some(error);
        }
    }
}

/// Says what became of changed flows; whether nothing more is to be done about them.
async fn publish(conversations: &Conversations, disk: &Disk) -> bool {
    let releases = conversations.releases();
    let last = match releases.publication().await {
        Ok(last) => last,
        Err(error) => {
            tracing::error!(%error, "what was published cannot be read");
            return false;
        }
    };
    // After a rollback the files stay as they are, and unpublished, until somebody changes what they say.
    if last.is_some_and(|last| last.disk == disk.digest()) {
        let verdict = releases.judge(disk).await;
        if verdict.clean().is_none() {
            verdict.tell();
        }
        return true;
    }
    let announcement = Announcement::of_ours(Occasion::Edit, conversations.clock().now());
    match releases.publish(disk, &announcement).await {
        Ok(Published { now, before }) if now != before => {
            let passed = releases.judge(disk).await.tested.passed;
            tracing::info!(
                release = %now,
                tests_passed = passed,
                "published the changed flows: new conversations play them, open ones end on theirs"
            );
        }
        Ok(Published { now, .. }) => {
            tracing::info!(release = %now, "the flows on the disk are again those that are played");
        }
        Err(PublishError::Refused(verdict)) => verdict.tell(),
        Err(PublishError::Store(error)) => {
            tracing::error!(%error, "a release cannot be kept");
            return false;
        }
    }
    true
}

async fn in_background<T: Send + 'static>(
    read: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(read).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// The JSON files of a project's folder and of its tests', with what changes when they are written.
fn look(project: &Path) -> io::Result<Look> {
    let mut seen = Look::new();
    for folder in [project.to_path_buf(), project.join("tests")] {
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && folder != project => continue,
            entries => entries?,
        };
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            // One that is gone by now is renamed or deleted: the next look has it right.
            if let Ok(metadata) = fs::metadata(&path) {
                seen.insert(path, (metadata.len(), metadata.modified().ok()));
            }
        }
    }
    Ok(seen)
}
