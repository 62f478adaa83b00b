//! What the store holds once the service has ended: read by the kit itself, with the service's own store.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fluxo_engine::protocol::Wake;

use crate::store::{Counts, Input, JournalEntry, Kept, LineBody, Options, SledStore, Store, StoreError};

/// Conversations, lines and turns read at a time.
const PAGE: usize = 1_000;
/// More turns than a conversation of a run has.
const TURNS: usize = 1_000_000;

/// All of it, as far as it was promised.
#[derive(Debug, Clone, Default)]
pub(super) struct Held {
    /// By the patient's number.
    pub(super) conversations: BTreeMap<String, Conversation>,
    /// Effects that were given up and that people see.
    pub(super) dead: BTreeSet<String>,
    /// What is left.
    pub(super) counts: Counts,
}

/// One conversation.
#[derive(Debug, Clone, Default)]
pub(super) struct Conversation {
    /// Ids of the patient's messages, in the order of the transcript.
    pub(super) received: Vec<String>,
    /// Effects that say something, in the order of asking.
    pub(super) said: Vec<String>,
    /// How often each message of the patient woke or began a session.
    pub(super) played: BTreeMap<String, u64>,
}

/// Reads a store that nobody has open.
///
/// # Errors
/// The store's: it does not open, or what was read is not what was written.
pub(super) async fn read(directory: &Path) -> Result<Held, StoreError> {
    let store = SledStore::open(directory, &Options::default()).await?;
    let mut held = Held { counts: store.counts().await?, ..Held::default() };
    let letters = store.dead_letters(None, TURNS).await?;
    held.dead = letters.iter().map(|letter| letter.entry.effect.id.to_string()).collect();
    let mut after = None;
    loop {
        let page = store.conversations(after.as_ref(), PAGE).await?;
        for conversation in &page {
            let mut own = Conversation::default();
            let mut line = 0;
            loop {
                let lines = store.lines(&conversation.id, line, PAGE).await?;
                for (n, line_of) in &lines {
                    line = *n;
                    match &line_of.body {
                        LineBody::Inbound(message) => own.received.push(message.id.clone()),
                        LineBody::Outbound { effect, .. } => own.said.push(effect.to_string()),
                        LineBody::Sent { .. } | LineBody::Note(_) => {}
                    }
                }
                if lines.len() < PAGE {
                    break;
                }
            }
            for turn in store.journal(&conversation.id, TURNS).await? {
                if let Some(id) = message_of(&turn) {
                    *own.played.entry(id).or_default() += 1;
                }
            }
            let phone = conversation.address.phone.clone().unwrap_or_else(|| conversation.id.to_string());
            held.conversations.insert(phone, own);
        }
        match page.last() {
            Some(last) if page.len() == PAGE => after = Some(last.id.clone()),
            Some(_) | None => return Ok(held),
        }
    }
}

/// The id of the message that began or woke a session.
fn message_of(turn: &JournalEntry) -> Option<String> {
    let Kept::Whole(recorded) = &turn.kept else { return None };
    let message = match &recorded.input {
        Input::Start { message, .. } => message.as_ref(),
        Input::Wake(Wake::Message { message, .. }) => Some(message),
        Input::Wake(_) => None,
    };
    message.map(|message| message.id.clone())
}
