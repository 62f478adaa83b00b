//! Effects, one file per kind: how each is performed, and how doubt about it is handled.
//!
//! An effect is performed under a lease of its conversation, in the order of asking. What comes of it is committed
//! with the lease's fence, so that a worker whose lease has passed on tells nothing.

mod backoff;
mod call_http;
mod notify;
mod open_handoff;
mod open_ticket;
pub(super) mod pace;
mod send_email;
pub(super) mod send_message;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use fluxo_engine::ids::EffectId;
use fluxo_engine::protocol::EffectKind;

use super::draft::Draft;
use super::{Conversations, Decided};
use crate::mail::Email;
use crate::store::{Conversation, Fence, Lease, Loaded, OutboxEntry, StoreError};

/// How long a conversation is leased: longer than any effect may take.
pub const LEASE: Duration = Duration::from_secs(5 * 60);

/// A worker's call never takes longer than this, so that its lease is still its own when it ends.
const LIMIT: Duration = Duration::from_secs(4 * 60);

/// An effect about to be performed.
#[derive(Debug)]
struct Performing<'a> {
    here: &'a Conversations,
    conversation: &'a Conversation,
    entry: &'a OutboxEntry,
    fence: Fence,
    /// The conversation as it was read, for the first change that follows from it.
    read: Mutex<Option<Loaded>>,
}

impl Conversations {
    /// Performs the oldest effect of a leased conversation if it is ready; says whether it may be worth asking
    /// again. What it does outside is finished even if the service is to stop.
    ///
    /// # Errors
    /// The store's; [`StoreError::Fenced`] when the lease has passed on.
    pub async fn perform_next(&self, lease: &Lease) -> Result<bool, StoreError> {
        let Some(loaded) = self.store.load(&lease.conversation).await? else { return Ok(false) };
        let Some(entry) = loaded.outbox.first().filter(|entry| entry.ready_at <= self.now()) else {
            return Ok(false);
        };
        let performing = Performing {
            here: self,
            conversation: &loaded.conversation,
            entry,
            fence: lease.fence,
            read: Mutex::default(),
        };
        match &entry.effect.kind {
            EffectKind::SendMessage { message } => send_message::perform(&performing, message).await?,
            EffectKind::CallHttp { request } => call_http::perform(&performing, request).await?,
            EffectKind::OpenHandoff { handoff } => open_handoff::perform(&performing, handoff).await?,
            EffectKind::OpenTicket { ticket } => open_ticket::perform(&performing, ticket).await?,
            EffectKind::Notify { queue, desk: _, text } => {
                notify::perform(&performing, queue.as_ref(), text).await?;
            }
            EffectKind::SendEmail { to, subject, text, html } => {
                let (html, asked_at) = (html.as_deref(), entry.asked_at);
                send_email::perform(&performing, &Email { to, subject, text, html, asked_at }).await?;
            }
        }
        Ok(true)
    }
}

impl Conversations {
    /// Makes the attempt that the commit of the message has marked. `loaded` is the conversation as that left it.
    ///
    /// # Errors
    /// As [`Conversations::perform_next`].
    pub(super) async fn perform_begun(&self, lease: &Lease, loaded: Loaded) -> Result<(), StoreError> {
        let Some(entry) = loaded.outbox.first() else { return Ok(()) };
        let EffectKind::SendMessage { message } = &entry.effect.kind else { return Ok(()) };
        let performing = Performing {
            here: self,
            conversation: &loaded.conversation,
            entry,
            fence: lease.fence,
            read: Mutex::new(Some(loaded.clone())),
        };
        send_message::attempt(&performing, message).await
    }
}

impl Performing<'_> {
    fn id(&self) -> &EffectId {
        &self.entry.effect.id
    }

    /// Commits what came of it, unless it was settled otherwise meanwhile (a status, for example).
    async fn commit(&self, decide: impl FnMut(&mut Draft<'_>)) -> Result<(), StoreError> {
        self.committed(decide).await.map(|_| ())
    }

    /// The same; says whether it was still to be settled.
    async fn committed(&self, mut decide: impl FnMut(&mut Draft<'_>)) -> Result<bool, StoreError> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.here
            .change_read(&self.conversation.id, read, Some(self.fence), |draft| {
                if draft.entry(self.id()).is_none() {
                    return Decided::Leave(false);
                }
                decide(draft);
                Decided::Commit(true)
            })
            .await
            .map(|done| done.unwrap_or(false))
    }

    /// The durable mark before an attempt that is not safe to repeat; says whether there is still something to do.
    async fn started(&self) -> Result<bool, StoreError> {
        let store = &self.here.store;
        match store.attempt_started(&self.conversation.id, self.id(), self.fence, self.here.now()).await {
            Ok(()) => Ok(true),
            // It is over: a status told so between the reading and the mark.
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
