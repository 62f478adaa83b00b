//! What must hold, on a real store with everything else outside played by the tests; no test sleeps.

mod desk;
mod effects;
mod engine;
mod erase;
mod handing;
mod intake;
mod mail;
mod merge;
mod moving;
mod person;
mod publisher;
mod replay;
mod script;
mod start;
mod timers;
mod workers;
mod world;
