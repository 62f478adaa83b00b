//! A store that does some things otherwise than it says: what the suite and the simulation must find out.

use std::fmt;
use std::sync::Arc;

use fluxo_engine::ids::{ContactId, ConversationId, EffectId, ReleaseId};
use futures_util::future::BoxFuture;
use jiff::Timestamp;

use crate::store::{
    Account, Address, Backdrop, BackdropId, Commit, Committed, ContactRecord, Conversation, Counts,
    DeadLetter, DedupeKey, Documents, Erased, Erasure, Fence, JournalEntry, KeptStatus, Lease, Line, Loaded,
    Merge, Notice, Publication, SessionPage, Store, StoreError, TimerRow,
};

type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// What is done otherwise. As it stands here, nothing is.
#[allow(missing_docs)]
pub(crate) trait Twist: fmt::Debug + Send + Sync + 'static {
    fn epoch(&self, inner: &dyn Store) -> u32 {
        inner.epoch()
    }

    fn load<'a>(&'a self, inner: &'a dyn Store, id: &'a ConversationId) -> Answer<'a, Option<Loaded>> {
        inner.load(id)
    }

    fn commit<'a>(&'a self, inner: &'a Arc<dyn Store>, commit: Commit) -> Answer<'a, Committed> {
        inner.commit(commit)
    }

    fn merge<'a>(&'a self, inner: &'a Arc<dyn Store>, merge: Merge) -> Answer<'a, Committed> {
        inner.merge(merge)
    }

    fn lease<'a>(
        &'a self,
        inner: &'a dyn Store,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Answer<'a, Vec<Lease>> {
        inner.lease(now, until, limit)
    }

    fn claim<'a>(
        &'a self,
        inner: &'a dyn Store,
        conversation: &'a ConversationId,
        now: Timestamp,
        until: Timestamp,
    ) -> Answer<'a, Option<Lease>> {
        inner.claim(conversation, now, until)
    }

    fn attempt_started<'a>(
        &'a self,
        inner: &'a dyn Store,
        conversation: &'a ConversationId,
        effect: &'a EffectId,
        fence: Fence,
        now: Timestamp,
    ) -> Answer<'a, ()> {
        inner.attempt_started(conversation, effect, fence, now)
    }

    fn due<'a>(
        &'a self,
        inner: &'a dyn Store,
        now: Timestamp,
        after: Option<&'a TimerRow>,
        limit: usize,
    ) -> Answer<'a, Vec<TimerRow>> {
        inner.due(now, after, limit)
    }

    fn sweep<'a>(&'a self, inner: &'a dyn Store, now: Timestamp) -> Answer<'a, u64> {
        inner.sweep(now)
    }
}

/// A store behind a twist.
#[derive(Debug)]
pub(crate) struct Twisted {
    pub(crate) inner: Arc<dyn Store>,
    pub(crate) twist: Arc<dyn Twist>,
}

