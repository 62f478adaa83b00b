//! Makes releases of documents.

use std::sync::Arc;

use fluxo_engine::flow::{Flow, Library};

use crate::releases::{Compiler, Finding, Release, Tested};
use crate::store::Documents;

/// Takes flows that can be read, whatever a checker may think of them.
#[derive(Debug, Clone, Copy, Default)]
pub struct FlowReader;

impl Compiler for FlowReader {
    fn check(&self, documents: &Documents) -> Result<Arc<dyn Release>, Vec<Finding>> {
        let mut findings = Vec::new();
        let mut flows = Vec::new();
        for (path, text) in documents {
            match Flow::parse(text) {
                Ok(flow) => flows.push(flow),
                Err(error) => findings.push(Finding::plain(format!("{path}: {error}"))),
            }
        }
        if findings.is_empty() { Ok(Arc::new(Library::new(flows))) } else { Err(findings) }
    }

    fn read(&self, documents: &Documents) -> Result<Arc<dyn Release>, String> {
        self.check(documents).map_err(|findings| findings.iter().map(|found| found.line.as_str()).collect())
    }

    fn test(&self, _: &Library, _: &Documents) -> Tested {
        Tested::default()
    }
}
