//! Changing the current release: to what lies on the disk, or back to what was.

use std::sync::{Arc, PoisonError};

use fluxo_engine::ids::ReleaseId;
use jiff::Timestamp;
use tokio::runtime::{Handle, RuntimeFlavor};

use super::{Disk, Finding, Releases, Verdict};
use crate::store::{Occasion, Publication, StoreError};

/// Who changes the current release, when and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Who.
    pub by: String,
    /// On what occasion.
    pub occasion: Occasion,
    /// Why, in their words.
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl Announcement {
    /// Of what fluxo does by itself.
    pub fn of_ours(occasion: Occasion, at: Timestamp) -> Self {
        Self { by: "fluxo".to_owned(), occasion, reason: None, at }
    }

    /// That a release was made current while flows of this digest lay on the disk.
    pub(super) fn publication(&self, release: &ReleaseId, disk: String) -> Publication {
        let (by, reason) = (self.by.clone(), self.reason.clone());
        let (at, occasion) = (self.at, self.occasion);
        Publication { release: release.clone(), at, by, occasion, reason, disk }
    }
}

/// What publishing came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// What was current before.
    pub before: ReleaseId,
    /// What is current.
    pub now: ReleaseId,
}

impl Published {
    /// Whether new sessions begin on something else now.
    pub fn changed(&self) -> bool {
        self.before != self.now
    }
}

/// Why nothing was published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Checker or tests found something.
    #[error("the flows have {} errors, and {} of their tests fail", .0.findings.len(), .0.tested.failures.len())]
    Refused(Arc<Verdict>),
    /// The store did not keep it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why one cannot go back.
#[derive(Debug, thiserror::Error)]
pub enum RollbackError {
    /// Nothing was current before.
    #[error("no release was current before this one")]
    NothingBefore,
    /// No release that is kept has a name that begins so.
    #[error("no release is called {0}")]
    Unknown(String),
    /// Several have.
    #[error("several releases are called {0}")]
    Ambiguous(String),
    /// It is the current one already.
    #[error("{0} is the current release")]
    Current(ReleaseId),
    /// It is kept and this engine cannot read it.
    #[error("{0} cannot be read any more")]
    Unreadable(ReleaseId),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Releases {
    /// What checker and tests say of flows. Found on a thread of its own, and remembered until other flows are asked
    /// about.
    pub async fn judge(&self, disk: &Disk) -> Arc<Verdict> {
        let known = self.judged.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((judged, verdict)) = known
            && judged == *disk
        {
            return verdict;
        }
        let (compiler, asked) = (Arc::clone(&self.compiler), disk.clone());
        let judge = move || match compiler.check(&asked.flows) {
            Ok(release) => {
                let tested =
                    release.library().map(|library| compiler.test(library, &asked.tests)).unwrap_or_default();
                Verdict { release: Some(release), findings: Vec::new(), tested }
            }
            Err(findings) => Verdict::of_errors(findings),
        };
        // Where there is only one thread, there is nobody to be held up, and nothing happens beside anything else.
        let judging = if Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
            tokio::spawn(async move { judge() })
        } else {
            tokio::task::spawn_blocking(judge)
        };
        // A panic of the checker stands against what made it panic, and nothing else.
        let verdict = Arc::new(judging.await.unwrap_or_else(|error| {
            tracing::error!(%error, "the flows cannot be judged");
            Verdict::of_errors(vec![Finding::plain("o verificador falhou: isto é um erro do fluxo")])
        }));
        *self.judged.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((disk.clone(), Arc::clone(&verdict)));
        verdict
    }

    /// Makes what lies on the disk the current release, if nothing stands against it. Open sessions stay on theirs.
    ///
    /// # Errors
    /// [`PublishError::Refused`]: the current release stays.
    pub async fn publish(&self, disk: &Disk, announcement: &Announcement) -> Result<Published, PublishError> {
        let verdict = self.judge(disk).await;
        let Some(next) = verdict.clean() else { return Err(PublishError::Refused(verdict)) };
        let _alone = self.changing.lock().await;
        let published = Published { before: self.current().id().clone(), now: next.id().clone() };
        let last = self.publication().await?;
        let publication = announcement.publication(next.id(), disk.digest());
        // That other flows lie there now is kept as well: a rollback holds only as long as those it found do.
        if published.changed() || last.is_none_or(|last| last.disk != publication.disk) {
            self.store.publish(&publication, &disk.flows).await?;
        }
        if published.changed() {
            self.switch(Arc::clone(next));
        }
        Ok(published)
    }

