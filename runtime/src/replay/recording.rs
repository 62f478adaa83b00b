//! One session as it was recorded, and its turns played one after the other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use fluxo_engine::ids::{ConversationId, SessionId};
use fluxo_engine::protocol::{self, Contact, Resume, Trigger, World};
use fluxo_engine::{Migration, Session};
use serde::{Deserialize, Serialize};

use super::stage::Scene;
use crate::releases::{Played, Release};
use crate::store::{Input, JournalEntry, Kept, Recorded};

/// Why a session, or what is left of one, is not played again. It is no difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Left {
    /// It is older than `[retention] replay`, or began before that: a turn cannot be played without those before it.
    Cut,
    /// The contact was erased.
    Erased,
    /// A fluxo played it that did not keep enough of it.
    Older,
    /// The store does not have the release it was played on any more, or this fluxo cannot read it.
    ReleaseGone,
    /// What it was played against is not in the store.
    BackdropGone,
    /// A turn is missing in the journal.
    Gap,
    /// It was moved to another release in a way that this fluxo does not repeat.
    Moved,
}

/// A session's entries, in order.
#[derive(Debug)]
pub(super) struct Recording {
    pub(super) conversation: ConversationId,
    pub(super) session: SessionId,
    pub(super) entries: Vec<JournalEntry>,
}

impl Recording {
    /// The sessions of a conversation's journal, in the order in which they began.
    pub(super) fn of(conversation: &ConversationId, entries: Vec<JournalEntry>) -> Vec<Self> {
        let mut sessions: Vec<Self> = Vec::new();
        for entry in entries {
            match sessions.iter_mut().rev().find(|session| session.session == entry.session) {
                Some(session) => session.entries.push(entry),
                None => sessions.push(Self {
                    conversation: conversation.clone(),
                    session: entry.session.clone(),
                    entries: vec![entry],
                }),
            }
        }
        sessions
    }

    /// How many turns were played.
    pub(super) fn turns(&self) -> u32 {
        let turns = self.entries.iter().filter(|entry| !matches!(entry.kept, Kept::Moved(_)));
        u32::try_from(turns.count()).unwrap_or(u32::MAX)
    }
}

/// Why a turn was not played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stop {
    /// It cannot be.
    Left(Left),
    /// The engine refused, in words for developers.
    Refused(String),
}

/// A session being played again.
#[derive(Debug, Default)]
pub(super) struct Player {
    /// The stored form after the last turn.
    pub(super) session: Option<Vec<u8>>,
    contact: Option<Contact>,
    turns: u32,
}

impl Player {
    /// Plays the next turn on a release.
    pub(super) fn play(
        &mut self,
        of: &Recording,
        entry: &JournalEntry,
        recorded: &Recorded,
        scene: &Scene,
        release: &dyn Release,
    ) -> Result<Played, Stop> {
        if entry.turn != self.turns + 1 {
            return Err(Stop::Left(if self.turns == 0 { Left::Cut } else { Left::Gap }));
        }
        let contact = recorded.contact.clone().or_else(|| self.contact.take());
        let contact = contact.ok_or(Stop::Left(Left::Gap))?;
        let world = World {
            now: entry.at,
            epoch: scene.backdrop.epoch,
            contact: contact.clone(),
            conversation: protocol::Conversation {
                id: of.conversation.clone(),
                channel: scene.backdrop.channel.clone(),
                window_open: recorded.window_open,
                limits: scene.backdrop.limits.clone(),
            },
            open_queues: scene.backdrop.open_queues.clone(),
            project: Arc::clone(&scene.project),
        };
        let played = match (&recorded.input, &self.session) {
            (Input::Start { flow, origin, message, inputs }, None) => {
                let trigger = Trigger {
                    session: of.session.clone(),
                    world,
                    flow: flow.clone(),
                    origin: origin.clone(),
                    message: message.clone(),
                    inputs: inputs.clone(),
                };
                guarded(|| release.start(&trigger))
            }
            (Input::Wake(wake), Some(session)) => {
                let resume = Resume { world, wake: wake.clone() };
                guarded(|| release.resume(session, &resume))
            }
            (Input::Start { .. }, Some(_)) | (Input::Wake(_), None) => Err(Stop::Left(Left::Gap)),
        }?;
        self.turns = entry.turn;
        self.session = Some(played.session.clone());
        let mut contact = contact;
        played.turn.contact.iter().for_each(|change| contact.apply(change));
        self.contact = Some(contact);
        Ok(played)
    }
}

/// A session moved to another release, as it was between two of its turns; `None` when that cannot be repeated.
pub(super) fn after_move(from: &dyn Release, to: &dyn Release, session: &[u8]) -> Option<Vec<u8>> {
    let migration = Migration::between(from.library()?, to.library()?);
    let session = Session::decode(session).ok()?;
    Some(migration.of(&session).ok()?.encode())
}

fn guarded(play: impl FnOnce() -> Result<Played, fluxo_engine::error::Error>) -> Result<Played, Stop> {
    match catch_unwind(AssertUnwindSafe(play)) {
        Ok(Ok(played)) => Ok(played),
        Ok(Err(error)) => Err(Stop::Refused(error.to_string())),
        Err(_) => Err(Stop::Refused("the engine panicked".to_owned())),
    }
}
