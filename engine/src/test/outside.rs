//! What a conversation needs of the world outside, and what goes wrong when it is not there.

use super::Failure;
use crate::error::Error;
use crate::protocol::{HttpOutcome, HttpRequest};

/// The hospital's systems, as far as a conversation notices them.
pub trait Outside {
    /// Answers a request, or says which request nobody answers.
    ///
    /// # Errors
    /// The request in words, when there is no answer for it.
    fn call(&mut self, request: &HttpRequest) -> Result<HttpOutcome, String>;

    /// The contact does something new.
    fn step(&mut self) {}
}

/// Why play could not go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlayerError {
    /// The engine refused its input.
    #[error(transparent)]
    Engine(#[from] Error),
    /// The same input gave other bytes the second time.
    #[error("the engine is not deterministic: {0}")]
    NotDeterministic(String),
    /// A request that nobody answers.
    #[error("no simulated answer for {0}")]
    Unanswered(String),
}

impl From<PlayerError> for Failure {
    fn from(error: PlayerError) -> Self {
        let pt = match &error {
            PlayerError::Engine(error) => format!("o motor recusou a entrada: {error}"),
            PlayerError::NotDeterministic(detail) => format!("o motor não é determinístico: {detail}"),
            PlayerError::Unanswered(request) => {
                format!("nenhuma resposta simulada para {request}; acrescente uma em \"http\"")
            }
        };
        Self::new(pt, error.to_string())
    }
}
