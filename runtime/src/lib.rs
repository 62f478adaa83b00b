//! The service and its command line: everything of fluxo that touches a clock, a disk or a network.
//!
//! Layers from bottom to top: `foundation`, `store`, `channels` | `desks` | `connections` | `mail` (never each other),
//! `releases`, `conversations` | `replay`, `workers`, `operations`, `web`, `service`, `crashtest`, `cli`. A module uses only
//! those below it.

pub mod channels;
pub mod cli;
pub mod connections;
pub mod conversations;
pub mod crashtest;
pub mod drawing;
pub mod foundation;
pub mod mail;
pub mod operations;
pub mod releases;
pub mod replay;
pub mod service;
#[cfg(test)]
mod simulation;
pub mod store;
pub mod web;
pub mod workers;
