//! All that is kept of one conversation, in the order in which it came.

use std::collections::VecDeque;

use fluxo_engine::ids::EffectId;
use jiff::Timestamp;

use crate::store::{Conversation, InboxEntry, JournalEntry, Line, Mode, OutboxEntry, Revision};

#[derive(Debug, Clone)]
pub(super) struct Book {
    pub(super) revision: Revision,
    pub(super) conversation: Conversation,
    pub(super) inbox: VecDeque<InboxEntry>,
    pub(super) outbox: Vec<OutboxEntry>,
    /// Turns, and whether each was cut.
    pub(super) journal: Vec<(JournalEntry, bool)>,
    pub(super) lines: Vec<Line>,
}

impl Book {
    /// Of a conversation that begins.
    pub(super) fn new(conversation: Conversation) -> Self {
        Self {
            revision: Revision(0),
            conversation,
            inbox: VecDeque::new(),
            outbox: Vec::new(),
            journal: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// The conversation as it is read: the store itself counts the lines.
    pub(super) fn conversation(&self) -> Conversation {
        Conversation { next_line: self.lines.len() as u64 + 1, ..self.conversation.clone() }
    }

    pub(super) fn entry_mut(&mut self, effect: &EffectId) -> Option<&mut OutboxEntry> {
        self.outbox.iter_mut().find(|entry| entry.effect.id == *effect)
    }

    /// An effect is over.
    pub(super) fn over(&mut self, effect: &EffectId) {
        if let Some(at) = self.outbox.iter().position(|entry| entry.effect.id == *effect) {
            self.outbox.remove(at);
        }
    }

    /// When the first effect is ready: the others wait for it.
    pub(super) fn ready(&self) -> Option<Timestamp> {
        self.outbox.first().map(|entry| entry.ready_at)
    }

    /// Since when people have it or are asked to.
    pub(super) fn with_people(&self) -> Option<Timestamp> {
        match &self.conversation.mode {
            Mode::Bot => None,
            Mode::Queued { since, .. } | Mode::People { since, .. } => Some(*since),
        }
    }
}
