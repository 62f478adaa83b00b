//! All that is kept.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use fluxo_engine::ids::{ConversationId, EffectId, ReleaseId, WaitId};
use fluxo_engine::protocol::TimerKind;
use jiff::Timestamp;

use super::book::Book;
use super::expiry::Expiry;
use super::leases::Leases;
use super::people::People;
use crate::store::{
    Backdrop, BackdropId, Counts, DeadLetter, Documents, JournalEntry, Lease, Loaded, Mode, Notice,
    OpenSession, Publication, SessionPage, StoreError, TimerRow,
};

/// Newest first; conversation, revision and place tell those of the same moment apart.
pub(super) type NoticeKey = (Reverse<Timestamp>, ConversationId, u64, usize);

#[derive(Debug, Clone, Default)]
pub(super) struct Tables {
    pub(super) epoch: Option<u32>,
    pub(super) books: BTreeMap<ConversationId, Book>,
    pub(super) people: People,
    pub(super) expiry: Expiry,
    pub(super) timers: BTreeMap<(ConversationId, WaitId, TimerKind), TimerRow>,
    pub(super) letters: BTreeMap<EffectId, DeadLetter>,
    pub(super) notices: BTreeMap<NoticeKey, Notice>,
    pub(super) releases: BTreeMap<ReleaseId, Documents>,
    /// The newest last.
    pub(super) publications: Vec<Publication>,
    /// What is left of the journals of conversations that were erased.
    pub(super) erased: BTreeMap<ConversationId, Vec<JournalEntry>>,
    pub(super) backdrops: BTreeMap<BackdropId, Backdrop>,
}

/// Where a timer stands in the order in which they are due.
pub(super) fn place(row: &TimerRow) -> (Timestamp, &ConversationId, String, TimerKind) {
    (row.due, &row.conversation, row.wait.to_string(), row.kind)
}

impl Tables {
    pub(super) fn load(&self, id: &ConversationId) -> Result<Option<Loaded>, StoreError> {
        let Some(book) = self.books.get(id) else { return Ok(None) };
        let contact = self.people.get(&book.conversation.contact).cloned();
        let contact = contact.ok_or_else(|| StoreError::Damaged("a contact is missing".to_owned()))?;
        Ok(Some(Loaded {
            revision: book.revision,
            conversation: book.conversation(),
            contact,
            inbox: book.inbox.iter().cloned().collect(),
            outbox: book.outbox.clone(),
        }))
    }

    /// Conversations whose first effect is ready at a moment that fits, the longest ready first.
    pub(super) fn ready(&self, fits: impl Fn(Timestamp) -> bool) -> Vec<(Timestamp, &ConversationId)> {
        let ready = self.books.iter().filter_map(|(id, book)| Some((book.ready()?, id)));
        let mut ready: Vec<_> = ready.filter(|(moment, _)| fits(*moment)).collect();
        ready.sort();
        ready
    }

    pub(super) fn lease(
        &self,
        leases: &mut Leases,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Vec<Lease> {
        let mut given = Vec::new();
        for (_, id) in self.ready(|moment| moment <= now) {
            if given.len() == limit {
                break;
            }
            if let Some(fence) = leases.take(id, now, until) {
                given.push(Lease { conversation: id.clone(), fence });
            }
        }
        given
    }

    pub(super) fn next_effect(&self, leases: &Leases, now: Timestamp) -> Option<Timestamp> {
        let moments = self.ready(|_| true).into_iter().map(|(ready, id)| match leases.ends(id) {
            Some(ends) if ends > now => ready.max(ends),
            Some(_) | None => ready,
        });
        moments.filter(|moment| *moment > now).min()
    }

    /// Timers in the order in which they are due.
    pub(super) fn timers(&self) -> Vec<&TimerRow> {
        let mut rows: Vec<_> = self.timers.values().collect();
        rows.sort_by(|one, other| place(one).cmp(&place(other)));
        rows
    }

    pub(super) fn open_sessions(&self, after: Option<&ConversationId>, limit: usize) -> SessionPage {
        let books: Vec<_> =
            self.books.iter().filter(|(id, _)| after.is_none_or(|after| *id > after)).take(limit).collect();
        let next = books.last().filter(|_| books.len() == limit).map(|(id, _)| (*id).clone());
        let sessions = books.into_iter().filter_map(|(id, book)| {
            Some(OpenSession {
                conversation: id.clone(),
                release: book.conversation.release.clone(),
                session: book.conversation.session.clone()?,
                with_people: book.conversation.mode != Mode::Bot,
            })
        });
        SessionPage { sessions: sessions.collect(), unreadable: 0, next }
    }

    pub(super) fn cut_journal(&mut self, before: Timestamp) -> u64 {
        let mut cut = 0;
        for (entry, is_cut) in self.books.values_mut().flat_map(|book| &mut book.journal) {
            if !*is_cut && entry.at < before {
                *entry = entry.clone().cut();
                *is_cut = true;
                cut += 1;
            }
        }
        cut
    }

    pub(super) fn counts(&self) -> Counts {
        let sum = |of: fn(&Book) -> usize| self.books.values().map(of).sum::<usize>() as u64;
        Counts {
            conversations: self.books.len() as u64,
            contacts: self.people.len(),
            outbox: sum(|book| book.outbox.len()),
            timers: self.timers.len() as u64,
            inbox: sum(|book| book.inbox.len()),
            dead_letters: self.letters.len() as u64,
        }
    }
}
