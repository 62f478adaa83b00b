//! What all records come to: how many there are, and a sum over their checksums that does not depend on their order.
//!
//! Every commit moves it on, and every group writes it down in the batch that carries the commits. So a record that a
//! damaged disk took away without a trace, or brought back as it once was, is found out by whoever reads all that is
//! there: sled drops what it cannot read when it recovers, and no record tells of its own absence.

use super::envelope;

/// Bytes of a digest as it is stored.
const BYTES: usize = 16;

/// How many records there are and what their checksums come to. Both wrap: a change may be smaller than nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Digest {
    records: u64,
    sum: u64,
}

impl Digest {
    /// One record more.
    pub(super) fn add(&mut self, record: &[u8]) {
        self.records = self.records.wrapping_add(1);
        self.sum = self.sum.wrapping_add(weight(record));
    }

    /// One record less.
    pub(super) fn remove(&mut self, record: &[u8]) {
        self.records = self.records.wrapping_sub(1);
        self.sum = self.sum.wrapping_sub(weight(record));
    }

    /// All that another one holds more, or less.
    pub(super) fn join(&mut self, change: Self) {
        self.records = self.records.wrapping_add(change.records);
        self.sum = self.sum.wrapping_add(change.sum);
    }

    /// All that another one holds less, or more.
    pub(super) fn part(&mut self, from: Self) {
        self.records = self.records.wrapping_sub(from.records);
        self.sum = self.sum.wrapping_sub(from.sum);
    }

    /// How many records there are.
    pub(super) fn records(self) -> u64 {
        self.records
    }

    pub(super) fn to_bytes(self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[..8].copy_from_slice(&self.records.to_be_bytes());
        bytes[8..].copy_from_slice(&self.sum.to_be_bytes());
        bytes
    }

    /// `None` for what is no digest: stores of format 1 wrote none down.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (records, sum) = bytes.split_first_chunk()?;
        let sum = <[u8; 8]>::try_from(sum).ok()?;
        Some(Self { records: u64::from_be_bytes(*records), sum: u64::from_be_bytes(sum) })
    }
}

/// A record's checksum, spread over 64 bits (splitmix64), so that records do not cancel each other out.
fn weight(record: &[u8]) -> u64 {
    let mut mixed = u64::from(envelope::checksum_of(record)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(key: &str, value: &str) -> Vec<u8> {
        envelope::seal(key.as_bytes(), 0, value.as_bytes()).unwrap().remove(0).1
    }

    #[test]
    fn it_depends_on_what_there_is_and_not_on_how_it_came_about() {
        let records = [record("a", "1"), record("b", "1"), record("b", "2"), record("c", "")];
        let of = |places: &[usize]| {
            let mut digest = Digest::default();
            places.iter().for_each(|place| digest.add(&records[*place]));
            digest
        };
        assert_eq!(of(&[0, 1, 3]), of(&[3, 0, 1]));
        let mut changed = of(&[0, 1, 3]);
        let mut change = Digest::default();
        change.remove(&records[1]);
        change.add(&records[2]);
        changed.join(change);
        assert_eq!(changed, of(&[0, 2, 3]));
        assert_eq!(changed.records(), 3);
        for other in [&[0, 1, 3][..], &[0, 2], &[2, 3], &[0, 1, 2, 3], &[]] {
            assert_ne!(changed, of(other), "{other:?}");
        }
        assert_eq!(Digest::from_bytes(&changed.to_bytes()), Some(changed));
        assert_eq!(Digest::from_bytes(b""), None);
        assert_eq!(Digest::from_bytes(&[0; 17]), None);
    }
}
