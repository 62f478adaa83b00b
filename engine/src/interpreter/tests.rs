//! Plays every case file, each turn twice and through the stored form.

mod driver;
mod epochs;
mod refusals;
mod routes;
mod stored;
mod transcript;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::flow::{Flow, Library};
use crate::nodes::NodeKind;
use driver::Driver;

/// The case files of a folder of `src`.
fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files
}

/// Plays a file. With `UPDATE_CASES=1` what happened is written as what is expected: read the difference.
fn play(path: &Path) {
    let text = std::fs::read_to_string(path).expect("a case file");
    let mut file: Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let library = Library::new(flows(&file).into_iter().map(|flow| {
        Flow::parse(&flow.to_string()).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }));
    let world = file.get("world").cloned().unwrap_or(Value::Null);
    let cases = file.get_mut("cases").and_then(Value::as_array_mut).expect("`cases`");
    let mut wrong = Vec::new();
    for case in cases {
        let title = case["title"].as_str().expect("a case has a title").to_owned();
        let mut driver = Driver::new(&library, &world, case);
        for (at, step) in case["steps"].as_array_mut().expect("`steps`").iter_mut().enumerate() {
            let happened = driver.step(step);
            let expected = step.get("then").cloned().unwrap_or(Value::Null);
            if expected != happened {
                let shown = |value: &Value| serde_json::to_string_pretty(value).expect("JSON");
                wrong.push(format!(
                    "{}: {title}: step {at}\nexpected {}\nhappened {}",
                    path.display(),
                    shown(&expected),
                    shown(&happened)
                ));
            }
            step.as_object_mut().expect("a step is an object").insert("then".to_owned(), happened);
        }
    }
    if std::env::var_os("UPDATE_CASES").is_some() {
        std::fs::write(path, transcript::layout(&file)).expect("the case file is written");
    } else {
        assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    }
}

/// The flows of a file: `flows` in full, or `nodes` of one flow `f` that begins at its first node.
fn flows(file: &Value) -> Vec<Value> {
    let mut flows = Vec::new();
    for (id, given) in file["flows"].as_object().expect("`flows` by id") {
        let first = given["nodes"].as_object().and_then(|nodes| nodes.keys().next()).expect("a node");
        let mut flow = json!({ "format": 1, "flow": id, "title": id, "start": first });
        for (name, value) in given.as_object().expect("a flow is an object") {
            flow[name] = value.clone();
        }
        flows.push(flow);
    }
    flows
}

#[test]
fn every_node_type_has_cases() {
    let played = files("nodes/cases");
    for name in NodeKind::NAMES {
        let has = played.iter().any(|path| path.file_stem().is_some_and(|stem| stem == *name));
        assert!(has, "nodes/cases/{name}.json is missing");
    }
}

#[test]
fn every_node_type_plays_as_its_cases_say() {
    for path in files("nodes/cases") {
        play(&path);
    }
}

#[test]
fn the_rules_of_play_hold_as_their_cases_say() {
    for path in files("interpreter/cases") {
        play(&path);
    }
}
