//! The project that is played: small flows whose every message shows in the chat what was done, and in which order.

use std::fs;
use std::io;
use std::path::Path;

const DOCUMENTS: &[(&str, &str)] = &[
    ("fluxo.toml", include_str!("project/fluxo.toml")),
    ("escrever.json", include_str!("project/escrever.json")),
    ("marcar.json", include_str!("project/marcar.json")),
    ("presenca.json", include_str!("project/presenca.json")),
    ("conversar.json", include_str!("project/conversar.json")),
];

/// The flow that the API starts.
pub(super) const STARTED_BY_API: &str = "presenca";

/// Writes the project into a folder, which it makes.
///
/// # Errors
/// The disk's.
pub(super) fn write(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    DOCUMENTS.iter().try_for_each(|(name, text)| fs::write(folder.join(name), text))
}
