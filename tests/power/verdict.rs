//! What a scenario found, for people and for the exit code.

use crate::disk::{Position, Recording};

/// The outcome of a scenario's cuts.
#[derive(Debug)]
pub(crate) struct Verdict {
    scenario: &'static str,
    cuts: usize,
    wrote: String,
    hurt: Vec<String>,
    notes: Vec<String>,
}

impl Verdict {
    pub(crate) fn new(scenario: &'static str, cuts: usize) -> Self {
        Self { scenario, cuts, wrote: String::new(), hurt: Vec::new(), notes: Vec::new() }
    }

    pub(crate) fn wrote(&mut self, recording: &Recording, from: Position, acknowledged: usize) {
        self.wrote = format!(
            "{acknowledged} acknowledged over {} writes and {} flushes, at most {} KiB between two of them",
            recording.writes(),
            recording.flushes(),
            recording.most_unflushed(from) / 1024,
        );
    }

    pub(crate) fn cut(&mut self, name: &str, outcome: Result<(), String>) {
        if let Err(harm) = outcome {
            self.hurt.push(format!("cut at {name}: {harm}"));
        }
    }

    /// Something else that people want to know.
    pub(crate) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Nothing may be hurt.
    pub(crate) fn unhurt(&self) -> bool {
        self.report(usize::MAX);
        self.hurt.is_empty()
    }

    /// The control: at least half must be hurt, or the disk forgets nothing and the other scenarios prove nothing.
    pub(crate) fn hurt_as_expected(&self) -> bool {
        self.report(2);
        self.hurt.len() * 2 >= self.cuts
    }

    fn report(&self, shown: usize) {
        let wrote = if self.wrote.is_empty() { String::new() } else { format!(", {}", self.wrote) };
        println!("{}: {} cuts{wrote}: {} hurt", self.scenario, self.cuts, self.hurt.len());
        for note in &self.notes {
            println!("  {note}");
        }
        for harm in self.hurt.iter().take(shown) {
            println!("  {harm}");
        }
    }
}
