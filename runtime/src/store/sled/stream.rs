//! A backup's file: a header, every record, and a trailer that says how many there were.
//!
//! ```text
//! header   "fluxo backup 01\n" length:u32 JSON crc:u32
//! record   1:u8 key:u16 record:u32 bytes… crc:u32
//! trailer  2:u8 count:u64 crc:u32, and nothing after it
//! ```
//! Numbers are big-endian. Each `crc` covers all of the file before it but the other ones: a record that is changed,
//! missing, doubled or out of its place is found, and without its trailer a file is no backup.

use std::io::{self, BufRead, Write};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::envelope::Record;
use crate::store::upkeep::StreamError;

const MAGIC: &[u8; 16] = b"fluxo backup 01\n";
/// What every version's file begins with.
const FAMILY: usize = 13;
const RECORD: u8 = 1;
const TRAILER: u8 = 2;
/// More than any header, key or record has: a length over it is damage, and not memory to be asked for.
const PART_BYTES: u32 = 64 * 1024;

/// What a backup is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    /// The format of the store's tables.
    pub(super) format: u32,
    /// The epoch of effect ids.
    pub(super) epoch: u32,
    /// The moment whose state it holds.
    pub(super) at: Timestamp,
    /// The number of the last group of commits in it.
    pub(super) group: u64,
    /// The version of fluxo that wrote it.
    pub(super) fluxo: String,
}

/// Writes a backup.
pub(super) struct StreamWriter<W> {
    out: W,
    crc: crc32fast::Hasher,
    records: u64,
    bytes: u64,
}

impl<W: Write> StreamWriter<W> {
    pub(super) fn begin(out: W, header: &Header) -> io::Result<Self> {
        let mut writer = Self { out, crc: crc32fast::Hasher::new(), records: 0, bytes: 0 };
        let header = serde_json::to_vec(header)?;
        let length = u32::try_from(header.len()).map_err(io::Error::other)?;
        writer.write(MAGIC)?;
        writer.write(&length.to_be_bytes())?;
        writer.write(&header)?;
        writer.seal()?;
        Ok(writer)
    }

    pub(super) fn record(&mut self, key: &[u8], record: &[u8]) -> io::Result<()> {
        let lengths = (u16::try_from(key.len()), u32::try_from(record.len()));
        let (Ok(key_length), Ok(record_length)) = lengths else {
            return Err(io::Error::other("a record is too long"));
        };
        self.write(&[RECORD])?;
        self.write(&key_length.to_be_bytes())?;
        self.write(&record_length.to_be_bytes())?;
        self.write(key)?;
        self.write(record)?;
        self.records += 1;
        self.seal()
    }

    /// Ends it; answers what it is written to, how many records and how many bytes there are.
    pub(super) fn finish(mut self) -> io::Result<(W, u64, u64)> {
        self.write(&[TRAILER])?;
        self.write(&self.records.to_be_bytes())?;
        self.seal()?;
        self.out.flush()?;
        Ok((self.out, self.records, self.bytes))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.crc.update(bytes);
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn seal(&mut self) -> io::Result<()> {
        self.bytes += 4;
        self.out.write_all(&self.crc.clone().finalize().to_be_bytes())
    }
}

/// Reads a backup; what it hands out is what was written, or an error.
pub(super) struct StreamReader<R> {
    from: R,
    crc: crc32fast::Hasher,
    records: u64,
}

impl<R: BufRead> StreamReader<R> {
    pub(super) fn begin(from: R) -> Result<(Self, Header), StreamError> {
        let mut reader = Self { from, crc: crc32fast::Hasher::new(), records: 0 };
        let mut magic = [0; MAGIC.len()];
        reader.read(&mut magic).map_err(|error| match error {
            StreamError::CutShort { .. } => StreamError::Foreign,
            error @ (StreamError::Foreign
            | StreamError::Newer
            | StreamError::Damaged { .. }
            | StreamError::Io(_)) => error,
        })?;
        if magic != *MAGIC {
            let newer = magic[..FAMILY] == MAGIC[..FAMILY];
            return Err(if newer { StreamError::Newer } else { StreamError::Foreign });
        }
        let length = u32::from_be_bytes(reader.array()?);
        let header = reader.part(length)?;
        reader.verify()?;
        let header = serde_json::from_slice(&header).map_err(|_| reader.damaged())?;
        Ok((reader, header))
    }

