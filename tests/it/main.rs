//! Whole-system suites: the house rules, and conversations over real HTTP and a real disk.

mod conversations;
mod support;
mod tidy;
