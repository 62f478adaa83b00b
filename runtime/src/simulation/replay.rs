//! Plays a turn again from the journal: it must come to the same bytes.

use fluxo_engine::protocol::{self, Contact, Resume, Trigger, World};

use super::flows::{PROJECT, release};
use super::network::CHANNEL;
use crate::store::{Commit, Conversation, Input, JournalEntry, Kept, Prints, not_said};

/// Plays a turn of a commit again, from the session before it, with the contact as they were, should the entry not tell.
pub(super) fn again(
    before: Option<&Conversation>,
    contact: Option<&Contact>,
    commit: &Commit,
    entry: &JournalEntry,
) -> Result<Contact, String> {
    let turn = format!("turn {} of {}", entry.turn, entry.session);
    let wrong = |what: &str| format!("{turn} played again {what}");
    let Kept::Whole(recorded) = &entry.kept else { return Err(wrong("is not kept whole")) };
    let pinned =
        commit.conversation.release.as_ref().and_then(release).ok_or_else(|| wrong("has no release"))?;
    let known = recorded.contact.as_ref().or(contact).ok_or_else(|| wrong("has no contact"))?;
    let world = World {
        now: entry.at,
        epoch: 1,
        contact: known.clone(),
        conversation: protocol::Conversation {
            id: commit.conversation.id.clone(),
            channel: CHANNEL.to_owned(),
            window_open: recorded.window_open,
            limits: Default::default(),
        },
        open_queues: PROJECT.queues.keys().cloned().collect(),
        project: PROJECT.clone(),
    };
    let played = match recorded.input.clone() {
        Input::Wake(wake) => {
            let session = before.and_then(|before| before.session.as_ref());
            let session = session.ok_or_else(|| wrong("has no session"))?;
            pinned.resume(session, &Resume { world, wake })
        }
        Input::Start { flow, origin, message, inputs } => {
            let session = entry.session.clone();
            pinned.start(&Trigger { session, world, flow, origin, message, inputs })
        }
    };
    let played = played.map_err(|error| wrong(&format!("fails: {error}")))?;
    if commit.conversation.session.as_ref().is_some_and(|session| *session != played.session) {
        return Err(wrong("leaves another session"));
    }
    if played.turn.events != entry.events {
        return Err(wrong("tells of other events"));
    }
    let asked = commit.outbox_push.iter().map(|entry| &entry.effect);
    if !asked.filter(|effect| effect.id.session == entry.session).eq(&played.turn.effects) {
        return Err(wrong("asks for other effects"));
    }
    if played.turn.contact != commit.contact_changes {
        return Err(wrong("changes the contact otherwise"));
    }
    if recorded.prints != Prints::of(&played.session, &played.turn) {
        return Err(wrong("has other prints"));
    }
    if recorded.asked != not_said(&played.turn.effects) {
        return Err(wrong("asks for something else"));
    }
    let mut contact = known.clone();
    played.turn.contact.iter().for_each(|change| contact.apply(change));
    Ok(contact)
}
