//! A turn played twice, the second time from the stored form: the same input must give the same bytes.

use super::super::outside::PlayerError;
use crate::error::Error;
use crate::flow::Library;
use crate::interpreter;
use crate::protocol::{Resume, Trigger, Turn};
use crate::session::Session;

/// What a turn is played with.
pub(super) enum Input {
    Start(Box<Trigger>),
    Resume(Box<Resume>),
}

/// Once as it is, once from the stored form: the bytes must be the same.
pub(super) fn twice(
    library: &Library,
    before: Option<&Session>,
    input: &Input,
) -> Result<(Session, Turn), PlayerError> {
    let run = |session: Option<Session>| match input {
        Input::Start(trigger) => interpreter::start(library, trigger),
        Input::Resume(resume) => {
            let session = session.ok_or_else(|| Error::Invariant("no session to resume".to_owned()))?;
            interpreter::resume(library, session, resume)
        }
    };
    let stored = before.map(Session::encode);
    let (session, turn) = run(before.cloned())?;
    let again = run(stored.as_deref().map(Session::decode).transpose()?)?;
    if session.encode() != again.0.encode() {
        return Err(PlayerError::NotDeterministic("the sessions differ".to_owned()));
    }
    let bytes = |turn: &Turn| serde_json::to_vec(turn).map_err(|error| error.to_string());
    if bytes(&turn) != bytes(&again.1) {
        return Err(PlayerError::NotDeterministic("the turns differ".to_owned()));
    }
    Ok((session, turn))
}
