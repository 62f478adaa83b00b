//! Sends an e-mail. The project file has no place for a mail server yet, so each one goes to the dead letters, where
//! people see it, and never pretends to have left.
//!
//! Doubt: there is none, nothing leaves.

use super::Performing;
use crate::conversations::words::Words;
use crate::store::StoreError;

pub(super) async fn perform(at: &Performing<'_>) -> Result<(), StoreError> {
    at.commit(|draft| {
        let reason = Words::NoMail.text(draft.here.surroundings.language());
        draft.dead(at.id(), reason);
        draft.notice(None, &Words::NoMail);
    })
    .await
}
