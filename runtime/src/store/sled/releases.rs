//! Releases: what was made current, what is kept of it, and the sessions that play it.

use fluxo_engine::ids::{ConversationId, ReleaseId};

use super::fault::Fault;
use super::keyspace::Keyspace;
use super::tables::{self, conversation, publication, release};
use crate::store::{Conversation, Documents, Mode, OpenSession, Publication, SessionPage, StoreError};

pub(super) async fn publish(
    keyspace: &Keyspace,
    publication: &Publication,
    documents: &Documents,
) -> Result<(), StoreError> {
    let bytes = serde_json::to_vec(documents).map_err(|error| StoreError::Damaged(error.to_string()))?;
    let row = tables::encode("a publication", publication)?;
    let id = publication.release.clone();
    let published = keyspace.commit(move |tx| {
        release::put(tx, &id, &bytes)?;
        publication::push(tx, &row)
    });
    Ok(published.await?)
}

pub(super) async fn documents(keyspace: &Keyspace, id: &ReleaseId) -> Result<Option<Documents>, StoreError> {
    let found = keyspace.read(|view| release::get(view, id)).await?;
    found.map(|bytes| tables::decode("a release", &bytes)).transpose()
}

pub(super) async fn forget(keyspace: &Keyspace, id: &ReleaseId) -> Result<(), StoreError> {
    let id = id.clone();
    let forgotten = keyspace.commit(move |tx| {
        publication::forget(tx, &id)?;
        release::forget(tx, &id)
    });
    Ok(forgotten.await?)
}

/// The open sessions of up to `limit` conversations. Rows are decoded once the writer is no longer held up.
pub(super) async fn open_sessions(
    keyspace: &Keyspace,
    after: Option<&ConversationId>,
    limit: usize,
) -> Result<SessionPage, StoreError> {
    let range = conversation::after(after);
    let found = keyspace.read(|view| {
        let (mut rows, mut unreadable) = (Vec::new(), 0);
        for row in view.scan(range.as_range()) {
            match row {
                Ok(row) => rows.push(row),
                Err(Fault::Damaged { .. }) => unreadable += 1,
                Err(fault) => return Err(fault),
            }
            if rows.len() >= limit {
                break;
            }
        }
        Ok((rows, unreadable))
    });
    let (rows, unreadable) = found.await?;
    let last = rows.last().filter(|_| rows.len() >= limit);
    let next = last.map(|(key, _)| conversation::named(key)).transpose()?;
    let mut page = SessionPage { sessions: Vec::new(), unreadable, next };
    for (_, stored) in rows {
        match tables::decode::<Conversation>("a conversation", &stored.bytes) {
            Ok(found) => page.sessions.extend(open_session(found)),
            Err(_) => page.unreadable += 1,
        }
    }
    Ok(page)
}

fn open_session(found: Conversation) -> Option<OpenSession> {
    Some(OpenSession {
        session: found.session?,
        with_people: found.mode != Mode::Bot,
        conversation: found.id,
        release: found.release,
    })
}
