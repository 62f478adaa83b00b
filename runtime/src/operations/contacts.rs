//! Contacts: finding one, and erasing one.

use fluxo_engine::ids::ContactId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{OperationError, Operations, Progress, Request};
use crate::store::{Erased, Mode};

/// Asks who is reached at a phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactFind {
    /// In any form in which people write one.
    pub phone: String,
}

/// Asks for a contact to be looked at, before it is erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactShow {
    /// Who.
    pub contact: ContactId,
}

/// Asks for a contact to be erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactErase {
    /// Who.
    pub contact: ContactId,
}

/// A contact, without anything personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Who.
    pub contact: ContactId,
    /// Their conversations.
    pub conversations: Vec<ConversationRow>,
}

/// One of a contact's conversations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationRow {
    /// Which.
    pub conversation: String,
    /// The channel's name.
    pub channel: String,
    /// When the contact last wrote.
    pub last: Option<Timestamp>,
    /// Whether people have it or are asked to take it.
    pub with_people: bool,
}

impl Request for ContactFind {
    type Answer = Vec<Row>;

    async fn carry_out(self, here: &Operations, _: &Progress) -> Result<Vec<Row>, OperationError> {
        if !self.phone.chars().any(|c| c.is_ascii_digit()) {
            return Err(OperationError::refused(
                "um telefone tem dígitos: escreva com o código do país e o DDD",
            ));
        }
        let mut rows = Vec::new();
        for contact in here.conversations().contacts_at(&self.phone).await? {
            rows.extend(row(here, contact).await?);
        }
        Ok(rows)
    }
}

impl Request for ContactShow {
    type Answer = Row;

    async fn carry_out(self, here: &Operations, _: &Progress) -> Result<Row, OperationError> {
        let unknown = nobody(&self.contact);
        row(here, self.contact).await?.ok_or(unknown)
    }
}

impl Request for ContactErase {
    type Answer = Erased;

    async fn carry_out(self, here: &Operations, _: &Progress) -> Result<Erased, OperationError> {
        let erased = here.conversations().erase_contact(&self.contact).await?;
        erased.ok_or_else(|| nobody(&self.contact))
    }
}

fn nobody(contact: &ContactId) -> OperationError {
    OperationError::not_there(format!("não há contato {contact}"))
}

async fn row(here: &Operations, contact: ContactId) -> Result<Option<Row>, OperationError> {
    let store = here.conversations().store();
    let Some(record) = store.contact(&contact).await? else { return Ok(None) };
    let mut conversations = Vec::new();
    for (account, id) in record.conversations {
        let loaded = store.load(&id).await?;
        conversations.push(ConversationRow {
            conversation: id.to_string(),
            channel: account.channel,
            last: loaded.as_ref().and_then(|loaded| loaded.conversation.last_inbound),
            with_people: loaded.is_some_and(|loaded| loaded.conversation.mode != Mode::Bot),
        });
    }
    Ok(Some(Row { contact, conversations }))
}
