//! The door at which a running service takes what operators ask: a Unix socket that only its own user opens.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixSocket, UnixStream};
use tokio::sync::Semaphore;

use super::socket::Place;
use super::wire::{self, Answer, LONGEST_QUESTION, Question, VERSION};
use super::{Operation, OperationError, Operations, Progress};
use crate::foundation::shutdown::Shutdown;

/// How long somebody who came may take to ask, and to read a line of the answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Who may be inside at the same time; others wait.
const INSIDE: usize = 8;
/// Who may wait to be let in.
const WAITING: u32 = 64;
/// How long to rest when nobody can be let in.
const REST: Duration = Duration::from_secs(1);

/// The socket, open.
#[derive(Debug)]
pub struct Door {
    listener: UnixListener,
    place: Place,
}

impl Door {
    /// Opens it in the directory of a store that this process has locked: a socket that is there already is of a
    /// process that is gone.
    ///
    /// # Errors
    /// The system's.
    pub fn open(directory: &Path) -> io::Result<Self> {
        let place = Place::of(directory)?;
        match fs::remove_file(place.path()) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let socket = UnixSocket::new_stream()?;
        socket.bind(place.path())?;
        // Before it listens, so that there is no moment at which others get in.
        fs::set_permissions(place.path(), Permissions::from_mode(0o600))?;
        Ok(Self { listener: socket.listen(WAITING)?, place })
    }

    /// Until stopping is asked; what was begun is then told that nobody wants it any more, and finished.
    pub async fn serve(self, operations: Arc<Operations>, stop: Shutdown) {
        let inside = Arc::new(Semaphore::new(INSIDE));
        loop {
            let Ok(place) = Arc::clone(&inside).acquire_owned().await else { break };
            tokio::select! {
                () = stop.asked() => break,
                came = self.listener.accept() => match came {
                    Ok((stream, _)) => {
                        let (operations, stopping) = (Arc::clone(&operations), stop.clone());
                        stop.run(async move {
                            if let Err(error) = hear(stream, operations, &stopping).await {
                                tracing::debug!(%error, "an operator is gone");
                            }
                            drop(place);
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "operators cannot be let in");
                        tokio::time::sleep(REST).await;
                    }
                },
            }
        }
        drop(self.listener);
        if let Err(error) = fs::remove_file(self.place.path()) {
            tracing::warn!(%error, "the operators' socket could not be removed");
        }
    }
}

/// Hears one question and answers it.
async fn hear(stream: UnixStream, operations: Arc<Operations>, stop: &Shutdown) -> io::Result<()> {
    let (from, mut to) = stream.into_split();
    let mut from = BufReader::new(from);
    let asked = tokio::select! {
        asked = tokio::time::timeout(PATIENCE, wire::next_line(&mut from, LONGEST_QUESTION)) => asked,
        () = stop.asked() => return Ok(()),
    };
    let asked = match asked {
        Ok(Ok(Some(line))) => understood(&line),
        Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
            Err(OperationError::failed("o pedido não é uma linha inteira, ou é longo demais"))
        }
        Ok(Ok(None)) => return Ok(()),
        Ok(Err(error)) => return Err(error),
        Err(late) => return Err(late.into()),
    };
    let operation = match asked {
        Ok(operation) => operation,
        Err(error) => return say(&mut to, &Answer::Failed(error)).await,
    };
    let (progress, mut steps) = Progress::channel();
    // On its own, so that it is finished whatever happens here.
    let work = tokio::spawn(async move { operations.carry_out(operation, &progress).await });
    let mut gone = [0];
    let mut wanted = true;
    while wanted {
        tokio::select! {
            step = steps.recv() => match step {
                Some(step) => wanted = say(&mut to, &Answer::Progress(step)).await.is_ok(),
                // The work has ended.
                None => break,
            },
            // Nobody says anything more: this ends when they are gone.
            _ = from.read(&mut gone) => wanted = false,
            () = stop.asked() => wanted = false,
        }
    }
    steps.close();
    let answer = match work.await {
        Ok(Ok(value)) => Answer::Done(value),
        Ok(Err(error)) => Answer::Failed(error),
        Err(_) => {
            tracing::error!("an operation panicked");
            Answer::Failed(OperationError::failed("a operação falhou por um erro do fluxo; veja o registro"))
        }
    };
    say(&mut to, &answer).await
}

fn understood(line: &[u8]) -> Result<Operation, OperationError> {
    let question: Question<Value> = serde_json::from_slice(line)
        .map_err(|_| OperationError::failed("o pedido não é JSON com `version` e `operation`"))?;
    serde_json::from_value(question.operation).map_err(|error| {
        if question.version == VERSION {
            OperationError::failed(format!("o pedido não foi entendido: {error}"))
        } else {
            OperationError::failed(format!(
                "o serviço no ar é o fluxo {VERSION} e este comando é o {}: use a mesma versão",
                question.version
            ))
        }
    })
}

async fn say(to: &mut OwnedWriteHalf, answer: &Answer) -> io::Result<()> {
    let line = wire::line(answer)?;
    tokio::time::timeout(PATIENCE, to.write_all(&line)).await?
}
