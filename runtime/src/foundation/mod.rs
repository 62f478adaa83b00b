//! What every layer stands on: the project file, the clock, the HTTP client, the way to stop, what is logged and
//! what is left out of it. Nothing here knows a conversation or a provider.

pub mod clock;
pub mod config;
pub mod http;
pub mod metrics;
pub mod redact;
#[cfg(test)]
pub(crate) mod scripted;
pub mod shutdown;
pub mod telemetry;
