//! A contact who wants to be forgotten: everything personal goes, at once and for good.
//!
//! An open session ends `erased` without playing anything more: what it would say, nobody could be told. A
//! conversation that people have is over for them as well, and a notice in their queue says so. What is under way to
//! the provider at this moment cannot be called back. Whoever writes again is a stranger.

use fluxo_engine::ids::{ContactId, ConversationId};

use super::words::Words;
use super::{Conversations, TRIES, phone};
use crate::store::{Erased, Erasure, Mode, Notice, StoreError};

/// Conversations looked at a time.
const PAGE: usize = 256;

impl Conversations {
    /// Contacts that are, or were last, reached at a phone, with or without the ninth digit of Brazilian mobiles.
    ///
    /// # Errors
    /// The store's.
    pub async fn contacts_at(&self, number: &str) -> Result<Vec<ContactId>, StoreError> {
        let wanted = phone::shown(number);
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let page = self.store.conversations(after.as_ref(), PAGE).await?;
            for conversation in &page {
                let own = conversation.address.phone.as_deref().map(phone::shown);
                if own.as_ref() == Some(&wanted) && !found.contains(&conversation.contact) {
                    found.push(conversation.contact.clone());
                }
            }
            match page.into_iter().nth(PAGE - 1) {
                Some(last) => after = Some(last.id),
                None => return Ok(found),
            }
        }
    }

    /// Erases a contact; `None` when there is none.
    ///
    /// # Errors
    /// The store's. Then the contact is still there, and erasing it again goes on with it.
    pub async fn erase_contact(&self, contact: &ContactId) -> Result<Option<Erased>, StoreError> {
        for _ in 0..TRIES {
            if self.store.contact(contact).await?.is_none() {
                return Ok(None);
            }
            let ids = self.conversations_of(contact).await?;
            let mut inside = Vec::new();
            for id in &ids {
                inside.push(self.doors.enter(id.as_str()).await);
            }
            let notices = self.told_of_erasure(&ids).await?;
            let erasure = Erasure { contact: contact.clone(), conversations: ids, at: self.now(), notices };
            match self.store.erase(erasure).await {
                Ok(erased) => {
                    tracing::info!(%contact, conversations = erased.conversations, "a contact was erased");
                    return Ok(Some(erased));
                }
                // A conversation has begun since they were looked for.
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Conflict)
    }

    /// All conversations of a contact, sorted, also those that came with a merge: those no record names.
    async fn conversations_of(&self, contact: &ContactId) -> Result<Vec<ConversationId>, StoreError> {
        let record = self.store.contact(contact).await?;
        let named = record.into_iter().flat_map(|record| record.conversations);
        let mut ids: Vec<ConversationId> = named.map(|(_, id)| id).collect();
        let mut after = None;
        loop {
            let page = self.store.conversations(after.as_ref(), PAGE).await?;
            let own = page.iter().filter(|conversation| conversation.contact == *contact);
            ids.extend(own.map(|conversation| conversation.id.clone()));
            match page.into_iter().nth(PAGE - 1) {
                Some(last) => after = Some(last.id),
                None => break,
            }
        }
        // Always in the same order, so that two who want the same doors do not wait for each other.
        ids.sort();
        ids.dedup();
        Ok(ids)
    }

    /// What the people hear who have one of the conversations.
    async fn told_of_erasure(&self, ids: &[ConversationId]) -> Result<Vec<Notice>, StoreError> {
        let mut notices = Vec::new();
        for id in ids {
            let conversation = match self.store.load(id).await {
                Ok(loaded) => loaded.map(|loaded| loaded.conversation),
                Err(StoreError::Damaged(_)) => None,
                Err(error) => return Err(error),
            };
            match conversation.map(|conversation| conversation.mode) {
                Some(Mode::Queued { queue, .. } | Mode::People { queue, .. }) => {
                    let words = Words::Erased { conversation: id.as_str() };
                    let text = words.text(self.surroundings.language());
                    notices.push(Notice { at: self.now(), conversation: None, queue: Some(queue), text });
                }
                Some(Mode::Bot) | None => {}
            }
        }
        Ok(notices)
    }
}
