//! Contacts and the index of their addresses.

use std::collections::{BTreeMap, BTreeSet};

use fluxo_engine::ids::ContactId;
use fluxo_engine::protocol::ContactChange;

use super::size::fits;
use crate::store::{Account, Address, ContactRecord, StoreError};

/// One way to reach a person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    User(String),
    Phone(String),
    Username(String),
}

type Where = (Account, Way);

#[derive(Debug, Clone, Default)]
pub(super) struct People {
    records: BTreeMap<ContactId, ContactRecord>,
    index: BTreeMap<Where, ContactId>,
}

impl People {
    pub(super) fn len(&self) -> u64 {
        self.records.len() as u64
    }

    pub(super) fn get(&self, id: &ContactId) -> Option<&ContactRecord> {
        self.records.get(id)
    }

    /// Whoever has one of these addresses: by user id, then by phone in both Brazilian forms, and by username only where
    /// nothing better was told. Who has another user id is somebody else.
    pub(super) fn find(&self, account: &Account, wanted: &Address) -> Option<&ContactRecord> {
        let at = |way: Way| self.index.get(&(account.clone(), way)).and_then(|id| self.records.get(id));
        if let Some(user) = &wanted.user
            && let Some(found) = at(Way::User(user.clone()))
        {
            return Some(found);
        }
        if let Some(phone) = &wanted.phone {
            let forms = std::iter::once(phone.clone()).chain(other_form(phone));
            let mut holders = forms.filter_map(|form| at(Way::Phone(form)));
            return holders.find(|holder| !is_another(holder, account, wanted));
        }
        match (&wanted.user, &wanted.username) {
            (None, Some(username)) => at(Way::Username(username.clone())),
            (Some(_), _) | (None, None) => None,
        }
    }

    /// Writes records whole, each at the revision that was read.
    pub(super) fn write(&mut self, records: &[ContactRecord]) -> Result<(), StoreError> {
        for record in records {
            let id = &record.contact.id;
            if self.records.get(id).map_or(0, |stored| stored.revision) != record.revision {
                return Err(StoreError::Conflict);
            }
            let left: Vec<Where> = self.records.get(id).map(ways).unwrap_or_default().into_iter().collect();
            let kept = ways(record);
            for way in left.iter().filter(|way| !kept.contains(way)) {
                self.leave(id, way);
            }
            let stored = ContactRecord { revision: record.revision + 1, ..record.clone() };
            fits("a contact", &stored)?;
            self.records.insert(id.clone(), stored);
        }
        for record in records {
            for way in ways(record) {
                let taken = self.index.get(&way).is_some_and(|owner| *owner != record.contact.id);
                if taken && !matches!(way.1, Way::Username(_)) {
                    return Err(StoreError::Conflict);
                }
                self.index.insert(way, record.contact.id.clone());
            }
        }
        Ok(())
    }

    /// Changes a contact as it stands.
    pub(super) fn change(&mut self, id: &ContactId, changes: &[ContactChange]) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        let missing = || StoreError::Damaged("a contact is missing".to_owned());
        let record = self.records.get_mut(id).ok_or_else(missing)?;
        for change in changes {
            record.contact.apply(change);
        }
        record.revision += 1;
        fits("a value", record)
    }

    /// Takes a contact away as it was read, with all that leads to it.
    pub(super) fn remove(&mut self, id: &ContactId, revision: u64) -> Result<ContactRecord, StoreError> {
        let record = self.records.get(id).filter(|record| record.revision == revision).cloned();
        let record = record.ok_or(StoreError::Conflict)?;
        for way in ways(&record) {
            self.leave(id, &way);
        }
        self.records.remove(id);
        Ok(record)
    }

    /// What is another's by now stays theirs.
    fn leave(&mut self, id: &ContactId, way: &Where) {
        if self.index.get(way) == Some(id) {
            self.index.remove(way);
        }
    }
}

fn ways(record: &ContactRecord) -> BTreeSet<Where> {
    let mut found = BTreeSet::new();
    for (account, address) in &record.addresses {
        found.extend(address.user.clone().map(|user| (account.clone(), Way::User(user))));
        found.extend(address.phone.clone().map(|phone| (account.clone(), Way::Phone(phone))));
        found.extend(address.username.clone().map(|name| (account.clone(), Way::Username(name))));
    }
    found
}

fn is_another(holder: &ContactRecord, account: &Account, wanted: &Address) -> bool {
    let users =
        holder.addresses.iter().filter(|(of, _)| of == account).filter_map(|(_, own)| own.user.as_ref());
    wanted.user.as_ref().is_some_and(|wanted| users.into_iter().any(|own| own != wanted))
}

/// A Brazilian mobile with the ninth digit or without (whatsapp-cloud.md §11).
fn other_form(phone: &str) -> Option<String> {
    let local = phone.strip_prefix("55").filter(|local| local.bytes().all(|byte| byte.is_ascii_digit()))?;
    let (area, number) = local.split_at_checked(2)?;
    let mobile = |number: &str| number.starts_with(['6', '7', '8', '9']);
    match (number.len(), number.strip_prefix('9')) {
        (9, Some(short)) if mobile(short) => Some(format!("55{area}{short}")),
        (8, _) if mobile(number) => Some(format!("55{area}9{number}")),
        _ => None,
    }
}
