//! A recorded session on another release: what that would have done with what the contact did.
//!
//! The recorded inputs are fed from the session's beginning for as long as play goes the same way, node by node and
//! port by port, since only then they answer what was asked. Words that differ on the same way are noted, and play
//! goes on. What was called and what was answered is taken as it was recorded.

use std::collections::BTreeSet;

use fluxo_engine::ids::{EffectId, FlowId, NodeId, SessionId};
use fluxo_engine::protocol::{Effect, EffectKind, Event, Origin};
use fluxo_engine::{Parting, Session, last_node, parting};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Said;
use super::difference::effects;
use super::recording::{Left, Player, Recording, Stop};
use super::stage::{Scene, Scenes};
use crate::releases::{Played, Release, Route};
use crate::store::{Input, Kept, Prints, Recorded};

type Place = (FlowId, NodeId);

/// What another release makes of a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// The session.
    pub session: SessionId,
    /// When it began.
    pub began: Option<Timestamp>,
    /// Its last turn.
    pub last: Option<Timestamp>,
    /// How many turns of it are recorded.
    pub turns: u32,
    /// How many of them went the same way.
    pub same: u32,
    /// Where it goes another way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<Branch>,
    /// Where, before that, something else is said or asked for first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Branch>,
    /// Why it is not played to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Left>,
}

/// Where a release does something else first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Branch {
    /// The session's turn.
    pub turn: u32,
    /// The flow both were at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<FlowId>,
    /// The node both were at, or that says something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeId>,
    /// What differs.
    pub kind: Kind,
    /// What was, in a word: a node, a port, an outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What would be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// The difference itself, where it was looked for: a JSON pointer into the effects, and both sides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<(String, Option<Value>, Option<Value>)>,
}

/// What of a turn differs on another release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The flow that the contact's message begins.
    Start,
    /// The node play goes to.
    Node,
    /// The port by which a node is left.
    Port,
    /// Whether and how an answer is understood.
    Answer,
    /// Whether the session hears what it was told: something else is asked or waited for.
    Input,
    /// Interrupts, and flows entered and left.
    Flow,
    /// Trouble.
    Trouble,
    /// How the session ends, or whether it does.
    Outcome,
    /// The words of a message.
    Text,
    /// What is asked of the world.
    Effect,
}

/// Plays a session on another release. `said` is looked at for details only.
pub(super) fn play(session: &Recording, scenes: &Scenes, release: &dyn Release, said: &Said) -> Course {
    let mut course = Course {
        session: session.session.clone(),
        began: session.entries.first().map(|entry| entry.at),
        last: session.entries.last().map(|entry| entry.at),
        turns: session.turns(),
        same: 0,
        way: None,
        words: None,
        left: None,
    };
    let mut player = Player::default();
    let mut at: Option<Place> = None;
    for entry in &session.entries {
        let recorded = match &entry.kept {
            Kept::Whole(recorded) => recorded,
            // It is played on one release from its beginning to its end.
            Kept::Moved(_) => continue,
            Kept::Cut => return Course { left: Some(Left::Cut), ..course },
            Kept::Erased => return Course { left: Some(Left::Erased), ..course },
            Kept::Older => return Course { left: Some(Left::Older), ..course },
        };
        let Some(scene) = scenes.of(recorded.backdrop) else {
            return Course { left: Some(Left::BackdropGone), ..course };
        };
        if let Some(branch) = begins_elsewhere(entry.turn, recorded, scene, release) {
            return Course { way: Some(branch), ..course };
        }
        let played = match player.play(session, entry, recorded, scene, release) {
            Ok(played) => played,
            Err(Stop::Left(left)) => return Course { left: Some(left), ..course },
            Err(Stop::Refused(words)) => {
                let branch = Branch::new(entry.turn, at, Kind::Input, None, Some(words));
                return Course { way: Some(branch), ..course };
            }
        };
        if let Some(parting) = parting(at.clone(), &entry.events, &played.turn.events) {
            let (kind, expected, actual) = told(&parting);
            let branch = Branch::new(entry.turn, parting.at, kind, expected, actual);
            return Course { way: Some(branch), ..course };
        }
        at = last_node(&played.turn.events).or(at);
        if course.words.is_none() {
            course.words = otherwise(entry.turn, at.as_ref(), recorded, &played, said);
        }
        course.same += 1;
    }
    course
}

impl Branch {
    fn new(
        turn: u32,
        at: Option<Place>,
        kind: Kind,
        expected: Option<String>,
        actual: Option<String>,
    ) -> Self {
        let (flow, node) = at.unzip();
        Self { turn, flow, node, kind, expected, actual, detail: None }
    }
}

/// Whether the contact's first message would begin another flow.
fn begins_elsewhere(turn: u32, recorded: &Recorded, scene: &Scene, release: &dyn Release) -> Option<Branch> {
    let Input::Start { flow, origin, message: Some(message), .. } = &recorded.input else { return None };
    match origin {
        Origin::Message | Origin::Default | Origin::Ad => {}
        Origin::Campaign { .. } | Origin::Api => return None,
    }
    let began = match release.route(&scene.project, &scene.backdrop.channel, message) {
        Route::Start { flow, .. } => Some(flow),
        Route::StaleTap { flow, .. } => flow,
        Route::Nothing | Route::Resume | Route::People => None,
    };
    let branch = |began: Option<&FlowId>| {
        let (was, is) = (Some(flow.to_string()), began.map(ToString::to_string));
        Branch::new(turn, None, Kind::Start, was, is)
    };
    (began.as_ref() != Some(flow)).then(|| branch(began.as_ref()))
}

