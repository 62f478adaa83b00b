//! What the sandbox remembers across restarts: a file of lines, each the newest value of one key.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader, Write},
    path::Path,
    sync::Mutex,
};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Appends changes to `{state}/journal.jsonl`. A line that was written survives the death of the process, which is all
/// a sandbox promises: it does not flush the disk, so a power cut may lose the last ones.
pub(crate) struct Journal {
    file: Option<Mutex<File>>,
}

#[derive(Serialize, Deserialize)]
struct Line<'a> {
    key: std::borrow::Cow<'a, str>,
    value: Value,
}

impl Journal {
    /// Opens the journal and says what it held: the newest value per key. The file is compacted on the way. Without a
    /// directory nothing is kept.
    pub(crate) fn open(directory: Option<&Path>) -> anyhow::Result<(Self, BTreeMap<String, Value>)> {
        let Some(directory) = directory else { return Ok((Self { file: None }, BTreeMap::new())) };
        fs::create_dir_all(directory).with_context(|| format!("cannot create {}", directory.display()))?;
        let path = directory.join("journal.jsonl");
        let held = match File::open(&path) {
            Ok(file) => read(file).with_context(|| format!("cannot read {}", path.display()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error).with_context(|| format!("cannot open {}", path.display())),
        };
        let fresh = directory.join("journal.new");
        let mut file = File::create(&fresh).with_context(|| format!("cannot write {}", fresh.display()))?;
        let mut bytes = Vec::new();
        for (key, value) in &held {
            encode(&mut bytes, key, value)?;
        }
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&fresh, &path)?;
        let file = OpenOptions::new().append(true).open(&path)?;
        Ok((Self { file: Some(Mutex::new(file)) }, held))
    }

    /// Notes the new value of a key.
    pub(crate) fn put(&self, key: &str, value: &impl Serialize) {
        if self.file.is_some() {
            let value = serde_json::to_value(value).expect("what the sandbox keeps has string keys only");
            self.write(key, &value);
        }
    }

    /// Notes that a key is gone.
    pub(crate) fn remove(&self, key: &str) {
        self.write(key, &Value::Null);
    }

    fn write(&self, key: &str, value: &Value) {
        let Some(file) = &self.file else { return };
        let mut bytes = Vec::new();
        encode(&mut bytes, key, value).expect("a value in memory can be encoded");
        let mut file = file.lock().expect("no writer panics");
        if let Err(error) = file.write_all(&bytes) {
            tracing::error!(%error, "the sandbox could not write its state");
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        let Some(file) = &self.file else { return };
        if let Err(error) = file.lock().expect("no writer panics").set_len(0) {
            tracing::error!(%error, "the sandbox could not clear its state");
        }
    }
}

fn encode(bytes: &mut Vec<u8>, key: &str, value: &Value) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *bytes, &Line { key: key.into(), value: value.clone() })?;
    bytes.push(b'\n');
    Ok(())
}

fn read(file: File) -> anyhow::Result<BTreeMap<String, Value>> {
    let mut held = BTreeMap::new();
    for line in BufReader::new(file).split(b'\n') {
        let line = line?;
        // The last line may be torn: the process died while writing it, so nobody was told that it stands.
        let Ok(Line { key, value }) = serde_json::from_slice::<Line<'_>>(&line) else { continue };
        if value.is_null() {
            held.remove(key.as_ref());
        } else {
            held.insert(key.into_owned(), value);
        }
    }
    Ok(held)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_newest_value_counts_and_a_torn_line_does_not() {
        let directory = std::env::temp_dir().join(format!("fluxo-journal-{}", std::process::id()));
        let _ = fs::remove_dir_all(&directory);
        let (journal, held) = Journal::open(Some(&directory)).unwrap();
        assert!(held.is_empty());
        journal.put("a", &json!(1));
        journal.put("a", &json!({ "two": 2 }));
        journal.put("b", &json!(3));
        journal.remove("b");
        let path = directory.join("journal.jsonl");
        let mut bytes = fs::read(&path).unwrap();
        bytes.extend_from_slice(br#"{"key":"a","value":{"thr"#);
        fs::write(&path, bytes).unwrap();
        let (journal, held) = Journal::open(Some(&directory)).unwrap();
        assert_eq!(held.into_iter().collect::<Vec<_>>(), [("a".to_owned(), json!({ "two": 2 }))]);
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 1, "compacted");
        journal.clear();
        journal.put("c", &json!(4));
        let (_, held) = Journal::open(Some(&directory)).unwrap();
        assert_eq!(held.keys().collect::<Vec<_>>(), ["c"]);
        fs::remove_dir_all(&directory).unwrap();
    }
}
