//! Flow tests: scripts of what a patient does and what is expected, with simulated answers, a virtual clock and
//! coverage of nodes and ports. Nothing here waits, and nothing here reaches a network.
//!
//! Every turn is played twice and through the session's stored form; a difference is a failure of the engine
//! and is reported as one, never hidden.

mod coverage;
mod document;
mod expect;
mod mocks;
mod outside;
mod player;
mod said;

use crate::flow::Library;
use crate::protocol::{Origin, Project};

pub use coverage::{Coverage, FlowCoverage};
pub use document::{Case, Document, Expect, Mock, Step};
pub use mocks::Mocks;
pub use outside::{Outside, PlayerError};
pub use player::Player;
pub use said::Said;

/// How one case ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    /// The case's title.
    pub title: String,
    /// Where it failed; absent when it passed.
    pub failure: Option<Failure>,
}

/// Why a case failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// JSON pointer of the step, or of the case, in the test's document.
    pub pointer: String,
    /// What was expected and what happened, in Portuguese.
    pub message_pt: String,
    /// The same in English.
    pub message_en: String,
    /// What the patient saw since the last thing they did, a line a bubble.
    pub transcript: Vec<String>,
}

impl Failure {
    fn new(pt: impl Into<String>, en: impl Into<String>) -> Self {
        Self { pointer: String::new(), message_pt: pt.into(), message_en: en.into(), transcript: Vec::new() }
    }
}

/// Plays all cases of a document. `coverage` gains what they walked through.
pub fn run(
    library: &Library,
    project: &Project,
    document: &Document,
    coverage: &mut Coverage,
) -> Vec<CaseResult> {
    document
        .cases
        .iter()
        .enumerate()
        .map(|(index, case)| {
            let mut mocks = Mocks::new(case.http.iter().chain(&document.http));
            let mut player = Player::new(library, project.clone(), document, case);
            let failure = play(&mut player, &mut mocks, document, case, index).err();
            coverage.add(player.events());
            CaseResult { title: case.title.clone(), failure: failure.map(|failure| *failure) }
        })
        .collect()
}

fn play(
    player: &mut Player<'_>,
    mocks: &mut Mocks,
    document: &Document,
    case: &Case,
    index: usize,
) -> Result<(), Box<Failure>> {
    let locate = |mut failure: Failure, pointer: String, player: &Player<'_>| {
        failure.pointer = pointer;
        failure.transcript = player.said().iter().map(Said::in_words).collect();
        Box::new(failure)
    };
    let origin = if case.message.is_some() { Origin::Message } else { Origin::Api };
    player
        .start(&document.flow, origin, case.message.as_deref(), case.inputs.clone(), mocks)
        .map_err(|error| locate(error.into(), format!("/cases/{index}"), player))?;
    for (at, step) in case.steps.iter().enumerate() {
        let outcome = match step {
            Step::Expect(expect) => expect::check(expect, player, mocks),
            Step::Say(text) => player.say(text, mocks).map_err(Failure::from),
            Step::Choose(option) => player.choose(option, mocks),
            Step::Send(content) => player.send(content.content(), mocks).map_err(Failure::from),
            Step::After(duration) => player.after(duration.as_millis(), mocks).map_err(Failure::from),
            Step::Return(words) => player.desk(words.returned(), mocks),
            Step::Finish(words) => player.desk(words.finished(), mocks),
            Step::Desk(event) => player.desk(event.event(), mocks),
            Step::Refuse(failure) => player.refuse(failure.clone(), mocks),
        };
        outcome.map_err(|failure| locate(failure, format!("/cases/{index}/steps/{at}"), player))?;
    }
    Ok(())
}
