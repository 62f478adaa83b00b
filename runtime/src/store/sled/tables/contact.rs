//! People: `p/<contact>`, and what follows from them in the index of addresses. The version of the value is the
//! contact's revision.

use fluxo_engine::ids::ContactId;
use fluxo_engine::protocol::ContactChange;

use super::super::fault::Fault;
use super::super::key::Key;
use super::super::transaction::{Expected, Transaction};
use super::super::view::View;
use super::address::{self, Kind};
use crate::store::{Account, Address, ContactRecord};

pub(in super::super) const TABLE: u8 = b'p';

pub(in super::super) fn key(id: &ContactId) -> Vec<u8> {
    Key::of(TABLE).text(id.as_str()).bytes()
}

pub(in super::super) fn get(view: &View<'_>, id: &ContactId) -> Result<Option<ContactRecord>, Fault> {
    let key = key(id);
    view.get(&key)?.map(|stored| super::read(&key, &stored.bytes)).transpose()
}

/// The contact that has one of these addresses. One that a phone leads to but that has another user id is somebody else.
pub(in super::super) fn find(
    view: &View<'_>,
    account: &Account,
    wanted: &Address,
) -> Result<Option<ContactRecord>, Fault> {
    for (kind, key) in address::search(account, wanted) {
        let Some(id) = address::owner(view, &key)? else { continue };
        let record = get(view, &id)?.ok_or_else(|| Fault::damaged(&key))?;
        let same = match kind {
            Kind::User => true,
            Kind::Phone | Kind::Username => !conflicts(&record, account, wanted),
        };
        if same {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

fn conflicts(record: &ContactRecord, account: &Account, wanted: &Address) -> bool {
    let own = record.addresses.iter().filter(|(of, _)| of == account);
    own.into_iter().any(|(_, own)| own.user.is_some() && wanted.user.is_some() && own.user != wanted.user)
}

/// Stores contacts whole, each at the revision that was read, and points their addresses to them; says how many are
/// new. The bytes already hold the revision that comes next. An address of somebody else is a conflict, unless that
/// one is written here as well, without it.
pub(in super::super) fn put(
    tx: &mut Transaction<'_>,
    records: &[(ContactRecord, Vec<u8>)],
) -> Result<i64, Fault> {
    let mut new = 0;
    for (record, bytes) in records {
        let id = &record.contact.id;
        let key = key(id);
        let expected = record.revision - 1;
        tx.expect(&key, if expected == 0 { Expected::Absent } else { Expected::Version(expected) })?;
        new += i64::from(expected == 0);
        let old = get(&tx.view(), id)?.as_ref().map(address::keys_of).unwrap_or_default();
        for gone in old.difference(&address::keys_of(record)) {
            forget_address(tx, id, gone)?;
        }
        tx.put(&key, record.revision, bytes)?;
    }
    for (record, _) in records {
        let id = &record.contact.id;
        for key in address::keys_of(record) {
            match address::owner(&tx.view(), &key)? {
                Some(owner) if owner == *id => {}
                // People give usernames up and others take them: the one who told it last has it.
                Some(_) if address::is_username(&key) => tx.put(&key, 0, id.as_str().as_bytes())?,
                Some(_) => return Err(Fault::Conflict),
                None => tx.put(&key, 0, id.as_str().as_bytes())?,
            }
        }
    }
    Ok(new)
}

/// Takes a contact away, as it was read, and all that leads to it; answers it as it was.
pub(in super::super) fn remove(
    tx: &mut Transaction<'_>,
    id: &ContactId,
    revision: u64,
) -> Result<ContactRecord, Fault> {
    let key = key(id);
    tx.expect(&key, Expected::Version(revision))?;
    let record = get(&tx.view(), id)?.ok_or(Fault::Conflict)?;
    for own in address::keys_of(&record) {
        forget_address(tx, id, &own)?;
    }
    tx.delete(&key)?;
    Ok(record)
}

/// An address that is somebody else's by now stays theirs.
fn forget_address(tx: &mut Transaction<'_>, id: &ContactId, key: &[u8]) -> Result<(), Fault> {
    if address::owner(&tx.view(), key)?.is_some_and(|owner| owner == *id) {
        tx.delete(key)?;
    }
    Ok(())
}

/// Changes a contact as it stands.
pub(in super::super) fn change(
    tx: &mut Transaction<'_>,
    id: &ContactId,
    changes: &[ContactChange],
) -> Result<(), Fault> {
    if changes.is_empty() {
        return Ok(());
    }
    let key = key(id);
    let mut record = get(&tx.view(), id)?.ok_or_else(|| Fault::damaged(&key))?;
    for change in changes {
        record.contact.apply(change);
    }
    record.revision += 1;
    let bytes = super::write(&key, &record)?;
    tx.put(&key, record.revision, &bytes)
}
