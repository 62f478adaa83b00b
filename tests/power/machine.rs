//! What this machine must have: root, FUSE, loop devices, ext4. Disks in memory become block devices here, and mounts.
//!
//! A disk is a file of a FUSE file system that this process serves; a loop device makes a block device of it. A flush of
//! the block device reaches us as an `fsync`.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use fuser::{
    BackgroundSession, Config, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation,
    INodeNo, LockOwner, MountOption, OpenFlags, ReplyAttr, ReplyData, ReplyEmpty, ReplyEntry, ReplyOpen,
    ReplyWrite, Request, WriteFlags,
};

use crate::disk::{Disk, Image};

/// How a mount is called by the one who looks into `/proc/mounts`.
const NAME: &str = "fluxo-power";
const TTL: Duration = Duration::from_secs(3600);
const ROOT: u64 = 1;

/// The place where disks are plugged in. Dropping it takes all of them out.
#[derive(Debug)]
pub(crate) struct Machine {
    disks: Arc<Mutex<HashMap<u64, Disk>>>,
    next: AtomicU64,
    session: Option<BackgroundSession>,
    folder: tempfile::TempDir,
}

impl Machine {
    /// Says what is missing, if something is.
    pub(crate) fn start() -> Result<Self, String> {
        let said = said("id", &["-u"])?;
        if said.trim() != "0" {
            return Err("it needs root, to mount disks".to_owned());
        }
        for device in ["/dev/fuse", "/dev/loop-control"] {
            std::fs::File::options()
                .read(true)
                .write(true)
                .open(device)
                .map_err(|error| format!("it needs {device}: {error}"))?;
        }
        for (tool, package) in [("mkfs.ext4", "e2fsprogs"), ("losetup", "mount"), ("mount", "mount")] {
            said_by(Command::new(tool).arg("-V"))
                .map_err(|error| format!("it needs {tool} (package {package}): {error}"))?;
        }
        let folder = tempfile::TempDir::with_prefix(NAME).map_err(|error| error.to_string())?;
        let plugs = folder.path().join("disks");
        std::fs::create_dir(&plugs).map_err(|error| error.to_string())?;
        let disks = Arc::new(Mutex::new(HashMap::new()));
        let mut config = Config::default();
        config.mount_options = vec![MountOption::FSName(NAME.to_owned()), MountOption::NoAtime];
        let session = fuser::Session::new(Plugs { disks: Arc::clone(&disks) }, &plugs, &config)
            .and_then(fuser::Session::spawn)
            .map_err(|error| format!("it needs FUSE: {error}"))?;
        let machine = Self { disks, next: AtomicU64::new(ROOT + 1), session: Some(session), folder };
        // A machine that has all of it and still may not, as in a container, is found here.
        machine.try_out()?;
        Ok(machine)
    }

    fn try_out(&self) -> Result<(), String> {
        let plugged = self.plug_in(Disk::new(Image::new(16 << 20)))?;
        plugged.format()?;
        plugged.mount("").map(drop)
    }

    /// Keeps a disk whose store was hurt, if asked to (`POWER_KEEP=FOLDER`), and says where.
    pub(crate) fn kept(&self, image: &Image, harm: &str) -> String {
        let Some(folder) = std::env::var_os("POWER_KEEP") else { return harm.to_owned() };
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(&folder).join(format!("power-{}-{number}.img", std::process::id()));
        match image.save(&path) {
            Ok(()) => format!("{harm}\n    the disk is kept in {}", path.display()),
            Err(error) => format!("{harm}\n    the disk could not be kept: {error}"),
        }
    }

    /// Makes a block device of a disk.
    pub(crate) fn plug_in(&self, disk: Disk) -> Result<Plugged<'_>, String> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.disks.lock().expect("nobody panics with the disks").insert(number, disk.clone());
        let mut plugged = Plugged { machine: self, number, disk, device: String::new() };
        let file = self.folder.path().join("disks").join(number.to_string());
        let device = said_by(Command::new("losetup").args(["--find", "--show"]).arg(&file))?;
        device.trim().clone_into(&mut plugged.device);
        Ok(plugged)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if let Some(session) = self.session.take()
            && let Err(error) = session.umount_and_join()
        {
            eprintln!("could not unmount the disks: {error}");
        }
    }
}

/// A disk with a block device.
#[derive(Debug)]
pub(crate) struct Plugged<'a> {
    machine: &'a Machine,
    number: u64,
    pub(crate) disk: Disk,
    device: String,
}

