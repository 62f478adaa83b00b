//! Plays recorded conversations again: on the releases they were played on, where every turn must come to the same
//! bytes, and on another release, to see what that would have done with them.
//!
//! Nothing here writes anything or reaches the outside: the engine is a function, and the journal has what it was fed.
//! Read from below: `stage` (what turns were played against), `recording` (one session), `difference` (how two turns
//! differ), `again` (on the same release), `other` (on another), `survey` (over all conversations).

mod again;
mod difference;
mod mask;
mod other;
mod recording;
mod stage;
mod survey;

use std::collections::BTreeMap;
use std::sync::Arc;

use fluxo_engine::ids::{ConversationId, EffectId};
use fluxo_engine::protocol::Message;

pub use again::{Replayed, Verdict};
pub use difference::{Difference, Part};
pub use other::{Branch, Course, Kind};
pub use recording::Left;
pub use survey::{Again, Group, Other, Scope};

use crate::releases::{Release, Releases};
use crate::store::{JournalEntry, LineBody, Store, StoreError};
use recording::Recording;
use stage::Stage;

/// Lines read at a time.
const LINES: usize = 512;

/// Plays again what a store has recorded.
#[derive(Debug)]
pub struct Replay {
    store: Arc<dyn Store>,
    stage: Stage,
}

/// What was said in a conversation, by effect.
type Said = BTreeMap<EffectId, Message>;

impl Replay {
    /// Of what a store has.
    pub fn new(store: Arc<dyn Store>, releases: Arc<Releases>) -> Self {
        let stage = Stage::new(Arc::clone(&store), releases);
        Self { store, stage }
    }

    /// Plays a conversation's sessions again on their own releases; empty when nothing of it is recorded.
    ///
    /// # Errors
    /// The store's.
    pub async fn conversation(&self, id: &ConversationId) -> Result<Vec<Replayed>, StoreError> {
        let entries = self.store.journal(id, usize::MAX).await?;
        self.entries(id, entries).await
    }

    /// The same of entries that were read.
    pub(crate) async fn entries(
        &self,
        id: &ConversationId,
        entries: Vec<JournalEntry>,
    ) -> Result<Vec<Replayed>, StoreError> {
        let scenes = self.stage.scenes(&entries).await?;
        let said = self.said(id).await?;
        let sessions = Recording::of(id, entries);
        Ok(sessions.iter().map(|session| again::replay(session, &scenes, &said)).collect())
    }

    /// Plays a conversation's sessions on another release.
    ///
    /// # Errors
    /// The store's.
    pub async fn conversation_with(
        &self,
        id: &ConversationId,
        release: &dyn Release,
    ) -> Result<Vec<Course>, StoreError> {
        let entries = self.store.journal(id, usize::MAX).await?;
        let scenes = self.stage.scenes(&entries).await?;
        let said = self.said(id).await?;
        let sessions = Recording::of(id, entries);
        Ok(sessions.iter().map(|session| other::play(session, &scenes, release, &said)).collect())
    }

    async fn said(&self, id: &ConversationId) -> Result<Said, StoreError> {
        let mut said = Said::new();
        let mut after = 0;
        loop {
            let lines = self.store.lines(id, after, LINES).await?;
            let Some((last, _)) = lines.last() else { return Ok(said) };
            after = *last;
            said.extend(lines.into_iter().filter_map(|(_, line)| match line.body {
                LineBody::Outbound { effect, message } => Some((effect, message)),
                LineBody::Inbound(_) | LineBody::Sent { .. } | LineBody::Note(_) => None,
            }));
        }
    }
}
