//! A copy of the whole store in one file, as of one moment, while the service goes on.
//!
//! The file gets its name when it is whole and durable: before, it has another one, so that an interrupted backup is
//! never taken for one.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::digest::Digest;
use super::directory::sync_entries;
use super::envelope;
use super::fault::Fault;
use super::keyspace::{GROUP, Keyspace};
use super::snapshot::Found;
use super::stream::{Header, StreamWriter};
use super::upgrade;
use crate::store::upkeep::{Backup, BackupError};

/// What a backup's name ends with while it is being written.
const PARTIAL: &str = "partial";

/// A file that is being written under another name than it is to have. It is removed unless it is finished.
struct Partial {
    file: PathBuf,
    partial: PathBuf,
    finished: bool,
}

/// Writes a backup; `told` hears of the records written so far and says whether it is still wanted. Blocks; the store
/// stays in service.
pub(super) fn write(
    keyspace: &Keyspace,
    epoch: u32,
    file: &Path,
    at: Timestamp,
    told: &mut dyn FnMut(u64) -> bool,
) -> Result<Backup, BackupError> {
    let begun = Instant::now();
    let (mut partial, out) = Partial::begin(file)?;
    let failed = |source| BackupError::File { file: file.to_owned(), source };
    let mut snapshot = keyspace.snapshot().map_err(fault)?;
    let fluxo = env!("CARGO_PKG_VERSION").to_owned();
    let header = Header { format: upgrade::CURRENT, epoch, at, group: snapshot.group(), fluxo };
    let mut writer = StreamWriter::begin(BufWriter::with_capacity(1 << 20, out), &header).map_err(failed)?;
    let (mut digest, mut unreadable, mut written) = (Digest::default(), 0, 0);
    let mut step = Vec::new();
    loop {
        let began = Instant::now();
        let more = snapshot.step(|_, found, key, record| {
            match found {
                Found::Unchanged | Found::Was => step.push((key.to_vec(), record.to_vec())),
                Found::Is => {}
            }
            Ok(())
        });
        let more = more.map_err(fault)?;
        for (key, record) in step.drain(..) {
            if key != GROUP {
                digest.add(&record);
            }
            unreadable += u64::from(!envelope::is_sound(&key, &record));
            writer.record(&key, &record).map_err(failed)?;
            written += 1;
        }
        if !told(written) {
            return Err(BackupError::GivenUp);
        }
        if !more {
            break;
        }
        // The service comes first: as long as a step has taken, it has the machine to itself.
        thread::sleep(began.elapsed().min(PAUSE));
    }
    snapshot.in_service().map_err(fault)?;
    let longest = snapshot.longest_step();
    let noted = snapshot.digest();
    drop(snapshot);
    let (out, records, bytes) = writer.finish().map_err(failed)?;
    let out = out.into_inner().map_err(|error| failed(error.into_error()))?;
    out.sync_all().map_err(failed)?;
    partial.finish()?;
    let lost = noted.map_or(0, |noted| missing(noted, digest));
    Ok(Backup {
        file: file.to_owned(),
        at,
        format: header.format,
        epoch,
        records,
        bytes,
        unsound: unreadable.max(lost),
        longest_pause_us: u64::try_from(longest.as_micros()).unwrap_or(u64::MAX),
        took_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
    })
}

/// The longest rest between two steps.
const PAUSE: Duration = Duration::from_millis(20);

/// How many records are not what was noted, at least.
pub(super) fn missing(noted: Digest, found: Digest) -> u64 {
    if noted == found { 0 } else { noted.records().abs_diff(found.records()).max(1) }
}

fn fault(fault: Fault) -> BackupError {
    BackupError::Store(fault.into())
}

impl Partial {
    fn begin(file: &Path) -> Result<(Self, File), BackupError> {
        let failed = |source| BackupError::File { file: file.to_owned(), source };
        let name = file.file_name().ok_or_else(|| failed(io::ErrorKind::IsADirectory.into()))?;
        if fs::symlink_metadata(file).is_ok() {
            return Err(BackupError::Exists(file.to_owned()));
        }
        let mut partial = name.to_owned();
        partial.push(".");
        partial.push(PARTIAL);
        let partial = file.with_file_name(partial);
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let out = options.open(&partial).map_err(failed)?;
        match out.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(BackupError::UnderWay(file.to_owned())),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let begun = Self { file: file.to_owned(), partial, finished: false };
        // What an interrupted one has left.
        out.set_len(0).map_err(failed)?;
        Ok((begun, out))
    }

    /// Gives it its name, durably.
    fn finish(&mut self) -> Result<(), BackupError> {
        let failed = |source| BackupError::File { file: self.file.clone(), source };
        if fs::symlink_metadata(&self.file).is_ok() {
            return Err(BackupError::Exists(self.file.clone()));
        }
        fs::rename(&self.partial, &self.file).map_err(failed)?;
        self.finished = true;
        let folder = self.file.parent().filter(|folder| !folder.as_os_str().is_empty());
        sync_entries(folder.unwrap_or(Path::new("."))).map_err(failed)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.finished {
            // It is no backup, whatever becomes of it.
            let _ = fs::remove_file(&self.partial);
        }
    }
}
