//! What is forgotten in time: a few at a time, so that nobody waits long for a commit.

use jiff::Timestamp;

use super::keyspace::Keyspace;
use super::tables::{expiry, journal};
use crate::store::StoreError;

/// How many keys one commit of the sweep forgets.
const SWEPT_AT_ONCE: usize = 500;

/// How many turns are cut by one commit: each may hold a stored value's worth of input.
const CUT_AT_ONCE: usize = 100;

/// Forgets what has expired; says how much.
pub(super) async fn sweep(keyspace: &Keyspace, now: Timestamp) -> Result<u64, StoreError> {
    let mut swept = 0;
    loop {
        let found = keyspace.commit(move |tx| expiry::sweep(tx, now, SWEPT_AT_ONCE)).await?;
        swept += found as u64;
        if found < SWEPT_AT_ONCE {
            return Ok(swept);
        }
    }
}

/// Cuts turns that were played before a moment; says how many. Nobody else writes a turn again, so that it is read and
/// made smaller outside the writer.
pub(super) async fn cut(keyspace: &Keyspace, before: Timestamp) -> Result<u64, StoreError> {
    let mut cut = 0;
    loop {
        let found = keyspace.read(|view| journal::before(view, before, CUT_AT_ONCE)).await?;
        let count = found.len();
        if !found.is_empty() {
            keyspace.commit(move |tx| found.iter().try_for_each(|uncut| journal::put_cut(tx, uncut))).await?;
        }
        cut += count as u64;
        if count < CUT_AT_ONCE {
            return Ok(cut);
        }
    }
}
