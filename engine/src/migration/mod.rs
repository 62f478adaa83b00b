//! Moves an open session from the release it was begun on to another, if the contact cannot notice.
//!
//! [`Migration::of`] is pure and says either what the session is in the other release, or everything that stands in the
//! way. The rule: **in every frame** the node is there with the same type, ports and options, and every variable that
//! play may read from there on is assigned; nobody but the contact is being waited for; the engine is the same.
//! Waits, timers and what was asked keep their ids, so that whatever is on its way finds the session again.
//!
//! A variable that is not assigned stands in no way where the release before may read it from there as well, and no
//! less strictly: its absence is a state the flow was written for.

mod needs;
mod obstacle;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub use obstacle::Obstacle;

use crate::answer::fold::fold_words;
use crate::engine_version::ENGINE_VERSION;
use crate::flow::Library;
use crate::ids::FlowId;
use crate::nodes::consent::Action;
use crate::nodes::menu::Menu;
use crate::nodes::{Inspection, NodeKind};
use crate::session::{Frame, FrozenMenu, OptionSource, Session, WaitKind};
use needs::Needs;

/// No frame has this number: what names it belongs to a flow that is gone.
const NO_FRAME: u32 = 0;

/// The way from one release to another; what can be known without a session is found once.
#[derive(Debug)]
pub struct Migration<'a> {
    from: &'a Library,
    to: &'a Library,
    /// Of the flows that both have: what is read from where, before and after.
    needs: BTreeMap<FlowId, (Needs, Needs)>,
}

impl<'a> Migration<'a> {
    /// Between two releases.
    pub fn between(from: &'a Library, to: &'a Library) -> Self {
        let both = from.flows().filter_map(|before| Some((before, to.flow(&before.id)?)));
        let needs = both.map(|(before, after)| (before.id.clone(), (Needs::of(before), Needs::of(after))));
        Self { from, to, needs: needs.collect() }
    }

    /// The session as it goes on in the other release.
    ///
    /// # Errors
    /// Everything that stands in the way, frame by frame from the root.
    pub fn of(&self, session: &Session) -> Result<Session, Vec<Obstacle>> {
        let mut obstacles = of_the_whole(session, self.from);
        let mut moved = session.clone();
        for (depth, frame) in session.frames.iter().enumerate() {
            let Some((before, after)) = self.places(frame, &mut obstacles) else { continue };
            compare(before, after, frame, session.frames.get(depth + 1), &mut obstacles);
            if depth + 1 == session.frames.len()
                && let Some(waiting) = &mut moved.waiting
                && !takes_question(&mut waiting.kind, before, after)
            {
                let (flow, node) = (frame.flow.clone(), frame.node.clone());
                obstacles.push(Obstacle::Question { flow, node });
            }
            self.unassigned(frame, &mut obstacles);
        }
        if !obstacles.is_empty() {
            return Err(obstacles);
        }
        for sent in &mut moved.sends {
            if self.to.node(&sent.flow, &sent.node).is_none() {
                sent.frame = NO_FRAME;
            }
        }
        moved.release = self.to.release().clone();
        Ok(moved)
    }

    /// The node where a frame stands, in both releases.
    fn places(&self, frame: &Frame, obstacles: &mut Vec<Obstacle>) -> Option<(&'a NodeKind, &'a NodeKind)> {
        let (flow, node) = (frame.flow.clone(), frame.node.clone());
        let Some(before) = self.from.node(&flow, &node) else {
            obstacles.push(Obstacle::OtherRelease);
            return None;
        };
        let Some(found) = self.to.flow(&flow) else {
            obstacles.push(Obstacle::NoFlow { flow });
            return None;
        };
        let Some(after) = found.node(&node) else {
            obstacles.push(Obstacle::NoNode { flow, node });
            return None;
        };
        let (was, is) = (before.kind.name(), after.kind.name());
        if was != is {
            obstacles.push(Obstacle::Type { flow, node, was: was.to_owned(), is: is.to_owned() });
            return None;
        }
        Some((&before.kind, &after.kind))
    }

    /// What may be read from the node on, and is not there.
    fn unassigned(&self, frame: &Frame, obstacles: &mut Vec<Obstacle>) {
        let Some((before, after)) = self.needs.get(&frame.flow) else { return };
        for (variable, need) in after.at(&frame.node) {
            let expected_absent = before.need(&frame.node, variable) >= Some(need);
            if !frame.variables.contains_key(variable) && !expected_absent {
                let (flow, node) = (frame.flow.clone(), frame.node.clone());
                obstacles.push(Obstacle::Unassigned { flow, node, variable: variable.to_owned() });
            }
        }
    }
}

