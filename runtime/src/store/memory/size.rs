//! How large a value is when it is kept: the cap holds whether or not there is a disk.

use std::io;

use serde::Serialize;

use crate::store::StoreError;

/// The most bytes one value may have as JSON.
const CAP: usize = 256 * 1024;

/// Counts bytes and keeps none.
#[derive(Default)]
struct Count(usize);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Refuses a value over the cap.
pub(super) fn fits<T: Serialize>(what: &'static str, value: &T) -> Result<(), StoreError> {
    let mut count = Count::default();
    serde_json::to_writer(&mut count, value)
        .map_err(|error| StoreError::Damaged(format!("{what} cannot be written as JSON: {error}")))?;
    if count.0 > CAP {
        return Err(StoreError::TooLarge { what, size: count.0, cap: CAP });
    }
    Ok(())
}

/// Refuses if one of many is over the cap.
pub(super) fn fit<'a, T: Serialize + 'a>(
    what: &'static str,
    values: impl IntoIterator<Item = &'a T>,
) -> Result<(), StoreError> {
    values.into_iter().try_for_each(|value| fits(what, value))
}
