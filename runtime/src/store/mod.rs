//! What is kept: the trait, in conversations, turns, effects and timers; never in keys and trees.
//!
//! **Invariant:** a conversation changes only by a [`Commit`] conditional on the revision that was read, and
//! nothing is acknowledged to anybody before its commit is durable. Implementations pass one compliance suite.

#[cfg(test)]
pub(crate) mod compliance;
mod erasure;
mod error;
mod journal;
#[cfg(test)]
pub(crate) mod memory;
mod publication;
mod record;
mod sled;
mod told;
mod trail;
pub mod upkeep;

use std::fmt;

use fluxo_engine::ids::{ContactId, ConversationId, EffectId};
use fluxo_engine::protocol::ContactChange;
use futures_util::future::BoxFuture;
use jiff::Timestamp;

pub use self::sled::{Options, SledStore};
pub use erasure::{Erased, Erasure};
pub use error::{StoreError, Trouble};
pub use journal::{Backdrop, BackdropId, Input, JournalEntry, Kept, Moved, Prints, Recorded, not_said};
pub use publication::{Occasion, OpenSession, Publication, SessionPage};
pub use record::{
    Account, Address, Asked, ContactRecord, Conversation, DeadLetter, DedupeKey, Deferred, InboxEntry,
    KeptStatus, Line, LineBody, Mode, Notice, OutboxEntry, OutboxState, SendState, Speaker, StartRequest,
    TimerRow,
};

/// Counts a conversation's commits. `0` stands for a conversation that does not exist yet.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, serde::Serialize, serde::Deserialize,
)]
pub struct Revision(pub u64);

/// Guards a lease: a result that carries an older fence is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Fence(pub u64);

/// All of a turn, or of any other change of one conversation: durable together or not at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Commit {
    /// The revision that was read, and the conversation as it is to be.
    pub expected: Revision,
    /// The new state. The store itself moves `next_line` on by the lines appended.
    pub conversation: Conversation,
    /// Messages seen by this commit, with the moment they reached us: known for 30 days from it. If one is known
    /// already nothing is written: see [`Committed::Duplicate`]. That comes before the revision and the fence.
    pub seen: Vec<(DedupeKey, Timestamp)>,
    /// Contacts that are new or whose addresses or names change, written whole; their addresses are indexed with
    /// them, and those they no longer have are taken out of the index. [`StoreError::Conflict`] if the revision of
    /// one has moved, or if an address stands in the index for a contact that is not written here without it.
    pub contacts: Vec<ContactRecord>,
    /// Changes of the conversation's own contact as it stands in the store, after `contacts` were written.
    pub contact_changes: Vec<ContactChange>,
    /// Messages to be played later, appended in order.
    pub inbox_push: Vec<InboxEntry>,
    /// How many inbox entries, from the oldest and after `inbox_push`, this commit has used up.
    pub inbox_consume: usize,
    /// Effects asked, appended in order.
    pub outbox_push: Vec<OutboxEntry>,
    /// Effects that are over.
    pub outbox_done: Vec<EffectId>,
    /// Effects whose state changed (attempts, times, accepted but not settled). One that is over stays over. Without a
    /// fence, [`StoreError::Conflict`] if the attempt of one was marked as begun since it was read.
    pub outbox_update: Vec<OutboxEntry>,
    /// Effects that can never succeed, moved out of the outbox and shown to people.
    pub dead: Vec<DeadLetter>,
    /// Dead letters that people retried or discarded.
    pub dead_settled: Vec<EffectId>,
    /// The provider's ids of messages that were accepted, so that statuses find their effect.
    pub accepted: Vec<(String, EffectId)>,
    /// Timers armed or moved.
    pub timers_arm: Vec<TimerRow>,
    /// Timers disarmed, by wait and kind.
    pub timers_disarm: Vec<(fluxo_engine::ids::WaitId, fluxo_engine::protocol::TimerKind)>,
    /// The turn, for replay.
    pub journal: Option<JournalEntry>,
    /// What was said, appended in order.
    pub lines: Vec<Line>,
    /// What the staff is to hear, appended in order.
    pub notices: Vec<Notice>,
    /// Given when a worker commits what came of an effect; refused with [`StoreError::Fenced`] if it is old.
    pub fence: Option<Fence>,
}

impl Commit {
    /// A commit that changes nothing yet but the conversation itself.
    pub fn of(expected: Revision, conversation: Conversation) -> Self {
        Self {
            expected,
            conversation,
            seen: Vec::new(),
            contacts: Vec::new(),
            contact_changes: Vec::new(),
            inbox_push: Vec::new(),
            inbox_consume: 0,
            outbox_push: Vec::new(),
            outbox_done: Vec::new(),
            outbox_update: Vec::new(),
            dead: Vec::new(),
            dead_settled: Vec::new(),
            accepted: Vec::new(),
            timers_arm: Vec::new(),
            timers_disarm: Vec::new(),
            journal: None,
            lines: Vec::new(),
            notices: Vec::new(),
            fence: None,
        }
    }
}

