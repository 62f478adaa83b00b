//! Where the socket is: `control.sock` in the store's directory, however long the path to it is.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// The socket's name.
const NAME: &str = "control.sock";

/// The longest path a socket address holds on every system we run on, in bytes: 104 with its end on macOS, 108 on Linux.
const LONGEST: usize = 103;

/// A path that fits into a socket's address.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    /// A longer path goes through the descriptor of its directory, which must stay open while it is used.
    _directory: Option<File>,
}

impl Place {
    /// Of the store in a directory.
    ///
    /// # Errors
    /// A directory that cannot be opened, or whose path is too long where there is no other way to it.
    pub(super) fn of(directory: &Path) -> io::Result<Self> {
        let path = directory.join(NAME);
        if path.as_os_str().len() <= LONGEST {
            return Ok(Self { path, _directory: None });
        }
        through_descriptor(directory)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(target_os = "linux")]
fn through_descriptor(directory: &Path) -> io::Result<Place> {
    use std::os::fd::AsRawFd;

    let directory = File::open(directory)?;
    let path = Path::new("/proc/self/fd").join(directory.as_raw_fd().to_string()).join(NAME);
    Ok(Place { path, _directory: Some(directory) })
}

#[cfg(not(target_os = "linux"))]
fn through_descriptor(directory: &Path) -> io::Result<Place> {
    let longest = LONGEST - NAME.len() - 1;
    let words = format!("{} has more than {longest} bytes, too long for a socket", directory.display());
    Err(io::Error::new(io::ErrorKind::InvalidInput, words))
}
