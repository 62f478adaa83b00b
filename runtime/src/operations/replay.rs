//! Playing recorded conversations again, on their own releases or on another.

use std::sync::Arc;
use std::time::Instant;

use fluxo_engine::ids::ConversationId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{OperationError, Operations, Progress, Request};
use crate::releases::Release;
use crate::replay::{Again, Course, Other, Replay, Replayed, Scope, Verdict};
use crate::store::Documents;

/// Which release is played instead of a session's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum With {
    /// One that the store has; the beginning of its name is enough.
    Release(String),
    /// Flows that are not published.
    Documents(Documents),
}

/// Asks for the sessions of one conversation to be played again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayOne {
    /// Which.
    pub conversation: ConversationId,
    /// On another release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<With>,
    /// Show what may be the contact's.
    #[serde(default)]
    pub reveal: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OneReplayed {
    /// On their own releases.
    Again(Vec<Replayed>),
    /// On another.
    Other(Vec<Course>),
}

/// Asks for the sessions of all conversations to be played again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayAll {
    /// On another release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<With>,
    /// Only sessions with a turn since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AllReplayed {
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// The figures.
    pub of: AllFigures,
}

/// The figures of all conversations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AllFigures {
    /// On their own releases.
    Again(Again),
    /// On another.
    Other(Other),
}

impl Request for ReplayOne {
    type Answer = OneReplayed;

    async fn carry_out(self, here: &Operations, _: &Progress) -> Result<OneReplayed, OperationError> {
        let replay = of(here);
        let id = &self.conversation;
        match &self.with {
            None => {
                let sessions = replay.conversation(id).await?;
                known(id, sessions.is_empty())?;
                let shown = |session: Replayed| match session.verdict {
                    Verdict::Differs(difference) if !self.reveal => {
                        Replayed { verdict: Verdict::Differs(Box::new(difference.masked())), ..session }
                    }
                    Verdict::Equal | Verdict::Differs(_) | Verdict::Left(_) => session,
                };
                Ok(OneReplayed::Again(sessions.into_iter().map(shown).collect()))
            }
            Some(with) => {
                let release = release(here, with).await?;
                let sessions = replay.conversation_with(id, &*release).await?;
                known(id, sessions.is_empty())?;
                let shown = |course: Course| {
                    if self.reveal {
                        return course;
                    }
                    let (way, words) = (course.way, course.words);
                    let (way, words) = (way.map(|way| way.masked()), words.map(|words| words.masked()));
                    Course { way, words, ..course }
                };
                Ok(OneReplayed::Other(sessions.into_iter().map(shown).collect()))
            }
        }
    }
}

impl Request for ReplayAll {
    type Answer = AllReplayed;

    async fn carry_out(self, here: &Operations, progress: &Progress) -> Result<AllReplayed, OperationError> {
        let began = Instant::now();
        let replay = Arc::new(of(here));
        let scope = Scope { since: self.since };
        let told = {
            let progress = progress.clone();
            move |done| {
                progress.tell(done, None);
                progress.is_wanted()
            }
        };
        let done = match &self.with {
            None => replay.all(scope, told).await?.map(AllFigures::Again),
            Some(with) => {
                let release = release(here, with).await?;
                replay.all_with(release, scope, told).await?.map(AllFigures::Other)
            }
        };
        let of = done.ok_or_else(OperationError::interrupted)?;
        Ok(AllReplayed { took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX), of })
    }
}

fn of(here: &Operations) -> Replay {
    let conversations = here.conversations();
    Replay::new(Arc::clone(conversations.store()), Arc::clone(conversations.releases()))
}

fn known(id: &ConversationId, nothing: bool) -> Result<(), OperationError> {
    if nothing {
        return Err(OperationError::not_there(format!("não há nada gravado de uma conversa {id}")));
    }
    Ok(())
}

async fn release(here: &Operations, with: &With) -> Result<Arc<dyn Release>, OperationError> {
    let releases = here.conversations().releases();
    match with {
        With::Documents(documents) => releases
            .unpublished(documents)
            .map_err(|error| OperationError::refused(format!("os fluxos não podem ser lidos: {error}"))),
        With::Release(beginning) => {
            let kept = here.conversations().store().releases().await?;
            let mut found = kept.into_iter().filter(|id| id.as_str().starts_with(beginning.as_str()));
            match (found.next(), found.next()) {
                (Some(id), None) => releases.get(&id).await?.ok_or_else(|| {
                    OperationError::not_there(format!("a versão {id} não pode ser lida por este fluxo"))
                }),
                (Some(_), Some(_)) => Err(OperationError::not_there(format!(
                    "há mais de uma versão que começa por {beginning}"
                ))),
                (None, _) => Err(OperationError::not_there(format!("não há versão {beginning}"))),
            }
        }
    }
}
