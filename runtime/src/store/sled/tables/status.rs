//! Statuses of messages nobody knows (yet): `u/<digest of channel, account, message><when><digest of status>`, the status.

use jiff::{SignedDuration, Timestamp};

use super::super::fault::Fault;
use super::super::key::{Key, KeyRange};
use super::super::transaction::Transaction;
use super::expiry;
use crate::store::Account;

pub(in super::super) const TABLE: u8 = b'u';

/// How long one may wait for its effect to become known.
pub(in super::super) const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The keys of a message's statuses, the earliest first.
pub(in super::super) fn of(account: &Account, message: &str) -> KeyRange {
    Key::of(TABLE).digest(&[&account.channel, &account.id, message]).range()
}

/// The keys of all statuses.
pub(in super::super) fn all() -> KeyRange {
    Key::of(TABLE).range()
}

/// The same as an older fluxo wrote them. The last of them expires thirty days after the upgrade.
pub(in super::super) fn older(account: &Account, message: &str) -> KeyRange {
    Key::of(TABLE).text(&account.channel).text(&account.id).text(message).range()
}

/// Keeps a status; the same one once.
pub(in super::super) fn put(
    tx: &mut Transaction<'_>,
    account: &Account,
    message: &str,
    at: Timestamp,
    status: &[u8],
) -> Result<(), Fault> {
    let key = Key::of(TABLE).digest(&[&account.channel, &account.id, message]).time(at);
    let key = key.digest(&[&String::from_utf8_lossy(status)]).bytes();
    expiry::put(tx, at, KEPT, &key)?;
    tx.put(&key, 0, status)
}
