//! Ids given by the runtime. A session's id begins with its conversation's, so that whatever carries a wait or an
//! effect finds the conversation without a table.

use fluxo_engine::ids::{ContactId, ConversationId, EffectId, SessionId};
use jiff::Timestamp;

/// The session that carries what is said outside of play: by attendants, and by fluxo itself.
const ASIDE: &str = "aside";

/// A new contact's id.
pub(crate) fn contact(now: Timestamp) -> ContactId {
    ContactId(format!("p{}", unique(now)))
}

/// A new conversation's id.
pub(crate) fn conversation(now: Timestamp) -> ConversationId {
    ConversationId(format!("c{}", unique(now)))
}

/// A conversation's session, counted from 1.
pub(crate) fn session(conversation: &ConversationId, number: u32) -> SessionId {
    SessionId(format!("{conversation}.{number}"))
}

/// A message outside of play: `line` is the number of the transcript line it gets, which nothing else has.
pub(crate) fn aside(epoch: u32, conversation: &ConversationId, line: u64) -> EffectId {
    EffectId {
        epoch,
        session: SessionId(format!("{conversation}.{ASIDE}")),
        turn: u32::try_from(line).unwrap_or(u32::MAX),
        n: 0,
    }
}

/// The conversation that a session belongs to.
pub fn conversation_of(session: &SessionId) -> Option<ConversationId> {
    let (conversation, _) = session.as_str().rsplit_once('.')?;
    Some(ConversationId(conversation.to_owned()))
}

/// Milliseconds and chance: new ids stand together in the store's key order, and nobody guesses one.
fn unique(now: Timestamp) -> String {
    format!("{:011x}{:016x}", now.as_millisecond().max(0), chance())
}

#[cfg(not(test))]
use drawn as chance;
#[cfg(test)]
pub(crate) use seeded::{chance, draw_from};

fn drawn() -> u64 {
    let mut bytes = [0u8; 8];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    u64::from_be_bytes(bytes)
}

/// Chance that a simulation can repeat.
#[cfg(test)]
mod seeded {
    use std::cell::Cell;

    thread_local! {
        /// The last number that was given, while this thread simulates.
        static LAST: Cell<Option<u64>> = const { Cell::new(None) };
    }

    /// From now on this thread's ids follow from a seed; `None`: from the system again.
    pub(crate) fn draw_from(seed: Option<u64>) {
        LAST.set(seed.map(|seed| seed << 20));
    }

    pub(crate) fn chance() -> u64 {
        LAST.set(LAST.get().map(|last| last + 1));
        LAST.get().unwrap_or_else(super::drawn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_names_its_conversation() {
        let id = conversation(Timestamp::now());
        assert_ne!(id, conversation(Timestamp::now()));
        for session in [session(&id, 1), session(&id, 20), aside(1, &id, 7).session] {
            assert_eq!(conversation_of(&session), Some(id.clone()));
            assert!(!session.as_str().contains(':'));
        }
        assert_eq!(aside(1, &id, 7).to_string().parse(), Ok(aside(1, &id, 7)));
        assert_eq!(conversation_of(&"s1".into()), None);
    }
}
