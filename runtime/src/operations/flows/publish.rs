//! Publishes the flows on the disk: checked, tested, with a look at what is in flight, and then the switch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use fluxo_engine::Migration;
use fluxo_engine::check::Language;
use fluxo_engine::ids::{ConversationId, ReleaseId};
use fluxo_engine::migration::Obstacle;
use serde::{Deserialize, Serialize};

use super::{KeptSession, Moves};
use crate::conversations::{Fate, InFlight, Way};
use crate::foundation::clock::after;
use crate::operations::{OperationError, Operations, Progress, Request};
use crate::releases::{Announcement, Finding, PublishError, Release, Verdict};
use crate::store::Occasion;

/// How often the sessions are looked through: some began on the old release while it was being replaced, and of some a
/// message was just leaving.
const ROUNDS: usize = 3;

/// How long a message that is leaving is waited for.
const LEAVING: Duration = Duration::from_secs(2);

/// Publishes the flows on the disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publish {
    /// Who does it.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
    /// Does all but the switch, and moves nobody.
    pub dry_run: bool,
    /// Moves the open sessions that can be moved.
    pub migrate: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishReport {
    /// What was done.
    pub outcome: Outcome,
    /// The release that was current; absent where none ever was.
    pub before: Option<ReleaseId>,
    /// The release of the flows on the disk; absent while they have errors.
    pub release: Option<ReleaseId>,
    /// The checker's errors.
    pub findings: Vec<Finding>,
    /// Flow tests that passed.
    pub passed: u64,
    /// Flow tests that fail.
    pub failures: Vec<Finding>,
    /// What was in flight before anything was moved; absent where nothing is published.
    pub in_flight: Option<InFlight>,
    /// What became of the open sessions, if they were to be moved.
    pub moves: Option<Moves>,
    /// A service runs with a project file that says something else by now.
    pub outdated: bool,
    /// A service runs; else what is published is current at its next start.
    pub serving: bool,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// New conversations play the flows on the disk from now on.
    Published,
    /// They did so before.
    Unchanged,
    /// There are errors, or tests fail: everything is as it was.
    Refused,
    /// It would have been published.
    WouldPublish,
}

impl Request for Publish {
    type Answer = PublishReport;

    async fn carry_out(
        self,
        here: &Operations,
        progress: &Progress,
    ) -> Result<PublishReport, OperationError> {
        let releases = here.conversations().releases();
        let disk = here.disk().await?;
        let verdict = releases.judge(&disk).await;
        let before = releases.publication().await?.map(|last| last.release);
        let mut report = PublishReport::of(&verdict, before, here);
        let Some(next) = verdict.clean() else { return Ok(report) };
        let in_flight = here.in_flight(progress).await?;
        if report.before.as_ref() == Some(next.id()) {
            report.outcome = Outcome::Unchanged;
        }
        report.in_flight = Some(in_flight);
        if !self.dry_run {
            let (by, reason, at) = (self.by.clone(), self.reason.clone(), here.conversations().clock().now());
            let announcement = Announcement { by, occasion: Occasion::Command, reason, at };
            match releases.publish(&disk, &announcement).await {
                Ok(published) => {
                    let changed = published.changed() || report.before.is_none();
                    report.outcome = if changed { Outcome::Published } else { Outcome::Unchanged };
                    tracing::info!(release = %published.now, by = self.by, "published by command");
                }
                // What was judged is remembered, so this was judged meanwhile as something else.
                Err(PublishError::Refused(verdict)) => {
                    return Ok(PublishReport::of(&verdict, report.before, here));
                }
                Err(PublishError::Store(error)) => return Err(error.into()),
            }
        }
        if self.migrate {
            report.moves = Some(moves(here, next, self.dry_run, progress).await?);
        }
        Ok(report)
    }
}

impl PublishReport {
    fn of(verdict: &Verdict, before: Option<ReleaseId>, here: &Operations) -> Self {
        Self {
            outcome: if verdict.clean().is_some() { Outcome::WouldPublish } else { Outcome::Refused },
            before,
            release: verdict.release.as_ref().map(|release| release.id().clone()),
            findings: verdict.findings.clone(),
            passed: verdict.tested.passed as u64,
            failures: verdict.tested.failures.clone(),
            in_flight: None,
            moves: None,
            outdated: here.is_serving() && here.config().is_outdated(),
            serving: here.is_serving(),
        }
    }
}

/// Moves the sessions of all other releases that can be moved, or says of each what would become of it.
async fn moves(
    here: &Operations,
    to: &Arc<dyn Release>,
    dry_run: bool,
    progress: &Progress,
) -> Result<Moves, OperationError> {
    let mut moves = Moves::default();
    let mut settled: BTreeSet<ConversationId> = BTreeSet::new();
    for left in (0..ROUNDS).rev() {
        let wanted = progress.clone();
        let found = here.conversations().not_on(to.id(), move |_| wanted.is_wanted()).await?;
        let mut found = found.ok_or_else(OperationError::interrupted)?;
        found.retain(|_, conversations| {
            conversations.retain(|id| !settled.contains(id));
            !conversations.is_empty()
        });
        if found.is_empty() {
            break;
        }
        // Whoever stays for another look is taken out again.
        settled.extend(found.values().flatten().cloned());
        let mut leaving = false;
        for (session, obstacles) in round(here, to, dry_run, found, &mut moves, progress).await? {
            // Nothing leaves by itself while no service runs.
            if left > 0 && here.is_serving() && obstacles == [Obstacle::SendInDoubt] {
                leaving = true;
                settled.remove(&session.conversation);
            } else {
                moves.kept.push(session);
            }
        }
        if leaving {
            let clock = here.conversations().clock();
            clock.until(after(clock.now(), LEAVING)).await;
        } else if dry_run {
            break;
        }
    }
    Ok(moves)
}

/// One look at each: those that stay, and why.
async fn round(
    here: &Operations,
    to: &Arc<dyn Release>,
    dry_run: bool,
    found: BTreeMap<ReleaseId, Vec<ConversationId>>,
    moves: &mut Moves,
    progress: &Progress,
) -> Result<Vec<(KeptSession, Vec<Obstacle>)>, OperationError> {
    let conversations = here.conversations();
    let mut kept = Vec::new();
    let of = found.values().map(|ids| ids.len() as u64).sum();
    let mut done = 0;
    for (release, ids) in found {
        let from = conversations.releases().get(&release).await?;
        let libraries = from.as_ref().and_then(|from| from.library()).zip(to.library());
        let migration = libraries.map(|(from, to)| Migration::between(from, to));
        let way = Way { from: &release, to: to.id(), migration };
        for conversation in ids {
            // Each move stands by itself: ending here leaves nothing half done.
            if !progress.is_wanted() {
                return Err(OperationError::interrupted());
            }
            let fate = if dry_run {
                conversations.would_move(&conversation, &way).await?
            } else {
                conversations.move_session(&conversation, &way).await?
            };
            match fate {
                Fate::Moved => moves.moved += 1,
                Fate::Elsewhere => {}
                Fate::Kept(obstacles) => {
                    let because = obstacles.iter().map(|found| found.told(Language::Portuguese)).collect();
                    kept.push((KeptSession { conversation, release: release.clone(), because }, obstacles));
                }
            }
            done += 1;
            progress.tell(done, Some(of));
        }
    }
    Ok(kept)
}