/// Two contacts found to be one: durable together or not at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Merge {
    /// The contact that goes, at the revision that was read: it and its addresses are taken away before the commits
    /// are made. [`StoreError::Conflict`] if it has moved.
    pub gone: (ContactId, u64),
    /// The conversations that change, in this order. Every conversation of the contact that goes must be among them,
    /// as another contact's, or it is a [`StoreError::Conflict`]; the one that survives is written whole by the first.
    pub commits: Vec<Commit>,
}

/// What became of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// Durable.
    Done(Revision),
    /// At least one of the messages was seen before, durably: nothing was written, acknowledge it.
    Duplicate,
}

/// A conversation whose effects a worker may perform until the lease ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Lease {
    /// Whose effects.
    pub conversation: ConversationId,
    /// Goes into every commit made under the lease.
    pub fence: Fence,
}

/// A conversation as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// For the next commit.
    pub revision: Revision,
    /// The state.
    pub conversation: Conversation,
    /// The person.
    pub contact: ContactRecord,
    /// Messages that wait to be played, oldest first.
    pub inbox: Vec<InboxEntry>,
    /// Effects not over yet, in order.
    pub outbox: Vec<OutboxEntry>,
}

/// The documents of a release: path and text.
pub type Documents = Vec<(String, String)>;

/// Figures for health and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[allow(missing_docs)]
pub struct Counts {
    pub conversations: u64,
    pub contacts: u64,
    pub outbox: u64,
    pub timers: u64,
    pub inbox: u64,
    pub dead_letters: u64,
}

