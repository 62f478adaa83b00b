//! A whole system on loopback: the sandbox in this process, the real binary in another, a real disk.

mod phone;
mod service;
mod world;

pub(crate) use phone::{Phone, now_in_seconds};
pub(crate) use service::free_port;
pub(crate) use world::World;

use std::time::Duration;

/// How long a test waits for something that must happen. Long: the machine may be busy. Nothing sleeps this long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(150);

/// A copy of the shipped project in which texts are replaced, as an analyst would who wants shorter waits. Lives as long
/// as the process.
pub(crate) fn flows_with(replacements: &[(&str, &str)]) -> std::path::PathBuf {
    let folder = tempfile::TempDir::new().expect("a temporary directory").keep();
    for entry in std::fs::read_dir(crate::tidy::root().join("flows")).expect("the flows are there").flatten()
    {
        let path = entry.path();
        if path.is_file() {
            let mut text = std::fs::read_to_string(&path).expect("a document is readable");
            for (from, to) in replacements {
                text = text.replace(from, to);
            }
            std::fs::write(folder.join(entry.file_name()), text).expect("the copy is written");
        }
    }
    folder
}
