//! `[flows]`: how flows are published.

use serde::Deserialize;

/// `[flows]`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FlowsSection {
    /// Whether the service publishes flows by itself when their files change; else only `fluxo flows publish` does.
    pub watch: bool,
}

impl Default for FlowsSection {
    fn default() -> Self {
        Self { watch: true }
    }
}
