//! Conversations listed: all of them, and those that people have.

use fluxo_engine::ids::ConversationId;

use super::fault::Fault;
use super::keyspace::Keyspace;
use super::tables::{self, conversation, progress, with_people};
use super::view::Stored;
use crate::store::{Conversation, StoreError};

/// Those that are with people or wait for them, the longest waiting first.
pub(super) async fn with_people(keyspace: &Keyspace, limit: usize) -> Result<Vec<Conversation>, StoreError> {
    let found = keyspace.read(|view| {
        let listed = |row: Result<(Vec<u8>, Stored), Fault>| {
            let (row, stored) = row?;
            let id = id_of(&row, stored)?;
            let key = conversation::key(&id);
            let stored = view.get(&key)?.ok_or_else(|| Fault::damaged(&row))?;
            let mut conversation: Conversation = tables::read(&key, &stored.bytes)?;
            conversation.next_line = progress::get(view, &id)?.line;
            Ok(conversation)
        };
        // One that cannot be read is told and does not hide the others.
        let sound = view.scan(with_people::all().as_range()).filter_map(|row| match listed(row) {
            Err(fault @ Fault::Damaged { .. }) => {
                tracing::error!(%fault, "a conversation with people cannot be read");
                None
            }
            sound => Some(sound),
        });
        sound.take(limit).collect()
    });
    Ok(found.await?)
}

/// All of them by id, after one.
pub(super) async fn conversations(
    keyspace: &Keyspace,
    after: Option<&ConversationId>,
    limit: usize,
) -> Result<Vec<Conversation>, StoreError> {
    let range = conversation::after(after);
    let rows = keyspace.read(|view| view.scan(range.as_range()).take(limit).collect::<Result<Vec<_>, _>>());
    let mut found: Vec<Conversation> = rows
        .await?
        .into_iter()
        .map(|(_, stored)| tables::decode("a conversation", &stored.bytes))
        .collect::<Result<_, _>>()?;
    let ids: Vec<ConversationId> = found.iter().map(|conversation| conversation.id.clone()).collect();
    let lines = keyspace.read(|view| {
        ids.iter().map(|id| Ok(progress::get(view, id)?.line)).collect::<Result<Vec<u64>, Fault>>()
    });
    for (conversation, line) in found.iter_mut().zip(lines.await?) {
        conversation.next_line = line;
    }
    Ok(found)
}

/// The conversation that a row of an index names.
pub(super) fn id_of(row: &[u8], stored: Stored) -> Result<ConversationId, Fault> {
    String::from_utf8(stored.bytes).map(ConversationId::from).map_err(|_| Fault::damaged(row))
}
