//! Who wrote: the contact behind an address, and its conversation on our account.
//!
//! The channel's own id of a person (BSUID) outranks the phone: the same phone with another id is a new person, and
//! the phone leaves the old contact. Two contacts that turn out to be one become one: see [`super::merge`].

use fluxo_engine::protocol::Contact;

use super::draft::{Draft, Pinned};
use super::words::Words;
use super::{Conversations, Decided, TRIES, names, phone};
use crate::store::{Account, Address, ContactRecord, Conversation, Mode, StoreError};

/// Somebody known by the address they write from.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) record: ContactRecord,
    /// The address told something new: the record is to be written with the next commit.
    pub(super) write: bool,
}

impl Conversations {
    /// Finds whoever has an address, and brings the index in line with what the address tells.
    pub(super) async fn who(&self, account: &Account, from: &Address) -> Result<Option<Person>, StoreError> {
        for _ in 0..TRIES {
            let by_user = self.known_by(account, from.user.clone(), None).await?;
            let by_phone = self.known_by(account, None, from.phone.clone()).await?;
            let found = match (by_user, by_phone) {
                (Some(person), Some(holder)) if holder.contact.id != person.contact.id => {
                    let (one, other) = (&person.contact.id, &holder.contact.id);
                    if are_one(&person, &holder, account, from)
                        && self.merge(account, one, other, |_| ()).await?
                    {
                        continue;
                    }
                    self.phone_leaves(account, &holder, from).await?;
                    Some(person)
                }
                (Some(person), Some(_) | None) => Some(person),
                (None, Some(holder)) => {
                    let other =
                        from.user.is_some() && address_on(&holder, account).is_some_and(|a| a.user.is_some());
                    if other {
                        self.phone_leaves(account, &holder, from).await?;
                        None
                    } else {
                        Some(holder)
                    }
                }
                // A username may be given up and taken by somebody else: it counts only where there is nothing better.
                (None, None) if from.user.is_none() && from.phone.is_none() => {
                    self.store.find_contact(account, from).await?
                }
                (None, None) => None,
            };
            let Some(mut record) = found else { return Ok(None) };
            let before = record.clone();
            link(&mut record, account, from);
            let write = record != before;
            return Ok(Some(Person { record, write }));
        }
        Err(StoreError::Conflict)
    }

    async fn known_by(
        &self,
        account: &Account,
        user: Option<String>,
        phone: Option<String>,
    ) -> Result<Option<ContactRecord>, StoreError> {
        if user.is_none() && phone.is_none() {
            return Ok(None);
        }
        self.store.find_contact(account, &Address { user, phone, username: None }).await
    }

    /// The conversation of a person on an account, as it stands; begins one in memory when there is none.
    pub(super) async fn conversation_with(
        &self,
        account: &Account,
        from: &Address,
        known: Option<Person>,
    ) -> Result<Draft<'_>, StoreError> {
        let now = self.now();
        let (mut record, mut write) = match known {
            Some(Person { record, write }) => (record, write),
            None => {
                let mut record = ContactRecord {
                    revision: 0,
                    contact: Contact::new(names::contact(now)),
                    addresses: Vec::new(),
                    conversations: Vec::new(),
                };
                link(&mut record, account, from);
                (record, true)
            }
        };
        let known = record.conversations.iter().find(|(on, _)| on == account).map(|(_, id)| id.clone());
        let mut unreadable = None;
        let existing = match &known {
            None => None,
            Some(id) => match self.open(id).await {
                Ok(Some(draft)) => Some(draft),
                damaged @ (Ok(None) | Err(StoreError::Damaged(_))) => {
                    let what =
                        damaged.err().map_or_else(|| "it is gone".to_owned(), |error| error.to_string());
                    self.tell_unreadable(id, &what);
                    record.conversations.retain(|(on, _)| on != account);
                    unreadable = known.as_ref();
                    None
                }
                Err(error) => return Err(error),
            },
        };
        let mut draft = match existing {
            Some(draft) => draft,
            None => {
                write = true;
                let id = names::conversation(now);
                record.conversations.push((account.clone(), id.clone()));
                let conversation = Conversation {
                    id,
                    contact: record.contact.id.clone(),
                    account: account.clone(),
                    address: from.clone(),
                    mode: Mode::Bot,
                    session: None,
                    session_id: None,
                    release: None,
                    sessions: 0,
                    asked: None,
                    last_inbound: None,
                    last_message: None,
                    journaled: None,
                    closing: false,
                    next_line: 0,
                };
                Draft::new(self, conversation, record.clone())
            }
        };
        debug_assert!(
            draft.commit.conversation.session.is_none() || !matches!(draft.pinned, Pinned::Nothing)
        );
        merge_address(&mut draft.conversation_mut().address, from);
        if write {
            draft.write_contact(record);
        }
        if let Some(id) = unreadable {
            draft.give_to_people(None, &Words::Unreadable { conversation: id.as_str() });
        }
        Ok(draft)
    }

    /// A phone is another person's now: the one who had it keeps everything but the phone. With the number in its
    /// other Brazilian form nothing is known for sure, and both keep theirs.
    async fn phone_leaves(
        &self,
        account: &Account,
        holder: &ContactRecord,
        from: &Address,
    ) -> Result<(), StoreError> {
        if address_on(holder, account).is_none_or(|address| address.phone != from.phone) {
            return Ok(());
        }
        let Some((_, conversation)) = holder.conversations.iter().find(|(on, _)| on == account) else {
            return Ok(());
        };
        self.change(conversation, None, |draft| {
            let mut record = draft.record.clone();
            for (on, address) in &mut record.addresses {
                if on == account && address.phone == from.phone {
                    address.phone = None;
                }
            }
            record.addresses.retain(|(_, address)| *address != Address::default());
            if record == draft.record {
                return Decided::Leave(());
            }
            record.contact.phone = None;
            draft.write_contact(record);
            draft.contact.phone = None;
            draft.conversation_mut().address.phone = None;
            draft.notice(None, &Words::AddressTaken);
            Decided::Commit(())
        })
        .await
        .map(|_| ())
    }
}

/// Whether the one known by a user id and the one known by a phone are one, now that both came together: nothing else
/// is known of the phone's, and of the other no other number. Whoever comes to a number that was somebody's is not that
/// somebody.
fn are_one(person: &ContactRecord, holder: &ContactRecord, account: &Account, from: &Address) -> bool {
    let number = |address: &Address| address.phone.as_deref().map(phone::shown);
    let other_number =
        address_on(person, account).and_then(number).is_some_and(|own| Some(own) != number(from));
    !other_number && address_on(holder, account).is_some_and(|address| address.user.is_none())
}

/// A person's address on an account.
pub(super) fn address_on<'a>(record: &'a ContactRecord, account: &Account) -> Option<&'a Address> {
    record.addresses.iter().find(|(on, _)| on == account).map(|(_, address)| address)
}

/// Adds to a record what an address tells.
fn link(record: &mut ContactRecord, account: &Account, from: &Address) {
    match record.addresses.iter_mut().find(|(on, _)| on == account) {
        Some((_, address)) => merge_address(address, from),
        None => record.addresses.push((account.clone(), from.clone())),
    }
    if let Some(digits) = &from.phone {
        record.contact.phone = Some(phone::shown(digits));
    }
}

/// What was received last counts: replies go to the address as received.
pub(super) fn merge_address(address: &mut Address, from: &Address) {
    for (kept, told) in [
        (&mut address.user, &from.user),
        (&mut address.phone, &from.phone),
        (&mut address.username, &from.username),
    ] {
        if told.is_some() {
            kept.clone_from(told);
        }
    }
}
