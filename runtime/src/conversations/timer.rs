//! A timer that is due: it wakes its wait, or finds it gone and does nothing.

use fluxo_engine::protocol::Wake;

use super::{Conversations, Decided};
use crate::store::{StoreError, TimerRow};

impl Conversations {
    /// Fires a timer and takes it away. `false` when its conversation is not there, and nothing was done.
    ///
    /// # Errors
    /// The store's: the timer stays due.
    pub async fn timer_due(&self, row: &TimerRow) -> Result<bool, StoreError> {
        self.change(&row.conversation, None, |draft| {
            // Before the turn: one that is armed again by it stays.
            draft.commit.timers_disarm.push((row.wait.clone(), row.kind));
            match draft.standing() {
                Ok(Some(standing)) if standing.wait.as_ref() == Some(&row.wait) => {
                    draft.wake(Wake::Timer { wait: row.wait.clone(), timer: row.kind });
                }
                Ok(Some(_) | None) => {}
                Err(poison) => draft.quarantine(poison),
            }
            Decided::Commit(())
        })
        .await
        .map(|fired| fired.is_some())
    }
}
