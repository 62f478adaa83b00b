//! The life of a message, told here and nowhere else.
//!
//! 1. A webhook request is verified and parsed by its channel; [`Conversations::intake`] gets all that it tells.
//! 2. **Intake** finds the person and the conversation, and commits the message's dedupe key with what becomes of
//!    it: a line for people who have the conversation, an entry of the durable inbox when the session does not
//!    hear now, or else, and usually, the turn itself. Only then the request is answered.
//! 3. **Turn**: the session is resumed with the release it is pinned to. The engine is a function; it takes
//!    microseconds and touches nothing.
//! 4. **One commit** carries all of it: key, session, journal, effects, timers, changes of the contact, what people
//!    read. It is conditional on the revision that was read; if that has moved, all is decided anew.
//! 5. **Effects**: an answer that may leave at once is marked by that commit and sent when it is durable (`handing`).
//!    All others are performed by [`crate::workers::dispatcher`], in order within a conversation. What comes of
//!    one is an input of the engine: step 3, guarded by the lease's fence.
//!
//! After each commit, while the inbox has something that can be played, it is played: a commit each.
//! A conversation is with people or with its flow, never with both.

mod address;
mod backdrops;
mod dead_letter;
mod desk;
mod doors;
mod draft;
pub mod effects;
mod erase;
mod handing;
mod in_flight;
mod intake;
mod merge;
mod moving;
pub mod names;
mod outside;
mod person;
mod phone;
mod play;
mod setback;
mod start;
mod status;
#[cfg(test)]
mod tests;
mod timer;
mod turn;
mod words;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use fluxo_engine::ids::ConversationId;
use jiff::Timestamp;
use tokio::sync::{Notify, Semaphore};

pub use desk::DeskError;
pub use in_flight::{AtNode, Count, InFlight, OnRelease};
pub use moving::{Fate, Way};
pub use outside::{Calls, Mail, Outside, Surroundings};
pub use start::{StartError, Started};
pub use words::Language;

use crate::foundation::clock::Clock;
use crate::foundation::metrics;
use crate::releases::Releases;
use crate::store::{Commit, Committed, Fence, Loaded, Store, StoreError};
use backdrops::Backdrops;
use doors::Doors;
use draft::{Draft, Pinned};
use effects::pace::Pace;
use handing::Handing;

/// How often a change is decided anew because the conversation was changed meanwhile.
const TRIES: usize = 32;

/// Unreadable conversations that are told one by one: more are a damaged store.
const UNREADABLE: usize = 1000;

/// Read marks that may be under way.
const COURTESIES: usize = 32;

/// All conversations of the service.
#[derive(Debug)]
pub struct Conversations {
    store: Arc<dyn Store>,
    releases: Arc<Releases>,
    surroundings: Arc<dyn Surroundings>,
    outside: Outside,
    clock: Arc<dyn Clock>,
    doors: Doors,
    pace: Pace,
    backdrops: Backdrops,
    handing: Handing,
    /// When this process began to hear statuses.
    since: Timestamp,
    effects_asked: Arc<Notify>,
    timers_armed: Arc<Notify>,
    /// Read marks under way: more than these are left out.
    courtesies: Arc<Semaphore>,
    /// Accounts of others whose deliveries were told.
    other_accounts: Mutex<BTreeSet<String>>,
    /// Conversations that were told to be unreadable.
    unreadable: Mutex<BTreeSet<ConversationId>>,
    /// Nothing is played: no service runs.
    resting: bool,
}

/// What a change came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decided<T> {
    /// It is to be committed.
    Commit(T),
    /// Nothing changes.
    Leave(T),
}

