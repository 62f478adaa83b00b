//! Tells the staff something: a notice at the console.
//!
//! Doubt: there is none, the notice and the end of the effect are one commit.

use fluxo_engine::ids::QueueId;

use super::Performing;
use crate::store::StoreError;

pub(super) async fn perform(
    at: &Performing<'_>,
    queue: Option<&QueueId>,
    text: &str,
) -> Result<(), StoreError> {
    at.commit(|draft| {
        draft.over(at.id());
        draft.tell_staff(queue.cloned(), text.to_owned());
    })
    .await
}
