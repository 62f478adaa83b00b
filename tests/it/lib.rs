//! Whole-system suites live in the `it` test binary; this crate itself is empty.