impl Conversations {
    /// On a store, with everything outside.
    pub fn new(
        store: Arc<dyn Store>,
        releases: Arc<Releases>,
        surroundings: Arc<dyn Surroundings>,
        outside: Outside,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            since: clock.now(),
            store,
            releases,
            surroundings,
            outside,
            clock,
            doors: Doors::default(),
            pace: Pace::default(),
            backdrops: Backdrops::default(),
            handing: Handing::default(),
            effects_asked: Arc::default(),
            timers_armed: Arc::default(),
            courtesies: Arc::new(Semaphore::new(COURTESIES)),
            other_accounts: Mutex::default(),
            unreadable: Mutex::default(),
            resting: false,
        }
    }

    /// For work on the store while no service runs: what a change leaves to be played is played by the next start.
    #[must_use]
    pub fn resting(self) -> Self {
        Self { resting: true, ..self }
    }

    /// The store, for what only reads.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The releases.
    pub fn releases(&self) -> &Arc<Releases> {
        &self.releases
    }

    /// The outside.
    pub fn outside(&self) -> &Outside {
        &self.outside
    }

    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Rung after a commit that asks for effects.
    pub fn effects_asked(&self) -> &Notify {
        &self.effects_asked
    }

    /// Rung after a commit that arms timers.
    pub fn timers_armed(&self) -> &Notify {
        &self.timers_armed
    }

    /// Goes on with what a stop has left in inboxes; to be called once before anything is taken in.
    ///
    /// # Errors
    /// The store's.
    pub async fn recover(&self) -> Result<(), StoreError> {
        const PAGE: usize = 256;
        let mut after: Option<ConversationId> = None;
        loop {
            let page = self.store.with_inbox(after.as_ref(), PAGE).await?;
            for id in &page {
                let _inside = self.doors.enter(id.as_str()).await;
                match self.settle(id).await {
                    // One that cannot be read must not keep the service from starting.
                    Err(StoreError::Damaged(what)) => {
                        self.tell_unreadable(id, &what);
                    }
                    done @ (Ok(()) | Err(_)) => done?,
                }
            }
            match page.last() {
                Some(last) if page.len() == PAGE => after = Some(last.clone()),
                Some(_) | None => return Ok(()),
            }
        }
    }

    /// Changes one conversation: reads it, decides, commits, decides anew if it was changed meanwhile; then plays
    /// what can be played of its inbox. `None` when there is no such conversation.
    async fn change<T>(
        &self,
        id: &ConversationId,
        fence: Option<Fence>,
        decide: impl FnMut(&mut Draft<'_>) -> Decided<T>,
    ) -> Result<Option<T>, StoreError> {
        self.change_read(id, None, fence, decide).await
    }

    /// The same, decided first on what was read of it before: if that is old by now, the commit is a conflict.
    async fn change_read<T>(
        &self,
        id: &ConversationId,
        mut read: Option<Loaded>,
        fence: Option<Fence>,
        mut decide: impl FnMut(&mut Draft<'_>) -> Decided<T>,
    ) -> Result<Option<T>, StoreError> {
        let _inside = self.doors.enter(id.as_str()).await;
        let mut too_large = false;
        for _ in 0..TRIES {
            let opened = match read.take() {
                Some(loaded) => Some(self.draft(loaded).await?),
                None => self.open(id).await?,
            };
            let Some(mut draft) = opened else { return Ok(None) };
            draft.too_large = too_large;
            let value = match decide(&mut draft) {
                Decided::Commit(value) => value,
                Decided::Leave(value) => return Ok(Some(value)),
            };
            draft.commit.fence = fence;
            match self.close(draft).await {
                Ok(Closed { left: true, .. }) => {
                    self.settle(id).await?;
                    return Ok(Some(value));
                }
                Ok(Closed { left: false, .. }) => return Ok(Some(value)),
                Err(StoreError::Conflict) => {}
                Err(StoreError::TooLarge { .. }) if !too_large => too_large = true,
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Conflict)
    }

    /// Plays what can be played of an inbox, a commit each. To be called inside the conversation's door.
    async fn settle(&self, id: &ConversationId) -> Result<(), StoreError> {
        if self.resting {
            return Ok(());
        }
        let mut conflicts = 0;
        let mut too_large = false;
        loop {
            let Some(mut draft) = self.open(id).await? else { return Ok(()) };
            draft.too_large = too_large;
            if !draft.play_next() {
                return Ok(());
            }
            match self.close(draft).await {
                Ok(Closed { left: true, .. }) => {}
                Ok(Closed { left: false, .. }) => return Ok(()),
                Err(StoreError::Conflict) if conflicts < TRIES => conflicts += 1,
                Err(StoreError::TooLarge { .. }) if !too_large => too_large = true,
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads a conversation, with the release its session plays.
    async fn open(&self, id: &ConversationId) -> Result<Option<Draft<'_>>, StoreError> {
        match self.store.load(id).await? {
            Some(loaded) => self.draft(loaded).await.map(Some),
            None => Ok(None),
        }
    }

    /// A change of a conversation as it was read, with the release its session plays.
    async fn draft(&self, loaded: Loaded) -> Result<Draft<'_>, StoreError> {
        let pinned = match (&loaded.conversation.session, &loaded.conversation.release) {
            (None, _) => Pinned::Nothing,
            (Some(_), None) => Pinned::Gone,
            (Some(_), Some(release)) => match self.releases.get(release).await? {
                Some(release) => Pinned::On(release),
                None => Pinned::Gone,
            },
        };
        Ok(Draft::of(self, loaded, self.releases.current(), pinned))
    }

    /// Commits a change and tells the workers.
    async fn close(&self, draft: Draft<'_>) -> Result<Closed, StoreError> {
        let claimed = draft.claimed;
        let (commit, left) = draft.finish();
        let id = commit.conversation.id.clone();
        let mut tally = Tally::of(&commit);
        tally.asked &= !claimed;
        self.keep_backdrop(&commit).await?;
        let committed = self.store.commit(commit).await?;
        match committed {
            Committed::Done(_) => {
                if tally.asked {
                    self.handing.asked(&id);
                }
                self.tell_workers(&tally);
                Ok(Closed { left, committed })
            }
            Committed::Duplicate => Ok(Closed { left: false, committed }),
        }
    }

    /// Counts what was committed and wakes whoever has to do with it.
    fn tell_workers(&self, tally: &Tally) {
        metrics::COMMITS.add(1);
        metrics::TURNS.add(tally.turns);
        metrics::EFFECTS.add(tally.effects);
        metrics::SENDS.add(tally.sends);
        metrics::DEAD_LETTERS.add(tally.dead);
        if tally.asked {
            self.effects_asked.notify_one();
        }
        if tally.armed {
            self.timers_armed.notify_one();
        }
    }

    /// An error in the log for a conversation whose stored form cannot be read: once, because workers come back to it.
    pub(crate) fn tell_unreadable(&self, conversation: &ConversationId, what: &str) {
        let mut told = self.unreadable.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < UNREADABLE && told.insert(conversation.clone()) {
            tracing::error!(%conversation, what, "a conversation cannot be read");
        }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// What of a commit is counted, and concerns workers.
#[derive(Debug, Clone, Copy)]
struct Tally {
    asked: bool,
    armed: bool,
    turns: usize,
    effects: usize,
    sends: usize,
    dead: usize,
}

impl Tally {
    fn of(commit: &Commit) -> Self {
        Self {
            asked: !commit.outbox_push.is_empty() || !commit.outbox_update.is_empty(),
            armed: !commit.timers_arm.is_empty(),
            turns: usize::from(commit.journal.is_some()),
            effects: commit.outbox_push.len(),
            sends: commit.accepted.len(),
            dead: commit.dead.len(),
        }
    }
}

/// A commit that was made.
#[derive(Debug, Clone, Copy)]
struct Closed {
    /// Whether something is left in the inbox.
    left: bool,
    committed: Committed,
}
