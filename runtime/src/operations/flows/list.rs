//! The releases that are kept: which one is current, since when and why, and what is in flight on each.

use fluxo_engine::ids::ReleaseId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::conversations::{InFlight, OnRelease};
use crate::operations::{OperationError, Operations, Progress, Request};
use crate::releases::{Disk, Finding};
use crate::store::{Occasion, Publication};

/// Lists releases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// At most so many that no session plays.
    pub limit: usize,
}

/// What is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The latest first.
    pub releases: Vec<Row>,
    /// There are more than were asked for.
    pub more: bool,
    /// Conversations that cannot be read, and may have a session.
    pub unreadable: u64,
    /// Why the flows on the disk are not those that are played; absent where they are.
    pub disk: Option<NotPublished>,
    /// A service runs with a project file that says something else by now.
    pub outdated: bool,
    /// A service runs.
    pub serving: bool,
}

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its name.
    pub release: ReleaseId,
    /// New conversations play it.
    pub current: bool,
    /// When it was made current last; absent where nothing is known of that.
    pub published: Option<Published>,
    /// The sessions that play it.
    pub in_flight: Option<OnRelease>,
}

/// When, why and by whom a release was made current.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// On what occasion.
    pub occasion: Occasion,
    /// Why.
    pub reason: Option<String>,
}

/// Why the flows on the disk are not played.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "because")]
pub enum NotPublished {
    /// The folder cannot be read.
    Unreadable {
        /// What the system said.
        error: String,
    },
    /// The checker finds errors.
    Errors {
        /// Which.
        findings: Vec<Finding>,
    },
    /// Flow tests fail.
    Tests {
        /// Which.
        failures: Vec<Finding>,
    },
    /// Somebody went back, and they have not changed since.
    WentBack,
    /// They are published only by command.
    ByCommand,
    /// The service is about to publish them.
    Soon,
    /// No service runs.
    AtNextStart,
}

impl Request for List {
    type Answer = Listed;

    async fn carry_out(self, here: &Operations, progress: &Progress) -> Result<Listed, OperationError> {
        let store = here.conversations().store();
        let publications = store.publications(usize::MAX).await?;
        let current = publications.first().map(|last| last.release.clone());
        let in_flight = here.in_flight(progress).await?;
        let mut listed = Listed {
            releases: Vec::new(),
            more: false,
            unreadable: in_flight.unreadable,
            disk: not_published(here, publications.first()).await?,
            outdated: here.is_serving() && here.config().is_outdated(),
            serving: here.is_serving(),
        };
        let mut idle = 0;
        for release in in_order(&publications, &in_flight) {
            let on = in_flight.on(&release).cloned();
            let current = current.as_ref() == Some(&release);
            if on.is_none() && !current {
                if idle == self.limit {
                    listed.more = true;
                    continue;
                }
                idle += 1;
            }
            let last = publications.iter().find(|one| one.release == release);
            let published = last.map(|one| Published {
                at: one.at,
                by: one.by.clone(),
                occasion: one.occasion,
                reason: one.reason.clone(),
            });
            listed.releases.push(Row { current, published, in_flight: on, release });
        }
        Ok(listed)
    }
}

/// Releases, the one made current last first; then those of which only their sessions are known.
fn in_order(publications: &[Publication], in_flight: &InFlight) -> Vec<ReleaseId> {
    let known = publications.iter().map(|one| &one.release);
    let all = known.chain(in_flight.releases.iter().map(|on| &on.release));
    let mut order: Vec<ReleaseId> = Vec::new();
    for release in all {
        if !order.contains(release) {
            order.push(release.clone());
        }
    }
    order
}

/// Why the flows on the disk are not those that are played.
async fn not_published(
    here: &Operations,
    last: Option<&Publication>,
) -> Result<Option<NotPublished>, OperationError> {
    let disk = match here.disk().await {
        Ok(disk) => disk,
        Err(error) => return Ok(Some(NotPublished::Unreadable { error: error.words })),
    };
    if let Some(last) = last {
        let flows = here.conversations().store().release_documents(&last.release).await?.unwrap_or_default();
        if (Disk { flows, tests: Vec::new() }).digest() == disk.digest() {
            return Ok(None);
        }
        if last.occasion == Occasion::Rollback && last.disk == disk.digest() {
            return Ok(Some(NotPublished::WentBack));
        }
    }
    let verdict = here.conversations().releases().judge(&disk).await;
    Ok(Some(if verdict.release.is_none() {
        NotPublished::Errors { findings: verdict.findings.clone() }
    } else if verdict.clean().is_none() {
        NotPublished::Tests { failures: verdict.tested.failures.clone() }
    } else if !here.config().flows.watch {
        NotPublished::ByCommand
    } else if here.is_serving() {
        NotPublished::Soon
    } else {
        NotPublished::AtNextStart
    }))
}
