//! The documents that paths on the command line mean, and what kind each is.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;

/// A JSON document as it lies on the disk.
#[derive(Debug, Clone)]
pub(super) struct Document {
    /// As the user would name it.
    pub(super) path: String,
    /// Its text. Bytes that are no UTF-8 are replaced; the checker says so.
    pub(super) text: String,
    /// What it is.
    pub(super) kind: Kind,
}

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A flow, or something that cannot even be read: the checker says what is wrong.
    Flow,
    /// Flow tests.
    Test,
    /// A campaign.
    Campaign,
}

/// All JSON documents that the paths mean, sorted. Folders are walked; what `.gitignore` hides is left out.
///
/// # Errors
/// A path that is not there or cannot be read.
pub(super) fn read(paths: &[PathBuf]) -> anyhow::Result<Vec<Document>> {
    let mut files = Vec::new();
    for path in paths {
        let metadata = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
        if metadata.is_file() {
            files.push(path.clone());
            continue;
        }
        for entry in ignore::WalkBuilder::new(path).build() {
            let entry = entry.with_context(|| format!("não foi possível percorrer {}", path.display()))?;
            let json = entry.path().extension().is_some_and(|extension| extension == "json");
            if json && entry.file_type().is_some_and(|kind| kind.is_file()) {
                files.push(entry.into_path());
            }
        }
    }
    files.sort();
    files.dedup();
    files.into_iter().map(|file| document(&file)).collect()
}

/// A file or folder that cannot be read, and why, in the words of the user.
pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> anyhow::Error {
    let kind = error.kind();
    let why = if kind == std::io::ErrorKind::NotFound {
        "não existe".to_owned()
    } else if kind == std::io::ErrorKind::PermissionDenied {
        "falta a permissão de ler".to_owned()
    } else {
        error.to_string()
    };
    anyhow::anyhow!("não foi possível ler {}: {why}", path.display())
}

fn document(file: &Path) -> anyhow::Result<Document> {
    let bytes = std::fs::read(file).map_err(|error| unreadable(file, &error))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let path = file.strip_prefix(".").unwrap_or(file).display().to_string();
    let kind = kind(file, &text);
    Ok(Document { path, text, kind })
}

/// By what the document says of itself, else by where it lies.
fn kind(file: &Path, text: &str) -> Kind {
    let lies_in = |folder: &str| file.parent().is_some_and(|parent| parent.ends_with(folder));
    match serde_json::from_str::<Value>(text) {
        Ok(value) if value.get("campaign").is_some() => Kind::Campaign,
        Ok(value) if value.get("cases").is_some() => Kind::Test,
        Ok(value) if value.get("nodes").is_some() => Kind::Flow,
        Ok(_) | Err(_) if lies_in("tests") => Kind::Test,
        Ok(_) | Err(_) if lies_in("campaigns") => Kind::Campaign,
        Ok(_) | Err(_) => Kind::Flow,
    }
}

/// The folder of the project that a path belongs to: the nearest one upward with a project file.
pub(super) fn project_of(path: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(path).ok()?;
    let found = absolute.ancestors().find(|folder| folder.join("fluxo.toml").is_file())?;
    let here = std::env::current_dir().ok()?;
    Some(found.strip_prefix(&here).map_or_else(
        |_| found.to_owned(),
        |relative| if relative.as_os_str().is_empty() { PathBuf::from(".") } else { relative.to_owned() },
    ))
}
