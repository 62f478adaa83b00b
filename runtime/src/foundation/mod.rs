//! What every layer stands on: the project file, the clock, the HTTP client, the way to stop, what is logged and
//! what is left out of it. Nothing here knows a conversation or a provider.

pub mod clock;
pub mod config;
pub mod http;
pub mod redact;
<<<<<<< HEAD
pub mod shutdown;
=======
#[cfg(test)]
pub(crate) mod scripted;
>>>>>>> c534f26 (Call the hospital's systems: logins, repeats where safe, doubt where not, names as flows read them)
pub mod telemetry;
