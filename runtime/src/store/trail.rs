//! Events as the journal keeps them: short, and in two lists, one of which may stay when the contact is erased.
//!
//! A node visited is some eighty bytes as an event and thirty here: a flow is named once, and what happens at the node
//! entered last names no node. Events that are seldom stand as they are.

use fluxo_engine::ids::{FlowId, NodeId, SessionId, WaitId};
use fluxo_engine::protocol::Event;
use serde::{Deserialize, Serialize};

use super::journal::stays;

/// An event, shortened by what the ones before it tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Step {
    /// A node of another flow than the one before: flow, node, visit.
    #[serde(rename = "N")]
    Node(FlowId, NodeId, u32),
    /// A node of the same flow: node, visit.
    #[serde(rename = "n")]
    Next(NodeId, u32),
    /// The node entered last was left by a port.
    #[serde(rename = "p")]
    Port(String),
    /// The node entered last waits, by its own visit.
    #[serde(rename = "w")]
    Wait,
    /// A wait of the session, by its visit, was answered.
    #[serde(rename = "a")]
    Answered(u32, String),
    /// Any other.
    #[serde(rename = "o")]
    Other(Event),
}

/// The second list: what does not stay, between what does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Rest {
    /// So many of the first list come here.
    Stays(u32),
    /// This comes here, also in place of what stays of it.
    Goes(Step),
}

/// The node entered last.
#[derive(Debug, Default)]
struct Place(Option<(FlowId, NodeId, u32)>);

impl Place {
    fn note(&mut self, event: &Event) {
        if let Event::NodeEntered { flow, node, visit } = event {
            self.0 = Some((flow.clone(), node.clone(), *visit));
        }
    }

    fn shorten(&mut self, event: Event, session: &SessionId) -> Step {
        let last = self.0.as_ref();
        let at = |of: &FlowId, node: &NodeId| last.is_some_and(|(f, n, _)| (f, n) == (of, node));
        let step = match &event {
            Event::NodeEntered { flow, node, visit } if last.is_some_and(|(of, _, _)| of == flow) => {
                Step::Next(node.clone(), *visit)
            }
            Event::NodeEntered { flow, node, visit } => Step::Node(flow.clone(), node.clone(), *visit),
            Event::PortTaken { flow, node, port } if at(flow, node) => Step::Port(port.clone()),
            Event::WaitBegan { wait, flow, node }
                if at(flow, node)
                    && wait.session == *session
                    && last.is_some_and(|(_, _, visit)| *visit == wait.visit) =>
            {
                Step::Wait
            }
            Event::Answered { wait, how } if wait.session == *session => {
                Step::Answered(wait.visit, how.clone())
            }
            Event::SessionStarted { .. }
            | Event::PortTaken { .. }
            | Event::WaitBegan { .. }
            | Event::Answered { .. }
            | Event::AnswerInvalid { .. }
            | Event::NotPlayed { .. }
            | Event::Interrupted { .. }
            | Event::Trouble(_)
            | Event::FlowEntered { .. }
            | Event::FlowEnded { .. }
            | Event::WentTo { .. }
            | Event::ResultTooLate { .. }
            | Event::SessionEnded { .. } => Step::Other(event.clone()),
        };
        self.note(&event);
        step
    }

    /// `None` when the step says less than is needed: it was not written like this.
    fn lengthen(&mut self, step: Step, session: &SessionId) -> Option<Event> {
        let event = match step {
            Step::Node(flow, node, visit) => Event::NodeEntered { flow, node, visit },
            Step::Next(node, visit) => {
                Event::NodeEntered { flow: self.0.as_ref().map(|(flow, _, _)| flow.clone())?, node, visit }
            }
            Step::Port(port) => {
                let (flow, node, _) = self.0.clone()?;
                Event::PortTaken { flow, node, port }
            }
            Step::Wait => {
                let (flow, node, visit) = self.0.clone()?;
                Event::WaitBegan { wait: WaitId { session: session.clone(), visit }, flow, node }
            }
            Step::Answered(visit, how) => {
                Event::Answered { wait: WaitId { session: session.clone(), visit }, how }
            }
            Step::Other(event) => event,
        };
        self.note(&event);
        Some(event)
    }
}

