//! The flows on the disk change under a running service.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fluxo_engine::ids::ReleaseId;

use super::script::Flows;
use super::world::Hospital;
use crate::foundation::clock::Clock;
use crate::foundation::config::{Config, Environment, Overrides, Reading};
use crate::releases::{Announcement, Disk};
use crate::store::Occasion;
use crate::workers::publisher::Publisher;

/// A project's folder, a service, and who looks at the folder.
struct Watched {
    folder: tempfile::TempDir,
    hospital: Hospital,
    publisher: Publisher,
}

fn flow(id: &str, says: &str) -> String {
    serde_json::json!({
        "format": 1, "flow": id, "title": id, "start": "fim", "triggers": [{ "when": "default" }],
        "nodes": { "fim": { "type": "end", "outcome": "ok", "text": says } }
    })
    .to_string()
}

impl Watched {
    async fn new(watch: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../flows/fluxo.toml");
        let text = std::fs::read_to_string(project).unwrap();
        let text = text.replace("watch = true", &format!("watch = {watch}"));
        let file = folder.path().join("fluxo.toml");
        std::fs::write(&file, &text).unwrap();
        std::fs::write(folder.path().join("oi.json"), flow("oi", "um")).unwrap();
        let names = ["RM_USER", "RM_PASSWORD", "FLUXO_API_TOKEN"];
        let variables = Environment::default().with(names.map(|name| (name, "x")));
        let reading = Reading { environment: None, variables, overrides: Overrides::none() };
        let config = Arc::new(Config::parse(&file, text, reading).unwrap());
        let publisher = Publisher::of(config);
        let flows = Disk::read(folder.path()).unwrap().flows;
        let hospital = Hospital::with(Flows::Engine(flows)).await;
        Self { folder, hospital, publisher }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    async fn looks(&mut self, times: usize) {
        for _ in 0..times {
            self.publisher.pass(&self.hospital.here).await;
        }
    }

    fn current(&self) -> ReleaseId {
        self.hospital.here.releases().current().id().clone()
    }

    async fn publications(&self) -> usize {
        self.hospital.here.store().publications(99).await.unwrap().len()
    }
}

#[tokio::test]
async fn changed_flows_are_published_once_two_looks_agree() {
    let mut watched = Watched::new(true).await;
    let first = watched.current();
    watched.looks(3).await;
    assert_eq!((watched.current(), watched.publications().await), (first.clone(), 1));
    watched.write("oi.json", &flow("oi", "dois"));
    watched.looks(1).await;
    assert_eq!(watched.current(), first, "it may be half written");
    watched.looks(1).await;
    let second = watched.current();
    assert_ne!(second, first);
    assert_eq!(watched.publications().await, 2);

    // A save that takes its time: emptied, half there, whole.
    let whole = flow("oi", "três, e mais");
    for part in ["", &whole[..20], &whole[..90], &whole] {
        watched.write("oi.json", part);
        watched.looks(1).await;
        assert_eq!(watched.current(), second);
    }
    watched.looks(1).await;
    assert_ne!(watched.current(), second);
    assert_eq!(watched.publications().await, 3);
}

#[tokio::test]
async fn what_is_broken_waits_for_being_put_right() {
    let mut watched = Watched::new(true).await;
    let first = watched.current();
    watched.write("oi.json", "{ \"flow\": ");
    watched.looks(4).await;
    assert_eq!((watched.current(), watched.publications().await), (first.clone(), 1));
    watched.write("oi.json", &flow("oi", "um"));
    watched.looks(2).await;
    assert_eq!((watched.current(), watched.publications().await), (first.clone(), 1), "as it was");
    watched.write("oi.json", &flow("oi", "dois"));
    watched.looks(2).await;
    assert_ne!(watched.current(), first);
}

#[tokio::test]
async fn files_come_go_and_change_their_names() {
    let mut watched = Watched::new(true).await;
    watched.write("tchau.json", &flow("tchau", "tchau"));
    watched.looks(2).await;
    let both = watched.current();
    assert_eq!(watched.publications().await, 2);
    std::fs::rename(watched.path("tchau.json"), watched.path("adeus.json")).unwrap();
    watched.looks(2).await;
    assert_eq!((watched.current(), watched.publications().await), (both.clone(), 2), "the same flows");
    std::fs::remove_file(watched.path("adeus.json")).unwrap();
    watched.looks(2).await;
    assert_ne!(watched.current(), both);
    assert_eq!(watched.publications().await, 3);
    // What is no flow is nobody's business.
    watched.write("LEIAME.md", "oi");
    watched.write("fluxo.toml", "[project]");
    watched.looks(2).await;
    assert_eq!(watched.publications().await, 3);

    // The folder is gone for a while: a disk that is not mounted.
    let (here, there) = (watched.folder.path().to_path_buf(), watched.folder.path().with_extension("away"));
    std::fs::rename(&here, &there).unwrap();
    watched.looks(3).await;
    std::fs::rename(&there, &here).unwrap();
    watched.looks(3).await;
    assert_eq!(watched.publications().await, 3);
    watched.write("oi.json", &flow("oi", "de volta"));
    watched.looks(2).await;
    assert_eq!(watched.publications().await, 4);
}

#[tokio::test]
async fn a_return_is_not_undone_by_files_that_say_the_same() {
    let mut watched = Watched::new(true).await;
    let first = watched.current();
    watched.write("oi.json", &flow("oi", "ruim"));
    watched.looks(2).await;
    let disk = Disk::read(watched.folder.path()).unwrap().digest();
    let announcement = Announcement::of_ours(Occasion::Rollback, watched.hospital.clock.now());
    watched.hospital.here.releases().go_back(&first, disk, &announcement).await.unwrap();
    watched.looks(2).await;
    // Saved again without a change, under another name, with other tests.
    std::fs::remove_file(watched.path("oi.json")).unwrap();
    watched.write("ola.json", &flow("oi", "ruim"));
    std::fs::create_dir(watched.path("tests")).unwrap();
    watched.write("tests/oi.test.json", "{}");
    watched.looks(3).await;
    assert_eq!((watched.current(), watched.publications().await), (first.clone(), 3));
    watched.write("ola.json", &flow("oi", "melhor"));
    watched.looks(2).await;
    assert_ne!(watched.current(), first);
}

#[tokio::test]
async fn nothing_is_published_by_itself_where_the_project_says_so() {
    let mut watched = Watched::new(false).await;
    let first = watched.current();
    watched.write("oi.json", &flow("oi", "dois"));
    watched.looks(4).await;
    assert_eq!((watched.current(), watched.publications().await), (first, 1));
}
