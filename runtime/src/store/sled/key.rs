//! Keys that sort: a table's byte, then parts that each sort as what they stand for.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// A longer text stands in keys by its digest: providers' ids have no limit, keys have.
pub(super) const TEXT_BYTES: usize = 64;
/// Bytes of a digest that stands for texts: enough that no two of a house's texts ever share one.
const DIGEST_BYTES: usize = 16;

/// A key in the making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key(Vec<u8>);

impl Key {
    pub(super) fn of(table: u8) -> Self {
        Self(vec![table])
    }

    /// Text, ended so that the keys of one text never lie among those of another that begins like it.
    pub(super) fn text(mut self, text: &str) -> Self {
        let nuls = text.bytes().filter(|byte| *byte == 0).count();
        if text.len() + nuls > TEXT_BYTES {
            let digest = Sha256::digest(text.as_bytes());
            return self.text(&digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        }
        for byte in text.bytes() {
            self.0.push(byte);
            if byte == 0 {
                self.0.push(0xff);
            }
        }
        self.0.extend_from_slice(&[0, 0]);
        self
    }

    /// Texts by their digest alone: what providers call a message holds the phone it went to, and keys outlive people.
    pub(super) fn digest(mut self, texts: &[&str]) -> Self {
        let mut digest = Sha256::new();
        for text in texts {
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text.as_bytes());
        }
        self.0.extend_from_slice(&digest.finalize()[..DIGEST_BYTES]);
        self
    }

    pub(super) fn number(mut self, number: u64) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    pub(super) fn byte(mut self, byte: u8) -> Self {
        self.0.push(byte);
        self
    }

    /// A moment, the earliest first.
    pub(super) fn time(self, at: Timestamp) -> Self {
        self.number(ordered(nanoseconds(at)))
    }

    /// A moment, the latest first.
    pub(super) fn newest_first(self, at: Timestamp) -> Self {
        self.number(!ordered(nanoseconds(at)))
    }

    /// Another key as the last part.
    pub(super) fn key(mut self, key: &[u8]) -> Self {
        self.0.extend_from_slice(key);
        self
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        self.0
    }

    /// The first key after all those that begin with this one.
    pub(super) fn after(mut self) -> Vec<u8> {
        // No table has the byte 0xff, so there always is one.
        while let Some(last) = self.0.pop() {
            if last < 0xff {
                self.0.push(last + 1);
                break;
            }
        }
        self.0
    }

    /// All keys that begin with this one.
    pub(super) fn range(self) -> KeyRange {
        KeyRange { start: self.clone().bytes(), end: self.after() }
    }
}

/// Keys from the start up to but without the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyRange {
    pub(super) start: Vec<u8>,
    pub(super) end: Vec<u8>,
}

impl KeyRange {
    pub(super) fn as_range(&self) -> std::ops::Range<&[u8]> {
        &self.start..&self.end
    }
}

/// Takes a key apart, in the order in which it was made.
#[derive(Debug)]
pub(super) struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    /// The parts of a table's key, or `None` if it is another's.
    pub(super) fn of(table: u8, key: &'a [u8]) -> Option<Self> {
        let (first, rest) = key.split_first()?;
        (*first == table).then_some(Self(rest))
    }

    pub(super) fn text(&mut self) -> Option<String> {
        let mut found = Vec::new();
        loop {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            if *byte == 0 {
                let (escape, rest) = self.0.split_first()?;
                self.0 = rest;
                if *escape == 0 {
                    return String::from_utf8(found).ok();
                }
            }
            found.push(*byte);
        }
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_be_bytes(*number))
    }

    pub(super) fn time(&mut self) -> Option<Timestamp> {
        moment(unordered(self.number()?))
    }

    /// Leaves a text out, and answers the bytes that stand for it in any table's key.
    pub(super) fn text_bytes(&mut self) -> Option<&'a [u8]> {
        let all = self.0;
        self.text()?;
        all.get(..all.len() - self.0.len())
    }

    /// What is left of it.
    pub(super) fn rest(self) -> &'a [u8] {
        self.0
    }
}

/// Nanoseconds since 1970; what lies outside the years 1677 to 2262 stands at their ends.
pub(super) fn nanoseconds(at: Timestamp) -> i64 {
    let all = at.as_nanosecond();
    i64::try_from(all).unwrap_or(if all < 0 { i64::MIN } else { i64::MAX })
}

/// The moment of so many nanoseconds since 1970.
pub(super) fn moment(nanoseconds: i64) -> Option<Timestamp> {
    Timestamp::from_nanosecond(nanoseconds.into()).ok()
}

fn ordered(signed: i64) -> u64 {
    signed.cast_unsigned() ^ (1 << 63)
}

fn unordered(number: u64) -> i64 {
    (number ^ (1 << 63)).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_sort_and_come_back_whatever_they_hold() {
        let texts = ["", "\0", "\0\0", "a", "a\0", "a\0b", "ab", "b", "ç", "日本"];
        let keys: Vec<Vec<u8>> =
            texts.iter().map(|text| Key::of(b't').text(text).number(7).bytes()).collect();
        assert!(keys.is_sorted(), "{keys:?}");
        for (text, key) in texts.iter().zip(&keys) {
            let mut parts = Parts::of(b't', key).unwrap();
            assert_eq!(parts.text().as_deref(), Some(*text));
            assert_eq!(parts.number(), Some(7));
            assert_eq!(parts.text(), None);
            let range = Key::of(b't').text(text).range();
            let inside = keys.iter().filter(|key| range.as_range().contains(&key.as_slice())).count();
            assert_eq!(inside, 1, "{text:?} has the keys of others in its range");
        }
        assert!(Parts::of(b'x', &keys[0]).is_none());
    }

    #[test]
    fn a_long_text_stands_by_its_digest() {
        let (one, other) = ("x".repeat(300) + "1", "x".repeat(300) + "2");
        let key = Key::of(b't').text(&one).bytes();
        assert!(key.len() < 80);
        assert_ne!(key, Key::of(b't').text(&other).bytes());
        assert_eq!(key, Key::of(b't').text(&one).bytes());
        assert!(Key::of(b't').text(&"\0".repeat(64)).bytes().len() < 80);
    }

    #[test]
    fn moments_sort_both_ways_and_come_back() {
        let moments = ["-009999-02-01T00:00:00Z", "1969-12-31T23:59:59.999999999Z", "1970-01-01T00:00:00Z"];
        let later =
            ["2026-11-21T22:50:00.000000001Z", "2026-11-21T22:50:00.000000002Z", "9999-01-01T00:00:00Z"];
        let all: Vec<Timestamp> = moments.iter().chain(&later).map(|text| text.parse().unwrap()).collect();
        let keys: Vec<Vec<u8>> = all.iter().map(|at| Key::of(b't').time(*at).bytes()).collect();
        assert!(keys.is_sorted());
        assert!(all.iter().map(|at| Key::of(b't').newest_first(*at).bytes()).rev().is_sorted());
        for (at, key) in all.iter().zip(&keys).skip(1).take(4) {
            assert_eq!(Parts::of(b't', key).unwrap().time(), Some(*at));
        }
    }

    #[test]
    fn the_key_after_a_prefix_is_after_all_that_begin_with_it() {
        let key = Key::of(b't').byte(0xff).byte(0xff);
        assert!(key.clone().byte(0xff).bytes() < key.clone().after());
        assert_eq!(key.after(), [b't' + 1]);
    }
}
