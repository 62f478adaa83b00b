//! What is wrong with documents, said so that an analyst can put it right.
//!
//! Diagnostics are data ([`Diagnostic`]); [`render`] makes text of them. Families of checks have a file each, the
//! [`catalogue`] names every code. [`check`] is the one entry: it reads, judges, and gives the library when there is
//! no error.

mod calls;
pub mod catalogue;
pub mod diagnostic;
mod document;
pub mod facts;
mod graph;
mod project;
mod reading;
pub mod render;
mod shape;
mod subflows;
mod suggest;
mod templates;
pub mod text;

pub use catalogue::{Code, Severity};
pub use diagnostic::{Diagnostic, Edit, Fix, Label};
pub use document::DocumentKind;
pub use facts::ProjectFacts;
pub use text::{Language, Text};

use document::Document;
use text::say;

use crate::flow::source::Source;
use crate::flow::{Flow, Library};

/// A check of one document by itself.
type OfDocument = fn(&Document, &ProjectFacts, &mut Vec<Diagnostic>);

/// A check of all documents together.
type OfProject = fn(&[Document], &ProjectFacts, &mut Vec<Diagnostic>);

/// Checks of one document, one family after the other.
const OF_DOCUMENT: &[OfDocument] = &[
    reading::faults,
    reading::encoding,
    shape::violations,
    graph::targets,
    graph::unreachable,
    graph::missing_ports,
    templates::computed,
    templates::names,
    templates::bare_variables,
    calls::doubt,
    calls::connections,
    project::queues_and_desks,
    project::campaign_queues,
];

/// Checks of all documents together.
const OF_PROJECT: &[OfProject] = &[
    project::same_flow,
    project::flows,
    project::defaults,
    project::keywords,
    graph::circles,
    subflows::inputs,
    subflows::outcomes,
];

/// What came of a check.
#[derive(Debug)]
pub struct Report {
    /// Findings, by document and place.
    pub diagnostics: Vec<Diagnostic>,
    /// The documents, in the order given.
    pub sources: Vec<Source>,
    /// The flows, when there is no error.
    pub library: Option<Library>,
}

impl Report {
    /// Findings of one severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count()
    }
}

/// Reads and judges documents: flows, campaigns and flow tests, together.
pub fn check(sources: impl IntoIterator<Item = Source>, facts: &ProjectFacts) -> Report {
    let documents: Vec<Document> = sources.into_iter().map(Document::read).collect();
    let mut diagnostics = Vec::new();
    for document in &documents {
        for family in OF_DOCUMENT {
            family(document, facts, &mut diagnostics);
        }
    }
    for family in OF_PROJECT {
        family(&documents, facts, &mut diagnostics);
    }
    let document_of = |path: &str| documents.iter().find(|document| document.source.path == path);
    diagnostics.retain(|diagnostic| {
        let places = diagnostic.related.iter().map(|label| label.span.start).chain([diagnostic.span.start]);
        document_of(&diagnostic.path)
            .is_none_or(|document| !places.into_iter().any(|at| document.allows(diagnostic.code, at)))
    });

    let clean = diagnostics.iter().all(|diagnostic| diagnostic.severity < Severity::Error);
    let library = if clean { library_of(&documents, &mut diagnostics) } else { None };

    let place = |path: &str| documents.iter().position(|document| document.source.path == path);
    diagnostics.sort_by_key(|diagnostic| (place(&diagnostic.path), diagnostic.span.start, diagnostic.code));
    diagnostics.dedup();
    Report { diagnostics, sources: documents.into_iter().map(|document| document.source).collect(), library }
}

/// The flows. A reader that refuses what schema and checks let through makes a finding: nothing is lost in silence.
fn library_of(documents: &[Document], diagnostics: &mut Vec<Diagnostic>) -> Option<Library> {
    let mut flows = Vec::new();
    let before = diagnostics.len();
    for document in documents.iter().filter(|document| document.kind == DocumentKind::Flow) {
        let Some(value) = &document.source.value else { continue };
        match Flow::read(value, &document.source.text) {
            Ok(flow) => flows.push(flow),
            Err(error) => {
                let words = &error.message;
                let title = say!("isto não pode ser lido ({words})", "this cannot be read ({words})");
                let span = document.source.span(&error.pointer());
                diagnostics.push(Diagnostic::new(Code::F008, document, span, title));
            }
        }
    }
    (diagnostics.len() == before).then(|| Library::new(flows))
}

#[cfg(test)]
mod tests;
