//! Durations as people write them in the project file: `"10s"`, `"15m"`, `"2h"`, `"3d"`.

use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error};

/// A whole number of seconds, minutes, hours or days; more than zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(Duration);

impl Span {
    /// So many seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// As the standard library has it.
    pub const fn duration(self) -> Duration {
        self.0
    }

    /// Parses `"15m"`.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let factor = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 60 * 60,
            "d" => 24 * 60 * 60,
            _ => return None,
        };
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let seconds = number.parse::<u64>().ok()?.checked_mul(factor)?;
        (1..=100 * 365 * 24 * 60 * 60).contains(&seconds).then_some(Self::seconds(seconds))
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?)
            .ok_or_else(|| D::Error::custom("escreva uma duração como \"10s\", \"15m\", \"2h\" ou \"3d\""))
    }
}

#[cfg(test)]
mod tests {
    use super::Span;

    #[test]
    fn four_units_and_nothing_else() {
        for (text, seconds) in
            [("10s", Some(10)), ("15m", Some(900)), ("2h", Some(7200)), ("3d", Some(259_200))]
        {
            assert_eq!(Span::parse(text).map(|span| span.duration().as_secs()), seconds, "{text}");
        }
        for text in
            ["", "s", "10", "0s", "-1s", "+1s", "1.5h", "10 s", "1w", "1S", "99999999999999999999d", "1é"]
        {
            assert_eq!(Span::parse(text), None, "{text}");
        }
    }
}
