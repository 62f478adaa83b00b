//! The bytes of one stored value: a format byte, a checksum and a version, in chunks where it is long.
//!
//! sled writes a page of values as one message of its log, and a message over an eighth of a mebibyte goes to
//! a file of its own that is never synced. A leaf holds at most some twenty records, so records of at most
//! [`RECORD_BYTES`] keep every message inside the log, which is what the writer syncs.
//!
//! ```text
//! head   format:u8 crc:u32 version:u64 chunks:u16 [ length:u32 whole:u32 ] bytes…
//! chunk  format:u8 crc:u32 bytes…
//! ```
//! Numbers are big-endian. `crc` covers the record's key and all that follows it, so that a torn record, or a
//! whole one under the wrong key, is found. `length` and `whole` (the checksum of the entire value) are there only
//! when there are chunks: they find a head beside chunks of another write.

use super::fault::Fault;

/// The most bytes one record handed to sled may have, its envelope included.
pub(super) const RECORD_BYTES: usize = 4096;
/// The most bytes one value may have. Media are files, never values.
pub(super) const VALUE_BYTES: usize = 256 * 1024;
/// The most bytes a key may have: an inner page of sled holds some 256 keys, and must stay inside the log too.
pub(super) const KEY_BYTES: usize = 256;
/// First byte of the keys of chunks. No table may use it.
pub(super) const CHUNK_PREFIX: u8 = 0xfe;

const FORMAT: u8 = 1;
const CHUNK_HEADER: usize = 1 + 4;
const HEAD_HEADER: usize = CHUNK_HEADER + 8 + 2;
const LONG_HEADER: usize = HEAD_HEADER + 4 + 4;

/// A record as sled keeps it.
pub(super) type Record = (Vec<u8>, Vec<u8>);

/// What the first record of a value says.
#[derive(Debug)]
pub(super) struct Head<'a> {
    /// Chosen by whoever wrote the value; what a conditional commit compares.
    pub(super) version: u64,
    /// How many chunks follow under their own keys.
    pub(super) chunks: u16,
    /// Length and checksum of the whole value, when it has chunks.
    whole: Option<(usize, u32)>,
    bytes: &'a [u8],
}

impl Head<'_> {
    /// What the first record holds of the value: all of it, unless there are chunks.
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes
    }
}

/// Whether a record, a value's first one or a chunk, is what was written under its key.
pub(super) fn is_sound(key: &[u8], record: &[u8]) -> bool {
    verified(key, record).is_ok()
}

/// The key of a value's chunk. Two values never share one: the number has a fixed width.
pub(super) fn chunk_key(key: &[u8], chunk: u16) -> Vec<u8> {
    let mut found = Vec::with_capacity(key.len() + 3);
    found.push(CHUNK_PREFIX);
    found.extend_from_slice(key);
    found.extend_from_slice(&chunk.to_be_bytes());
    found
}

/// The records that hold `value` under `key`, the head first.
pub(super) fn seal(key: &[u8], version: u64, value: &[u8]) -> Result<Vec<Record>, Fault> {
    if key.is_empty() || key.len() > KEY_BYTES {
        return Err(Fault::KeyLength { bytes: key.len(), limit: KEY_BYTES });
    }
    if value.len() > VALUE_BYTES {
        return Err(Fault::TooLarge { bytes: value.len(), limit: VALUE_BYTES });
    }
    if value.len() <= RECORD_BYTES - HEAD_HEADER {
        return Ok(vec![head(key, version, 0, None, value)]);
    }
    let (first, rest) = value.split_at(RECORD_BYTES - LONG_HEADER);
    let pieces = rest.chunks(RECORD_BYTES - CHUNK_HEADER);
    let chunks = u16::try_from(pieces.len()).expect("a value of at most VALUE_BYTES has few chunks");
    let mut records = Vec::with_capacity(1 + pieces.len());
    records.push(head(key, version, chunks, Some((value.len(), crc32fast::hash(value))), first));
    for (piece, number) in pieces.zip(0u16..) {
        let mut record = vec![FORMAT, 0, 0, 0, 0];
        record.extend_from_slice(piece);
        records.push(sign(chunk_key(key, number), record));
    }
    Ok(records)
}

fn head(key: &[u8], version: u64, chunks: u16, whole: Option<(usize, u32)>, bytes: &[u8]) -> Record {
    let mut record = Vec::with_capacity(LONG_HEADER + bytes.len());
    record.extend_from_slice(&[FORMAT, 0, 0, 0, 0]);
    record.extend_from_slice(&version.to_be_bytes());
    record.extend_from_slice(&chunks.to_be_bytes());
    if let Some((length, crc)) = whole {
        let length = u32::try_from(length).expect("a value has at most VALUE_BYTES");
        record.extend_from_slice(&length.to_be_bytes());
        record.extend_from_slice(&crc.to_be_bytes());
    }
    record.extend_from_slice(bytes);
    sign(key.to_vec(), record)
}

fn sign(key: Vec<u8>, mut record: Vec<u8>) -> Record {
    let crc = checksum(&key, &record[CHUNK_HEADER..]);
    record[1..CHUNK_HEADER].copy_from_slice(&crc.to_be_bytes());
    (key, record)
}

/// The checksum that stands in a record, of its key and all it holds; 0 for what is too short to be one.
pub(super) fn checksum_of(record: &[u8]) -> u32 {
    record.get(1..CHUNK_HEADER).and_then(|crc| crc.try_into().ok()).map_or(0, u32::from_be_bytes)
}

