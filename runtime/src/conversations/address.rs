//! A contact's address changed: the conversation moves with its history.

use fluxo_engine::ids::ConversationId;

use super::person::merge_address;
use super::words::Words;
use super::{Conversations, Decided, phone};
use crate::store::{Account, Address, ContactRecord, StoreError};

impl Conversations {
    /// Moves a conversation to a contact's new address, as the platform announced it.
    pub(super) async fn address_changed(
        &self,
        account: &Account,
        from: &Address,
        to: &Address,
        id: &str,
    ) -> Result<(), StoreError> {
        let Some(mut record) = self.store.find_contact(account, from).await? else { return Ok(()) };
        // Whoever wrote under the new user id before this notice came is the same person: the platform says so.
        if let Some(user) = &to.user
            && let alone = (Address { user: Some(user.clone()), ..Address::default() })
            && let Some(holder) = self.store.find_contact(account, &alone).await?
            && holder.contact.id != record.contact.id
        {
            let mover = record.contact.id.clone();
            let told = |record: &mut ContactRecord| {
                if record.contact.id == mover {
                    move_to(record, account, to);
                }
            };
            if self.merge(account, &mover, &holder.contact.id, told).await?
                && let Some(one) = self.store.find_contact(account, &alone).await?
            {
                record = one;
            }
        }
        let conversation = record.conversations.iter().find(|(on, _)| on == account);
        let Some((_, conversation)) = conversation else { return Ok(()) };
        self.vacate(account, to, conversation).await?;
        self.change(conversation, None, |draft| {
            draft.seen(format!("{id}/address"));
            let mut record = draft.record.clone();
            move_to(&mut record, account, to);
            draft.write_contact(record);
            merge_address(&mut draft.conversation_mut().address, to);
            draft.note(&Words::Moved);
            Decided::Commit(())
        })
        .await
        .map(|_| ())
    }

    /// Takes an address away from whoever else has it, so that the one who moves can have it.
    async fn vacate(
        &self,
        account: &Account,
        to: &Address,
        mover: &ConversationId,
    ) -> Result<(), StoreError> {
        let alone = [
            Address { user: to.user.clone(), ..Address::default() },
            Address { phone: to.phone.clone(), ..Address::default() },
        ];
        for address in alone.iter().filter(|address| **address != Address::default()) {
            let Some(holder) = self.store.find_contact(account, address).await? else { continue };
            let Some((_, conversation)) = holder.conversations.iter().find(|(on, _)| on == account) else {
                continue;
            };
            if conversation == mover {
                continue;
            }
            self.change(conversation, None, |draft| {
                let mut record = draft.record.clone();
                for (_, held) in record.addresses.iter_mut().filter(|(on, _)| on == account) {
                    strip(held, to);
                }
                record.addresses.retain(|(_, held)| *held != Address::default());
                if record == draft.record {
                    return Decided::Leave(());
                }
                if to.phone.is_some() {
                    record.contact.phone = None;
                }
                draft.write_contact(record);
                strip(&mut draft.conversation_mut().address, to);
                draft.notice(None, &Words::AddressTaken);
                Decided::Commit(())
            })
            .await?;
        }
        Ok(())
    }
}

/// Puts the new address into a record.
fn move_to(record: &mut ContactRecord, account: &Account, to: &Address) {
    match record.addresses.iter_mut().find(|(on, _)| on == account) {
        Some((_, address)) => merge_address(address, to),
        None => record.addresses.push((account.clone(), to.clone())),
    }
    if let Some(digits) = &to.phone {
        record.contact.phone = Some(phone::shown(digits));
    }
}

/// Takes out of an address what another person has now.
fn strip(held: &mut Address, taken: &Address) {
    for (held, taken) in [(&mut held.user, &taken.user), (&mut held.phone, &taken.phone)] {
        if held == taken {
            *held = None;
        }
    }
}
