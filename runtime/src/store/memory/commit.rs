//! All of a turn or nothing.

use std::cmp::Reverse;

use super::book::Book;
use super::leases::Leases;
use super::size::{fit, fits};
use super::tables::Tables;
use crate::store::{Commit, Committed, Merge, OutboxEntry, OutboxState, Revision, StoreError};

/// Refuses a commit with a value over the cap, before it is anybody's turn.
pub(super) fn check_sizes(commit: &Commit) -> Result<(), StoreError> {
    fits("a conversation", &commit.conversation)?;
    fit("a contact", &commit.contacts)?;
    fit("an inbox entry", &commit.inbox_push)?;
    fit("an outbox entry", commit.outbox_push.iter().chain(&commit.outbox_update))?;
    fit("a dead letter", &commit.dead)?;
    fit("a timer", &commit.timers_arm)?;
    fit("a line", &commit.lines)?;
    fit("a notice", &commit.notices)
}

impl Tables {
    /// Plays a commit. Whatever can refuse it comes before the first change.
    pub(super) fn commit(&mut self, commit: &Commit, leases: &Leases) -> Result<Committed, StoreError> {
        if commit.seen.iter().any(|(message, _)| self.expiry.has_seen(message)) {
            return Ok(Committed::Duplicate);
        }
        let id = &commit.conversation.id;
        if self.books.get(id).map_or(0, |book| book.revision.0) != commit.expected.0 {
            return Err(StoreError::Conflict);
        }
        if commit.fence.is_some_and(|fence| !leases.holds(id, fence)) {
            return Err(StoreError::Fenced);
        }
        if commit.fence.is_none() && self.takes_a_mark_back(commit) {
            return Err(StoreError::Conflict);
        }
        let mut people = self.people.clone();
        people.write(&commit.contacts)?;
        people.change(&commit.conversation.contact, &commit.contact_changes)?;

        self.people = people;
        for (message, at) in &commit.seen {
            self.expiry.see(message, *at);
        }
        let book = self.books.entry(id.clone()).or_insert_with(|| Book::new(commit.conversation.clone()));
        book.revision = Revision(commit.expected.0 + 1);
        book.conversation = commit.conversation.clone();
        book.inbox.extend(commit.inbox_push.iter().cloned());
        book.inbox.drain(..commit.inbox_consume.min(book.inbox.len()));
        book.journal.extend(commit.journal.iter().map(|entry| (entry.clone(), false)));
        book.lines.extend(commit.lines.iter().cloned());
        book.outbox.extend(commit.outbox_push.iter().cloned());
        for (message, effect) in &commit.accepted {
            let asked = book.entry_mut(effect).map(|entry| entry.asked_at);
            let account = &commit.conversation.account;
            self.expiry.accept(account, message, (id.clone(), effect.clone()), asked);
        }
        for update in &commit.outbox_update {
            if let Some(entry) = book.entry_mut(&update.effect.id) {
                *entry = update.clone();
            }
        }
        for effect in
            commit.outbox_done.iter().chain(commit.dead.iter().map(|letter| &letter.entry.effect.id))
        {
            book.over(effect);
        }
        for letter in &commit.dead {
            self.letters.insert(letter.entry.effect.id.clone(), letter.clone());
        }
        for effect in &commit.dead_settled {
            self.letters.remove(effect);
        }
        for (wait, kind) in &commit.timers_disarm {
            self.timers.remove(&(id.clone(), wait.clone(), *kind));
        }
        for row in &commit.timers_arm {
            self.timers.insert((id.clone(), row.wait.clone(), row.kind), row.clone());
        }
        for (place, notice) in commit.notices.iter().enumerate() {
            let key = (Reverse(notice.at), id.clone(), book.revision.0, place);
            self.notices.insert(key, notice.clone());
        }
        Ok(Committed::Done(book.revision))
    }

    /// Whether a change was decided on what was read before an attempt was marked.
    fn takes_a_mark_back(&self, commit: &Commit) -> bool {
        let is_marked = |entry: &OutboxEntry| matches!(entry.state, OutboxState::Started { .. });
        let Some(book) = self.books.get(&commit.conversation.id) else { return false };
        commit.outbox_update.iter().filter(|update| !is_marked(update)).any(|update| {
            book.outbox.iter().any(|entry| entry.effect.id == update.effect.id && is_marked(entry))
        })
    }

    /// Plays a merge: if one of its commits is refused, all is as it was.
    pub(super) fn merge(&mut self, merge: &Merge, leases: &Leases) -> Result<Committed, StoreError> {
        let mut seen = merge.commits.iter().flat_map(|commit| &commit.seen);
        if seen.any(|(message, _)| self.expiry.has_seen(message)) {
            return Ok(Committed::Duplicate);
        }
        let mut next = self.clone();
        let (id, revision) = &merge.gone;
        let gone = next.people.remove(id, *revision)?;
        for (_, conversation) in &gone.conversations {
            let after = merge.commits.iter().map(|commit| &commit.conversation);
            if !after.into_iter().any(|after| after.id == *conversation && after.contact != *id) {
                return Err(StoreError::Conflict);
            }
        }
        let mut last = Committed::Done(Revision(0));
        for commit in &merge.commits {
            last = next.commit(commit, leases)?;
            if last == Committed::Duplicate {
                return Err(StoreError::Conflict);
            }
        }
        *self = next;
        Ok(last)
    }
}
