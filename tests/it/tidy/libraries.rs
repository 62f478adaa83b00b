//! Who may name which library, and what the engine may not drag in.

use std::process::Command;

use super::{code, root, rust_files};

/// A library and the only places that name it.
const HOMES: &[(&str, &[&str])] = &[
    ("minijinja", &["engine/src/expr/"]),
    ("jsonschema", &["engine/src/flow/"]),
    ("petgraph", &["engine/src/flow/", "engine/src/check/"]),
    ("sled", &["runtime/src/store/"]),
    ("reqwest", &["runtime/src/foundation/http", "runtime/sandbox/", "tests/"]),
    ("axum", &["runtime/src/web/", "runtime/sandbox/", "tests/"]),
    ("clap", &["runtime/src/cli/"]),
    ("aws_lc_rs", &["runtime/src/store/"]),
    ("lettre", &["runtime/src/mail/"]),
];

/// Libraries that reach disks and networks, or draw random numbers. `getrandom` is let through: `jsonschema` seeds
/// its own hash maps with it, in which nothing of ours is ordered.
const OUTSIDE: &[&str] = &["tokio", "reqwest", "hyper", "axum", "sled", "rand", "rustls", "mio"];

#[test]
fn libraries_stay_at_home() {
    let sources = ["engine/src", "runtime/src", "runtime/sandbox/src", "tests/it"];
    for source in sources.iter().flat_map(|below| rust_files(below)) {
        for (library, homes) in HOMES {
            let named = code(&source.text).lines().any(|line| {
                line.contains(&format!("use {library}")) || line.contains(&format!("{library}::"))
            });
            let at_home = homes.iter().any(|home| source.path.starts_with(home));
            assert!(!named || at_home, "{} must not name {library}", source.path);
        }
    }
}

#[test]
fn the_engine_depends_on_nothing_that_does_io() {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "-p",
            "fluxo-engine",
            "-e",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).expect("cargo prints UTF-8");
    for line in tree.lines() {
        let name = line.split_whitespace().next().unwrap_or_default();
        assert!(!OUTSIDE.contains(&name), "the engine drags in {line}");
    }
    assert!(tree.lines().count() > 5, "cargo tree printed no tree: {tree}");
}
