//! The store's trait on a disk in memory.

use fluxo_engine::ids::{ContactId, ConversationId, EffectId, ReleaseId};
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::oneshot;

use super::commit::check_sizes;
use super::disk::{Disk, Durable};
use super::leases::Leases;
use super::size::fits;
use super::tables::{Tables, place};
use crate::store::{
    Account, Address, Backdrop, BackdropId, Commit, Committed, ContactRecord, Conversation, Counts,
    DeadLetter, DedupeKey, Documents, Erased, Erasure, Fence, JournalEntry, KeptStatus, Lease, Line, Loaded,
    Merge, Notice, OutboxState, Publication, SessionPage, Store, StoreError, TimerRow,
};

type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// A process's hold of a disk.
#[derive(Debug)]
pub(crate) struct MemoryStore {
    disk: Disk,
    process: u64,
    epoch: u32,
}

impl MemoryStore {
    /// Opens what is on a disk. Whoever had it open before is dead.
    pub(crate) fn open(disk: &Disk, new_epoch: u32) -> Self {
        let (process, epoch) = disk.take(new_epoch);
        Self { disk: disk.clone(), process, epoch }
    }

    /// What is durable now.
    fn read<'a, T: Send + 'a>(
        &'a self,
        look: impl FnOnce(&Tables, &mut Leases) -> Result<T, StoreError> + Send + 'a,
    ) -> Answer<'a, T> {
        Box::pin(async move { self.disk.look(self.process, look).unwrap_or_else(|| Err(dead())) })
    }

    /// Work for the disk; answered once it is durable.
    fn write<'a, T: Send + 'static>(
        &'a self,
        work: impl FnOnce(&mut Tables, &mut Leases, &mut Vec<Durable>) -> Result<T, StoreError> + Send + 'static,
    ) -> Answer<'a, T> {
        Box::pin(async move {
            let (told, hear) = oneshot::channel();
            let in_line = self.disk.push(
                self.process,
                Box::new(move |tables, leases, log| {
                    let outcome = work(tables, leases, log);
                    // Nobody waiting any more is no failure: the commit stands.
                    Box::new(move || drop(told.send(outcome)))
                }),
            );
            if !in_line {
                return Err(dead());
            }
            hear.await.unwrap_or_else(|_| Err(dead()))
        })
    }
}

fn dead() -> StoreError {
    StoreError::Down("the process that had the store is dead".to_owned())
}

fn limited<'a, T: Clone + 'a>(all: impl IntoIterator<Item = &'a T>, limit: usize) -> Vec<T> {
    all.into_iter().take(limit).cloned().collect()
}

impl Store for MemoryStore {
    fn epoch(&self) -> u32 {
        self.epoch
    }

