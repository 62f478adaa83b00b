//! The hospital that the sandbox plays: units, doctors, insurers, patients and agendas, the same for the same seed.
//!
//! Everybody in it is invented. Nothing here knows HTTP.

pub(crate) mod agenda;
pub(crate) mod hospital;
pub(crate) mod locks;
mod names;
pub(crate) mod patients;
mod random;

pub(crate) use random::Random;
