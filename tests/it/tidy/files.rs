//! File sizes, first lines, and names that hide a noun.

use super::rust_files;

const LONGEST: usize = 500;

#[test]
fn files_are_short_and_say_what_lives_in_them() {
    for source in ["engine", "runtime", "tests"].iter().flat_map(|below| rust_files(below)) {
        let lines = source.text.lines().count();
        assert!(lines <= LONGEST, "{}: {lines} lines; which noun is hiding in it?", source.path);
        let first = source.text.lines().next().unwrap_or_default();
        assert!(first.starts_with("//! "), "{}: the first line does not say what lives here", source.path);
    }
}

#[test]
fn names_name_a_thing() {
    for source in ["engine", "runtime", "tests"].iter().flat_map(|below| rust_files(below)) {
        for part in source.path.split(['/', '.']) {
            let vague =
                ["utils", "util", "helpers", "helper", "common", "manager", "handler", "handlers", "types"];
            assert!(!vague.contains(&part), "{}: {part} names no thing", source.path);
        }
    }
}

#[test]
fn nothing_is_unfinished() {
    let marks = [
        concat!("to", "do!("),
        concat!("unimple", "mented!("),
        concat!("FIX", "ME"),
        concat!("#[ig", "nore"),
    ];
    for source in ["engine", "runtime", "tests"].iter().flat_map(|below| rust_files(below)) {
        for mark in marks {
            assert!(!source.text.contains(mark), "{} holds {mark}", source.path);
        }
    }
}
