//! Answers that leave with the commit that asks for them.
//!
//! The usual turn says one thing to a contact who waits for it. Its own commit marks the attempt as begun, and this
//! process makes the attempt as soon as the commit is durable: the mark before an attempt costs no commit of its own, and
//! nobody has to look for work. The mark means what it always means: if a stop comes between the commit and the channel's
//! answer, the attempt is in doubt. Whatever is not as usual is left to the dispatcher.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use fluxo_engine::ids::ConversationId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

use super::Conversations;
use super::draft::Draft;
use super::effects::{LEASE, send_message};
use crate::foundation::clock;
use crate::store::{Lease, Loaded, StoreError};

/// Sends that may be under way; what is over goes by way of the dispatcher.
const AT_ONCE: usize = 256;

/// What is handed from a commit to its send.
#[derive(Debug)]
pub(super) struct Handing {
    /// Whose tasks the sends are; told when there is a dispatcher.
    here: OnceLock<Weak<Conversations>>,
    open: AtomicBool,
    places: Arc<Semaphore>,
    /// Conversations in the hands of a send, and whether effects were asked for them meanwhile.
    held: Mutex<HashMap<ConversationId, bool>>,
    sends: TaskTracker,
}

/// A message whose attempt is marked by the commit that asks for it, and the right to make it.
#[derive(Debug)]
pub(super) struct Claimed {
    lease: Lease,
    /// The conversation as that commit leaves it.
    loaded: Loaded,
    _place: OwnedSemaphorePermit,
}

impl Default for Handing {
    fn default() -> Self {
        Self {
            here: OnceLock::new(),
            open: AtomicBool::new(false),
            places: Arc::new(Semaphore::new(AT_ONCE)),
            held: Mutex::default(),
            sends: TaskTracker::new(),
        }
    }
}

impl Handing {
    /// Notes that effects were asked for a conversation: if a send holds it, they are looked for once it is done.
    pub(super) fn asked(&self, id: &ConversationId) {
        if let Some(asked) = self.held().get_mut(id) {
            *asked = true;
        }
    }

    /// As if every stop came between a commit and its send.
    #[cfg(test)]
    pub(super) fn open_without_sends(&self) {
        self.open.store(true, Ordering::SeqCst);
    }

    fn held(&self) -> MutexGuard<'_, HashMap<ConversationId, bool>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Conversations {
    /// From now on answers leave with their commit: somebody is there to make a stop wait for them.
    pub fn begin_handing(self: &Arc<Self>) {
        self.handing.here.get_or_init(|| Arc::downgrade(self));
        self.handing.open.store(true, Ordering::SeqCst);
    }

    /// From now on all effects are left to the dispatcher; ends when what was handed on is sent.
    pub async fn end_handing(&self) {
        self.handing.open.store(false, Ordering::SeqCst);
        self.handing.sends.close();
        self.handing.sends.wait().await;
        self.handing.sends.reopen();
    }

    /// Claims the answer of a turn that is about to be committed, if it may leave at once: nothing waits before it,
    /// nobody has the conversation, and the channel's pace allows it. Its attempt is marked then, and the commit must be
    /// followed by [`Conversations::hand`] or [`Conversations::give_up_claim`].
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn claim(&self, draft: &mut Draft<'_>) -> Result<Option<Claimed>, StoreError> {
        if !self.handing.open.load(Ordering::SeqCst) || !draft.answers_at_once() {
            return Ok(None);
        }
        let Ok(place) = Arc::clone(&self.handing.places).try_acquire_owned() else { return Ok(None) };
        let (id, now) = (draft.conversation().id.clone(), draft.now);
        let Some(lease) = self.store.claim(&id, now, clock::after(now, LEASE)).await? else {
            return Ok(None);
        };
        if !send_message::may_leave(self, draft.conversation(), now) {
            self.store.release(&id, lease.fence).await?;
            return Ok(None);
        }
        self.handing.held().insert(id, false);
        draft.mark_answer(clock::after(now, send_message::PAUSE));
        Ok(Some(Claimed { lease, loaded: draft.as_committed(), _place: place }))
    }

    /// The commit did not come about.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn give_up_claim(&self, claimed: Option<Claimed>) -> Result<(), StoreError> {
        let Some(Claimed { lease, .. }) = claimed else { return Ok(()) };
        self.let_go(&lease).await
    }

    /// Sends what was claimed, now that its commit is durable.
    pub(super) fn hand(&self, claimed: Option<Claimed>) {
        let Some(claimed) = claimed else { return };
        // Whoever claimed is one of its methods, so it is there.
        let Some(here) = self.handing.here.get().and_then(Weak::upgrade) else { return };
        self.handing.sends.spawn(async move { here.send_claimed(claimed).await });
    }

    async fn send_claimed(&self, claimed: Claimed) {
        let Claimed { lease, loaded, _place } = claimed;
        let more = loaded.outbox.len() > 1;
        let sent = self.perform_begun(&lease, loaded).await;
        if more {
            self.handing.asked(&lease.conversation);
        }
        let let_go = self.let_go(&lease).await;
        match sent.and(let_go) {
            // With an old fence it is another's, who goes on.
            Ok(()) | Err(StoreError::Fenced) => {}
            Err(StoreError::Damaged(what)) => self.tell_unreadable(&lease.conversation, &what),
            Err(error) => tracing::error!(%error, "what came of a message could not be kept"),
        }
    }

    /// Gives the conversation back; whatever was asked for it meanwhile is the dispatcher's.
    async fn let_go(&self, lease: &Lease) -> Result<(), StoreError> {
        let released = self.store.release(&lease.conversation, lease.fence).await;
        if self.handing.held().remove(&lease.conversation) == Some(true) {
            self.effects_asked.notify_one();
        }
        released
    }
}