/// What stays and what goes.
pub(super) fn pack(events: &[Event], session: &SessionId) -> (Vec<Step>, Vec<Rest>) {
    let (mut path, mut whole) = (Place::default(), Place::default());
    let (mut stay, mut rest) = (Vec::new(), Vec::new());
    for event in events {
        let left = stays(event.clone());
        let as_is = left.as_ref() == Some(event);
        stay.extend(left.map(|left| path.shorten(left, session)));
        let step = whole.shorten(event.clone(), session);
        match rest.last_mut() {
            Some(Rest::Stays(count)) if as_is => *count += 1,
            Some(_) | None if as_is => rest.push(Rest::Stays(1)),
            Some(_) | None => rest.push(Rest::Goes(step)),
        }
    }
    (stay, rest)
}

/// What stayed, as events.
pub(super) fn unpack(stay: Vec<Step>, session: &SessionId) -> Option<Vec<Event>> {
    let mut place = Place::default();
    stay.into_iter().map(|step| place.lengthen(step, session)).collect()
}

/// All events again.
pub(super) fn merge(stay: Vec<Event>, rest: Vec<Rest>, session: &SessionId) -> Option<Vec<Event>> {
    let mut place = Place::default();
    let mut stay = stay.into_iter();
    let mut all = Vec::new();
    for item in rest {
        match item {
            Rest::Stays(count) => {
                for _ in 0..count {
                    let event = stay.next()?;
                    place.note(&event);
                    all.push(event);
                }
            }
            Rest::Goes(step) => {
                let event = place.lengthen(step, session)?;
                if stays(event.clone()).is_some() {
                    stay.next()?;
                }
                all.push(event);
            }
        }
    }
    stay.next().is_none().then_some(all)
}

#[cfg(test)]
mod tests {
    use fluxo_engine::protocol::{NotPlayed, Trouble, TroubleCode};

    use super::*;

    fn wait(session: &str, visit: u32) -> WaitId {
        WaitId { session: session.into(), visit }
    }

    fn node(flow: &str, node: &str, visit: u32) -> Event {
        Event::NodeEntered { flow: flow.into(), node: node.into(), visit }
    }

    fn port(flow: &str, node: &str, port: &str) -> Event {
        Event::PortTaken { flow: flow.into(), node: node.into(), port: port.to_owned() }
    }

    #[test]
    fn events_come_back_whole_and_what_stays_comes_back_alone() {
        let trouble = |detail: &str| {
            let detail = detail.to_owned();
            Event::Trouble(Trouble {
                code: TroubleCode::TooLarge,
                flow: "a".into(),
                node: "x".into(),
                detail,
            })
        };
        let began = |of: WaitId, flow: &str, node: &str| Event::WaitBegan {
            wait: of,
            flow: flow.into(),
            node: node.into(),
        };
        let turns = [
            vec![],
            vec![
                Event::SessionStarted { flow: "a".into() },
                Event::FlowEntered { flow: "a".into() },
                node("a", "x", 1),
                port("a", "x", "next"),
                node("a", "y", 2),
                began(wait("s", 2), "a", "y"),
            ],
            vec![
                Event::Answered { wait: wait("s", 2), how: "sim".into() },
                Event::Answered { wait: wait("t", 2), how: "sim".into() },
                port("a", "y", "options/sim"),
                node("b", "x", 3),
                port("a", "x", "next"),
                trouble("some detail"),
                trouble(""),
                node("b", "y", 4),
                began(wait("s", 3), "b", "y"),
                began(wait("s", 4), "b", "z"),
                Event::NotPlayed { reason: NotPlayed::Early },
                Event::SessionEnded { outcome: "ok".into() },
            ],
        ];
        for events in turns {
            let session = SessionId::from("s");
            let (stay, rest) = pack(&events, &session);
            // As they are stored.
            let again = |text: String| serde_json::from_str::<Vec<Rest>>(&text).unwrap();
            let rest = again(serde_json::to_string(&rest).unwrap());
            let text = serde_json::to_string(&stay).unwrap();
            assert!(!text.contains("detail\":\"s") && !text.contains("sim"), "{text}");
            let stay = unpack(serde_json::from_str(&text).unwrap(), &session).unwrap();
            let expected: Vec<Event> = events.iter().cloned().filter_map(stays).collect();
            assert_eq!(stay, expected);
            assert_eq!(merge(stay, rest, &session), Some(events));
        }
    }

    #[test]
    fn a_list_that_lacks_what_it_rests_on_is_not_guessed_at() {
        let session = SessionId::from("s");
        assert_eq!(unpack(vec![Step::Next("x".into(), 1)], &session), None);
        assert_eq!(merge(vec![], vec![Rest::Stays(1)], &session), None);
        assert_eq!(merge(vec![node("a", "x", 1)], vec![], &session), None);
    }
}
