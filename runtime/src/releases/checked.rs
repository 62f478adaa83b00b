//! Releases of what the checker has found no error in.

use std::sync::Arc;

use fluxo_engine::check::render::{Format, Look};
use fluxo_engine::check::{Language, ProjectFacts, Severity, check};
use fluxo_engine::flow::source::Source;
use fluxo_engine::flow::{Flow, Library};
use fluxo_engine::protocol::Project;
use fluxo_engine::test::{CaseResult, Coverage, Document, run};

use super::{Compiler, Finding, Release, Tested};
use crate::store::Documents;

/// Reads flows with the engine's checker, and plays their tests.
#[derive(Debug, Clone)]
pub struct Checked {
    /// What the flows may name of the project, and what their tests play with.
    pub project: Project,
    /// What the findings are told in.
    pub language: Language,
}

impl Compiler for Checked {
    fn check(&self, documents: &Documents) -> Result<Arc<dyn Release>, Vec<Finding>> {
        // A folder that was emptied, or is not mounted, is no hospital without conversations.
        if documents.is_empty() {
            return Err(vec![Finding::plain(match self.language {
                Language::Portuguese => "não há nenhum fluxo na pasta do projeto",
                Language::English => "there is no flow in the project's folder",
            })]);
        }
        let sources = documents.iter().map(|(path, text)| Source::read(path.as_str(), text.as_str()));
        let report = check(sources, &ProjectFacts::from(&self.project));
        match report.library {
            Some(library) => Ok(Arc::new(library)),
            None => {
                let look = |format| Look { format, language: self.language, color: false };
                let errors = report.diagnostics.iter().filter(|found| found.severity >= Severity::Error);
                let told = errors.map(|found| {
                    let source = report.sources.iter().find(|source| source.path == found.path);
                    let rendered = |format| found.render(source, look(format)).trim_end().to_owned();
                    Finding { line: rendered(Format::Short), shown: rendered(Format::Human) }
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

    fn test(&self, library: &Library, tests: &Documents) -> Tested {
        let mut tested = Tested::default();
        for (path, text) in tests {
            let source = Source::read(path.as_str(), text.as_str());
            match serde_json::from_str(text).and_then(Document::from_value) {
                Ok(document) => {
                    for case in run(library, &self.project, &document, &mut Coverage::default()) {
                        match self.failed(&source, document.flow.as_str(), case) {
                            Some(failure) => tested.failures.push(failure),
                            None => tested.passed += 1,
                        }
                    }
                }
                Err(error) => tested.failures.push(Finding::plain(format!("{path}: {error}"))),
            }
        }
        tested
    }
}

impl Checked {
    fn failed(&self, source: &Source, flow: &str, case: CaseResult) -> Option<Finding> {
        let CaseResult { title, failure } = case;
        let failure = failure?;
        let place = source.position(source.span(&failure.pointer).start);
        let place = format!("{}:{}:{}", source.path, place.line, place.column);
        let message = match self.language {
            Language::Portuguese => &failure.message_pt,
            Language::English => &failure.message_en,
        };
        let saw: String = failure.transcript.iter().map(|line| format!("\n  │ {line}")).collect();
        Some(Finding {
            line: format!("{place}: {flow} · {title}: {message}"),
            shown: format!("✗ {flow} · {title}\n  {place}: {message}{saw}"),
        })
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

    fn checked() -> Checked {
        Checked { project: Project::default(), language: Language::Portuguese }
    }

    #[test]
    fn only_what_is_clean_becomes_a_release() {
        let release = checked().check(&document("fim")).expect("nothing is wrong with it");
        let again = checked().read(&document("fim")).expect("it was published before");
        assert_eq!(release.id(), again.id());
        let findings = checked().check(&document("fin")).expect_err("there is no such node");
        assert!(findings[0].line.starts_with("flows/oi.json:1:"), "{findings:?}");
        assert!(findings[0].shown.contains('\n'), "{findings:?}");
        let findings = checked().check(&Documents::new()).expect_err("nobody would be answered");
        assert_eq!(findings, [Finding::plain("não há nenhum fluxo na pasta do projeto")]);
    }

    #[test]
    fn tests_that_fail_are_told_with_their_place_and_what_was_said() {
        let release = checked().check(&document("fim")).expect("nothing is wrong with it");
        let library = release.library().expect("it is the engine's");
        let test = |text: &str| {
            let test = serde_json::json!({
                "format": 1, "flow": "oi", "now": "2026-03-12T09:00:00-03:00",
                "cases": [{ "title": "diz oi", "steps": [{ "expect": { "text": text, "end": "ok" } }] }]
            });
            vec![("flows/tests/oi.test.json".to_owned(), test.to_string())]
        };
        let passed = checked().test(library, &test("Oi!"));
        assert_eq!(passed, Tested { passed: 1, failures: Vec::new() });
        let tested = checked().test(library, &test("Olá!"));
        assert_eq!((tested.passed, tested.failures.len()), (0, 1));
        let failure = &tested.failures[0];
        assert!(failure.line.starts_with("flows/tests/oi.test.json:1:"), "{failure:?}");
        assert!(failure.line.contains("oi · diz oi") && !failure.line.contains('\n'), "{failure:?}");
        assert!(failure.shown.contains("│") && failure.shown.contains("Oi!"), "{failure:?}");
        let broken = vec![("flows/tests/x.json".to_owned(), "{".to_owned())];
        assert_eq!(checked().test(library, &broken).failures.len(), 1);
    }
}