fn checksum(key: &[u8], rest: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(rest);
    hasher.finalize()
}

/// The first record of a value, checked.
pub(super) fn open<'a>(key: &[u8], record: &'a [u8]) -> Result<Head<'a>, Fault> {
    let body = verified(key, record)?;
    let mut cursor = Cursor { key, rest: body };
    let version = u64::from_be_bytes(cursor.take()?);
    let chunks = u16::from_be_bytes(cursor.take()?);
    let whole = if chunks > 0 {
        let length = u32::from_be_bytes(cursor.take()?) as usize;
        Some((length, u32::from_be_bytes(cursor.take()?)))
    } else {
        None
    };
    Ok(Head { version, chunks, whole, bytes: cursor.rest })
}

/// The whole value behind a head; `chunk` reads the record of a chunk's key.
pub(super) fn assemble<R: AsRef<[u8]>>(
    key: &[u8],
    head: &Head<'_>,
    mut chunk: impl FnMut(&[u8]) -> Result<Option<R>, Fault>,
) -> Result<Vec<u8>, Fault> {
    let Some((length, crc)) = head.whole else {
        return Ok(head.bytes.to_vec());
    };
    let mut value = Vec::with_capacity(length.min(VALUE_BYTES));
    value.extend_from_slice(head.bytes);
    for number in 0..head.chunks {
        let chunk_key = chunk_key(key, number);
        let record = chunk(&chunk_key)?.ok_or_else(|| Fault::damaged(key))?;
        value.extend_from_slice(verified(&chunk_key, record.as_ref()).map_err(|_| Fault::damaged(key))?);
    }
    if value.len() != length || crc32fast::hash(&value) != crc {
        return Err(Fault::damaged(key));
    }
    Ok(value)
}

/// What follows the checksum of a record, once it holds.
fn verified<'a>(key: &[u8], record: &'a [u8]) -> Result<&'a [u8], Fault> {
    let mut cursor = Cursor { key, rest: record };
    let [format] = cursor.take()?;
    let crc = u32::from_be_bytes(cursor.take()?);
    if format != FORMAT || crc != checksum(key, cursor.rest) {
        return Err(Fault::damaged(key));
    }
    Ok(cursor.rest)
}

struct Cursor<'k, 'a> {
    key: &'k [u8],
    rest: &'a [u8],
}

impl Cursor<'_, '_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (found, rest) = self.rest.split_first_chunk().ok_or_else(|| Fault::damaged(self.key))?;
        self.rest = rest;
        Ok(*found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn read(key: &[u8], records: &BTreeMap<Vec<u8>, Vec<u8>>) -> Result<(u64, Vec<u8>), Fault> {
        let head = open(key, &records[key])?;
        let value = assemble(key, &head, |chunk| Ok(records.get(chunk)))?;
        Ok((head.version, value))
    }

    fn value(bytes: usize) -> Vec<u8> {
        (0..bytes).map(|at| (at * 31 % 251) as u8).collect()
    }

    #[test]
    fn a_value_of_any_length_comes_back() {
        let edges = [0, 1, RECORD_BYTES - HEAD_HEADER, RECORD_BYTES - HEAD_HEADER + 1, 2 * RECORD_BYTES];
        for bytes in edges.into_iter().chain([VALUE_BYTES - 1, VALUE_BYTES]) {
            let records: BTreeMap<_, _> = seal(b"ckey", 9, &value(bytes)).unwrap().into_iter().collect();
            assert!(records.values().all(|record| record.len() <= RECORD_BYTES), "{bytes}");
            assert_eq!(read(b"ckey", &records), Ok((9, value(bytes))), "{bytes}");
        }
    }

    #[test]
    fn a_value_over_the_limit_is_refused() {
        let refused = seal(b"ckey", 0, &value(VALUE_BYTES + 1)).unwrap_err();
        assert_eq!(refused, Fault::TooLarge { bytes: VALUE_BYTES + 1, limit: VALUE_BYTES });
        let refused = seal(&[b'k'; KEY_BYTES + 1], 0, b"").unwrap_err();
        assert_eq!(refused, Fault::KeyLength { bytes: KEY_BYTES + 1, limit: KEY_BYTES });
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_found() {
        for bytes in [40, 5000] {
            let sound: BTreeMap<_, _> = seal(b"ckey", 9, &value(bytes)).unwrap().into_iter().collect();
            for key in sound.keys() {
                for at in (0..sound[key].len()).step_by(7).chain(0..30) {
                    let mut torn = sound.clone();
                    torn.get_mut(key).unwrap()[at] ^= 0x10;
                    assert_eq!(read(b"ckey", &torn), Err(Fault::damaged(b"ckey")), "{bytes} {at}");
                    let mut cut = sound.clone();
                    cut.get_mut(key).unwrap().truncate(at);
                    assert_eq!(read(b"ckey", &cut), Err(Fault::damaged(b"ckey")), "{bytes} {at}");
                }
            }
        }
    }

    #[test]
    fn a_record_under_the_wrong_key_and_a_chunk_of_another_write_are_found() {
        let records = seal(b"ckey", 9, &value(5000)).unwrap();
        assert_eq!(open(b"other", &records[0].1).unwrap_err(), Fault::damaged(b"other"));

        let mut mixed: BTreeMap<_, _> = records.into_iter().collect();
        let other = seal(b"ckey", 9, &vec![7; 5000]).unwrap();
        mixed.extend(other.into_iter().skip(1));
        assert_eq!(read(b"ckey", &mixed), Err(Fault::damaged(b"ckey")));
    }
}
