//! What the checker may know of the project that flows belong to.

use std::collections::BTreeSet;

use crate::protocol::Project;

/// Names of the project. What is absent is not known, and nothing is said about it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProjectFacts {
    /// Connections.
    pub connections: Option<BTreeSet<String>>,
    /// Queues.
    pub queues: Option<BTreeSet<String>>,
    /// Desks.
    pub desks: Option<BTreeSet<String>>,
    /// Members of `env`.
    pub env: Option<BTreeSet<String>>,
    /// Flows of the project besides those that are checked. Without them, those checked are all there are.
    pub flows: BTreeSet<String>,
}

impl From<&Project> for ProjectFacts {
    fn from(project: &Project) -> Self {
        Self {
            connections: Some(project.connections.iter().map(ToString::to_string).collect()),
            queues: Some(project.queues.keys().map(ToString::to_string).collect()),
            desks: Some(project.desks.iter().map(ToString::to_string).collect()),
            env: Some(project.env.keys().cloned().collect()),
            flows: BTreeSet::new(),
        }
    }
}
