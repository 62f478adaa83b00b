//! Plays conversation flows.
