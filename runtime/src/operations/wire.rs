//! What goes through the socket: one line of JSON in; lines of JSON out, the last of which ends it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

use super::{Operation, OperationError, Step};

/// The longest question, in bytes.
pub(super) const LONGEST_QUESTION: u64 = 1 << 20;
/// The longest line of an answer, in bytes.
pub(super) const LONGEST_ANSWER: u64 = 256 << 20;

/// The version of this program: an operation is known by both sides only if they are the same.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The line that asks. The operation is read last, so that another version of this program is told as such.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Question<T = Value> {
    pub(super) version: String,
    pub(super) operation: T,
}

impl<'a> Question<&'a Operation> {
    pub(super) fn of(operation: &'a Operation) -> Self {
        Self { version: VERSION.to_owned(), operation }
    }
}

/// A line that answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    /// More lines follow.
    Progress(Step),
    /// It is done.
    Done(Value),
    /// It came to nothing.
    Failed(OperationError),
}

/// A value as a line.
pub(super) fn line(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

/// The next line, without its end; `None` when the other side is gone.
///
/// # Errors
/// One that is longer than `longest`, or was cut.
pub(super) async fn next_line(
    from: &mut (impl AsyncBufRead + Unpin + Send),
    longest: u64,
) -> std::io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let read = from.take(longest).read_until(b'\n', &mut line).await?;
    if read == 0 {
        return Ok(None);
    }
    if line.pop() != Some(b'\n') {
        return Err(std::io::ErrorKind::InvalidData.into());
    }
    Ok(Some(line))
}
