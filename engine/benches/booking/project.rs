//! The project that we ship, read from `flows/`.

use std::path::{Path, PathBuf};

use fluxo_engine::protocol::Project;

/// Where it lies.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../flows")
}

/// A file of it.
///
/// # Panics
/// When it cannot be read.
pub(crate) fn read(path: &str) -> String {
    let path = folder().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The JSON documents directly in one of its folders, by path, in a stable order.
fn documents(below: &str) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder().join(below)).expect("the project has this folder");
    let mut paths: Vec<String> = entries
        .map(|entry| entry.expect("a readable folder").file_name())
        .map(|name| format!("{below}{}", name.to_str().expect("our files have plain names")))
        .filter(|path| path.ends_with(".json"))
        .collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), read(&path))).collect()
}

/// Flows and flow tests: path and text.
pub(crate) fn sources() -> Vec<(String, String)> {
    [documents(""), documents("tests/")].concat()
}

/// What play needs of the project file.
pub(crate) fn project() -> Project {
    let file: toml::Table = read("fluxo.toml").parse().expect("the project file is TOML");
    let table = |name: &str| {
        file.get(name).and_then(toml::Value::as_table).unwrap_or_else(|| panic!("no [{name}]")).clone()
    };
    let text = |table: &toml::Table, key: &str| {
        table.get(key).and_then(toml::Value::as_str).unwrap_or_else(|| panic!("no `{key}`")).to_owned()
    };
    let about = table("project");
    let queues = table("queues").into_iter().map(|(name, queue)| {
        let desk = text(queue.as_table().expect("a queue is a table"), "desk");
        (name.into(), desk.into())
    });
    let env = serde_json::to_value(table("env")).and_then(serde_json::from_value);
    Project {
        time_zone: text(&about, "time_zone"),
        env: env.expect("settings are plain"),
        connections: table("connections").keys().map(|name| name.as_str().into()).collect(),
        queues: queues.collect(),
        desks: table("desks").keys().map(|name| name.as_str().into()).collect(),
        default_queue: Some(text(&about, "default_queue").into()),
        trouble_flow: Some(text(&about, "trouble_flow").into()),
        stale_tap_text: Some(text(&about, "stale_tap_text")),
        ..Project::default()
    }
}
