//! Shows one effect whole: what it asks for, and what was heard of it. What is personal is masked unless it is asked for.

use fluxo_engine::ids::EffectId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Row;
use crate::conversations::names;
use crate::foundation::redact::redact;
use crate::operations::{OperationError, Operations, Progress, Request};
use crate::store::{Mode, SendState};

/// Keys whose values say what an effect is, not whom or what it is about.
const OPEN: &[&str] =
    &["effect", "kind", "method", "connection", "queue", "desk", "language", "timeout_ms", "wait"];

/// Asks for one effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Show {
    /// Which.
    pub effect: EffectId,
    /// With texts, numbers and names as they are.
    pub reveal: bool,
}

/// One effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// As it is listed.
    #[serde(flatten)]
    pub row: Row,
    /// Who has the conversation: `bot`, `queued` or `people`.
    pub with: String,
    /// What it asks for; texts, numbers and names are masked unless they were asked for.
    pub asked: Value,
    /// Whom it is for; only if that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Who>,
    /// What was heard of it, oldest first.
    pub heard: Vec<Heard>,
}

/// A contact, as people know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The name, when it is known.
    pub name: Option<String>,
    /// The phone, when it is known.
    pub phone: Option<String>,
}

/// A status of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// When it was written down.
    pub at: Timestamp,
    /// How far the message was.
    pub state: SendState,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Request for Show {
    type Answer = Shown;

    async fn carry_out(self, here: &Operations, _: &Progress) -> Result<Shown, OperationError> {
        let store = here.conversations().store();
        let letter = store.dead_letter(&self.effect).await?;
        let conversation = match &letter {
            Some(letter) => Some(letter.conversation.clone()),
            None => names::conversation_of(&self.effect.session),
        };
        let loaded = match &conversation {
            Some(id) => store.load(id).await?,
            None => None,
        };
        let Some(loaded) = loaded else { return Err(unknown(&self.effect)) };
        let id = loaded.conversation.id.clone();
        let heard: Vec<Heard> = (here.conversations().heard_of(&id, &self.effect).await?.into_iter())
            .map(|(at, state, reason)| Heard { at, state, reason: reason.as_deref().map(redact) })
            .collect();
        let waiting = loaded.outbox.iter().find(|entry| entry.effect.id == self.effect);
        let (row, effect) = match (&letter, waiting) {
            (Some(letter), _) => (Row::of_letter(letter), &letter.entry.effect),
            (None, Some(entry)) => {
                (Row::of_entry(&id, entry, here.conversations().clock().now()), &entry.effect)
            }
            (None, None) if heard.is_empty() => return Err(unknown(&self.effect)),
            (None, None) => {
                return Err(OperationError::not_there(format!(
                    "{} já não está na fila: saiu e a última notícia é {}",
                    self.effect,
                    super::word(heard.iter().map(|heard| heard.state).max().unwrap_or(SendState::Accepted))
                )));
            }
        };
        let mut asked =
            serde_json::to_value(&effect.kind).map_err(|error| OperationError::failed(error.to_string()))?;
        let contact = self.reveal.then(|| Who {
            name: loaded.contact.contact.name.clone(),
            phone: loaded.contact.contact.phone.clone(),
        });
        if self.reveal {
            tracing::info!(effect = %self.effect, "an operator looks at an effect with what is personal in it");
        } else {
            mask(&mut asked);
        }
        let with = match loaded.conversation.mode {
            Mode::Bot => "bot",
            Mode::Queued { .. } => "queued",
            Mode::People { .. } => "people",
        };
        Ok(Shown { row, with: with.to_owned(), asked, contact, heard })
    }
}

fn unknown(effect: &EffectId) -> OperationError {
    OperationError::not_there(format!("não há nada com o nome {effect}"))
}

/// Takes everything out of a value but its shape and what is never personal.
fn mask(value: &mut Value) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(_) => *value = Value::String("•••".to_owned()),
        Value::String(text) => *text = format!("••• ({} caracteres)", text.chars().count()),
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(members) => {
            for (key, member) in members {
                if !(OPEN.contains(&key.as_str()) && (member.is_string() || member.is_number())) {
                    mask(member);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_shape_of_what_is_personal_is_left() {
        let mut call = serde_json::json!({
            "effect": "call_http",
            "request": { "connection": "rm", "method": "POST", "path": "/patients/52998224725",
                         "body": { "cpf": 52_998_224_725_u64, "kind": { "name": "Ana" }, "vip": true } }
        });
        mask(&mut call);
        let text = call.to_string();
        assert!(!text.contains("5299") && !text.contains("Ana"), "{text}");
        assert_eq!(call["request"]["method"], "POST");
        assert_eq!(call["request"]["body"]["kind"]["name"], "••• (3 caracteres)");
    }
}
