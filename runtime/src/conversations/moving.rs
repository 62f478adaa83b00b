//! Moves open sessions to another release, one commit each: the contact notices nothing.

use fluxo_engine::Migration;
use fluxo_engine::Session;
use fluxo_engine::ids::{ConversationId, ReleaseId};
use fluxo_engine::migration::Obstacle;
use fluxo_engine::protocol::EffectKind;

use super::draft::Draft;
use super::{Conversations, Decided};
use crate::store::{JournalEntry, Mode, Moved, OutboxState, StoreError};

/// What becomes of a session that is to be moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It goes on in the other release.
    Moved,
    /// It has ended or plays something else by now.
    Elsewhere,
    /// It stays where it is.
    Kept(Vec<Obstacle>),
}

/// Two releases, and the way from one to the other.
#[derive(Debug)]
pub struct Way<'a> {
    /// What the sessions play.
    pub from: &'a ReleaseId,
    /// What they are to play.
    pub to: &'a ReleaseId,
    /// How a session changes; absent when one of the releases cannot be read.
    pub migration: Option<Migration<'a>>,
}

impl Conversations {
    /// What would become of a conversation's open session. Nothing changes.
    ///
    /// # Errors
    /// The store's.
    pub async fn would_move(&self, id: &ConversationId, way: &Way<'_>) -> Result<Fate, StoreError> {
        let draft = self.open(id).await?;
        Ok(draft.map_or(Fate::Elsewhere, |draft| match draft.moved(way) {
            Ok(_) => Fate::Moved,
            Err(fate) => fate,
        }))
    }

    /// Moves a conversation's open session if it can be moved. One that changes meanwhile is looked at again.
    ///
    /// # Errors
    /// The store's.
    pub async fn move_session(&self, id: &ConversationId, way: &Way<'_>) -> Result<Fate, StoreError> {
        let moved = self
            .change(id, None, |draft| match draft.moved(way) {
                Ok(session) => {
                    draft.take_moved(&session, way);
                    Decided::Commit(Fate::Moved)
                }
                Err(fate) => Decided::Leave(fate),
            })
            .await?;
        Ok(moved.unwrap_or(Fate::Elsewhere))
    }
}

impl Draft<'_> {
    /// The open session as it goes on in the other release.
    fn moved(&self, way: &Way<'_>) -> Result<Session, Fate> {
        let conversation = self.conversation();
        let Some(session) = conversation.session.as_ref() else { return Err(Fate::Elsewhere) };
        if conversation.release.as_ref() != Some(way.from) {
            return Err(Fate::Elsewhere);
        }
        let mut obstacles = Vec::new();
        if conversation.mode != Mode::Bot {
            obstacles.push(Obstacle::WithPeople);
        }
        obstacles.extend(self.outbox.iter().filter_map(|entry| match (&entry.effect.kind, entry.state) {
            (EffectKind::CallHttp { .. }, _) => Some(Obstacle::CallInFlight),
            (EffectKind::OpenTicket { .. }, _) => Some(Obstacle::TicketInFlight),
            (EffectKind::SendMessage { .. }, OutboxState::Started { .. } | OutboxState::InDoubt { .. }) => {
                Some(Obstacle::SendInDoubt)
            }
            (EffectKind::SendMessage { .. }, OutboxState::Ready)
            | (
                EffectKind::OpenHandoff { .. } | EffectKind::Notify { .. } | EffectKind::SendEmail { .. },
                _,
            ) => None,
        }));
        let moved = match (&way.migration, Session::decode(session)) {
            (Some(migration), Ok(session)) => migration.of(&session),
            (None, _) | (_, Err(_)) => Err(vec![Obstacle::OtherRelease]),
        };
        match moved {
            Ok(session) if obstacles.is_empty() => Ok(session),
            Ok(_) => Err(kept(obstacles)),
            Err(more) => {
                obstacles.extend(more);
                Err(kept(obstacles))
            }
        }
    }

    /// The journal says so as well: who plays the session again moves it where it was moved.
    fn take_moved(&mut self, session: &Session, way: &Way<'_>) {
        let moved = Moved { from: way.from.clone(), to: way.to.clone() };
        self.commit.journal =
            Some(JournalEntry::moved(self.now, session.id().clone(), session.turns(), moved));
        let conversation = self.conversation_mut();
        conversation.session = Some(session.encode());
        conversation.release = Some(way.to.clone());
    }
}

fn kept(mut obstacles: Vec<Obstacle>) -> Fate {
    obstacles.sort();
    obstacles.dedup();
    Fate::Kept(obstacles)
}
