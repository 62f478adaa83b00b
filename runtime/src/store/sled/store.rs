//! The store's trait on the keyspace.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use fluxo_engine::ids::{ContactId, ConversationId, EffectId, ReleaseId};
use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::commit;
use super::erase;
use super::fault::Fault;
use super::handle::{SledStore, collect};
use super::key::{self, KeyRange};
use super::recorded;
use super::tables::{
    self, accepted, backlog, contact, conversation, dead_letter, inbox, notice, outbox, progress,
    publication, ready, release, secret, seen, status, timer, totals,
};
use super::view::Stored;
use super::{listing, releases, retention};
use crate::store::upkeep::Upkeep;
use crate::store::{
    Account, Address, Backdrop, BackdropId, Commit, Committed, ContactRecord, Conversation, Counts,
    DeadLetter, DedupeKey, Documents, Erased, Erasure, Fence, JournalEntry, KeptStatus, Lease, Line, Loaded,
    Merge, Notice, OutboxState, Publication, Revision, SessionPage, Store, StoreError, TimerRow,
};

fn unreadable_timer(fault: Fault) {
    tracing::error!(%fault, "a timer cannot be read");
}

impl Store for SledStore {
    fn epoch(&self) -> u32 {
        self.epoch
    }

    fn find_contact<'a>(
        &'a self,
        account: &'a Account,
        address: &'a Address,
    ) -> BoxFuture<'a, Result<Option<ContactRecord>, StoreError>> {
        Box::pin(async move { Ok(self.keyspace.read(|view| contact::find(view, account, address)).await?) })
    }

    fn contact<'a>(&'a self, id: &'a ContactId) -> BoxFuture<'a, Result<Option<ContactRecord>, StoreError>> {
        Box::pin(async move { Ok(self.keyspace.read(|view| contact::get(view, id)).await?) })
    }

    fn load<'a>(&'a self, id: &'a ConversationId) -> BoxFuture<'a, Result<Option<Loaded>, StoreError>> {
        Box::pin(async move {
            let known = self.secrets.get(id).is_some();
            let found = self.keyspace.read(|view| {
                let key = conversation::key(id);
                let Some(stored) = view.get(&key)? else { return Ok(None) };
                let mut conversation: Conversation = tables::read(&key, &stored.bytes)?;
                let progress = progress::get(view, id)?;
                conversation.next_line = progress.line;
                let contact =
                    contact::get(view, &conversation.contact)?.ok_or_else(|| Fault::damaged(&key))?;
                // Most have neither, and know it.
                let all = |there: bool, range: KeyRange| {
                    if there { collect(view, &range, usize::MAX) } else { Ok(Vec::new()) }
                };
                let inbox = all(progress.waiting, inbox::of(id))?;
                let outbox = all(progress.ready.is_some(), outbox::of(id))?;
                // Whoever reads a conversation is about to write to it.
                if !known && let Some(secret) = secret::get(view, id)? {
                    self.secrets.put(id.clone(), Arc::new(secret));
                }
                Ok(Some((Revision(stored.version), conversation, contact, inbox, outbox)))
            });
            let Some((revision, conversation, contact, inbox, outbox)) = found.await? else {
                return Ok(None);
            };
            Ok(Some(Loaded {
                revision,
                conversation,
                contact,
                inbox: inbox
                    .iter()
                    .map(|(_, stored)| tables::decode("an inbox entry", &stored.bytes))
                    .collect::<Result<_, _>>()?,
                outbox: outbox
                    .iter()
                    .map(|(_, stored)| outbox::unpack(&stored.bytes))
                    .collect::<Result<_, _>>()?,
            }))
        })
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, StoreError>> {
        Box::pin(async move {
            let (prepared, seal) = recorded::prepare(&self.keyspace, &self.secrets, commit).await?;
            let (leases, id) = (self.leases.clone(), prepared.id().clone());
            let committed = self.keyspace.commit(move |tx| prepared.play(tx, &leases)).await?;
            if let Committed::Done(_) = committed {
                self.secrets.remember(id, seal);
            }
            Ok(committed)
        })
    }

    fn merge(&self, merge: Merge) -> BoxFuture<'_, Result<Committed, StoreError>> {
        Box::pin(async move {
            let mut commits = Vec::new();
            for commit in merge.commits {
                commits.push(recorded::prepare(&self.keyspace, &self.secrets, commit).await?.0);
            }
            let (gone, leases) = (merge.gone, self.leases.clone());
            Ok(self.keyspace.commit(move |tx| commit::merge(tx, &gone, &commits, &leases)).await?)
        })
    }

    fn seen<'a>(&'a self, key: &'a DedupeKey) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move { Ok(self.keyspace.read(|view| seen::contains(view, key)).await?) })
    }

    fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Lease>, StoreError>> {
        Box::pin(async move {
            self.leases.forget(now);
            let given = self.keyspace.read(|view| {
                let mut given = Vec::new();
                for row in ready::rows(view, &ready::at(now)) {
                    if given.len() == limit {
                        break;
                    }
                    let (_, conversation) = row?;
                    if let Some(fence) = self.leases.take(&conversation, now, until) {
                        given.push(Lease { conversation, fence });
                    }
                }
                Ok(given)
            });
            Ok(given.await?)
        })
    }

    fn claim<'a>(
        &'a self,
        conversation: &'a ConversationId,
        now: Timestamp,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<Option<Lease>, StoreError>> {
        let fence = self.leases.take(conversation, now, until);
        Box::pin(async move { Ok(fence.map(|fence| Lease { conversation: conversation.clone(), fence })) })
    }

    fn release<'a>(
        &'a self,
        conversation: &'a ConversationId,
        fence: Fence,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        self.leases.release(conversation, fence);
        Box::pin(async { Ok(()) })
    }

    fn next_effect(&self, now: Timestamp) -> BoxFuture<'_, Result<Option<Timestamp>, StoreError>> {
        Box::pin(async move {
            let found = self.keyspace.read(|view| {
                let mut next: Option<Timestamp> = None;
                let mut sooner =
                    |moment: Timestamp| next = Some(next.map_or(moment, |next| next.min(moment)));
                for (id, ends) in self.leases.ending_after(now) {
                    if let Some(ready) = progress::get(view, &id)?.ready.and_then(key::moment) {
                        sooner(ends.max(ready));
                    }
                }
                for row in ready::rows(view, &ready::after(now)) {
                    let (ready, id) = row?;
                    if self.leases.ends(&id).is_none_or(|ends| ends <= ready) {
                        sooner(ready);
                        break;
                    }
                }
                Ok(next)
            });
            Ok(found.await?)
        })
    }

    fn with_effects<'a>(
        &'a self,
        after: Option<&'a (Timestamp, ConversationId)>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<(Timestamp, ConversationId)>, StoreError>> {
        Box::pin(self.list(ready::all(after), limit, |row, id| Ok(ready::parse(&row, &id.bytes)?)))
    }

    fn attempt_started<'a>(
        &'a self,
        conversation: &'a ConversationId,
        effect: &'a EffectId,
        fence: Fence,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let (leases, id, effect) = (self.leases.clone(), conversation.clone(), effect.clone());
            let marked = self.keyspace.commit(move |tx| {
                if !leases.holds(&id, fence) {
                    return Err(Fault::Fenced);
                }
                let (key, _) = outbox::find(&tx.view(), &id, &effect)?.ok_or(Fault::Conflict)?;
                let stored = tx.get(&key)?.ok_or(Fault::Conflict)?;
                let mut entry = outbox::unpack(&stored.bytes).map_err(|_| Fault::damaged(&key))?;
                entry.state = OutboxState::Started { at: now };
                let packed = outbox::pack(&entry).map_err(|_| Fault::damaged(&key))?;
                tx.put(&key, 0, &packed.bytes)
            });
            Ok(marked.await?)
        })
    }

    fn due<'a>(
        &'a self,
        now: Timestamp,
        after: Option<&'a TimerRow>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<TimerRow>, StoreError>> {
        Box::pin(async move {
            let found = self.keyspace.read(|view| {
                // A damaged timer is told and does not hold up the others.
                let sound = view.scan(timer::due(now, after).as_range()).filter_map(|found| match found {
                    Ok((key, stored)) => {
                        tables::read(&key, &stored.bytes).map_err(unreadable_timer).ok().map(Ok)
                    }
                    Err(fault @ Fault::Damaged { .. }) => {
                        unreadable_timer(fault);
                        None
                    }
                    Err(fault) => Some(Err(fault)),
                });
                sound.take(limit).collect()
            });
            Ok(found.await?)
        })
    }

    fn next_due(&self) -> BoxFuture<'_, Result<Option<Timestamp>, StoreError>> {
        Box::pin(async move {
            let first = self.list(timer::all(), 1, |key, _| Ok(timer::moment(&key)?)).await?;
            Ok(first.into_iter().next())
        })
    }

    fn effect_of<'a>(
        &'a self,
        account: &'a Account,
        message: &'a str,
    ) -> BoxFuture<'a, Result<Option<(ConversationId, EffectId)>, StoreError>> {
        Box::pin(async move { Ok(self.keyspace.read(|view| accepted::get(view, account, message)).await?) })
    }

    fn keep_status<'a>(
        &'a self,
        account: &'a Account,
        message: &'a str,
        status: &'a KeptStatus,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let bytes = tables::encode("a status", status)?;
            let (account, message, at) = (account.clone(), message.to_owned(), status.at);
            self.statuses.store(true, Ordering::SeqCst);
            Ok(self.keyspace.commit(move |tx| status::put(tx, &account, &message, at, &bytes)).await?)
        })
    }

    fn kept_statuses<'a>(
        &'a self,
        account: &'a Account,
        message: &'a str,
    ) -> BoxFuture<'a, Result<Vec<KeptStatus>, StoreError>> {
        Box::pin(async move {
            if !self.statuses.load(Ordering::SeqCst) {
                return Ok(Vec::new());
            }
            let mut kept = Vec::new();
            for range in [status::of(account, message), status::older(account, message)] {
                let decode = |_, stored: Stored| tables::decode("a status", &stored.bytes);
                kept.extend(self.list(range, usize::MAX, decode).await?);
            }
            Ok(kept)
        })
    }

    fn with_inbox<'a>(
        &'a self,
        after: Option<&'a ConversationId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<ConversationId>, StoreError>> {
        Box::pin(self.list(backlog::after(after), limit, |row, stored| Ok(listing::id_of(&row, stored)?)))
    }

    fn with_people(&self, limit: usize) -> BoxFuture<'_, Result<Vec<Conversation>, StoreError>> {
        Box::pin(listing::with_people(&self.keyspace, limit))
    }

    fn conversations<'a>(
        &'a self,
        after: Option<&'a ConversationId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Conversation>, StoreError>> {
        Box::pin(listing::conversations(&self.keyspace, after, limit))
    }

    fn lines<'a>(
        &'a self,
        id: &'a ConversationId,
        after: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<(u64, Line)>, StoreError>> {
        Box::pin(recorded::lines(&self.keyspace, &self.secrets, id, after, limit))
    }

    fn journal<'a>(
        &'a self,
        id: &'a ConversationId,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<JournalEntry>, StoreError>> {
        Box::pin(recorded::journal(&self.keyspace, &self.secrets, id, limit))
    }

    fn journaled<'a>(
        &'a self,
        after: Option<&'a ConversationId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<ConversationId>, StoreError>> {
        Box::pin(recorded::conversations(&self.keyspace, after, limit))
    }

    fn keep_backdrop<'a>(
        &'a self,
        id: BackdropId,
        backdrop: &'a Backdrop,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(recorded::keep_backdrop(&self.keyspace, id, backdrop))
    }

    fn backdrop(&self, id: BackdropId) -> BoxFuture<'_, Result<Option<Backdrop>, StoreError>> {
        Box::pin(recorded::backdrop(&self.keyspace, id))
    }

    fn notices(&self, limit: usize) -> BoxFuture<'_, Result<Vec<Notice>, StoreError>> {
        Box::pin(self.list(notice::all(), limit, |_, stored| tables::decode("a notice", &stored.bytes)))
    }

    fn dead_letters<'a>(
        &'a self,
        after: Option<&'a (Timestamp, EffectId)>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<DeadLetter>, StoreError>> {
        let decode = |_, stored: Stored| tables::decode("a dead letter", &stored.bytes);
        Box::pin(self.list(dead_letter::all(after), limit, decode))
    }

    fn dead_letter<'a>(
        &'a self,
        effect: &'a EffectId,
    ) -> BoxFuture<'a, Result<Option<DeadLetter>, StoreError>> {
        Box::pin(async move {
            let found = self.keyspace.read(|view| {
                let row = dead_letter::find(view, effect)?;
                row.map_or(Ok(None), |row| view.get(&row))
            });
            found.await?.map(|stored| tables::decode("a dead letter", &stored.bytes)).transpose()
        })
    }

    fn publish<'a>(
        &'a self,
        publication: &'a Publication,
        documents: &'a Documents,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(releases::publish(&self.keyspace, publication, documents))
    }

    fn publications(&self, limit: usize) -> BoxFuture<'_, Result<Vec<Publication>, StoreError>> {
        let decode = |_, stored: Stored| tables::decode("a publication", &stored.bytes);
        Box::pin(self.list(publication::all(), limit, decode))
    }

    fn releases(&self) -> BoxFuture<'_, Result<Vec<ReleaseId>, StoreError>> {
        Box::pin(async move { Ok(self.keyspace.read(release::ids).await?) })
    }

    fn release_documents<'a>(
        &'a self,
        id: &'a ReleaseId,
    ) -> BoxFuture<'a, Result<Option<Documents>, StoreError>> {
        Box::pin(releases::documents(&self.keyspace, id))
    }

    fn forget_release<'a>(&'a self, id: &'a ReleaseId) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(releases::forget(&self.keyspace, id))
    }

    fn open_sessions<'a>(
        &'a self,
        after: Option<&'a ConversationId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<SessionPage, StoreError>> {
        Box::pin(releases::open_sessions(&self.keyspace, after, limit))
    }

    fn erase(&self, erasure: Erasure) -> BoxFuture<'_, Result<Erased, StoreError>> {
        Box::pin(async move {
            let ids = erasure.conversations.clone();
            let erased = erase::erase(&self.keyspace, erasure).await?;
            ids.iter().for_each(|id| self.secrets.forget(id));
            Ok(erased)
        })
    }

    fn sweep(&self, now: Timestamp) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(retention::sweep(&self.keyspace, now))
    }

    fn cut_journal(&self, before: Timestamp) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(retention::cut(&self.keyspace, before))
    }

    fn counts(&self) -> BoxFuture<'_, Result<Counts, StoreError>> {
        Box::pin(async move { Ok(self.keyspace.read(totals::get).await?.counts()) })
    }

    fn upkeep(&self) -> Option<&dyn Upkeep> {
        Some(self)
    }

    fn failed(&self) -> BoxFuture<'_, StoreError> {
        let failed = self.keyspace.failed();
        Box::pin(async move { failed.await.into() })
    }
}
