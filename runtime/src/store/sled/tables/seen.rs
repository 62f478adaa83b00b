//! Messages seen: `g/<digest of channel, account, message>`, empty. Kept for their own time, whatever becomes of the
//! conversation and of the contact: nothing in them is anybody's.

use jiff::{SignedDuration, Timestamp};

use super::super::fault::Fault;
use super::super::key::Key;
use super::super::transaction::Transaction;
use super::super::view::View;
use super::expiry;
use crate::store::DedupeKey;

pub(in super::super) const TABLE: u8 = b'g';

/// How long a message is known after it was seen: providers deliver again for days, not weeks.
pub(in super::super) const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

fn key(of: &DedupeKey) -> Vec<u8> {
    Key::of(TABLE).digest(&[&of.account.channel, &of.account.id, &of.message]).bytes()
}

/// As an older fluxo wrote it. The last of them expires thirty days after the upgrade.
fn older(of: &DedupeKey) -> Vec<u8> {
    Key::of(TABLE).text(&of.account.channel).text(&of.account.id).text(&of.message).bytes()
}

pub(in super::super) fn contains(view: &View<'_>, of: &DedupeKey) -> Result<bool, Fault> {
    Ok(view.version(&key(of))?.is_some() || view.version(&older(of))?.is_some())
}

pub(in super::super) fn put(tx: &mut Transaction<'_>, of: &DedupeKey, at: Timestamp) -> Result<(), Fault> {
    let key = key(of);
    expiry::put(tx, at, KEPT, &key)?;
    tx.put(&key, 0, b"")
}

#[cfg(test)]
mod tests {
    use super::super::super::keyspace::{Keyspace, Options};
    use super::*;
    use crate::store::Account;

    #[test]
    fn the_parts_of_a_key_do_not_run_into_each_other() {
        let of = |channel: &str, account: &str, message: &str| {
            let account = Account { channel: channel.to_owned(), id: account.to_owned() };
            key(&DedupeKey { account, message: message.to_owned() })
        };
        let keys = [of("w", "1", "m"), of("w1", "", "m"), of("w", "1m", ""), of("", "w1", "m")];
        for (at, one) in keys.iter().enumerate() {
            assert!(keys.iter().skip(at + 1).all(|other| one != other));
            assert!(one.len() < 20, "nothing of a message's id stands in it");
        }
    }

    #[tokio::test]
    async fn what_an_older_fluxo_has_seen_is_known() {
        let place = tempfile::tempdir().unwrap();
        let store = Keyspace::open(place.path(), &Options::default()).unwrap();
        let account = Account { channel: "w".to_owned(), id: "1".to_owned() };
        let of = |message: &str| DedupeKey { account: account.clone(), message: message.to_owned() };
        let before = older(&of("m"));
        store.commit(move |tx| tx.put(&before, 0, b"")).await.unwrap();
        assert!(store.read(|view| contains(view, &of("m"))).await.unwrap());
        assert!(!store.read(|view| contains(view, &of("n"))).await.unwrap());
    }
}
