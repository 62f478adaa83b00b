//! Plays: from a session and an input to the next session and what it asks of the world.
//!
//! Two functions, [`start`] and [`resume`]; both are pure. One input makes one turn: play goes from node to node
//! (`walk`) until it waits or ends. What can take play off its way stands in one file each: `trouble`,
//! `interrupts`, `early`, `timers`. [`route`](mod@route) says which flow a message belongs to.

mod early;
mod frames;
mod inputs;
mod interrupts;
mod limits;
pub mod replay;
pub mod route;
#[cfg(test)]
mod tests;
mod timers;
mod trouble;
mod wake;
mod walk;

pub use replay::{Parting, last_node, parting};
pub use route::{Route, route};

use crate::engine_version::ENGINE_VERSION;
use crate::error::Error;
use crate::flow::Library;
use crate::nodes::context::NodeContext;
use crate::nodes::input;
use crate::protocol::{Event, Object, Origin, Resume, Trigger, Turn};
use crate::session::{Counters, Session};
use walk::Walk;

/// Begins a session and plays until it waits or ends.
///
/// # Errors
/// [`Error::UnknownFlow`] when the library has no such flow; [`Error::Invariant`] for a mistake of the engine's own.
/// What a flow's author or a patient did is never an error.
pub fn start(library: &Library, trigger: &Trigger) -> Result<(Session, Turn), Error> {
    let flow = library.flow(&trigger.flow).ok_or_else(|| Error::UnknownFlow(trigger.flow.clone()))?;
    let message = trigger.message.as_ref();
    let campaign = match &trigger.origin {
        Origin::Campaign { facts } => Some(facts.clone()),
        Origin::Message | Origin::Default | Origin::Ad | Origin::Api => None,
    };
    let session = Session {
        id: trigger.session.clone(),
        release: library.release().clone(),
        engine: ENGINE_VERSION,
        epoch: Some(trigger.world.epoch),
        root: trigger.flow.clone(),
        frames: Vec::new(),
        waiting: None,
        turns: 0,
        visits: 0,
        frames_begun: 0,
        since_input: Counters::default(),
        input: message.map(input::facts).unwrap_or_default(),
        heard: message.map(|message| message.id.clone()),
        last_heard: trigger.world.now,
        idled: false,
        sends: Vec::new(),
        refused: Vec::new(),
        closing: None,
        in_trouble: false,
        handoff: Object::new(),
        campaign,
        outcome: None,
    };
    let mut walk = Walk::new(library, NodeContext::new(&trigger.world, session, flow)?);
    walk.cx.event(Event::SessionStarted { flow: trigger.flow.clone() });
    let first = walk.begin_flow(&trigger.flow, trigger.inputs.clone());
    walk.play(first)?;
    Ok(walk.finish())
}

/// Wakes a session and plays until it waits again or ends.
///
/// # Errors
/// [`Error::WrongRelease`], [`Error::Ended`] and [`Error::NotHearing`] for mistakes of the caller;
/// [`Error::UnknownFlow`], [`Error::UnknownNode`] and [`Error::Invariant`] for a damaged session.
pub fn resume(library: &Library, mut session: Session, resume: &Resume) -> Result<(Session, Turn), Error> {
    if session.is_ended() {
        return Err(Error::Ended);
    }
    if session.release != *library.release() {
        return Err(Error::WrongRelease {
            session: session.release.to_string(),
            library: library.release().to_string(),
        });
    }
    let innermost = session.frames.last().map_or(&session.root, |frame| &frame.flow);
    let flow = library.flow(innermost).ok_or_else(|| Error::UnknownFlow(innermost.clone()))?;
    session.enter(resume.world.epoch);
    let mut walk = Walk::new(library, NodeContext::new(&resume.world, session, flow)?);
    walk.cx.session.engine = ENGINE_VERSION;
    let next = walk.wake(&resume.wake)?;
    walk.play(next)?;
    Ok(walk.finish())
}
