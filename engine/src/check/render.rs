//! Findings as text: for people with the line shown and the place marked, or one line each.

use std::fmt::Write;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Element, Group, Level, Patch, Renderer, Snippet};

use super::catalogue::Severity;
use super::diagnostic::Diagnostic;
use super::text::{Language, say};
use super::{Report, Text};
use crate::flow::source::Source;

/// How findings are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// How much of each.
    pub format: Format,
    /// In which language.
    pub language: Language,
    /// With terminal colours.
    pub color: bool,
}

/// How much of each finding is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// The line, the place in it, and what can be done.
    #[default]
    Human,
    /// One line each: `path:line:column: error[F101]: …`.
    Short,
}

impl Report {
    /// All findings and, for people, a summary.
    pub fn render(&self, look: Look) -> String {
        let mut out = String::new();
        for diagnostic in &self.diagnostics {
            let source = self.sources.iter().find(|source| source.path == diagnostic.path);
            out.push_str(&diagnostic.render(source, look));
        }
        if look.format == Format::Human && !self.diagnostics.is_empty() {
            out.push_str(&self.summary(look.language));
            out.push('\n');
        }
        out
    }

    /// "2 erros e 1 aviso em 3 arquivos".
    pub fn summary(&self, language: Language) -> String {
        let (errors, warnings, files) =
            (self.count(Severity::Error), self.count(Severity::Warning), self.sources.len());
        let s = |n: usize| if n == 1 { "" } else { "s" };
        match language {
            Language::Portuguese => format!(
                "{errors} erro{} e {warnings} aviso{} em {files} arquivo{}",
                s(errors),
                s(warnings),
                s(files)
            ),
            Language::English => format!(
                "{errors} error{} and {warnings} warning{} in {files} file{}",
                s(errors),
                s(warnings),
                s(files)
            ),
        }
    }
}

impl Diagnostic {
    /// As text, ending in a line break. Without its document no line can be shown.
    pub fn render(&self, source: Option<&Source>, look: Look) -> String {
        let mut out = self.headline(look);
        out.push('\n');
        if let (Format::Human, Some(source)) = (look.format, source) {
            out.push_str(&self.frame(source, look));
            out.push_str("\n\n");
        }
        out
    }

    /// `flows/confirma.json:41:17: erro[F101]: o destino "escoler" não existe`.
    fn headline(&self, look: Look) -> String {
        let (name, title) = (severity_name(self.severity, look.language), self.title.get(look.language));
        let (line, column) = (self.position.line, self.position.column);
        let mut out = format!("{}:{line}:{column}: ", self.path);
        let (strong, severe, plain) = match (look.color, self.severity) {
            (false, _) => ("", "", ""),
            (true, Severity::Error) => ("\u{1b}[1m", "\u{1b}[1;31m", "\u{1b}[0m"),
            (true, Severity::Warning) => ("\u{1b}[1m", "\u{1b}[1;33m", "\u{1b}[0m"),
            (true, Severity::Info) => ("\u{1b}[1m", "\u{1b}[1;34m", "\u{1b}[0m"),
        };
        let _ = write!(out, "{severe}{name}[{}]{plain}{strong}: {title}{plain}", self.code);
        out
    }

    fn frame(&self, source: &Source, look: Look) -> String {
        let language = look.language;
        let text_of = |text: &Text| text.get(language).to_owned();
        let mut primary = AnnotationKind::Primary.span(self.span.clone());
        if let Some(label) = &self.label {
            primary = primary.label(text_of(label));
        }
        let related = self
            .related
            .iter()
            .map(|label| AnnotationKind::Context.span(label.span.clone()).label(text_of(&label.text)));
        let snippet = Snippet::source(source.text.as_str()).annotation(primary).annotations(related);
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Info => Level::INFO,
        };
        let (note, help) = match language {
            Language::Portuguese => ("nota", "ajuda"),
            Language::English => ("note", "help"),
        };
        let mut elements: Vec<Element<'_>> = vec![snippet.into()];
        elements
            .extend(self.notes.iter().map(|text| Level::NOTE.with_name(note).message(text_of(text)).into()));
        let change = say!("uma mudança que resolve", "a change that settles it");
        let (with_fix, others) = match (&self.fix, self.help.split_first()) {
            (Some(fix), Some((first, others))) => (Some((fix, first)), others),
            (Some(fix), None) => (Some((fix, &change)), self.help.as_slice()),
            (None, _) => (None, self.help.as_slice()),
        };
        elements.extend(others.iter().map(|text| Level::HELP.with_name(help).message(text_of(text)).into()));
        let mut groups = vec![Group::with_level(level).elements(elements)];
        if let Some((fix, text)) = with_fix {
            let patches = fix.edits.iter().map(|edit| Patch::new(edit.span.clone(), edit.text.clone()));
            let patched = Snippet::source(source.text.as_str()).patches(patches);
            groups.push(Level::HELP.with_name(help).secondary_title(text_of(text)).element(patched));
        }
        let renderer = if look.color { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.decor_style(DecorStyle::Unicode);
        renderer.render(&groups)
    }
}

fn severity_name(severity: Severity, language: Language) -> &'static str {
    match (severity, language) {
        (Severity::Error, Language::Portuguese) => "erro",
        (Severity::Error, Language::English) => "error",
        (Severity::Warning, Language::Portuguese) => "aviso",
        (Severity::Warning, Language::English) => "warning",
        (Severity::Info, _) => "info",
    }
}
