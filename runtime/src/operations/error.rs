//! Why an operation came to nothing, in the words the operator reads.

use fluxo_engine::check::Language;
use serde::{Deserialize, Serialize};

use crate::store::StoreError;

/// Why an operation came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{words}")]
pub struct OperationError {
    /// For programs.
    pub reason: Reason,
    /// For people: lower case, no full stop, what to do if there is something to do.
    pub words: String,
}

/// What kind of reason it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// What it is about is not there.
    NotThere,
    /// It can be done, but must not.
    Refused,
    /// It began and did not end: nothing is half done, and asking again goes on with it.
    Interrupted,
    /// Something of ours or of the machine's does not work.
    Failed,
}

impl OperationError {
    /// What it is about is not there.
    pub fn not_there(words: impl Into<String>) -> Self {
        Self { reason: Reason::NotThere, words: words.into() }
    }

    /// It must not be done.
    pub fn refused(words: impl Into<String>) -> Self {
        Self { reason: Reason::Refused, words: words.into() }
    }

    /// Nobody waits for the answer any more, or the service stops.
    pub fn interrupted() -> Self {
        let words = "interrompido antes do fim; o que foi feito vale, e repetir o comando continua";
        Self { reason: Reason::Interrupted, words: words.to_owned() }
    }

    /// It does not work.
    pub fn failed(words: impl Into<String>) -> Self {
        Self { reason: Reason::Failed, words: words.into() }
    }
}

impl From<StoreError> for OperationError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict | StoreError::Fenced => {
                Self::failed("a conversa mudou ao mesmo tempo, repita o comando")
            }
            StoreError::TooLarge { .. }
            | StoreError::Damaged(_)
            | StoreError::Broken { .. }
            | StoreError::Newer { .. }
            | StoreError::Busy
            | StoreError::Disk { .. }
            | StoreError::InUse(_)
            | StoreError::Down(_) => Self::failed(error.told(Language::Portuguese)),
        }
    }
}
