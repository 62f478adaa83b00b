//! The effects behind providers' message ids: `m/<digest of channel, account, message>`, so that statuses find them.

use fluxo_engine::ids::{ConversationId, EffectId};
use jiff::{SignedDuration, Timestamp};

use super::super::fault::Fault;
use super::super::key::Key;
use super::super::transaction::Transaction;
use super::super::view::View;
use super::expiry;
use crate::store::Account;

pub(in super::super) const TABLE: u8 = b'm';

/// How long a status may come after its message was asked for.
const KEPT: SignedDuration = SignedDuration::from_hours(35 * 24);

fn key(account: &Account, message: &str) -> Vec<u8> {
    Key::of(TABLE).digest(&[&account.channel, &account.id, message]).bytes()
}

/// As an older fluxo wrote it. The last of them expires thirty-five days after the upgrade.
fn older(account: &Account, message: &str) -> Vec<u8> {
    Key::of(TABLE).text(&account.channel).text(&account.id).text(message).bytes()
}

pub(in super::super) fn put(
    tx: &mut Transaction<'_>,
    account: &Account,
    message: &str,
    effect: (&ConversationId, &EffectId),
    asked: Option<Timestamp>,
) -> Result<(), Fault> {
    let key = key(account, message);
    if let Some(asked) = asked {
        expiry::put(tx, asked, KEPT, &key)?;
    }
    let bytes = super::write(&key, &effect)?;
    tx.put(&key, 0, &bytes)
}

pub(in super::super) fn get(
    view: &View<'_>,
    account: &Account,
    message: &str,
) -> Result<Option<(ConversationId, EffectId)>, Fault> {
    for key in [key(account, message), older(account, message)] {
        if let Some(stored) = view.get(&key)? {
            return super::read(&key, &stored.bytes).map(Some);
        }
    }
    Ok(None)
}
