//! Lengths of time as authors write them: `"500ms" "10s" "15m" "2h" "3d"`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A length of time. A day is 24 hours; nothing in a flow counts calendar days with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration {
    ms: u64,
}

/// Text that is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a duration: {0:?} (written like 500ms, 10s, 15m, 2h, 3d)")]
pub struct NotADuration(pub String);

/// Units from the largest to the smallest, in milliseconds.
const UNITS: &[(&str, u64)] = &[("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

impl Duration {
    /// So many milliseconds.
    pub const fn from_millis(ms: u64) -> Self {
        Self { ms }
    }

    /// So many seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self { ms: seconds * 1_000 }
    }

    /// In milliseconds.
    pub const fn as_millis(self) -> u64 {
        self.ms
    }

    /// In whole seconds, rounded down.
    pub const fn as_secs(self) -> u64 {
        self.ms / 1_000
    }
}

impl FromStr for Duration {
    type Err = NotADuration;

    fn from_str(text: &str) -> Result<Self, NotADuration> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let unit = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, ms)| *ms);
        match (number.parse::<u64>(), unit) {
            (Ok(number), Some(unit)) => number.checked_mul(unit).map(Self::from_millis),
            (Ok(_) | Err(_), _) => None,
        }
        .ok_or_else(|| NotADuration(text.to_owned()))
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let largest = UNITS.iter().find(|(_, unit)| self.ms > 0 && self.ms.is_multiple_of(*unit));
        let (name, unit) = largest.copied().unwrap_or(("s", 1_000));
        write!(f, "{}{name}", self.ms / unit)
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_what_authors_write() {
        for (text, ms) in [
            ("500ms", 500),
            ("10s", 10_000),
            ("15m", 900_000),
            ("2h", 7_200_000),
            ("3d", 259_200_000),
            ("0s", 0),
        ] {
            let duration: Duration = text.parse().expect(text);
            assert_eq!(duration.as_millis(), ms);
            assert_eq!(duration.to_string(), text);
        }
        assert_eq!("90s".parse::<Duration>().map(|d| d.to_string()), Ok("90s".to_owned()));
        assert_eq!("60s".parse::<Duration>().map(|d| d.to_string()), Ok("1m".to_owned()));
    }

    #[test]
    fn refuses_the_rest() {
        for text in [
            "",
            "s",
            "10",
            "10 s",
            "-1s",
            "1.5h",
            "10S",
            "1w",
            "99999999999999999999d",
            "200000000000000000d",
        ] {
            assert!(text.parse::<Duration>().is_err(), "{text}");
        }
    }
}