impl Store for Twisted {
    fn epoch(&self) -> u32 {
        self.twist.epoch(&*self.inner)
    }
    fn find_contact<'a>(
        &'a self,
        account: &'a Account,
        address: &'a Address,
    ) -> Answer<'a, Option<ContactRecord>> {
        self.inner.find_contact(account, address)
    }
    fn contact<'a>(&'a self, id: &'a ContactId) -> Answer<'a, Option<ContactRecord>> {
        self.inner.contact(id)
    }
    fn load<'a>(&'a self, id: &'a ConversationId) -> Answer<'a, Option<Loaded>> {
        self.twist.load(&*self.inner, id)
    }
    fn commit(&self, commit: Commit) -> Answer<'_, Committed> {
        self.twist.commit(&self.inner, commit)
    }
    fn merge(&self, merge: Merge) -> Answer<'_, Committed> {
        self.twist.merge(&self.inner, merge)
    }
    fn seen<'a>(&'a self, key: &'a DedupeKey) -> Answer<'a, bool> {
        self.inner.seen(key)
    }
    fn lease(&self, now: Timestamp, until: Timestamp, limit: usize) -> Answer<'_, Vec<Lease>> {
        self.twist.lease(&*self.inner, now, until, limit)
    }
    fn claim<'a>(
        &'a self,
        conversation: &'a ConversationId,
        now: Timestamp,
        until: Timestamp,
    ) -> Answer<'a, Option<Lease>> {
        self.twist.claim(&*self.inner, conversation, now, until)
    }
    fn release<'a>(&'a self, conversation: &'a ConversationId, fence: Fence) -> Answer<'a, ()> {
        self.inner.release(conversation, fence)
    }
    fn next_effect(&self, now: Timestamp) -> Answer<'_, Option<Timestamp>> {
        self.inner.next_effect(now)
    }
    fn with_effects<'a>(
        &'a self,
        after: Option<&'a (Timestamp, ConversationId)>,
        limit: usize,
    ) -> Answer<'a, Vec<(Timestamp, ConversationId)>> {
        self.inner.with_effects(after, limit)
    }
    fn attempt_started<'a>(
        &'a self,
        conversation: &'a ConversationId,
        effect: &'a EffectId,
        fence: Fence,
        now: Timestamp,
    ) -> Answer<'a, ()> {
        self.twist.attempt_started(&*self.inner, conversation, effect, fence, now)
    }
    fn due<'a>(
        &'a self,
        now: Timestamp,
        after: Option<&'a TimerRow>,
        limit: usize,
    ) -> Answer<'a, Vec<TimerRow>> {
        self.twist.due(&*self.inner, now, after, limit)
    }
    fn next_due(&self) -> Answer<'_, Option<Timestamp>> {
        self.inner.next_due()
    }
    fn effect_of<'a>(
        &'a self,
        account: &'a Account,
        message: &'a str,
    ) -> Answer<'a, Option<(ConversationId, EffectId)>> {
        self.inner.effect_of(account, message)
    }
    fn keep_status<'a>(
        &'a self,
        account: &'a Account,
        message: &'a str,
        status: &'a KeptStatus,
    ) -> Answer<'a, ()> {
        self.inner.keep_status(account, message, status)
    }
    fn kept_statuses<'a>(&'a self, account: &'a Account, message: &'a str) -> Answer<'a, Vec<KeptStatus>> {
        self.inner.kept_statuses(account, message)
    }
    fn with_inbox<'a>(
        &'a self,
        after: Option<&'a ConversationId>,
        limit: usize,
    ) -> Answer<'a, Vec<ConversationId>> {
        self.inner.with_inbox(after, limit)
    }
    fn with_people(&self, limit: usize) -> Answer<'_, Vec<Conversation>> {
        self.inner.with_people(limit)
    }
    fn conversations<'a>(
        &'a self,
        after: Option<&'a ConversationId>,
        limit: usize,
    ) -> Answer<'a, Vec<Conversation>> {
        self.inner.conversations(after, limit)
    }
    fn lines<'a>(&'a self, id: &'a ConversationId, after: u64, limit: usize) -> Answer<'a, Vec<(u64, Line)>> {
        self.inner.lines(id, after, limit)
    }
    fn journal<'a>(&'a self, id: &'a ConversationId, limit: usize) -> Answer<'a, Vec<JournalEntry>> {
        self.inner.journal(id, limit)
    }
    fn journaled<'a>(
        &'a self,
        after: Option<&'a ConversationId>,
        limit: usize,
    ) -> Answer<'a, Vec<ConversationId>> {
        self.inner.journaled(after, limit)
    }
    fn keep_backdrop<'a>(&'a self, id: BackdropId, backdrop: &'a Backdrop) -> Answer<'a, ()> {
        self.inner.keep_backdrop(id, backdrop)
    }
    fn backdrop(&self, id: BackdropId) -> Answer<'_, Option<Backdrop>> {
        self.inner.backdrop(id)
    }
    fn notices(&self, limit: usize) -> Answer<'_, Vec<Notice>> {
        self.inner.notices(limit)
    }
    fn dead_letters<'a>(
        &'a self,
        after: Option<&'a (Timestamp, EffectId)>,
        limit: usize,
    ) -> Answer<'a, Vec<DeadLetter>> {
        self.inner.dead_letters(after, limit)
    }
    fn dead_letter<'a>(&'a self, effect: &'a EffectId) -> Answer<'a, Option<DeadLetter>> {
        self.inner.dead_letter(effect)
    }
    fn publish<'a>(&'a self, publication: &'a Publication, documents: &'a Documents) -> Answer<'a, ()> {
        self.inner.publish(publication, documents)
    }
    fn publications(&self, limit: usize) -> Answer<'_, Vec<Publication>> {
        self.inner.publications(limit)
    }
    fn releases(&self) -> Answer<'_, Vec<ReleaseId>> {
        self.inner.releases()
    }
    fn forget_release<'a>(&'a self, id: &'a ReleaseId) -> Answer<'a, ()> {
        self.inner.forget_release(id)
    }
    fn open_sessions<'a>(
        &'a self,
        after: Option<&'a ConversationId>,
        limit: usize,
    ) -> Answer<'a, SessionPage> {
        self.inner.open_sessions(after, limit)
    }
    fn release_documents<'a>(&'a self, id: &'a ReleaseId) -> Answer<'a, Option<Documents>> {
        self.inner.release_documents(id)
    }
    fn erase(&self, erasure: Erasure) -> Answer<'_, Erased> {
        self.inner.erase(erasure)
    }
    fn sweep(&self, now: Timestamp) -> Answer<'_, u64> {
        self.twist.sweep(&*self.inner, now)
    }
    fn cut_journal(&self, before: Timestamp) -> Answer<'_, u64> {
        self.inner.cut_journal(before)
    }
    fn counts(&self) -> Answer<'_, Counts> {
        self.inner.counts()
    }
    fn failed(&self) -> BoxFuture<'_, StoreError> {
        self.inner.failed()
    }
}
