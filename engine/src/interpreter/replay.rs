//! Compares a recorded turn with the same input played again: where the two part ways.
//!
//! Playing again is [`start`](super::start) and [`resume`](super::resume), which are functions; this says what a
//! difference is about. Within one engine version and one release there is none. On another release, the first one
//! tells where that would have done something else.

use crate::ids::{FlowId, NodeId};
use crate::protocol::{Event, Trouble};

/// Where two plays of one input part.
#[derive(Debug, Clone, PartialEq)]
pub struct Parting {
    /// The flow and node both were at; absent before the first.
    pub at: Option<(FlowId, NodeId)>,
    /// The place in the list of events, from 0.
    pub place: usize,
    /// What was recorded; absent when that ended here.
    pub expected: Option<Event>,
    /// What came now; absent when that ended here.
    pub actual: Option<Event>,
}

/// The first event in which two plays differ; `at` is where the turn began. What is said to developers about trouble
/// makes no difference.
pub fn parting(at: Option<(FlowId, NodeId)>, expected: &[Event], actual: &[Event]) -> Option<Parting> {
    let mut at = at;
    for place in 0..expected.len().max(actual.len()) {
        let (was, is) = (expected.get(place), actual.get(place));
        if !same(was, is) {
            return Some(Parting { at, place, expected: was.cloned(), actual: is.cloned() });
        }
        if let Some(Event::NodeEntered { flow, node, .. }) = is {
            at = Some((flow.clone(), node.clone()));
        }
    }
    None
}

/// Where a turn's play stood last.
pub fn last_node(events: &[Event]) -> Option<(FlowId, NodeId)> {
    events.iter().rev().find_map(|event| match event {
        Event::NodeEntered { flow, node, .. } => Some((flow.clone(), node.clone())),
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
        | Event::SessionEnded { .. } => None,
    })
}

fn same(expected: Option<&Event>, actual: Option<&Event>) -> bool {
    match (expected, actual) {
        (Some(Event::Trouble(was)), Some(Event::Trouble(is))) => {
            let place = |trouble: &Trouble| (trouble.code, trouble.flow.clone(), trouble.node.clone());
            place(was) == place(is)
        }
        (was, is) => was == is,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::TroubleCode;

    fn node(node: &str, visit: u32) -> Event {
        Event::NodeEntered { flow: "f".into(), node: node.into(), visit }
    }

    fn port(node: &str, port: &str) -> Event {
        Event::PortTaken { flow: "f".into(), node: node.into(), port: port.to_owned() }
    }

    fn trouble(code: TroubleCode, detail: &str) -> Event {
        Event::Trouble(Trouble { code, flow: "f".into(), node: "a".into(), detail: detail.to_owned() })
    }

    #[test]
    fn the_first_difference_is_told_with_the_node_both_were_at() {
        let recorded = [node("a", 1), port("a", "next"), node("b", 2), port("b", "sim")];
        assert_eq!(parting(None, &recorded, &recorded), None);
        let other = [node("a", 1), port("a", "next"), node("b", 2), port("b", "nao")];
        let found = parting(None, &recorded, &other).unwrap();
        assert_eq!((found.at, found.place), (Some(("f".into(), "b".into())), 3));
        assert_eq!((found.expected, found.actual), (Some(port("b", "sim")), Some(port("b", "nao"))));
        let found = parting(None, &recorded, &recorded[..2]).unwrap();
        assert_eq!((found.expected, found.actual), (Some(node("b", 2)), None));
        let before = Some(("f".into(), "z".into()));
        assert_eq!(parting(before.clone(), &recorded, &[node("c", 1)]).unwrap().at, before);
        assert_eq!(last_node(&recorded), Some(("f".into(), "b".into())));
        assert_eq!(last_node(&recorded[..0]), None);
    }

    #[test]
    fn the_words_about_trouble_make_no_difference_and_its_code_does() {
        let was = [trouble(TroubleCode::TooDeep, "one")];
        assert_eq!(parting(None, &was, &[trouble(TroubleCode::TooDeep, "other")]), None);
        assert!(parting(None, &was, &[trouble(TroubleCode::TooLarge, "one")]).is_some());
    }
}
