//! What attendants do with a conversation: take it, answer, give it back, end it.

use fluxo_engine::ids::{ConversationId, EffectId, WaitId};
use fluxo_engine::protocol::{DeskEvent, Message};

use super::draft::Draft;
use super::words::Words;
use super::{Conversations, Decided};
use crate::store::{Mode, Speaker, StoreError};

/// Why an attendant could not do it.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// There is no such conversation.
    #[error("there is no such conversation")]
    NotFound,
    /// The flow has the conversation.
    #[error("the conversation is not with people")]
    NotWithPeople,
    /// Nobody has taken it yet.
    #[error("the conversation was not taken yet")]
    NotTaken,
    /// Another attendant has it.
    #[error("{0} has the conversation")]
    TakenBy(String),
    /// Free text may not be sent now.
    #[error("over 24 hours since the contact last wrote: only a template may be sent")]
    WindowClosed,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How people give a conversation up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Returned,
    Finished,
}

impl Conversations {
    /// An attendant takes a conversation that waits in a queue. Taking one's own again changes nothing.
    ///
    /// # Errors
    /// See [`DeskError`].
    pub async fn take(&self, id: &ConversationId, attendant: &str) -> Result<(), DeskError> {
        self.desk(id, |draft| match draft.conversation().mode.clone() {
            Mode::Bot => Decided::Leave(Err(DeskError::NotWithPeople)),
            Mode::People { attendant: has, .. } if has == attendant => Decided::Leave(Ok(())),
            Mode::People { attendant: has, .. } => Decided::Leave(Err(DeskError::TakenBy(has))),
            Mode::Queued { queue, wait, handoff, .. } => {
                let since = draft.now;
                let by = attendant.to_owned();
                let mode = Mode::People { queue, since, attendant: by.clone(), wait: wait.clone(), handoff };
                draft.conversation_mut().mode = mode;
                draft.note(&Words::Taken { attendant });
                if let Some(wait) = wait {
                    draft.wake_from_desk(wait, DeskEvent::Accepted { attendant: by });
                }
                Decided::Commit(Ok(()))
            }
        })
        .await
    }

    /// An attendant says something to the contact; delivered like any other message. The key makes a repeated
    /// request say it once.
    ///
    /// # Errors
    /// See [`DeskError`].
    pub async fn reply(
        &self,
        id: &ConversationId,
        attendant: &str,
        message: Message,
        key: Option<&str>,
    ) -> Result<EffectId, DeskError> {
        self.desk(id, |draft| {
            if let Err(error) = has(draft, attendant) {
                return Decided::Leave(Err(error));
            }
            let conversation = draft.conversation();
            let channel = self.outside.channel(&conversation.account.channel);
            let open =
                channel.is_some_and(|channel| channel.window_open(conversation.last_inbound, draft.now));
            if !open && !matches!(message, Message::Template { .. }) {
                return Decided::Leave(Err(DeskError::WindowClosed));
            }
            if let Some(key) = key {
                let key = format!("{}/reply/{key}", conversation.id);
                draft.seen(key);
            }
            Decided::Commit(Ok(draft.say(message.clone(), Speaker::Attendant(attendant.to_owned()))))
        })
        .await
    }

    /// An attendant gives the conversation back to the flow.
    ///
    /// # Errors
    /// See [`DeskError`].
    pub async fn give_back(
        &self,
        id: &ConversationId,
        attendant: &str,
        outcome: Option<&str>,
        note: Option<&str>,
    ) -> Result<(), DeskError> {
        self.leave(id, attendant, Ending::Returned, outcome, note).await
    }

    /// An attendant ends the conversation.
    ///
    /// # Errors
    /// See [`DeskError`].
    pub async fn finish(
        &self,
        id: &ConversationId,
        attendant: &str,
        outcome: Option<&str>,
        note: Option<&str>,
    ) -> Result<(), DeskError> {
        self.leave(id, attendant, Ending::Finished, outcome, note).await
    }

    async fn leave(
        &self,
        id: &ConversationId,
        attendant: &str,
        ending: Ending,
        outcome: Option<&str>,
        note: Option<&str>,
    ) -> Result<(), DeskError> {
        self.desk(id, |draft| {
            let wait = match has(draft, attendant) {
                Ok(wait) => wait,
                Err(error) => return Decided::Leave(Err(error)),
            };
            draft.conversation_mut().mode = Mode::Bot;
            draft.note(&match ending {
                Ending::Returned => Words::Returned { outcome, note },
                Ending::Finished => Words::Finished { outcome, note },
            });
            if let Some(wait) = wait {
                let (outcome, note) = (outcome.map(str::to_owned), note.map(str::to_owned));
                draft.wake_from_desk(
                    wait,
                    match ending {
                        Ending::Returned => DeskEvent::Returned { outcome, note },
                        Ending::Finished => DeskEvent::Finished { outcome, note },
                    },
                );
            }
            Decided::Commit(Ok(()))
        })
        .await
    }

    async fn desk<T>(
        &self,
        id: &ConversationId,
        decide: impl FnMut(&mut Draft<'_>) -> Decided<Result<T, DeskError>>,
    ) -> Result<T, DeskError> {
        self.change(id, None, decide).await?.ok_or(DeskError::NotFound)?
    }
}

/// Whether an attendant has the conversation, and the wait of the flow that people were asked for by.
fn has(draft: &Draft<'_>, attendant: &str) -> Result<Option<WaitId>, DeskError> {
    match &draft.conversation().mode {
        Mode::Bot => Err(DeskError::NotWithPeople),
        Mode::Queued { .. } => Err(DeskError::NotTaken),
        Mode::People { attendant: has, wait, .. } if has == attendant => Ok(wait.clone()),
        Mode::People { attendant: has, .. } => Err(DeskError::TakenBy(has.clone())),
    }
}
