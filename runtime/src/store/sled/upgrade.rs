//! What becomes of a store that an older version of fluxo has written: it is carried over table by table, a few rows at
//! a time, each few in one commit with the note of how far it has come. A kill in the middle is harmless: the next
//! start goes on where this one ended.
//!
//! | format | since | what is different |
//! |---|---|---|
//! | 1 | 0.1.0 | the format is not noted, nor what all records come to |
//! | 2 | 0.2.0 | both are |

use std::ops::ControlFlow;

use super::fault::Fault;
use super::keyspace::Keyspace;
use super::tables::epoch;
use super::tables::format::{self, Format};
use super::transaction::Transaction;
use super::view::Stored;
use crate::store::StoreError;

/// The format that this version of fluxo writes.
pub(super) const CURRENT: u32 = 2;

/// How many rows one commit carries over.
const AT_ONCE: usize = 200;

/// A row in its new form, and the step's own word on whether it changed at all.
type Carry = fn(&[u8], &Stored) -> Result<Option<Vec<u8>>, Fault>;

/// How a store of one format becomes one of the next.
pub(super) struct Step {
    /// The format that all is of when it is done.
    pub(super) to: u32,
    /// The rows that change: those whose keys begin with this byte, each by itself; absent when only what every group
    /// writes has changed.
    pub(super) rows: Option<(u8, Carry)>,
}

/// Every step there ever was, in order. A step stays as long as stores of the format before it may exist.
const STEPS: &[Step] = &[Step { to: CURRENT, rows: None }];

/// Why a store cannot be opened by this version.
#[derive(Debug)]
pub(super) enum Refused {
    /// A newer version of fluxo wrote it.
    Newer {
        /// Its format.
        found: u32,
    },
    /// It cannot be read, or has failed.
    Fault(Fault),
    /// It holds records and not what every store begins with.
    Headless,
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Refused {
    /// In the words of the store's trait.
    pub(super) fn told(self, directory: &std::path::Path) -> StoreError {
        match self {
            Self::Newer { found } => {
                StoreError::Newer { directory: directory.display().to_string(), found, known: CURRENT }
            }
            Self::Fault(fault) => fault.into(),
            Self::Headless => StoreError::Broken {
                directory: directory.display().to_string(),
                detail: "the record that it begins with is missing".to_owned(),
            },
        }
    }
}

/// Makes the store one of this version's, and answers its epoch; a new store gets the one proposed.
pub(super) async fn run(keyspace: &Keyspace, proposed: u32) -> Result<u32, Refused> {
    carry_over(keyspace, proposed, STEPS, CURRENT).await
}

/// The same by other steps, so that a test can have some.
pub(super) async fn carry_over(
    keyspace: &Keyspace,
    proposed: u32,
    steps: &[Step],
    current: u32,
) -> Result<u32, Refused> {
    let (epoch, format, empty) =
        keyspace.read(|view| Ok((epoch::get(view)?, format::get(view)?, view.holds_nothing()?))).await?;
    let mut format = match (epoch, format) {
        (None, None) if empty => {
            let begin = move |tx: &mut Transaction<'_>| {
                format::put(tx, &Format::whole(current))?;
                epoch::put(tx, proposed)
            };
            keyspace.commit(begin).await?;
            tracing::warn!(
                "a new store was made: if there should be one here already, its disk may not be mounted"
            );
            return Ok(proposed);
        }
        (None, _) => return Err(Refused::Headless),
        // The first version did not note its format.
        (Some(_), None) => Format::whole(1),
        (Some(_), Some(format)) => format,
    };
    if format.newest() > current {
        return Err(Refused::Newer { found: format.newest() });
    }
    for step in steps {
        if format.version < step.to {
            tracing::info!(from = format.version, to = step.to, "carrying the store over to a newer format");
            format = carry(keyspace, format, step).await?;
        }
    }
    Ok(epoch.unwrap_or(proposed))
}

/// One step, from where it was left.
async fn carry(keyspace: &Keyspace, format: Format, step: &Step) -> Result<Format, Fault> {
    let (to, mut passed) = (step.to, format.passed.clone());
    if let Some((table, change)) = step.rows {
        let version = format.version;
        while let ControlFlow::Continue(last) = {
            let after = passed.take();
            keyspace.commit(move |tx| some_rows(tx, (version, to), table, after, change)).await?
        } {
            passed = Some(last);
        }
    }
    let whole = Format::whole(to);
    let noted = whole.clone();
    keyspace.commit(move |tx| format::put(tx, &noted)).await?;
    Ok(whole)
}

/// Carries some rows over and notes the last of them; breaks when there were none left.
fn some_rows(
    tx: &mut Transaction<'_>,
    (version, to): (u32, u32),
    table: u8,
    after: Option<Vec<u8>>,
    change: Carry,
) -> Result<ControlFlow<(), Vec<u8>>, Fault> {
    let start = after.map_or_else(
        || vec![table],
        |mut key| {
            key.push(0);
            key
        },
    );
    let rows: Vec<_> = tx.scan(&start..&[table + 1]).take(AT_ONCE).collect::<Result<_, _>>()?;
    let Some((last, _)) = rows.last() else { return Ok(ControlFlow::Break(())) };
    let last = last.clone();
    for (key, stored) in &rows {
        if let Some(bytes) = change(key, stored)? {
            tx.put(key, stored.version, &bytes)?;
        }
    }
    let passed = Some(last.clone());
    format::put(tx, &Format { version, becoming: Some(to), passed })?;
    Ok(ControlFlow::Continue(last))
}
