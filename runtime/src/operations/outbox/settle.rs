//! Settles dead letters: tried again, or let go; by name, or all that are alike.

use std::collections::BTreeSet;

use fluxo_engine::ids::{ConversationId, EffectId};
use fluxo_engine::protocol::{EffectKind, Method};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};

use super::list::Letters;
use crate::conversations::names;
use crate::foundation::redact::redact;
use crate::operations::{OperationError, Operations, Progress, Request};
use crate::store::{DeadLetter, SendState, StoreError};

/// Settled at the same time: they share the store's flushes.
const AT_ONCE: usize = 32;
/// Letters that were left are named one by one up to here.
const NAMED: usize = 100;

/// Asks for dead letters to be settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settle {
    /// Which.
    pub which: Which,
    /// How.
    pub how: How,
    /// Only says what would be done.
    pub only_look: bool,
}

/// Which dead letters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// These.
    Named(Vec<EffectId>),
    /// All that are alike.
    Alike {
        /// Given up for a reason that holds this, in upper or lower case.
        reason: Option<String>,
        /// Of this conversation.
        conversation: Option<ConversationId>,
    },
}

/// How dead letters are settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Tried again, as if they were asked now.
    Retry {
        /// Also what may have arrived: it may then arrive twice.
        unclear: bool,
        /// Also calls that change something outside.
        changing: bool,
    },
    /// Let go.
    Discard,
}

/// What was settled.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Settled {
    /// How many.
    pub settled: u64,
    /// How many were left as they are.
    pub left: u64,
    /// The first hundred of these, and why.
    pub why: Vec<Left>,
}

/// A letter that was left as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// Its effect.
    pub effect: EffectId,
    /// Why.
    pub why: Why,
}

/// Why a letter was left as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Nothing is known by this name.
    NotThere,
    /// It is in the outbox: nobody has given it up.
    NotGivenUp,
    /// It is over: so far it got.
    Arrived(SendState),
    /// It may have arrived, and that was not said to be no matter.
    MayHaveArrived,
    /// It is a call that changes something outside, and that was not said to be no matter.
    ChangesOutside,
    /// Its conversation cannot be read.
    Unreadable,
}

/// What came of one letter: nothing is in the way, or why it is left.
type Outcome = Result<(), Why>;

impl Request for Settle {
    type Answer = Settled;

    async fn carry_out(self, here: &Operations, progress: &Progress) -> Result<Settled, OperationError> {
        let mut settled = Settled::default();
        match &self.which {
            Which::Named(effects) => {
                let effects: BTreeSet<EffectId> = effects.iter().cloned().collect();
                self.settle(here, progress, effects.into_iter().collect(), &mut settled).await?;
            }
            Which::Alike { reason, conversation } => {
                let reason = reason.as_ref().map(|reason| reason.to_lowercase());
                let alike = |letter: &DeadLetter| {
                    conversation.as_ref().is_none_or(|id| *id == letter.conversation)
                        && reason.as_ref().is_none_or(|reason| {
                            redact(&letter.reason).to_lowercase().contains(reason.as_str())
                        })
                };
                let mut letters = Letters::default();
                while let Some(page) = letters.next(here, progress).await? {
                    let page = page.into_iter().filter(alike).map(|letter| letter.entry.effect.id).collect();
                    self.settle(here, progress, page, &mut settled).await?;
                }
            }
        }
        if settled.settled > 0 && !self.only_look {
            let (how, count) = (self.how, settled.settled);
            tracing::info!(?how, count, "an operator settled dead letters");
        }
        Ok(settled)
    }
}

impl Settle {
    async fn settle(
        &self,
        here: &Operations,
        progress: &Progress,
        effects: Vec<EffectId>,
        settled: &mut Settled,
    ) -> Result<(), OperationError> {
        let mut outcomes = stream::iter(effects)
            .map(|effect| async move {
                // Once nobody waits, what is left stays as it is.
                if !progress.is_wanted() {
                    return Err(OperationError::interrupted());
                }
                let outcome = self.settle_one(here, &effect).await?;
                Ok((effect, outcome))
            })
            .buffered(AT_ONCE);
        while let Some(outcome) = outcomes.next().await {
            let (effect, outcome) = outcome?;
            match outcome {
                Ok(()) => settled.settled += 1,
                Err(why) => {
                    settled.left += 1;
                    if settled.why.len() < NAMED {
                        settled.why.push(Left { effect, why });
                    }
                }
            }
            progress.tell(settled.settled + settled.left, None);
        }
        Ok(())
    }

    async fn settle_one(&self, here: &Operations, effect: &EffectId) -> Result<Outcome, OperationError> {
        let conversations = here.conversations();
        let Some(letter) = conversations.store().dead_letter(effect).await? else {
            return Ok(Err(absent(here, effect).await?));
        };
        if let Some(why) = self.how.in_the_way(&letter) {
            return Ok(Err(why));
        }
        if self.only_look {
            return Ok(Ok(()));
        }
        let done = match self.how {
            How::Retry { .. } => conversations.retry_dead_letter(effect).await,
            How::Discard => conversations.discard_dead_letter(effect).await,
        };
        match done {
            Ok(true) => Ok(Ok(())),
            // It was settled between the looking and the doing.
            Ok(false) => Ok(Err(absent(here, effect).await?)),
            Err(StoreError::Damaged(_)) => Ok(Err(Why::Unreadable)),
            Err(error) => Err(error.into()),
        }
    }
}

impl How {
    fn in_the_way(self, letter: &DeadLetter) -> Option<Why> {
        match self {
            Self::Retry { changing: false, .. } if changes_outside(&letter.entry.effect.kind) => {
                Some(Why::ChangesOutside)
            }
            Self::Retry { unclear: false, .. } if letter.may_have_arrived() => Some(Why::MayHaveArrived),
            Self::Retry { .. } | Self::Discard => None,
        }
    }
}

/// Why there is no dead letter of an effect.
async fn absent(here: &Operations, effect: &EffectId) -> Result<Why, OperationError> {
    let conversations = here.conversations();
    let Some(id) = names::conversation_of(&effect.session) else { return Ok(Why::NotThere) };
    let Some(loaded) = conversations.store().load(&id).await? else { return Ok(Why::NotThere) };
    if loaded.outbox.iter().any(|entry| entry.effect.id == *effect) {
        return Ok(Why::NotGivenUp);
    }
    let heard = conversations.heard_of(&id, effect).await?.into_iter().map(|(_, state, _)| state);
    let furthest = heard.filter(|state| *state != SendState::Failed).max();
    Ok(furthest.map_or(Why::NotThere, Why::Arrived))
}

fn changes_outside(kind: &EffectKind) -> bool {
    match kind {
        EffectKind::CallHttp { request } => match request.method {
            Method::Get | Method::Head => false,
            Method::Post | Method::Put | Method::Patch | Method::Delete => true,
        },
        EffectKind::SendMessage { .. }
        | EffectKind::OpenHandoff { .. }
        | EffectKind::OpenTicket { .. }
        | EffectKind::Notify { .. }
        | EffectKind::SendEmail { .. } => false,
    }
}
