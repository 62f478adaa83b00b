//! Deterministic simulation: conversations, workers and timers as they are, in a world that a seed makes up.
//!
//! The world delivers in any order and more than once, takes messages or does not, answers late or never, kills the
//! process at any await and lets its clock jump. Time is virtual and everything runs on one thread, so that a seed
//! always tells the same history, byte for byte. What must hold is judged from outside: from the commits as the disk
//! took them ([`audit`]), and from what is left when everything has come to rest ([`rest`]).
//!
//! `FLUXO_SEED=42 cargo test -p fluxo simulation::tests::one_seed -- --nocapture` tells one history; see `tests`.

mod agenda;
mod audit;
mod chance;
mod clock;
mod contact;
mod flows;
mod hospital;
mod network;
mod panics;
mod plan;
mod process;
mod replay;
mod rest;
mod run;
mod tests;
mod weather;
mod world;
