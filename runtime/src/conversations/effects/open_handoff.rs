//! Gives the conversation to a desk. It stands in its queue since the commit that asked for this.
//!
//! Doubt: there is none, the console's queue is the store itself.

use fluxo_engine::protocol::{DeskEvent, Handoff};

use super::Performing;
use crate::conversations::words::Words;
use crate::store::StoreError;

pub(super) async fn perform(at: &Performing<'_>, handoff: &Handoff) -> Result<(), StoreError> {
    at.commit(|draft| {
        let project = draft.here.surroundings.project();
        let Some(entry) = draft.over(at.id()) else { return };
        if project.queues.contains_key(&handoff.queue) {
            return;
        }
        // The queue left the project file between the asking and now.
        let reason = format!("queue {} is not in the project", handoff.queue);
        draft.notice(project.default_queue.clone(), &Words::DeskRefused { reason: &reason });
        if let Some(wait) = entry.effect.wait.filter(|_| draft.is_of_open_session(at.id())) {
            // With its wait, and only with it, the session takes the conversation back.
            draft.wake_from_desk(wait, DeskEvent::Unavailable);
        }
    })
    .await
}
