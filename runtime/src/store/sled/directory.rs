//! The store's directory: the lock on it, what a crash left in it, and making its entries durable.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::handle::SledStore;
use super::keyspace::OpenError;

/// Held locked for as long as the store is open. The file is never removed: a lock on a removed file is no lock.
const LOCK: &str = "lock";
/// sled's data file.
const DATA: &str = "db";
/// sled's settings, which it writes and does not sync.
const SETTINGS: &str = "conf";
/// Holds the number of the last group of commits that was acknowledged, and its checksum. That it is there says that a
/// store was created here, so that a missing or shortened data file is known for a loss.
const ACKNOWLEDGED: &str = "acknowledged";

/// How often it is looked whether a lock has been let go.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// A directory that nobody else has open.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    _lock: File,
}

impl SledStore {
    /// Whether a store was ever made in a directory; nothing is made by asking.
    pub fn is_in(directory: &Path) -> bool {
        directory.join(ACKNOWLEDGED).exists()
    }
}

impl Directory {
    /// Makes the directory if there is none, locks it, and removes what a crash of sled's start may have left there.
    ///
    /// Waits as long as `patience` says for whoever has it: a process that was told to end may still be closing its
    /// files, and sled's threads let go of them a moment after a store of this process was closed.
    pub(super) fn claim(path: &Path, patience: Duration) -> Result<Self, OpenError> {
        let deadline = Instant::now() + patience;
        let io = |what: &'static str| move |source| OpenError::Io { what, source };
        make(path).map_err(io("could not make the store's directory"))?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join(LOCK))
            .map_err(io("could not open the store's lock file"))?;
        hold(&lock, path, deadline)?;
        let claimed = Self { path: path.to_owned(), _lock: lock };
        // sled holds a lock of its own there and does not wait for it.
        match claimed.data_file() {
            Ok(data) => {
                hold(&data, path, deadline)?;
                data.unlock().map_err(io("could not unlock the store's data file"))?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(io("could not look at the store's data file")(error)),
        }
        claimed.remove_unfinished_snapshots().map_err(io("could not remove an unfinished snapshot"))?;
        Ok(claimed)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// sled never opens again over a snapshot whose writing was cut short; it is only a speed-up, and is made anew.
    fn remove_unfinished_snapshots(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with("snap.") && name.ends_with(".generating") {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// What was here before sled looked at it.
    pub(super) fn contents(&self) -> io::Result<Contents> {
        match fs::read(self.path.join(ACKNOWLEDGED)) {
            Ok(bytes) => Ok(Contents::Store { acknowledged: Mark::read(&bytes) }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Contents::NeverCreated),
            Err(error) => Err(error),
        }
    }

    /// Whether sled's data file is there and holds anything.
    pub(super) fn has_data(&self) -> bool {
        self.path.join(DATA).metadata().is_ok_and(|found| found.len() > 0)
    }

    /// The size of the log's segments, as sled noted it when the store was made. It cannot be changed afterwards.
    pub(super) fn segment_bytes(&self) -> Option<usize> {
        let settings = fs::read(self.path.join(SETTINGS)).ok()?;
        let settings = String::from_utf8_lossy(&settings);
        let noted = settings.lines().find_map(|line| line.strip_prefix("segment_size:"))?;
        noted.trim().parse().ok()
    }

    /// Our own descriptor of sled's data file, to sync it with: sled's `flush` does not reach the disk.
    pub(super) fn data_file(&self) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).open(self.path.join(DATA))
    }

    /// Makes the names of the files in the directory durable, and sled's settings.
    pub(super) fn sync(&self) -> io::Result<()> {
        File::open(self.path.join(SETTINGS))?.sync_all()?;
        sync_entries(&self.path)
    }

    /// The mark of the last group acknowledged; made if this is a new store.
    pub(super) fn mark(&self) -> io::Result<Mark> {
        let path = self.path.join(ACKNOWLEDGED);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        file.sync_all()?;
        sync_entries(&self.path)?;
        Ok(Mark { file })
    }
}

/// What the directory held before sled looked at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contents {
    /// No store was ever created here to the end: nothing was acknowledged, and one may be made.
    NeverCreated,
    /// A store, all of whose groups up to this one were acknowledged; maybe more.
    Store {
        /// The group's number.
        acknowledged: u64,
    },
}

/// Where the number of the last group acknowledged is noted. It is written after each sync and not synced itself: it
/// may lag behind what is durable and is never ahead of it.
#[derive(Debug)]
pub(super) struct Mark {
    file: File,
}

impl Mark {
    pub(super) fn note(&mut self, group: u64) -> io::Result<()> {
        let number = group.to_be_bytes();
        let mut bytes = [0; 12];
        bytes[..8].copy_from_slice(&number);
        bytes[8..].copy_from_slice(&crc32fast::hash(&number).to_be_bytes());
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&bytes)
    }

    /// The number noted, or 0 if there is none yet or a power cut tore it: it only ever asks for more.
    fn read(bytes: &[u8]) -> u64 {
        let number = bytes.first_chunk().copied().unwrap_or_default();
        let crc = crc32fast::hash(&number).to_be_bytes();
        if bytes.len() == 12 && bytes[8..] == crc { u64::from_be_bytes(number) } else { 0 }
    }
}

/// Locks a file, once whoever has it lets go or until the deadline.
fn hold(file: &File, directory: &Path, deadline: Instant) -> Result<(), OpenError> {
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(LOOK_AGAIN),
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse { directory: directory.to_owned() });
            }
            Err(TryLockError::Error(source)) => {
                return Err(OpenError::Io { what: "could not lock the store's files", source });
            }
        }
    }
}

/// Makes a directory and those above it that are missing, durably: a power cut may otherwise forget the name of the
/// directory, and with it the store.
pub(super) fn make(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return fs::create_dir(path),
    };
    make(parent)?;
    fs::create_dir(path)?;
    sync_entries(parent)
}

pub(super) fn sync_entries(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}
