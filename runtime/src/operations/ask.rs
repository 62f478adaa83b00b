//! Asks the service that has a store open.

use std::io;
use std::path::Path;

use serde_json::Value;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

use super::socket::Place;
use super::wire::{self, Answer, LONGEST_ANSWER, Question};
use super::{Operation, OperationError, Step};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The socket is there and may not be opened, for example.
    #[error("não foi possível falar com o serviço: {0}")]
    System(#[from] io::Error),
    /// It was cut off: what was asked may have been done.
    #[error("o serviço encerrou antes de responder; confira antes de repetir")]
    CutOff,
    /// Not what this program says.
    #[error("a resposta do serviço não foi entendida")]
    Strange,
}

/// Asks the service that has the store in a directory open, and hears how far it is. `None` when no service answers
/// there.
///
/// # Errors
/// A service that is there and cannot be understood.
pub async fn ask(
    directory: &Path,
    operation: &Operation,
    mut heard: impl FnMut(Step) + Send,
) -> Result<Option<Result<Value, OperationError>>, AskError> {
    let stream = match connect(directory).await {
        Ok(stream) => stream,
        // No socket, or one that a killed service has left.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    let (from, mut to) = stream.into_split();
    let question = wire::line(&Question::of(operation)).map_err(io::Error::from)?;
    to.write_all(&question).await?;
    let mut from = BufReader::new(from);
    while let Some(line) = wire::next_line(&mut from, LONGEST_ANSWER).await? {
        match serde_json::from_slice(&line).map_err(|_| AskError::Strange)? {
            Answer::Progress(step) => heard(step),
            Answer::Done(value) => return Ok(Some(Ok(value))),
            Answer::Failed(error) => return Ok(Some(Err(error))),
        }
    }
    Err(AskError::CutOff)
}

async fn connect(directory: &Path) -> io::Result<UnixStream> {
    let place = Place::of(directory)?;
    UnixStream::connect(place.path()).await
}
