//! Performs effects: leases conversations, performs each one's effects in order, many conversations at a time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::{REST, until};
use crate::conversations::Conversations;
use crate::conversations::effects::LEASE;
use crate::foundation::clock;
use crate::foundation::shutdown::Shutdown;
use crate::store::{Lease, StoreError};

/// Conversations whose effects are performed at the same time, those that are slow left out.
const AT_ONCE: usize = 128;
/// What is in hand for longer is slow: a system that does not answer, usually. It holds up nobody else.
const SLOW: Duration = Duration::from_secs(1);
/// Conversations in hand at the most, the slow ones included.
const MOST: usize = 1024;

/// Until stopping is asked; then what is being performed is finished and the rest left to the next start.
pub async fn run(conversations: Arc<Conversations>, stop: Shutdown) {
    let (mut working, hands) = (JoinSet::new(), Arc::new(Semaphore::new(AT_ONCE)));
    conversations.begin_handing();
    while !stop.is_asked() {
        let next = match lease(&conversations, &mut working, &hands, &stop).await {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(%error, "effects cannot be leased");
                Some(clock::after(conversations.clock().now(), REST))
            }
        };
        tokio::select! {
            // In this order, so that the same things happening lead to the same things done.
            biased;
            () = stop.asked() => {}
            // A lease that came back may be asked for again: an effect may have been asked meanwhile.
            Some(done) = working.join_next() => {
                if !tell(done) {
                    let rested = clock::after(conversations.clock().now(), REST);
                    until(&conversations, Some(rested)).await;
                }
            }
            () = conversations.effects_asked().notified() => {}
            () = until(&conversations, next) => {}
        }
    }
    conversations.end_handing().await;
    while let Some(done) = working.join_next().await {
        tell(done);
    }
}

/// Performs all that is ready at this moment, and what that asks for; ends when nothing is ready any more.
///
/// # Errors
/// The store's.
pub async fn pass(conversations: &Arc<Conversations>) -> Result<(), StoreError> {
    let stop = Shutdown::new();
    let (mut working, hands) = (JoinSet::new(), Arc::new(Semaphore::new(AT_ONCE)));
    loop {
        lease(conversations, &mut working, &hands, &stop).await?;
        match working.join_next().await {
            Some(done) => {
                tell(done);
            }
            None => return Ok(()),
        }
    }
}

/// Leases what is ready, as far as there is room; answers when to look again.
async fn lease(
    conversations: &Arc<Conversations>,
    working: &mut JoinSet<Result<(), StoreError>>,
    hands: &Arc<Semaphore>,
    stop: &Shutdown,
) -> Result<Option<jiff::Timestamp>, StoreError> {
    let room = hands.available_permits().min(MOST.saturating_sub(working.len()));
    if room == 0 {
        return Ok(None);
    }
    let now = conversations.clock().now();
    let leases = conversations.store().lease(now, clock::after(now, LEASE), room).await?;
    for lease in leases {
        // There are as many as were counted: only this one takes any.
        let Ok(hand) = Arc::clone(hands).try_acquire_owned() else { break };
        working.spawn(perform_in(hand, Arc::clone(conversations), lease, stop.clone()));
    }
    conversations.store().next_effect(now).await
}

/// Performs a conversation's effects; once that is slow, the hand is free for another's.
async fn perform_in(
    hand: OwnedSemaphorePermit,
    conversations: Arc<Conversations>,
    lease: Lease,
    stop: Shutdown,
) -> Result<(), StoreError> {
    let slow = conversations.clock().until(clock::after(conversations.clock().now(), SLOW));
    let mut work = std::pin::pin!(perform(Arc::clone(&conversations), lease, stop));
    tokio::select! {
        biased;
        done = &mut work => return done,
        () = slow => {}
    }
    drop(hand);
    conversations.effects_asked().notify_one();
    work.await
}

async fn perform(conversations: Arc<Conversations>, lease: Lease, stop: Shutdown) -> Result<(), StoreError> {
    let performed = loop {
        match conversations.perform_next(&lease).await {
            Ok(true) if !stop.is_asked() => {}
            Ok(true | false) => break Ok(()),
            // Whoever has it now goes on.
            Err(StoreError::Fenced) => return Ok(()),
            // It keeps its lease until that ends, so that its neighbours are not held up by asking again and again.
            Err(StoreError::Damaged(what)) => {
                conversations.tell_unreadable(&lease.conversation, &what);
                return Ok(());
            }
            Err(error) => break Err(error),
        }
    };
    conversations.store().release(&lease.conversation, lease.fence).await?;
    performed
}

/// Whether it went well; what did not is told.
fn tell(done: Result<Result<(), StoreError>, tokio::task::JoinError>) -> bool {
    match done {
        Ok(Ok(())) => return true,
        Ok(Err(error)) => tracing::error!(%error, "effects of a conversation could not be performed"),
        // The lease ends by itself; the marks of what was begun stand. What a panic says may quote a contact.
        Err(_) => tracing::error!("an effect panicked"),
    }
    false
}