/// The store. One process at a time may have it open.
pub trait Store: Send + Sync + fmt::Debug + 'static {
    /// The epoch of effect ids: changes when a backup is restored.
    fn epoch(&self) -> u32;

    /// The contact that owns one of these addresses, by BSUID first, then by `wa_id` in both Brazilian forms
    /// between entries whose BSUIDs do not conflict.
    fn find_contact<'a>(
        &'a self,
        account: &'a Account,
        address: &'a Address,
    ) -> BoxFuture<'a, Result<Option<ContactRecord>, StoreError>>;

    /// A contact.
    fn contact<'a>(&'a self, id: &'a ContactId) -> BoxFuture<'a, Result<Option<ContactRecord>, StoreError>>;

    /// A conversation with its contact, inbox and outbox.
    fn load<'a>(&'a self, id: &'a ConversationId) -> BoxFuture<'a, Result<Option<Loaded>, StoreError>>;

    /// All or nothing, durable when it returns.
    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, StoreError>>;

    /// Makes one contact of two: all or nothing, durable when it returns. The revision is that of the last commit.
    fn merge(&self, merge: Merge) -> BoxFuture<'_, Result<Committed, StoreError>>;

    /// Whether a message was seen, durably.
    fn seen<'a>(&'a self, key: &'a DedupeKey) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Up to `limit` conversations whose oldest effect is ready at `now` and that are not leased, the longest
    /// ready first; leased until `until`, or until the process ends when the store belongs to one process.
    fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Lease>, StoreError>>;

    /// Leases one conversation, whether or not it has effects yet, for the effect that the next commit will ask for;
    /// `None` when somebody has it, or when the store leases only what is committed.
    fn claim<'a>(
        &'a self,
        _conversation: &'a ConversationId,
        _now: Timestamp,
        _until: Timestamp,
    ) -> BoxFuture<'a, Result<Option<Lease>, StoreError>> {
        Box::pin(async { Ok(None) })
    }

    /// Gives a lease back before its time; with an old fence it does nothing.
    fn release<'a>(
        &'a self,
        conversation: &'a ConversationId,
        fence: Fence,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// The earliest moment at which the oldest effect of a conversation, not ready at `now`, becomes ready, or at
    /// which the lease of one that is ready ends.
    fn next_effect(&self, now: Timestamp) -> BoxFuture<'_, Result<Option<Timestamp>, StoreError>>;

    /// Conversations that have effects, with the moment at which the oldest one is ready, the earliest first; after
    /// one of them.
    fn with_effects<'a>(
        &'a self,
        after: Option<&'a (Timestamp, ConversationId)>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<(Timestamp, ConversationId)>, StoreError>>;

    /// The durable mark before an effect that is not safe to repeat. Refused with an old fence
    /// ([`StoreError::Fenced`]), or if the effect is over ([`StoreError::Conflict`]).
    fn attempt_started<'a>(
        &'a self,
        conversation: &'a ConversationId,
        effect: &'a EffectId,
        fence: Fence,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Timers due at `now`, earliest first, after one that was due.
    fn due<'a>(
        &'a self,
        now: Timestamp,
        after: Option<&'a TimerRow>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<TimerRow>, StoreError>>;

    /// When the next timer is due.
    fn next_due(&self) -> BoxFuture<'_, Result<Option<Timestamp>, StoreError>>;

    /// The effect and conversation behind a provider's message id.
    fn effect_of<'a>(
        &'a self,
        account: &'a Account,
        message: &'a str,
    ) -> BoxFuture<'a, Result<Option<(ConversationId, EffectId)>, StoreError>>;

    /// Keeps a status for a message nobody knows (yet): never an error.
    fn keep_status<'a>(
        &'a self,
        account: &'a Account,
        message: &'a str,
        status: &'a KeptStatus,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// What [`Store::keep_status`] kept for a message, in any order.
    fn kept_statuses<'a>(
        &'a self,
        account: &'a Account,
        message: &'a str,
    ) -> BoxFuture<'a, Result<Vec<KeptStatus>, StoreError>>;

    /// Conversations that have inbox entries, by id, after one: what a restart goes on with.
    fn with_inbox<'a>(
        &'a self,
        after: Option<&'a ConversationId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<ConversationId>, StoreError>>;

    /// Conversations that are with people or wait for them, oldest first.
    fn with_people(&self, limit: usize) -> BoxFuture<'_, Result<Vec<Conversation>, StoreError>>;

    /// All conversations, by id, after one.
    fn conversations<'a>(
        &'a self,
        after: Option<&'a ConversationId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Conversation>, StoreError>>;

    /// What was said, oldest first, after a line's number; the first has number 1.
    fn lines<'a>(
        &'a self,
        id: &'a ConversationId,
        after: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<(u64, Line)>, StoreError>>;

    /// Conversations that have a journal, by id, after one: also those of contacts that were erased.
    fn journaled<'a>(
        &'a self,
        after: Option<&'a ConversationId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<ConversationId>, StoreError>>;

    /// Keeps what turns are played against; to be called before the first turn that names it is committed.
    fn keep_backdrop<'a>(
        &'a self,
        id: BackdropId,
        backdrop: &'a Backdrop,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// What turns were played against.
    fn backdrop(&self, id: BackdropId) -> BoxFuture<'_, Result<Option<Backdrop>, StoreError>>;

    /// The journal of a conversation, oldest first.
    fn journal<'a>(
        &'a self,
        id: &'a ConversationId,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<JournalEntry>, StoreError>>;

    /// What the staff is to hear, newest first.
    fn notices(&self, limit: usize) -> BoxFuture<'_, Result<Vec<Notice>, StoreError>>;

    /// Effects that can never succeed, newest first, after one by its moment and effect.
    fn dead_letters<'a>(
        &'a self,
        after: Option<&'a (Timestamp, EffectId)>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<DeadLetter>, StoreError>>;

    /// One of them.
    fn dead_letter<'a>(
        &'a self,
        effect: &'a EffectId,
    ) -> BoxFuture<'a, Result<Option<DeadLetter>, StoreError>>;

    /// Makes a release the current one, and keeps its documents, so that sessions begun on it can end on it: durable
    /// together.
    fn publish<'a>(
        &'a self,
        publication: &'a Publication,
        documents: &'a Documents,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// What was made current, newest first: the first one is.
    fn publications(&self, limit: usize) -> BoxFuture<'_, Result<Vec<Publication>, StoreError>>;

    /// The releases whose documents are kept, by id.
    fn releases(&self) -> BoxFuture<'_, Result<Vec<fluxo_engine::ids::ReleaseId>, StoreError>>;

    /// Forgets a release's documents and its publications; that there are none is no error. Whoever asks knows that no
    /// session plays it.
    fn forget_release<'a>(
        &'a self,
        id: &'a fluxo_engine::ids::ReleaseId,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Open sessions of up to `limit` conversations, by conversation, after one. What cannot be read is counted and
    /// does not hide the others.
    fn open_sessions<'a>(
        &'a self,
        after: Option<&'a ConversationId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<SessionPage, StoreError>>;

    /// The documents of a release: path and text.
    fn release_documents<'a>(
        &'a self,
        id: &'a fluxo_engine::ids::ReleaseId,
    ) -> BoxFuture<'a, Result<Option<Documents>, StoreError>>;

    /// Takes a contact out with all that is personal; all of it is gone when it returns, and until then the contact is
    /// there. What stays are dedupe keys, and of the journal the way through the flows and its outcome.
    /// [`StoreError::Conflict`] if there is no such contact, or it has a conversation that is not named.
    fn erase(&self, erasure: Erasure) -> BoxFuture<'_, Result<Erased, StoreError>>;

    /// Forgets the dedupe keys, provider's message ids and kept statuses whose time has passed; answers how many.
    fn sweep(&self, now: Timestamp) -> BoxFuture<'_, Result<u64, StoreError>>;

    /// Cuts the turns of the journal that were played before a moment ([`JournalEntry::cut`]); answers how many.
    fn cut_journal(&self, before: Timestamp) -> BoxFuture<'_, Result<u64, StoreError>>;

    /// Figures.
    fn counts(&self) -> BoxFuture<'_, Result<Counts, StoreError>>;

    /// What operators may ask of it, where it keeps its own files.
    fn upkeep(&self) -> Option<&dyn upkeep::Upkeep> {
        None
    }

    /// Ends once the store can no longer be trusted. The service awaits it and ends the process.
    fn failed(&self) -> BoxFuture<'_, StoreError>;
}
