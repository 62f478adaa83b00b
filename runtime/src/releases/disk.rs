//! The flows of a project and their tests, as they lie in its folder.

use std::path::Path;
use std::{fs, io};

use sha2::{Digest, Sha256};

use crate::store::Documents;

/// The folder of the flows' tests, in the project's.
const TESTS: &str = "tests";

/// What lies in a project's folder at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Disk {
    /// The flows, by path.
    pub flows: Documents,
    /// Their tests, by path.
    pub tests: Documents,
}

impl Disk {
    /// Reads a project's folder: the JSON files at its top are flows, those in `tests` their tests. Bytes that are no
    /// UTF-8 are replaced; the checker says so.
    ///
    /// # Errors
    /// A folder or file that cannot be read; a project without tests is none.
    pub fn read(project: &Path) -> io::Result<Self> {
        let tests = match documents(&project.join(TESTS)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Documents::new(),
            read => read?,
        };
        Ok(Self { flows: documents(project)?, tests })
    }

    /// Names the flows by what they say, whatever their files are called.
    pub fn digest(&self) -> String {
        let mut texts: Vec<&str> = self.flows.iter().map(|(_, text)| text.as_str()).collect();
        texts.sort_unstable();
        let mut hasher = Sha256::new();
        for text in texts {
            // The length keeps two neighbours from being read as others.
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

fn documents(folder: &Path) -> io::Result<Documents> {
    let mut documents = Documents::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let json = path.extension().is_some_and(|extension| extension == "json");
        if json && path.is_file() {
            let text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
            documents.push((path.to_string_lossy().into_owned(), text));
        }
    }
    documents.sort();
    Ok(documents)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(documents: &Documents) -> Vec<&str> {
        documents.iter().map(|(path, _)| path.rsplit_once('/').unwrap().1).collect()
    }

    #[test]
    fn flows_are_the_json_files_at_the_top_and_tests_those_in_their_folder() {
        let project = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(project.path().join(name), text).unwrap();
        write("menu.json", "{}");
        write("agendamento.json", "{ }");
        write("fluxo.toml", "");
        let disk = Disk::read(project.path()).unwrap();
        assert_eq!((names(&disk.flows), names(&disk.tests)), (vec!["agendamento.json", "menu.json"], vec![]));
        assert_eq!(disk.flows[0].1, "{ }");
        fs::create_dir(project.path().join("tests")).unwrap();
        write("tests/menu.test.json", "{}");
        fs::write(project.path().join("latin1.json"), b"\"ol\xe1\"").unwrap();
        let disk = Disk::read(project.path()).unwrap();
        assert_eq!(names(&disk.flows), ["agendamento.json", "latin1.json", "menu.json"]);
        assert_eq!(names(&disk.tests), ["menu.test.json"]);
        assert!(Disk::read(&project.path().join("nowhere")).is_err());
    }

    #[test]
    fn flows_are_named_by_what_they_say() {
        let disk = |flows: &[(&str, &str)]| Disk {
            flows: flows.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect(),
            tests: Documents::new(),
        };
        let one = disk(&[("a.json", "1"), ("b.json", "2")]).digest();
        assert_eq!(one, disk(&[("b.json", "1"), ("c.json", "2")]).digest(), "files were renamed");
        assert_ne!(one, disk(&[("a.json", "1")]).digest());
        assert_ne!(one, disk(&[("a.json", "12")]).digest());
        assert_ne!(disk(&[]).digest(), disk(&[("a.json", "")]).digest());
        assert_eq!(one.len(), 32);
    }
}