/// Where the ways part, in words.
fn told(parting: &Parting) -> (Kind, Option<String>, Option<String>) {
    let kind = parting.actual.as_ref().or(parting.expected.as_ref()).map_or(Kind::Node, kind_of);
    (kind, parting.expected.as_ref().map(word), parting.actual.as_ref().map(word))
}

fn kind_of(event: &Event) -> Kind {
    match event {
        Event::NodeEntered { .. } | Event::WaitBegan { .. } => Kind::Node,
        Event::PortTaken { .. } => Kind::Port,
        Event::Answered { .. } | Event::AnswerInvalid { .. } => Kind::Answer,
        Event::NotPlayed { .. } | Event::ResultTooLate { .. } => Kind::Input,
        Event::SessionStarted { .. }
        | Event::Interrupted { .. }
        | Event::FlowEntered { .. }
        | Event::FlowEnded { .. }
        | Event::WentTo { .. } => Kind::Flow,
        Event::Trouble(_) => Kind::Trouble,
        Event::SessionEnded { .. } => Kind::Outcome,
    }
}

/// An event in a word that names nobody.
fn word(event: &Event) -> String {
    match event {
        Event::SessionStarted { flow } | Event::FlowEntered { flow } | Event::WentTo { flow } => {
            flow.to_string()
        }
        Event::NodeEntered { flow, node, .. } | Event::WaitBegan { flow, node, .. } => {
            format!("{flow}/{node}")
        }
        Event::PortTaken { port, .. } => shown_port(port),
        Event::Answered { how, .. } => shown_id(how),
        Event::AnswerInvalid { reason, .. } => reason.clone(),
        Event::NotPlayed { reason } => format!("{reason:?}").to_lowercase(),
        Event::Interrupted { flow, index } => format!("{flow} #{index}"),
        Event::Trouble(trouble) => trouble.code.as_str().to_owned(),
        Event::FlowEnded { flow, outcome } => format!("{flow}: {outcome}"),
        Event::ResultTooLate { .. } => "too late".to_owned(),
        Event::SessionEnded { outcome } => outcome.clone(),
    }
}

/// A port, without the id of an option that may have been made of the contact's data.
pub(super) fn shown_port(port: &str) -> String {
    match port.split_once('/') {
        Some((list, id)) => format!("{list}/{}", shown_id(id)),
        None => port.to_owned(),
    }
}

/// An id as authors write them; others, which may come from data, are not shown.
pub(super) fn shown_id(id: &str) -> String {
    let word = |c: char| c.is_ascii_lowercase() || c == '_' || c == '-';
    let digits = id.chars().filter(char::is_ascii_digit).count();
    let authored = id.len() <= 40 && digits <= 2 && id.chars().all(|c| word(c) || c.is_ascii_digit());
    if authored { id.to_owned() } else { "…".to_owned() }
}

/// What is said or asked for otherwise on the same way.
fn otherwise(
    turn: u32,
    at: Option<&Place>,
    recorded: &Recorded,
    played: &Played,
    said: &Said,
) -> Option<Branch> {
    let prints = Prints::of(&played.session, &played.turn);
    let was = &recorded.prints.effects;
    if *was == prints.effects {
        return None;
    }
    let first =
        (0..was.len().max(prints.effects.len())).find(|at| was.get(*at) != prints.effects.get(*at))?;
    let now = played.turn.effects.get(first);
    let asked: BTreeSet<usize> =
        recorded.asked.iter().filter_map(|effect| usize::try_from(effect.id.n).ok()).collect();
    let was_said = first < was.len() && !asked.contains(&first);
    let is_said = now.map(is_message);
    let kind = if was_said && is_said == Some(true) { Kind::Text } else { Kind::Effect };
    let sender = now.and_then(|effect| sender(&played.session, &effect.id)).or_else(|| at.cloned());
    let expected = match recorded.asked.iter().find(|effect| usize::try_from(effect.id.n) == Ok(first)) {
        Some(asked) => Some(name(asked).to_owned()),
        None => was_said.then(|| "message".to_owned()),
    };
    let words = (kind == Kind::Effect).then(|| (expected, now.map(|effect| name(effect).to_owned())));
    let (expected, actual) = words.unwrap_or_default();
    let mut branch = Branch::new(turn, sender, kind, expected, actual);
    if !said.is_empty() {
        branch.detail = Some(effects(recorded, &prints, &played.turn.effects, said));
    }
    Some(branch)
}

fn is_message(effect: &Effect) -> bool {
    name(effect) == "message"
}

fn name(effect: &Effect) -> &'static str {
    match effect.kind {
        EffectKind::SendMessage { .. } => "message",
        EffectKind::CallHttp { .. } => "http",
        EffectKind::OpenHandoff { .. } => "handoff",
        EffectKind::OpenTicket { .. } => "ticket",
        EffectKind::Notify { .. } => "notify",
        EffectKind::SendEmail { .. } => "email",
    }
}

/// The node that sent a message, as the session remembers it.
fn sender(session: &[u8], effect: &EffectId) -> Option<Place> {
    let session = Session::decode(session).ok()?;
    session.sender(effect).map(|(flow, node)| (flow.clone(), node.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_that_authors_write_are_shown() {
        for (port, shown) in [
            ("next", "next"),
            ("options/sim", "options/sim"),
            ("options/dia_12", "options/dia_12"),
            ("cases/0", "cases/0"),
            ("options/52998224725", "options/…"),
            ("options/Ana Souza", "options/…"),
            ("options/2026-03-12", "options/…"),
        ] {
            assert_eq!(shown_port(port), shown);
        }
    }
}
