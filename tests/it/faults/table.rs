//! docs/faults.md against the list.

use std::fmt::Write;

use super::clock::CLOCK;
use super::{PARTS, Row};
use crate::tidy::root;

const BEGIN: &str = "<!-- from here on written by the suite -->\n";

fn table() -> String {
    let mut text = String::new();
    for part in PARTS {
        section(&mut text, part.title, part.rows);
    }
    section(&mut text, CLOCK.title, CLOCK.rows);
    text
}

fn section(text: &mut String, title: &str, rows: &[Row]) {
    write!(text, "\n## {title}\n\n| fault | the patient sees | RM holds | the staff sees | test |\n|---|---|---|---|---|\n")
        .expect("text grows");
    for Row { name, fault, patient, rm, staff } in rows {
        writeln!(text, "| {fault} | {patient} | {rm} | {staff} | `{name}` |").expect("text grows");
    }
}

#[test]
fn the_document_is_the_list() {
    let path = root().join("docs/faults.md");
    let document = std::fs::read_to_string(&path).expect("docs/faults.md is readable");
    let (prose, written) = document.split_once(BEGIN).expect("docs/faults.md has its mark");
    if std::env::var_os("FAULTS").is_some_and(|wish| wish == "write") {
        std::fs::write(&path, format!("{prose}{BEGIN}{}", table())).expect("docs/faults.md is written");
        return;
    }
    assert_eq!(written, table(), "docs/faults.md is not what the suite tests: FAULTS=write writes it anew");
}

#[test]
fn there_are_at_least_twenty_five_and_no_name_is_twice() {
    let mut names: Vec<&str> =
        PARTS.iter().chain([&CLOCK]).flat_map(|part| part.rows).map(|row| row.name).collect();
    assert!(names.len() >= 25, "{} rows", names.len());
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
}
