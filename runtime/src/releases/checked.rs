//! Releases of what the checker has found no error in.

use std::sync::Arc;

use fluxo_engine::check::render::{Format, Look};
use fluxo_engine::check::{Language, ProjectFacts, Severity, check};
use fluxo_engine::flow::source::Source;
use fluxo_engine::flow::{Flow, Library};

use super::{Compiler, Release};
use crate::store::Documents;

/// Reads flows with the engine's checker.
#[derive(Debug, Clone)]
pub struct Checked {
    /// What the flows may name of the project.
    pub facts: ProjectFacts,
    /// What the findings are told in.
    pub language: Language,
}

impl Compiler for Checked {
    fn check(&self, documents: &Documents) -> Result<Arc<dyn Release>, Vec<String>> {
        let sources = documents.iter().map(|(path, text)| Source::read(path.as_str(), text.as_str()));
        let report = check(sources, &self.facts);
        match report.library {
            Some(library) => Ok(Arc::new(library)),
            None => {
                let look = Look { format: Format::Short, language: self.language, color: false };
                let errors = report.diagnostics.iter().filter(|found| found.severity >= Severity::Error);
                let told = errors.map(|found| {
                    let source = report.sources.iter().find(|source| source.path == found.path);
                    found.render(source, look).trim_end().to_owned()
                });
                Err(told.collect())
            }
        }
    }

    fn read(&self, documents: &Documents) -> Result<Arc<dyn Release>, String> {
        let flows: Result<Vec<Flow>, String> = documents
            .iter()
            .map(|(path, text)| Flow::parse(text).map_err(|error| format!("{path}: {error}")))
            .collect();
        Ok(Arc::new(Library::new(flows?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(start: &str) -> Documents {
        let flow = serde_json::json!({
            "format": 1, "flow": "oi", "title": "Oi", "start": start,
            "triggers": [{ "when": "default" }],
            "nodes": { "fim": { "type": "end", "outcome": "ok", "text": "Oi!" } }
        });
        vec![("flows/oi.json".to_owned(), flow.to_string())]
    }

    #[test]
    fn only_what_is_clean_becomes_a_release() {
        let checked = Checked { facts: ProjectFacts::default(), language: Language::Portuguese };
        let release = checked.check(&document("fim")).expect("nothing is wrong with it");
        let again = checked.read(&document("fim")).expect("it was published before");
        assert_eq!(release.id(), again.id());
        let findings = checked.check(&document("fin")).expect_err("there is no such node");
        assert!(findings[0].starts_with("flows/oi.json:1:"), "{findings:?}");
    }
}