    fn find_contact<'a>(
        &'a self,
        account: &'a Account,
        address: &'a Address,
    ) -> Answer<'a, Option<ContactRecord>> {
        self.read(|tables, _| Ok(tables.people.find(account, address).cloned()))
    }

    fn contact<'a>(&'a self, id: &'a ContactId) -> Answer<'a, Option<ContactRecord>> {
        self.read(|tables, _| Ok(tables.people.get(id).cloned()))
    }

    fn load<'a>(&'a self, id: &'a ConversationId) -> Answer<'a, Option<Loaded>> {
        self.read(|tables, _| tables.load(id))
    }

    fn commit(&self, commit: Commit) -> Answer<'_, Committed> {
        Box::pin(async move {
            check_sizes(&commit)?;
            let play = move |tables: &mut Tables, leases: &mut Leases, log: &mut Vec<Durable>| {
                let outcome = tables.commit(&commit, leases);
                if let Ok(Committed::Done(revision)) = outcome {
                    log.push(Durable { fence: commit.fence, revision, commit });
                }
                outcome
            };
            self.write(play).await
        })
    }

    fn merge(&self, merge: Merge) -> Answer<'_, Committed> {
        Box::pin(async move {
            merge.commits.iter().try_for_each(check_sizes)?;
            let play = move |tables: &mut Tables, leases: &mut Leases, log: &mut Vec<Durable>| {
                let outcome = tables.merge(&merge, leases);
                if let Ok(Committed::Done(_)) = outcome {
                    log.extend(merge.commits.into_iter().map(|commit| Durable {
                        fence: commit.fence,
                        revision: crate::store::Revision(commit.expected.0 + 1),
                        commit,
                    }));
                }
                outcome
            };
            self.write(play).await
        })
    }

    fn seen<'a>(&'a self, key: &'a DedupeKey) -> Answer<'a, bool> {
        self.read(|tables, _| Ok(tables.expiry.has_seen(key)))
    }

    fn lease(&self, now: Timestamp, until: Timestamp, limit: usize) -> Answer<'_, Vec<Lease>> {
        self.read(move |tables, leases| Ok(tables.lease(leases, now, until, limit)))
    }

    fn claim<'a>(
        &'a self,
        conversation: &'a ConversationId,
        now: Timestamp,
        until: Timestamp,
    ) -> Answer<'a, Option<Lease>> {
        self.read(move |_, leases| {
            let fence = leases.take(conversation, now, until);
            Ok(fence.map(|fence| Lease { conversation: conversation.clone(), fence }))
        })
    }

    fn release<'a>(&'a self, conversation: &'a ConversationId, fence: Fence) -> Answer<'a, ()> {
        self.read(move |_, leases| {
            leases.release(conversation, fence);
            Ok(())
        })
    }

    fn next_effect(&self, now: Timestamp) -> Answer<'_, Option<Timestamp>> {
        self.read(move |tables, leases| Ok(tables.next_effect(leases, now)))
    }

    fn attempt_started<'a>(
        &'a self,
        conversation: &'a ConversationId,
        effect: &'a EffectId,
        fence: Fence,
        now: Timestamp,
    ) -> Answer<'a, ()> {
        let (id, effect) = (conversation.clone(), effect.clone());
        self.write(move |tables, leases, _| {
            if !leases.holds(&id, fence) {
                return Err(StoreError::Fenced);
            }
            let entry = tables.books.get_mut(&id).and_then(|book| book.entry_mut(&effect));
            entry.ok_or(StoreError::Conflict)?.state = OutboxState::Started { at: now };
            Ok(())
        })
    }

    fn with_effects<'a>(
        &'a self,
        after: Option<&'a (Timestamp, ConversationId)>,
        limit: usize,
    ) -> Answer<'a, Vec<(Timestamp, ConversationId)>> {
        self.read(move |tables, _| {
            let all = tables.ready(|_| true).into_iter().map(|(ready, id)| (ready, id.clone()));
            Ok(all.filter(|one| after.is_none_or(|after| one > after)).take(limit).collect())
        })
    }

    fn due<'a>(
        &'a self,
        now: Timestamp,
        after: Option<&'a TimerRow>,
        limit: usize,
    ) -> Answer<'a, Vec<TimerRow>> {
        self.read(move |tables, _| {
            let later = |row: &&TimerRow| after.is_none_or(|after| place(row) > place(after));
            let due = tables.timers().into_iter().filter(|row| row.due <= now).filter(later);
            Ok(limited(due, limit))
        })
    }

    fn next_due(&self) -> Answer<'_, Option<Timestamp>> {
        self.read(|tables, _| Ok(tables.timers().first().map(|row| row.due)))
    }

    fn effect_of<'a>(
        &'a self,
        account: &'a Account,
        message: &'a str,
    ) -> Answer<'a, Option<(ConversationId, EffectId)>> {
        self.read(|tables, _| Ok(tables.expiry.effect_of(account, message).cloned()))
    }

    fn keep_status<'a>(
        &'a self,
        account: &'a Account,
        message: &'a str,
        status: &'a KeptStatus,
    ) -> Answer<'a, ()> {
        let (account, message, status) = (account.clone(), message.to_owned(), status.clone());
        Box::pin(async move {
            fits("a status", &status)?;
            self.write(move |tables, _, _| {
                tables.expiry.keep_status(&account, &message, &status);
                Ok(())
            })
            .await
        })
    }

    fn kept_statuses<'a>(&'a self, account: &'a Account, message: &'a str) -> Answer<'a, Vec<KeptStatus>> {
        self.read(|tables, _| Ok(tables.expiry.statuses(account, message)))
    }

    fn with_inbox<'a>(
        &'a self,
        after: Option<&'a ConversationId>,
        limit: usize,
    ) -> Answer<'a, Vec<ConversationId>> {
        self.read(move |tables, _| {
            let waiting = tables.books.iter().filter(|(_, book)| !book.inbox.is_empty()).map(|(id, _)| id);
            Ok(limited(waiting.filter(|id| after.is_none_or(|after| *id > after)), limit))
        })
    }

    fn with_people(&self, limit: usize) -> Answer<'_, Vec<Conversation>> {
        self.read(move |tables, _| {
            let mut found: Vec<_> =
                tables.books.iter().filter_map(|(id, book)| Some((book.with_people()?, id, book))).collect();
            found.sort_by_key(|(since, id, _)| (*since, *id));
            Ok(found.into_iter().take(limit).map(|(_, _, book)| book.conversation()).collect())
        })
    }

    fn conversations<'a>(
        &'a self,
        after: Option<&'a ConversationId>,
        limit: usize,
    ) -> Answer<'a, Vec<Conversation>> {
        self.read(move |tables, _| {
            let found = tables.books.iter().filter(|(id, _)| after.is_none_or(|after| *id > after));
            Ok(found.take(limit).map(|(_, book)| book.conversation()).collect())
        })
    }

    fn lines<'a>(&'a self, id: &'a ConversationId, after: u64, limit: usize) -> Answer<'a, Vec<(u64, Line)>> {
        self.read(move |tables, _| {
            let lines = tables.books.get(id).map_or(&[][..], |book| &book.lines);
            let numbered = (1..).zip(lines).filter(|(number, _)| *number > after);
            Ok(numbered.take(limit).map(|(number, line)| (number, line.clone())).collect())
        })
    }

    fn journal<'a>(&'a self, id: &'a ConversationId, limit: usize) -> Answer<'a, Vec<JournalEntry>> {
        self.read(move |tables, _| {
            let journal = tables.books.get(id).map_or(&[][..], |book| &book.journal);
            let erased = tables.erased.get(id).map_or(&[][..], |journal| journal);
            Ok(limited(journal.iter().map(|(entry, _)| entry).chain(erased), limit))
        })
    }

    fn journaled<'a>(
        &'a self,
        after: Option<&'a ConversationId>,
        limit: usize,
    ) -> Answer<'a, Vec<ConversationId>> {
        self.read(move |tables, _| {
            let books = tables.books.iter().filter(|(_, book)| !book.journal.is_empty());
            let mut played: Vec<_> = books.map(|(id, _)| id).chain(tables.erased.keys()).collect();
            played.sort();
            Ok(limited(played.into_iter().filter(|id| after.is_none_or(|after| *id > after)), limit))
        })
    }

    fn keep_backdrop<'a>(&'a self, id: BackdropId, backdrop: &'a Backdrop) -> Answer<'a, ()> {
        let backdrop = backdrop.clone();
        self.write(move |tables, _, _| {
            tables.backdrops.entry(id).or_insert(backdrop);
            Ok(())
        })
    }

    fn backdrop(&self, id: BackdropId) -> Answer<'_, Option<Backdrop>> {
        self.read(move |tables, _| Ok(tables.backdrops.get(&id).cloned()))
    }

    fn notices(&self, limit: usize) -> Answer<'_, Vec<Notice>> {
        self.read(move |tables, _| Ok(limited(tables.notices.values(), limit)))
    }

    fn dead_letters<'a>(
        &'a self,
        after: Option<&'a (Timestamp, EffectId)>,
        limit: usize,
    ) -> Answer<'a, Vec<DeadLetter>> {
        self.read(move |tables, _| {
            let place = |at: Timestamp, effect: &EffectId| (std::cmp::Reverse(at), effect.to_string());
            let after = after.map(|(at, effect)| place(*at, effect));
            let of = |letter: &DeadLetter| place(letter.at, &letter.entry.effect.id);
            let mut letters: Vec<_> = tables.letters.values().collect();
            letters.sort_by_key(|letter| of(letter));
            Ok(limited(
                letters.into_iter().filter(|letter| after.as_ref().is_none_or(|after| of(letter) > *after)),
                limit,
            ))
        })
    }

    fn dead_letter<'a>(&'a self, effect: &'a EffectId) -> Answer<'a, Option<DeadLetter>> {
        self.read(|tables, _| Ok(tables.letters.get(effect).cloned()))
    }

    fn publish<'a>(&'a self, publication: &'a Publication, documents: &'a Documents) -> Answer<'a, ()> {
        let (publication, documents) = (publication.clone(), documents.clone());
        self.write(move |tables, _, _| {
            tables.releases.entry(publication.release.clone()).or_insert(documents);
            tables.publications.push(publication);
            Ok(())
        })
    }

    fn publications(&self, limit: usize) -> Answer<'_, Vec<Publication>> {
        self.read(move |tables, _| Ok(limited(tables.publications.iter().rev(), limit)))
    }

    fn releases(&self) -> Answer<'_, Vec<ReleaseId>> {
        self.read(|tables, _| Ok(tables.releases.keys().cloned().collect()))
    }

    fn forget_release<'a>(&'a self, id: &'a ReleaseId) -> Answer<'a, ()> {
        let id = id.clone();
        self.write(move |tables, _, _| {
            tables.releases.remove(&id);
            tables.publications.retain(|publication| publication.release != id);
            Ok(())
        })
    }

    fn open_sessions<'a>(
        &'a self,
        after: Option<&'a ConversationId>,
        limit: usize,
    ) -> Answer<'a, SessionPage> {
        self.read(move |tables, _| Ok(tables.open_sessions(after, limit)))
    }

    fn release_documents<'a>(&'a self, id: &'a ReleaseId) -> Answer<'a, Option<Documents>> {
        self.read(|tables, _| Ok(tables.releases.get(id).cloned()))
    }

    fn erase(&self, erasure: Erasure) -> Answer<'_, Erased> {
        self.write(move |tables, _, _| tables.erase(&erasure))
    }

    fn sweep(&self, now: Timestamp) -> Answer<'_, u64> {
        self.write(move |tables, _, _| Ok(tables.expiry.sweep(now)))
    }

    fn cut_journal(&self, before: Timestamp) -> Answer<'_, u64> {
        self.write(move |tables, _, _| Ok(tables.cut_journal(before)))
    }

    fn counts(&self) -> Answer<'_, Counts> {
        self.read(|tables, _| Ok(tables.counts()))
    }

    fn failed(&self) -> BoxFuture<'_, StoreError> {
        Box::pin(std::future::pending())
    }
}
