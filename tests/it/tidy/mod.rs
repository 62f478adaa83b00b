//! The house rules, checked: layers, libraries, files, names.

mod files;
mod layers;
mod libraries;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the workspace").to_owned()
}

/// A source file: its path below the root, and its text.
struct Source {
    path: String,
    text: String,
}

/// All Rust files below a folder of the workspace, in a stable order.
fn rust_files(below: &str) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root().join(below), &mut found);
    assert!(!found.is_empty(), "no Rust file below {below}");
    found.sort();
    found
        .into_iter()
        .map(|path| Source {
            text: fs::read_to_string(&path).expect("a source file is readable UTF-8"),
            path: path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned(),
        })
        .collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            if !["target", "node_modules"].iter().any(|name| path.ends_with(name)) {
                collect(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Whether a file holds only unit tests: they may look at what lies above, and speak a provider's words.
fn is_test(path: &str) -> bool {
    path.contains("/tests/") && !path.starts_with("tests/") || path.ends_with("/tests.rs")
}

/// The code of a file without its comments and without its unit tests.
fn code(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    text[..end]
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect()
}
