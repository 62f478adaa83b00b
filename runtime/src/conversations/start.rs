//! Starts a flow from outside: a call of our API.

use fluxo_engine::ids::{ConversationId, FlowId};
use fluxo_engine::protocol::{Object, Origin};

use super::intake::door;
use super::{Closed, Conversations, TRIES};
use crate::releases::Door;
use crate::store::{Account, Address, Committed, DedupeKey, Mode, StartRequest, StoreError};

/// The channel name of dedupe keys that callers of our API give.
const API: &str = "api";

/// Why a flow was not started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The current release has no flow of this name.
    #[error("there is no flow {0}")]
    UnknownFlow(FlowId),
    /// The flow has no trigger `when: api`.
    #[error("flow {0} has no trigger with \"when\": \"api\"")]
    NotForApi(FlowId),
    /// The project has no channel of this name.
    #[error("there is no channel {0}")]
    UnknownChannel(String),
    /// Neither a phone nor a user id.
    #[error("the contact needs a phone or a user id")]
    NoAddress,
    /// People have the conversation.
    #[error("people have the conversation")]
    WithPeople,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// The contact's conversation.
    pub conversation: ConversationId,
    /// The same key was used before: nothing was started again.
    pub duplicate: bool,
}

impl Conversations {
    /// Starts a flow with a contact, who is created if unknown. An open session ends with the outcome `replaced`;
    /// while a call of it is in flight, the new one begins once that has answered. Durable when it returns.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start_session(
        &self,
        channel: &str,
        to: &Address,
        name: Option<&str>,
        flow: &FlowId,
        inputs: &Object,
        key: Option<&str>,
    ) -> Result<Started, StartError> {
        match self.releases.current().door(flow) {
            Door::Open => {}
            Door::Closed => return Err(StartError::NotForApi(flow.clone())),
            Door::Missing => return Err(StartError::UnknownFlow(flow.clone())),
        }
        let account = match self.outside.channel(channel) {
            Some(found) => Account { channel: channel.to_owned(), id: found.account().to_owned() },
            None => return Err(StartError::UnknownChannel(channel.to_owned())),
        };
        if to.phone.is_none() && to.user.is_none() {
            return Err(StartError::NoAddress);
        }
        let _first = self.doors.enter(&door(&account, to)).await;
        for _ in 0..TRIES {
            let known = self.who(&account, to).await?;
            let stranger = known.is_none();
            let mut draft = self.conversation_with(&account, to, known).await?;
            let conversation = draft.conversation().id.clone();
            let key = key.map(|key| DedupeKey {
                account: Account { channel: API.to_owned(), id: account.id.clone() },
                message: key.to_owned(),
            });
            if draft.conversation().mode != Mode::Bot {
                // What was started before may have led to people: that is no reason to refuse its repetition.
                return match key {
                    Some(key) if self.store.seen(&key).await? => {
                        Ok(Started { conversation, duplicate: true })
                    }
                    Some(_) | None => Err(StartError::WithPeople),
                };
            }
            if let Some(name) = name
                && draft.contact.name.is_none()
            {
                let mut record = draft.record.clone();
                record.contact.name = Some(name.to_owned());
                draft.commit.contacts.clear();
                draft.write_contact(record);
            }
            if let Some(key) = key {
                draft.commit.seen.push((key, draft.now));
            }
            draft.receive_start(StartRequest {
                flow: flow.clone(),
                origin: Origin::Api,
                inputs: inputs.clone(),
            });
            match self.close(draft).await {
                Ok(Closed { left, committed }) => {
                    if left {
                        let _inside = self.doors.enter(conversation.as_str()).await;
                        self.settle(&conversation).await?;
                    }
                    tracing::info!(%conversation, %flow, stranger, "flow started from outside");
                    return Ok(Started { conversation, duplicate: committed == Committed::Duplicate });
                }
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Conflict.into())
    }
}