impl Plugged<'_> {
    /// Makes a file system. Lazy initialisation would go on writing for minutes.
    pub(crate) fn format(&self) -> Result<(), String> {
        said_by(
            Command::new("mkfs.ext4")
                .args(["-q", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard"])
                .arg(&self.device),
        )
        .map(drop)
    }

    /// Mounts it, which plays its journal as after any power cut.
    pub(crate) fn mount(&self, options: &str) -> Result<Mounted<'_>, String> {
        let folder = self.machine.folder.path().join(format!("mount-{}", self.number));
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let options = if options.is_empty() { "noatime" } else { options };
        said_by(Command::new("mount").args(["-t", "ext4", "-o", options, &self.device]).arg(&folder))?;
        Ok(Mounted { folder, _disk: std::marker::PhantomData })
    }
}

impl Drop for Plugged<'_> {
    fn drop(&mut self) {
        if !self.device.is_empty()
            && let Err(error) = said("losetup", &["--detach", &self.device])
        {
            eprintln!("could not detach {}: {error}", self.device);
        }
        self.machine.disks.lock().expect("nobody panics with the disks").remove(&self.number);
    }
}

/// A mounted disk. Dropping it unmounts it; whoever has files open there must have closed them.
#[derive(Debug)]
pub(crate) struct Mounted<'a> {
    folder: PathBuf,
    _disk: std::marker::PhantomData<&'a Plugged<'a>>,
}

impl Mounted<'_> {
    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }

    /// Changes its options while it is in use.
    pub(crate) fn remount(&self, options: &str) -> Result<(), String> {
        said_by(Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(&self.folder)).map(drop)
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        // Threads of a store that was closed let go of its files a moment later.
        for patience in 0.. {
            match said_by(Command::new("umount").arg(&self.folder)) {
                Ok(_) => return,
                Err(_) if patience < 200 => std::thread::sleep(Duration::from_millis(10)),
                Err(error) => {
                    eprintln!("could not unmount {}: {error}", self.folder.display());
                    let _ = said_by(Command::new("umount").arg("--lazy").arg(&self.folder));
                    return;
                }
            }
        }
    }
}

fn said(program: &str, arguments: &[&str]) -> Result<String, String> {
    said_by(Command::new(program).args(arguments))
}

/// What a program says, or its complaint.
fn said_by(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{name}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()))
}

/// The file system: one directory, one file per disk, named by its number.
struct Plugs {
    disks: Arc<Mutex<HashMap<u64, Disk>>>,
}

impl Plugs {
    fn disk(&self, number: u64) -> Option<Disk> {
        self.disks.lock().expect("nobody panics with the disks").get(&number).cloned()
    }

    fn attributes(&self, number: u64) -> Option<FileAttr> {
        let (kind, perm, size) = match number {
            ROOT => (FileType::Directory, 0o700, 0),
            _ => (FileType::RegularFile, 0o600, self.disk(number)?.bytes()),
        };
        Some(FileAttr {
            ino: INodeNo(number),
            size,
            blocks: size.div_ceil(512),
            atime: UNIX_EPOCH,
            mtime: UNIX_EPOCH,
            ctime: UNIX_EPOCH,
            crtime: UNIX_EPOCH,
            kind,
            perm,
            nlink: 1,
            uid: 0,
            gid: 0,
            rdev: 0,
            blksize: 4096,
            flags: 0,
        })
    }
}

impl Filesystem for Plugs {
    fn lookup(&self, _: &Request, _: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let number = name.to_str().and_then(|name| name.parse().ok());
        match number.and_then(|number| self.attributes(number)) {
            Some(attributes) => reply.entry(&TTL, &attributes, Generation(0)),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn getattr(&self, _: &Request, number: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.attributes(number.0) {
            Some(attributes) => reply.attr(&TTL, &attributes),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        reply.opened(FileHandle(0), FopenFlags::FOPEN_KEEP_CACHE | FopenFlags::FOPEN_NOFLUSH);
    }

    fn read(
        &self,
        _: &Request,
        number: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        match self.disk(number.0) {
            Some(disk) => reply.data(&disk.read(offset, size as usize)),
            None => reply.error(Errno::EIO),
        }
    }

    fn write(
        &self,
        _: &Request,
        number: INodeNo,
        _: FileHandle,
        offset: u64,
        bytes: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let written = self.disk(number.0).is_some_and(|disk| disk.write(offset, bytes));
        match u32::try_from(bytes.len()) {
            Ok(length) if written => reply.written(length),
            Ok(_) | Err(_) => reply.error(Errno::EIO),
        }
    }

    fn fsync(&self, _: &Request, number: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        if self.disk(number.0).is_some_and(|disk| disk.flush()) {
            reply.ok()
        } else {
            reply.error(Errno::EIO)
        }
    }
}
