//! How far an operation is, for whoever waits for it.

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// Steps that may wait to be shown: more are left out, so that nobody's slow terminal holds up the work.
const WAITING: usize = 16;

/// How far an operation is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// How much is done.
    pub done: u64,
    /// Of how much; absent when that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<u64>,
}

/// Tells how far an operation is.
#[derive(Debug, Clone)]
pub struct Progress(mpsc::Sender<Step>);

impl Progress {
    /// With the end at which it is heard; once that is closed or dropped, nobody wants the operation any more.
    pub fn channel() -> (Self, mpsc::Receiver<Step>) {
        let (tell, hear) = mpsc::channel(WAITING);
        (Self(tell), hear)
    }

    /// Tells a step, unless too many wait to be shown.
    pub fn tell(&self, done: u64, of: Option<u64>) {
        // Left out, or nobody is there: either is no matter of the operation's.
        let _ = self.0.try_send(Step { done, of });
    }

    /// Whether somebody still waits for the end. What takes long asks between two things and ends early, with
    /// [`super::OperationError::interrupted`], where nothing is half done.
    pub fn is_wanted(&self) -> bool {
        !self.0.is_closed()
    }
}
