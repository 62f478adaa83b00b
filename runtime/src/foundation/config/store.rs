//! `[store]` and `[retention]`: where things are kept, and for how long.

use std::path::PathBuf;

use serde::Deserialize;

use super::span::Span;

/// `[store]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSection {
    /// The store's directory, relative to the project file; [`super::Config::store_path`] has it resolved.
    pub path: PathBuf,
    /// Memory for its cache, in MiB.
    #[serde(default = "cache")]
    pub cache_mib: u64,
}

/// `[retention]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionSection {
    /// How long the journal keeps what is needed to play a turn again.
    pub replay: Span,
}

fn cache() -> u64 {
    16
}

impl Default for RetentionSection {
    fn default() -> Self {
        Self { replay: Span::seconds(7 * 24 * 60 * 60) }
    }
}