    /// The release one goes back to: the one that was current before the current one came, or one by the beginning of
    /// its name.
    ///
    /// # Errors
    /// See [`RollbackError`].
    pub async fn before(&self, named: Option<&str>) -> Result<ReleaseId, RollbackError> {
        let current = self.current();
        let found = match named {
            Some(beginning) => {
                let kept = self.store.releases().await?;
                let mut found = kept.into_iter().filter(|id| id.as_str().starts_with(beginning));
                match (found.next(), found.next()) {
                    (Some(found), None) => found,
                    (Some(_), Some(_)) => return Err(RollbackError::Ambiguous(beginning.to_owned())),
                    (None, _) => return Err(RollbackError::Unknown(beginning.to_owned())),
                }
            }
            None => came_before(&self.store.publications(usize::MAX).await?, current.id())
                .ok_or(RollbackError::NothingBefore)?,
        };
        if found == *current.id() { Err(RollbackError::Current(found)) } else { Ok(found) }
    }

    /// Goes back to a release that is kept. The flows that lie on the disk, named by their digest, are not published
    /// until they change.
    ///
    /// # Errors
    /// See [`RollbackError`]; the current release stays.
    pub async fn go_back(
        &self,
        to: &ReleaseId,
        disk: String,
        announcement: &Announcement,
    ) -> Result<Published, RollbackError> {
        let release = self.get(to).await?.ok_or_else(|| RollbackError::Unreadable(to.clone()))?;
        let documents = self.store.release_documents(to).await?;
        let documents = documents.ok_or_else(|| RollbackError::Unreadable(to.clone()))?;
        let _alone = self.changing.lock().await;
        let published = Published { before: self.current().id().clone(), now: to.clone() };
        self.store.publish(&announcement.publication(to, disk), &documents).await?;
        if published.changed() {
            self.switch(release);
        }
        Ok(published)
    }

    /// What the checker, as it knows the project now, finds in a release that is kept.
    ///
    /// # Errors
    /// The store's.
    pub async fn findings(&self, id: &ReleaseId) -> Result<Vec<Finding>, StoreError> {
        let documents = self.store.release_documents(id).await?.unwrap_or_default();
        Ok(self.compiler.check(&documents).err().unwrap_or_default())
    }
}

/// What was current before a release came by itself: going back to it does not count, so that going back twice goes
/// back twice as far.
fn came_before(newest_first: &[Publication], current: &ReleaseId) -> Option<ReleaseId> {
    let is_current = |at: usize| newest_first.get(at).is_some_and(|one| one.release == *current);
    let came = (0..newest_first.len())
        .find(|&at| is_current(at) && !is_current(at + 1) && newest_first[at].occasion != Occasion::Rollback)
        // All that is kept of its coming is that one went back to it.
        .or_else(|| newest_first.iter().rposition(|one| one.release == *current))?;
    let before = newest_first[came..].iter().find(|one| one.release != *current)?;
    Some(before.release.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Newest first: `b` came, `-a` is a return to `a`.
    fn history(rows: &[&str]) -> Vec<Publication> {
        let publication = |row: &&str| Publication {
            release: row.trim_start_matches('-').into(),
            at: "2026-03-12T12:00:00Z".parse().unwrap(),
            by: "ana".to_owned(),
            occasion: if row.starts_with('-') { Occasion::Rollback } else { Occasion::Command },
            reason: None,
            disk: String::new(),
        };
        rows.iter().map(publication).collect()
    }

    #[test]
    fn going_back_twice_goes_back_twice_as_far() {
        let cases: &[(&[&str], Option<&str>)] = &[
            (&["a"], None),
            (&["b", "a"], Some("a")),
            (&["c", "b", "a"], Some("b")),
            (&["-b", "c", "b", "a"], Some("a")),
            (&["-a", "-b", "c", "b", "a"], None),
            // The files were put back as well.
            (&["a", "-a", "b", "a"], None),
            (&["d", "-a", "-b", "c", "b", "a"], Some("a")),
            // What had come before came again.
            (&["a", "b", "a"], Some("b")),
            // Its coming is kept no more.
            (&["-b", "c"], Some("c")),
            (&["-b"], None),
            (&[], None),
        ];
        for (rows, before) in cases {
            let current = rows.first().map_or("a", |row| row.trim_start_matches('-')).into();
            assert_eq!(came_before(&history(rows), &current), before.map(ReleaseId::from), "{rows:?}");
        }
    }
}
