//! Whole-system suites: the house rules, and conversations over real HTTP and a real disk.

mod conversations;
mod crashes;
mod faults;
mod support;
mod tidy;