    /// The next record; `None` once all of them were there and nothing follows.
    pub(super) fn record(&mut self) -> Result<Option<Record>, StreamError> {
        let [kind] = self.array()?;
        match kind {
            RECORD => {
                let key_length = u16::from_be_bytes(self.array()?);
                let record_length = u32::from_be_bytes(self.array()?);
                let key = self.part(key_length.into())?;
                let record = self.part(record_length)?;
                self.verify()?;
                self.records += 1;
                Ok(Some((key, record)))
            }
            TRAILER => {
                let count = u64::from_be_bytes(self.array()?);
                self.verify()?;
                if count != self.records || !self.from.fill_buf()?.is_empty() {
                    return Err(self.damaged());
                }
                Ok(None)
            }
            _ => Err(self.damaged()),
        }
    }

    fn verify(&mut self) -> Result<(), StreamError> {
        let expected = self.crc.clone().finalize().to_be_bytes();
        let mut found = [0; 4];
        self.fill(&mut found)?;
        if found == expected { Ok(()) } else { Err(self.damaged()) }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], StreamError> {
        let mut bytes = [0; N];
        self.read(&mut bytes)?;
        Ok(bytes)
    }

    fn part(&mut self, length: u32) -> Result<Vec<u8>, StreamError> {
        if length > PART_BYTES {
            return Err(self.damaged());
        }
        let mut bytes = vec![0; length as usize];
        self.read(&mut bytes)?;
        Ok(bytes)
    }

    fn read(&mut self, bytes: &mut [u8]) -> Result<(), StreamError> {
        self.fill(bytes)?;
        self.crc.update(bytes);
        Ok(())
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), StreamError> {
        self.from.read_exact(bytes).map_err(|error| match error.kind() == io::ErrorKind::UnexpectedEof {
            true => StreamError::CutShort { records: self.records },
            false => StreamError::Io(error),
        })
    }

    fn damaged(&self) -> StreamError {
        StreamError::Damaged { records: self.records }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        let at = "2026-11-21T23:00:00Z".parse().unwrap();
        Header { format: 2, epoch: 7, at, group: 9, fluxo: "0.2.0".to_owned() }
    }

    fn records() -> Vec<Record> {
        (0..5u8).map(|n| (vec![b'k', n], vec![n; usize::from(n) * 40])).collect()
    }

    fn written() -> Vec<u8> {
        let mut writer = StreamWriter::begin(Vec::new(), &header()).unwrap();
        records().iter().for_each(|(key, record)| writer.record(key, record).unwrap());
        let (bytes, count, length) = writer.finish().unwrap();
        assert_eq!((count, length), (5, bytes.len() as u64));
        bytes
    }

    fn read(bytes: &[u8]) -> Result<(Header, Vec<Record>), StreamError> {
        let (mut reader, header) = StreamReader::begin(bytes)?;
        let mut found = Vec::new();
        while let Some(record) = reader.record()? {
            found.push(record);
        }
        Ok((header, found))
    }

    #[test]
    fn what_was_written_comes_back() {
        assert_eq!(read(&written()).unwrap(), (header(), records()));
    }

    #[test]
    fn no_cut_and_no_flipped_bit_is_taken_for_a_backup() {
        let whole = written();
        for end in 0..whole.len() {
            let error = read(&whole[..end]).expect_err("a cut");
            assert!(matches!(error, StreamError::CutShort { .. } | StreamError::Foreign), "{end}: {error}");
        }
        for place in 0..whole.len() {
            for bit in 0..8 {
                let mut torn = whole.clone();
                torn[place] ^= 1 << bit;
                assert!(read(&torn).is_err(), "{place} {bit}");
            }
        }
        assert!(read(&[whole.clone(), b"x".to_vec()].concat()).is_err(), "something follows");
        assert!(matches!(read(b""), Err(StreamError::Foreign)));
        assert!(matches!(read(b"fluxo backup 02\n and so on"), Err(StreamError::Newer)));
    }

    #[test]
    fn a_record_that_is_missing_doubled_or_elsewhere_is_found() {
        let whole = written();
        let header_end = MAGIC.len() + 4 + serde_json::to_vec(&header()).unwrap().len() + 4;
        let mut ends = vec![header_end];
        for (key, record) in records() {
            ends.push(ends[ends.len() - 1] + 1 + 2 + 4 + key.len() + record.len() + 4);
        }
        let part = |n: usize| whole[ends[n]..ends[n + 1]].to_vec();
        let (head, tail) = (whole[..header_end].to_vec(), whole[ends[5]..].to_vec());
        let of = |order: &[usize]| {
            let parts: Vec<Vec<u8>> = order.iter().map(|n| part(*n)).collect();
            read(&[head.clone(), parts.concat(), tail.clone()].concat())
        };
        assert!(of(&[0, 1, 2, 3, 4]).is_ok());
        for order in [&[0, 1, 3, 4][..], &[0, 1, 1, 2, 3, 4], &[0, 2, 1, 3, 4], &[0, 1, 2, 3]] {
            assert!(matches!(of(order), Err(StreamError::Damaged { .. })), "{order:?}");
        }
    }
}
