//! Dependencies point down.

use super::{code, is_test, rust_files};

/// The engine's modules from bottom to top: a module uses only those before it and itself.
const ENGINE: &[&str] = &[
    "engine_version",
    "ids",
    "error",
    "protocol",
    "answer",
    "expr",
    "session",
    "nodes",
    "flow",
    "interpreter",
    "check",
    "migration",
    "test",
];

/// The runtime's layers from bottom to top; modules of one layer do not use each other.
const RUNTIME: &[&[&str]] = &[
    &["foundation", "drawing"],
    &["store"],
    &["channels", "desks", "connections", "mail"],
    &["releases"],
    &["conversations", "replay"],
    &["workers"],
    &["operations"],
    &["web", "simulation"],
    &["service"],
    &["crashtest"],
    &["cli"],
];

/// The module of a file: the first part of its path below `src`.
fn module(path: &str) -> &str {
    let below = path.split_once("src/").map_or(path, |(_, below)| below);
    below.split(['/', '.']).next().unwrap_or(below)
}

/// Modules named after `crate::`, also in groups: `crate::{a, b::c}`.
fn named(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut item = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 || (depth == 1 && c == ',') {
                    found.push(first_word(item.trim()));
                    item.clear();
                    if depth == 0 {
                        break;
                    }
                } else {
                    item.push(c);
                }
            }
        } else {
            found.push(first_word(rest));
        }
    }
    found
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn engine_modules_depend_only_downward() {
    let rank = |name: &str| ENGINE.iter().position(|module| *module == name);
    for source in rust_files("engine/src") {
        let own = module(&source.path);
        if own == "lib" || is_test(&source.path) {
            continue;
        }
        let own_rank =
            rank(own).unwrap_or_else(|| panic!("{}: module {own} has no place in ENGINE", source.path));
        for used in named(&code(&source.text)) {
            // A name that is no module is a re-export or a macro of the crate's root.
            let Some(used_rank) = rank(&used) else { continue };
            assert!(used_rank <= own_rank, "{} ({own}) must not use {used}", source.path);
        }
    }
}

#[test]
fn runtime_layers_depend_only_downward() {
    let rank = |name: &str| RUNTIME.iter().position(|layer| layer.contains(&name));
    for source in rust_files("runtime/src") {
        let own = module(&source.path);
        if own == "lib" || own == "main" || is_test(&source.path) {
            continue;
        }
        let own_rank =
            rank(own).unwrap_or_else(|| panic!("{}: module {own} has no place in RUNTIME", source.path));
        for used in named(&code(&source.text)) {
            let Some(used_rank) = rank(&used) else { continue };
            let down = used_rank < own_rank || used == own;
            assert!(down, "{} ({own}) must not use {used}", source.path);
        }
    }
}

#[test]
fn the_sandbox_shares_nothing_with_what_it_stands_against() {
    for source in rust_files("runtime/sandbox") {
        for name in ["fluxo_engine", "fluxo::"] {
            assert!(!code(&source.text).contains(name), "{} must not name {name}", source.path);
        }
    }
}

#[test]
fn groups_are_seen() {
    assert_eq!(named("use crate::{ids::A, flow::{B, C}, expr};"), ["ids", "flow", "expr"]);
    assert_eq!(named("crate::nodes::x(); mycrate::y; $crate::z"), ["nodes", "z"]);
}
