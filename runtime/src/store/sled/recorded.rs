//! What is said and what is played: sealed with the conversation's key on its way in, opened on its way out.

use std::sync::Arc;

use fluxo_engine::ids::ConversationId;

use super::commit::{Prepared, Seal};
use super::journaled;
use super::key::KeyRange;
use super::keyspace::Keyspace;
use super::secret::{Secret, Secrets};
use super::tables::{self, backdrop, journal, line, secret};
use crate::store::{Backdrop, BackdropId, Commit, JournalEntry, Line, Revision, StoreError};

/// A commit with what is to be sealed sealed; a conversation that has no key yet gets one.
pub(super) async fn prepare(
    keyspace: &Keyspace,
    secrets: &Secrets,
    commit: Commit,
) -> Result<(Prepared, Option<Seal>), StoreError> {
    if !Prepared::seals(&commit) {
        return Ok((Prepared::of(commit, None)?, None));
    }
    let id = &commit.conversation.id;
    let known = if commit.expected == Revision(0) { None } else { key(keyspace, secrets, id).await? };
    let seal = match known {
        Some(secret) => Seal { secret, new: None },
        None => {
            let (secret, bytes) = Secret::draw()?;
            Seal { secret: Arc::new(secret), new: Some(bytes) }
        }
    };
    Ok((Prepared::of(commit, Some(&seal))?, Some(seal)))
}

/// A conversation's key.
async fn key(
    keyspace: &Keyspace,
    secrets: &Secrets,
    id: &ConversationId,
) -> Result<Option<Arc<Secret>>, StoreError> {
    if let Some(known) = secrets.get(id) {
        return Ok(Some(known));
    }
    let found = keyspace.read(|view| secret::get(view, id)).await?.map(Arc::new);
    if let Some(found) = &found {
        secrets.put(id.clone(), Arc::clone(found));
    }
    Ok(found)
}

/// Lines after a number, oldest first.
pub(super) async fn lines(
    keyspace: &Keyspace,
    secrets: &Secrets,
    id: &ConversationId,
    after: u64,
    limit: usize,
) -> Result<Vec<(u64, Line)>, StoreError> {
    let secret = key(keyspace, secrets, id).await?;
    let range: KeyRange = line::after(id, after);
    let rows = keyspace.read(|view| view.scan(range.as_range()).take(limit).collect::<Result<Vec<_>, _>>());
    let read = |(key, stored): (Vec<u8>, super::view::Stored)| {
        Ok((line::number(&key)?, line::unpack(id, &stored.bytes, secret.as_deref())?))
    };
    rows.await?.into_iter().map(read).collect()
}

/// Turns, oldest first.
pub(super) async fn journal(
    keyspace: &Keyspace,
    secrets: &Secrets,
    id: &ConversationId,
    limit: usize,
) -> Result<Vec<JournalEntry>, StoreError> {
    let secret = key(keyspace, secrets, id).await?;
    let rows = keyspace.read(|view| journal::rows(view, id, limit)).await?;
    rows.iter()
        .map(|(_, entry)| journaled::unpack(id, &entry.head, &entry.pieces, secret.as_deref()))
        .collect()
}

/// Conversations that have turns, by id, after one.
pub(super) async fn conversations(
    keyspace: &Keyspace,
    after: Option<&ConversationId>,
    limit: usize,
) -> Result<Vec<ConversationId>, StoreError> {
    let found = keyspace.read(|view| {
        let mut found: Vec<ConversationId> = Vec::new();
        while found.len() < limit {
            let next = journal::next_conversation(view, found.last().or(after))?;
            let Some(next) = next else { break };
            found.push(next);
        }
        Ok(found)
    });
    Ok(found.await?)
}

/// Keeps what turns are played against.
pub(super) async fn keep_backdrop(
    keyspace: &Keyspace,
    id: BackdropId,
    backdrop: &Backdrop,
) -> Result<(), StoreError> {
    let bytes = tables::encode("a backdrop", backdrop)?;
    Ok(keyspace.commit(move |tx| backdrop::put(tx, id, &bytes)).await?)
}

/// What turns were played against.
pub(super) async fn backdrop(keyspace: &Keyspace, id: BackdropId) -> Result<Option<Backdrop>, StoreError> {
    let found = keyspace.read(|view| backdrop::get(view, id)).await?;
    found.map(|bytes| tables::decode("a backdrop", &bytes)).transpose()
}
