//! What every layer stands on: the project file, the HTTP client, what is logged and what is left out of it.
//! Nothing here knows a conversation or a provider.

pub mod config;
pub mod http;
pub mod redact;
pub mod telemetry;
