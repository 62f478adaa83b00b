//! The sandbox over real HTTP, on a free port, as another process would use it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod graph;
mod phone;
mod rm;
mod service;
mod state;
