//! A finding, as data: what, where, why, and what to do about it.

use std::ops::Range;

use super::catalogue::{Code, Severity};
use super::document::Document;
use super::text::Text;
use crate::flow::source::Position;

/// A finding about a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    /// Which.
    pub code: Code,
    /// How grave.
    pub severity: Severity,
    /// The document's name.
    pub path: String,
    /// What it is about, in bytes of the document.
    pub span: Range<usize>,
    /// Where that begins.
    pub position: Position,
    /// The node it is about.
    pub node: Option<String>,
    /// What is wrong, in one line.
    pub title: Text,
    /// At the marked place.
    pub label: Option<Text>,
    /// Other places of the same document.
    pub related: Vec<Label>,
    /// What else there is to know.
    pub notes: Vec<Text>,
    /// What can be done.
    pub help: Vec<Text>,
    /// A change that would do.
    pub fix: Option<Fix>,
}

/// A place with a word about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// In bytes of the document.
    pub span: Range<usize>,
    /// What is there.
    pub text: Text,
}

/// A change to the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// Whether it can be made without asking.
    pub automatic: bool,
    /// What to replace by what, in bytes of the document.
    pub edits: Vec<Edit>,
}

/// One replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What goes, in bytes; empty where something is only put in.
    pub span: Range<usize>,
    /// What comes.
    pub text: String,
}

impl Diagnostic {
    pub(super) fn new(code: Code, document: &Document, span: Range<usize>, title: Text) -> Self {
        Self {
            code,
            severity: code.severity(),
            path: document.source.path.clone(),
            position: document.source.position(span.start),
            node: document.node_at(span.start),
            span,
            title,
            label: None,
            related: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
            fix: None,
        }
    }

    pub(super) fn label(mut self, text: Text) -> Self {
        self.label = Some(text);
        self
    }

    pub(super) fn related(mut self, span: Range<usize>, text: Text) -> Self {
        self.related.push(Label { span, text });
        self
    }

    pub(super) fn note(mut self, text: Text) -> Self {
        self.notes.push(text);
        self
    }

    pub(super) fn help(mut self, text: Text) -> Self {
        self.help.push(text);
        self
    }

    pub(super) fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// A change that a person should look at.
    pub(super) fn suggest(mut self, span: Range<usize>, text: impl Into<String>) -> Self {
        self.fix = Some(Fix { automatic: false, edits: vec![Edit { span, text: text.into() }] });
        self
    }

    /// A change that can be made without asking.
    pub(super) fn repair(mut self, span: Range<usize>, text: impl Into<String>) -> Self {
        self.fix = Some(Fix { automatic: true, edits: vec![Edit { span, text: text.into() }] });
        self
    }
}
