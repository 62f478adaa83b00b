//! What an error of the operating system means for the store's disk.

use std::io;

use crate::store::Trouble;

/// The trouble behind an error. sled hands errors on with their kind alone, so that the kind has to do.
pub(super) fn trouble(error: &io::Error) -> Trouble {
    // A list of the standard library's, which grows: what is not named here is told in the system's own words.
    #[allow(clippy::wildcard_enum_match_arm)]
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            Trouble::Full
        }
        io::ErrorKind::ReadOnlyFilesystem => Trouble::ReadOnly,
        io::ErrorKind::PermissionDenied => Trouble::Denied,
        io::ErrorKind::TimedOut => Trouble::Hangs,
        _ => Trouble::Failing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_linux_are_known() {
        let of = |number| trouble(&io::Error::from_raw_os_error(number));
        // errno(3): ENOSPC, EDQUOT, EFBIG, EROFS, EACCES, EPERM, EIO.
        assert_eq!([28, 122, 27].map(of), [Trouble::Full; 3]);
        assert_eq!(of(30), Trouble::ReadOnly);
        assert_eq!([13, 1].map(of), [Trouble::Denied; 2]);
        assert_eq!(of(5), Trouble::Failing);
    }
}
