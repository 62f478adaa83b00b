//! What is to be said of flows before they are published.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Release;

/// One thing that is wrong, ready to be shown. It quotes flows and tests, never a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// On one line: the file, the place, what is wrong.
    pub line: String,
    /// For people at a terminal: with the place marked, or with what the test saw.
    pub shown: String,
}

impl Finding {
    /// One that has no more to show than its line.
    pub fn plain(line: impl Into<String>) -> Self {
        let line = line.into();
        Self { shown: line.clone(), line }
    }
}

/// What the flow tests came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tested {
    /// Cases that passed.
    pub passed: usize,
    /// Cases that failed, and tests that cannot be read.
    pub failures: Vec<Finding>,
}

/// What checker and tests say of flows.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// The release they make; absent while the checker finds errors.
    pub release: Option<Arc<dyn Release>>,
    /// The checker's errors.
    pub findings: Vec<Finding>,
    /// What the flow tests came to; they are not played while there are errors.
    pub tested: Tested,
}

impl Verdict {
    /// Of flows with errors.
    pub fn of_errors(findings: Vec<Finding>) -> Self {
        Self { release: None, findings, tested: Tested::default() }
    }

    /// Says in the log what stands against it: what is wrong, a line each.
    pub fn tell(&self) {
        let failures = &self.tested.failures;
        tracing::warn!(
            errors = self.findings.len(),
            failing_tests = failures.len(),
            "the flows on the disk are not published; the release before stays"
        );
        for finding in self.findings.iter().chain(failures) {
            tracing::warn!("{}", finding.line);
        }
    }

    /// The release, if nothing stands against it.
    pub fn clean(&self) -> Option<&Arc<dyn Release>> {
        self.release.as_ref().filter(|_| self.tested.failures.is_empty())
    }
}
