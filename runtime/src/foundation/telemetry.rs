//! What the process tells about itself: lines on standard error, for people on a terminal and as JSON elsewhere.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::TryInitError;
use tracing_subscriber::{fmt, prelude::*};

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people when standard error is a terminal, else JSON.
    #[default]
    Auto,
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// What is told unless `FLUXO_LOG` says otherwise (`tracing_subscriber`'s directives).
const DEFAULT_FILTER: &str = "info,hyper=warn,hyper_util=warn,reqwest=warn,rustls=warn,h2=warn,sled=warn";

/// Starts telling. `filter` takes `tracing_subscriber`'s directives; [`None`] means the usual ones.
///
/// # Errors
/// When something in this process tells already.
pub fn init(format: LogFormat, filter: Option<&str>) -> Result<(), TryInitError> {
    let human = match format {
        LogFormat::Auto => std::io::stderr().is_terminal(),
        LogFormat::Human => true,
        LogFormat::Json => false,
    };
    let filter = EnvFilter::new(filter.unwrap_or(DEFAULT_FILTER));
    let registry = tracing_subscriber::registry().with(filter);
    if human {
        let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        registry
            .with(fmt::layer().with_writer(std::io::stderr).with_ansi(colours).with_target(false))
            .try_init()
    } else {
        registry.with(fmt::layer().json().flatten_event(true).with_writer(std::io::stderr)).try_init()
    }
}