/// What stands in the way whatever the releases say.
fn of_the_whole(session: &Session, from: &Library) -> Vec<Obstacle> {
    let mut obstacles = Vec::new();
    if session.release != *from.release() {
        obstacles.push(Obstacle::OtherRelease);
    }
    if session.engine != ENGINE_VERSION {
        obstacles.push(Obstacle::Engine { session: session.engine, engine: ENGINE_VERSION });
    }
    match session.waiting.as_ref().map(|waiting| &waiting.kind) {
        Some(WaitKind::Http(_)) => obstacles.push(Obstacle::CallInFlight),
        Some(WaitKind::Ticket { .. }) => obstacles.push(Obstacle::TicketInFlight),
        Some(WaitKind::Handoff { .. }) => obstacles.push(Obstacle::WithPeople),
        Some(WaitKind::Ask(_) | WaitKind::Menu(_) | WaitKind::Consent { .. } | WaitKind::Pause { .. }) => {}
        None => obstacles.push(Obstacle::Ended),
    }
    obstacles
}

/// The ways out, and the flow that is played for a `call`.
fn compare(
    before: &NodeKind,
    after: &NodeKind,
    frame: &Frame,
    above: Option<&Frame>,
    obstacles: &mut Vec<Obstacle>,
) {
    let ports = |node: &NodeKind| -> BTreeSet<String> {
        Inspection::of(node).ports.into_iter().map(|port| port.name).collect()
    };
    let (was, is) = (ports(before), ports(after));
    if was != is {
        obstacles.push(Obstacle::Ports {
            flow: frame.flow.clone(),
            node: frame.node.clone(),
            gone: was.difference(&is).cloned().collect(),
            new: is.difference(&was).cloned().collect(),
        });
    }
    if let (NodeKind::Call(was), NodeKind::Call(is), Some(above)) = (before, after, above)
        && (is.flow != above.flow || was.for_each.is_some() != is.for_each.is_some())
    {
        obstacles.push(Obstacle::Call { flow: frame.flow.clone(), node: frame.node.clone() });
    }
}

/// Takes the open question over; says whether what the contact sees still means the same.
fn takes_question(wait: &mut WaitKind, before: &NodeKind, after: &NodeKind) -> bool {
    match wait {
        WaitKind::Menu(open) => {
            let (NodeKind::Menu(was), NodeKind::Menu(is)) = (before, after) else { return false };
            takes_options(open, was, is)
        }
        WaitKind::Ask(collected) => {
            let (NodeKind::Ask(was), NodeKind::Ask(is)) = (before, after) else { return false };
            // Bubbles that were gathered are lost on a question that gathers none.
            was.answer.kind == is.answer.kind && (collected.bubbles.is_empty() || is.collect.is_some())
        }
        WaitKind::Consent { .. } => {
            let (NodeKind::Consent(was), NodeKind::Consent(is)) = (before, after) else { return false };
            was.purpose == is.purpose && is.action == Action::Ask
        }
        // The ports say whether a pause hears; the others are obstacles by themselves.
        WaitKind::Pause { .. } | WaitKind::Http(_) | WaitKind::Handoff { .. } | WaitKind::Ticket { .. } => {
            true
        }
    }
}

/// Gives the options on the screen their places in the other release; says whether they still mean the same. The
/// ports, and with them the ids of fixed options, are compared elsewhere.
fn takes_options(open: &mut FrozenMenu, was: &Menu, is: &Menu) -> bool {
    let rows = |menu: &Menu| {
        menu.each.as_ref().map(|each| (each.list.source().to_owned(), each.id.source().to_owned()))
    };
    if rows(was) != rows(is) {
        return false;
    }
    for option in &mut open.options {
        let OptionSource::Fixed(place) = &mut option.source else { continue };
        // One that is gone is told as a port that is gone.
        let Some(found) = is.options.iter().position(|fixed| fixed.id == option.id) else { continue };
        // What the contact reads as one choice must not have become the words of another.
        let shown = fold_words(&option.title);
        let says = |at: usize| is.options[at].title.literal().is_some_and(|title| fold_words(title) == shown);
        if !says(found) && (0..is.options.len()).any(says) {
            return false;
        }
        *place = found;
    }
    true
}
