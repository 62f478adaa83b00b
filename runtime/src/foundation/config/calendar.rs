//! `[calendar]`: days without work.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use serde::Deserialize;
use serde::de::{Deserializer, Error};

/// `[calendar]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarSection {
    /// The national holidays of Brazil.
    #[serde(default = "yes")]
    pub national: bool,
    /// The state's.
    #[serde(default)]
    pub state: Vec<Holiday>,
    /// The city's.
    #[serde(default)]
    pub municipal: Vec<Holiday>,
    /// Days on which the hospital does not work.
    #[serde(default)]
    pub closed: Vec<Holiday>,
}

/// A day of every year, `"07-09"`, or of one, `"2026-07-09"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holiday {
    /// Of every year.
    Yearly {
        /// 1 to 12.
        month: i8,
        /// From 1.
        day: i8,
    },
    /// Of one year.
    Once(Date),
}

fn yes() -> bool {
    true
}

impl Default for CalendarSection {
    fn default() -> Self {
        Self { national: true, state: Vec::new(), municipal: Vec::new(), closed: Vec::new() }
    }
}

impl CalendarSection {
    /// The days without work of some years.
    pub fn days(&self, years: std::ops::RangeInclusive<i16>) -> BTreeSet<Date> {
        let listed = || self.state.iter().chain(&self.municipal).chain(&self.closed);
        let mut days = BTreeSet::new();
        for year in years.clone() {
            if self.national {
                days.extend(national(year));
            }
            days.extend(listed().filter_map(|holiday| holiday.in_year(year)));
        }
        days
    }
}

impl Holiday {
    fn in_year(self, year: i16) -> Option<Date> {
        match self {
            // 29 February is a holiday only in the years that have it.
            Self::Yearly { month, day } => Date::new(year, month, day).ok(),
            Self::Once(date) => (date.year() == year).then_some(date),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        if let Some((month, day)) = text.split_once('-').filter(|_| text.len() == 5) {
            let (month, day) = (month.parse().ok()?, day.parse().ok()?);
            return Date::new(2024, month, day).ok().map(|_| Self::Yearly { month, day });
        }
        (text.len() == 10).then(|| text.parse().ok().map(Self::Once))?
    }
}

impl<'de> Deserialize<'de> for Holiday {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = toml::Value::deserialize(deserializer)?;
        let date = value.as_datetime().map(ToString::to_string);
        let text = date.as_deref().or(value.as_str()).unwrap_or_default();
        Self::parse(text)
            .ok_or_else(|| D::Error::custom("escreva um dia como \"07-09\" (todo ano) ou \"2026-07-09\""))
    }
}

/// The national holidays of a year: nine fixed ones (laws 662/1949, 6.802/1980, 10.607/2002 and 14.759/2023, the
/// last one from 2024 on) and Good Friday. Carnival and Corpus Christi are not national holidays.
fn national(year: i16) -> BTreeSet<Date> {
    let mut days: BTreeSet<Date> = [(1, 1), (4, 21), (5, 1), (9, 7), (10, 12), (11, 2), (11, 15), (12, 25)]
        .into_iter()
        .map(|(month, day)| date(year, month, day))
        .collect();
    if year >= 2024 {
        days.insert(date(year, 11, 20));
    }
    days.extend(easter(year).checked_sub(jiff::Span::new().days(2)).ok());
    days
}

/// Easter Sunday (Gregorian; Meeus, Jones and Butcher).
fn easter(year: i16) -> Date {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    date(year, month as i8, day as i8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easter_falls_where_the_almanac_says() {
        for (year, month, day) in [
            (2000, 4, 23),
            (2008, 3, 23),
            (2019, 4, 21),
            (2024, 3, 31),
            (2025, 4, 20),
            (2026, 4, 5),
            (2027, 3, 28),
            (2038, 4, 25),
        ] {
            assert_eq!(easter(year), date(year, month, day));
        }
    }

    #[test]
    fn nine_fixed_days_and_good_friday() {
        let days = CalendarSection::default().days(2026..=2026);
        let expected =
            [(1, 1), (4, 3), (4, 21), (5, 1), (9, 7), (10, 12), (11, 2), (11, 15), (11, 20), (12, 25)];
        assert_eq!(days, expected.into_iter().map(|(m, d)| date(2026, m, d)).collect());
        assert!(!CalendarSection::default().days(2023..=2023).contains(&date(2023, 11, 20)));
    }

    #[test]
    fn lists_hold_days_of_every_year_and_of_one() {
        let calendar: CalendarSection =
            toml::from_str("national = false\nstate = [\"07-09\", \"02-29\"]\nclosed = [2026-12-24]")
                .unwrap();
        let expected = [date(2026, 7, 9), date(2026, 12, 24), date(2027, 7, 9)];
        assert_eq!(calendar.days(2026..=2027), expected.into_iter().collect());
        for text in ["", "13-01", "02-30", "2026-02-30", "7-9", "9/7"] {
            assert_eq!(Holiday::parse(text), None, "{text}");
        }
    }
}
