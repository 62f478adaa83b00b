//! Publishes the flows when they change on disk: an analyst changes a sentence and reads it in the next conversation.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use super::until;
use crate::conversations::Conversations;
use crate::foundation::clock;
use crate::foundation::shutdown::Shutdown;
use crate::releases::PublishError;
use crate::store::Documents;

/// How often the directory is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// Looks at the flows of a project directory until stopping is asked. What has errors is not published: the
/// findings go to the log, once, and the release before stays.
pub async fn run(conversations: Arc<Conversations>, project: PathBuf, mut seen: Documents, stop: Shutdown) {
    while !stop.is_asked() {
        let next = clock::after(conversations.clock().now(), EVERY);
        tokio::select! {
            () = stop.asked() => return,
            () = until(&conversations, Some(next)) => {}
        }
        let directory = project.clone();
        let read = tokio::task::spawn_blocking(move || read(&directory)).await;
        let documents = match read {
            Ok(Ok(documents)) if documents != seen => documents,
            Ok(Ok(_)) => continue,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the flows cannot be read");
                continue;
            }
            Err(error) => {
                tracing::warn!(%error, "the flows cannot be read");
                continue;
            }
        };
        publish(&conversations, &documents).await;
        seen = documents;
    }
}

async fn publish(conversations: &Conversations, documents: &Documents) {
    let releases = conversations.releases();
    match releases.publish(documents).await {
        Ok(true) => {
            tracing::info!(release = %releases.current().id(), "published the changed flows: new conversations play them")
        }
        Ok(false) => {}
        Err(PublishError::Findings(findings)) => {
            tracing::warn!(
                errors = findings.len(),
                "the changed flows have errors; the release before stays"
            );
            for finding in findings {
                tracing::warn!("{finding}");
            }
        }
        Err(PublishError::Store(error)) => tracing::error!(%error, "a release cannot be kept"),
    }
}

/// The flows of a project directory: the JSON files at its top, by name.
///
/// # Errors
/// A directory or file that cannot be read as text.
pub fn read(project: &Path) -> io::Result<Documents> {
    let mut documents = Documents::new();
    for entry in fs::read_dir(project)? {
        let path = entry?.path();
        let json = path.extension().is_some_and(|extension| extension == "json");
        if json && path.is_file() {
            documents.push((path.to_string_lossy().into_owned(), fs::read_to_string(&path)?));
        }
    }
    documents.sort();
    Ok(documents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flows_are_the_json_files_at_the_top_in_order() {
        let project = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(project.path().join(name), text).unwrap();
        write("menu.json", "{}");
        write("agendamento.json", "{ }");
        write("fluxo.toml", "");
        fs::create_dir(project.path().join("tests")).unwrap();
        write("tests/menu.json", "{}");
        let read = read(project.path()).unwrap();
        let names: Vec<_> = read.iter().map(|(path, _)| path.rsplit_once('/').unwrap().1).collect();
        assert_eq!(names, ["agendamento.json", "menu.json"]);
        assert_eq!(read[0].1, "{ }");
    }
}
