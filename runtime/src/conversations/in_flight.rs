//! What is in flight where: open sessions by release, flow and node.

use std::collections::{BTreeMap, BTreeSet};

use fluxo_engine::ids::{ConversationId, FlowId, NodeId, ReleaseId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Conversations;
use crate::store::{OpenSession, StoreError};

/// Conversations looked at between two chances for others to go on.
const PAGE: usize = 256;

/// Releases that are kept although no session plays them, the latest.
const KEPT: usize = 20;

type Places = BTreeMap<(FlowId, NodeId), Count>;

/// Open sessions, by release.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct InFlight {
    /// Releases that sessions play, by name.
    pub releases: Vec<OnRelease>,
    /// Conversations that cannot be read, and may have a session.
    pub unreadable: u64,
}

/// The open sessions of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnRelease {
    /// Which.
    pub release: ReleaseId,
    /// All of them.
    pub all: Count,
    /// By flow and node.
    pub places: Vec<AtNode>,
}

/// The open sessions that stand at a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtNode {
    /// The innermost flow.
    pub flow: FlowId,
    /// Its node.
    pub node: NodeId,
    /// How many.
    pub count: Count,
}

/// How many sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Count {
    /// All of them.
    pub sessions: u64,
    /// Of these, with people or waiting for them.
    pub with_people: u64,
    /// Of these, waiting for the answer of a call or for a ticket.
    pub in_flight: u64,
}

impl Count {
    fn add(&mut self, session: &OpenSession, in_flight: bool) {
        self.sessions += 1;
        self.with_people += u64::from(session.with_people);
        self.in_flight += u64::from(in_flight);
    }
}

impl InFlight {
    /// The sessions of a release.
    pub fn on(&self, release: &ReleaseId) -> Option<&OnRelease> {
        self.releases.iter().find(|on| on.release == *release)
    }

    /// All sessions.
    pub fn sessions(&self) -> u64 {
        self.releases.iter().map(|on| on.all.sessions).sum()
    }
}

impl Conversations {
    /// Counts all open sessions. `looked` hears how many conversations were looked at, and says whether to go on;
    /// `None` when it did not.
    ///
    /// # Errors
    /// The store's.
    pub async fn in_flight(
        &self,
        mut looked: impl FnMut(u64) -> bool + Send,
    ) -> Result<Option<InFlight>, StoreError> {
        // Whatever the release: where a session stands it says itself.
        let reader = self.releases.current();
        let mut counts: BTreeMap<ReleaseId, (Count, Places)> = BTreeMap::new();
        let mut unreadable = 0;
        let whole = self
            .each_page(&mut looked, |session| {
                let (Some(release), Ok(place)) = (&session.release, reader.place(&session.session)) else {
                    unreadable += 1;
                    return;
                };
                let (all, places) = counts.entry(release.clone()).or_default();
                all.add(session, place.in_flight);
                places.entry((place.flow, place.node)).or_default().add(session, place.in_flight);
            })
            .await?;
        let Some(skipped) = whole else { return Ok(None) };
        let releases = counts.into_iter().map(|(release, (all, places))| {
            let places = places.into_iter().map(|((flow, node), count)| AtNode { flow, node, count });
            OnRelease { release, all, places: places.collect() }
        });
        Ok(Some(InFlight { releases: releases.collect(), unreadable: unreadable + skipped }))
    }

    /// The conversations whose open sessions play another release than one, by the release they play.
    ///
    /// # Errors
    /// The store's.
    pub async fn not_on(
        &self,
        release: &ReleaseId,
        mut looked: impl FnMut(u64) -> bool + Send,
    ) -> Result<Option<BTreeMap<ReleaseId, Vec<ConversationId>>>, StoreError> {
        let mut found: BTreeMap<ReleaseId, Vec<ConversationId>> = BTreeMap::new();
        let whole = self
            .each_page(&mut looked, |session| {
                if let Some(on) = session.release.as_ref().filter(|on| *on != release) {
                    found.entry(on.clone()).or_default().push(session.conversation.clone());
                }
            })
            .await?;
        Ok(whole.map(|_| found))
    }

    /// Forgets releases that no session plays: but for the current one, the latest, and those that were current since a
    /// moment, whose turns can be played again. Answers how many.
    ///
    /// # Errors
    /// The store's.
    pub async fn forget_releases(&self, since: Timestamp) -> Result<usize, StoreError> {
        let publications = self.store.publications(usize::MAX).await?;
        let mut kept: BTreeSet<ReleaseId> = BTreeSet::from([self.releases.current().id().clone()]);
        for (at, publication) in publications.iter().enumerate() {
            let ended = at.checked_sub(1).map(|next| publications[next].at);
            if kept.len() < KEPT + 1 || ended.is_none_or(|ended| ended >= since) {
                kept.insert(publication.release.clone());
            }
        }
        let mut unused: BTreeSet<ReleaseId> =
            self.store.releases().await?.into_iter().filter(|id| !kept.contains(id)).collect();
        if unused.is_empty() {
            return Ok(0);
        }
        let whole = self
            .each_page(&mut |_| true, |session| {
                if let Some(release) = &session.release {
                    unused.remove(release);
                }
            })
            .await?;
        // What cannot be read may play any of them.
        if whole != Some(0) {
            return Ok(0);
        }
        for release in &unused {
            self.store.forget_release(release).await?;
        }
        Ok(unused.len())
    }

    /// Every open session, a page at a time. How many conversations could not be read; `None` when it was not gone on.
    async fn each_page(
        &self,
        looked: &mut (impl FnMut(u64) -> bool + Send),
        mut each: impl FnMut(&OpenSession) + Send,
    ) -> Result<Option<u64>, StoreError> {
        let (mut after, mut done, mut unreadable) = (None::<ConversationId>, 0, 0);
        loop {
            let page = self.store.open_sessions(after.as_ref(), PAGE).await?;
            page.sessions.iter().for_each(&mut each);
            unreadable += page.unreadable;
            done += PAGE as u64;
            let Some(next) = page.next else { return Ok(Some(unreadable)) };
            if !looked(done) {
                return Ok(None);
            }
            after = Some(next);
            // Reading and decoding wait for nobody by themselves.
            tokio::task::yield_now().await;
        }
    }
}
