//! `[queues.*]`: who takes over, and when somebody is there.

use jiff::civil::{Time, Weekday};
use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use toml::Spanned;

/// `[queues.<name>]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueSection {
    /// As people call it.
    pub title: String,
    /// Where its people work.
    pub desk: Spanned<String>,
    /// When it is open. Absent: always, holidays too.
    pub hours: Option<Vec<Hours>>,
    /// What holidays do to its hours.
    #[serde(default)]
    pub holidays: OnHolidays,
}

/// A span of the day on some days of the week.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// The days it begins on.
    pub days: Vec<Day>,
    /// Its first minute.
    pub from: Clock,
    /// The first minute after it. At or before `from` it is of the next day.
    pub to: Clock,
}

/// What holidays do to a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnHolidays {
    /// It does not open.
    #[default]
    Closed,
    /// They are days like others.
    Open,
}

/// Days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// A time of day in minutes since midnight; `24:00` is the end of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clock(pub u16);

const DAY: u16 = 24 * 60;

impl QueueSection {
    /// Whether somebody is there. `is_holiday` is asked for the day on which a span begins, so that a night
    /// shift that began on a working day goes on into the holiday.
    pub fn is_open(
        &self,
        now: Timestamp,
        zone: &TimeZone,
        is_holiday: impl Fn(jiff::civil::Date) -> bool,
    ) -> bool {
        let Some(hours) = &self.hours else { return true };
        let local = now.to_zoned(zone.clone()).datetime();
        let minute = minutes(local.time());
        let begins = |day: jiff::civil::Date, span: &Hours| {
            span.days.iter().any(|of| of.weekday() == day.weekday())
                && (self.holidays == OnHolidays::Open || !is_holiday(day))
        };
        hours.iter().any(|span| {
            let overnight = span.to <= span.from;
            let today =
                begins(local.date(), span) && span.from.0 <= minute && (overnight || minute < span.to.0);
            let yesterday = overnight
                && minute < span.to.0
                && local.date().yesterday().is_ok_and(|day| begins(day, span));
            today || yesterday
        })
    }
}

fn minutes(time: Time) -> u16 {
    // Both are within a day and never negative.
    u16::from(time.hour().unsigned_abs()) * 60 + u16::from(time.minute().unsigned_abs())
}

impl Day {
    /// As the calendar library has it.
    pub fn weekday(self) -> Weekday {
        match self {
            Self::Mon => Weekday::Monday,
            Self::Tue => Weekday::Tuesday,
            Self::Wed => Weekday::Wednesday,
            Self::Thu => Weekday::Thursday,
            Self::Fri => Weekday::Friday,
            Self::Sat => Weekday::Saturday,
            Self::Sun => Weekday::Sunday,
        }
    }
}

impl Clock {
    fn parse(text: &str) -> Option<Self> {
        let (hour, minute) = text.split_once(':')?;
        let two = |part: &str| {
            (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| part.parse::<u16>().ok())?
        };
        let (hour, minute) = (two(hour)?, two(minute)?);
        let clock = hour * 60 + minute;
        (minute < 60 && clock <= DAY).then_some(Self(clock))
    }
}

impl<'de> Deserialize<'de> for Clock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?)
            .ok_or_else(|| D::Error::custom("escreva uma hora de \"00:00\" a \"24:00\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(toml: &str) -> QueueSection {
        toml::from_str(&format!("title = \"R\"\ndesk = \"c\"\n{toml}")).unwrap()
    }

    fn open(queue: &QueueSection, moment: &str) -> bool {
        let zone = TimeZone::get("America/Sao_Paulo").unwrap();
        // 2026-12-25 is the only holiday here.
        queue.is_open(moment.parse().unwrap(), &zone, |day| day == jiff::civil::date(2026, 12, 25))
    }

    #[test]
    fn a_day_shift_ends_at_its_last_minute() {
        let queue = queue(r#"hours = [{ days = ["mon", "fri"], from = "08:00", to = "18:00" }]"#);
        assert!(!open(&queue, "2026-11-23T07:59:59-03:00"));
        assert!(open(&queue, "2026-11-23T08:00:00-03:00"));
        assert!(open(&queue, "2026-11-23T17:59:59-03:00"));
        assert!(!open(&queue, "2026-11-23T18:00:00-03:00"));
        assert!(!open(&queue, "2026-11-24T10:00:00-03:00"), "tuesday");
        assert!(!open(&queue, "2026-12-25T10:00:00-03:00"), "a holiday on a friday");
    }

    #[test]
    fn a_night_shift_goes_on_into_the_next_day() {
        let queue = queue(r#"hours = [{ days = ["thu"], from = "19:00", to = "07:00" }]"#);
        assert!(open(&queue, "2026-12-24T23:00:00-03:00"));
        assert!(open(&queue, "2026-12-25T06:59:00-03:00"), "began on a working day");
        assert!(!open(&queue, "2026-12-25T07:00:00-03:00"));
        assert!(!open(&queue, "2026-12-25T20:00:00-03:00"));
        assert!(!open(&queue, "2026-12-24T06:00:00-03:00"), "wednesday's night is not in it");
    }

    #[test]
    fn around_the_clock_is_the_whole_day_and_open_may_mean_holidays_too() {
        let days = r#"["mon", "tue", "wed", "thu", "fri", "sat", "sun"]"#;
        let hours = format!(r#"hours = [{{ days = {days}, from = "00:00", to = "24:00" }}]"#);
        let closed = queue(&hours);
        let always = queue(&format!("{hours}\nholidays = \"open\""));
        for moment in ["2026-11-23T00:00:00-03:00", "2026-11-23T23:59:59-03:00"] {
            assert!(open(&closed, moment) && open(&always, moment));
        }
        assert!(!open(&closed, "2026-12-25T12:00:00-03:00"));
        assert!(open(&always, "2026-12-25T12:00:00-03:00"));
        assert!(open(&queue(""), "2026-12-25T12:00:00-03:00"));
    }

    #[test]
    fn hours_go_by_the_clock_on_the_wall_also_on_the_days_it_is_changed() {
        let night = queue(r#"hours = [{ days = ["sun"], from = "02:00", to = "03:30" }]"#);
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let open = |moment: &str| night.is_open(moment.parse().unwrap(), &zone, |_| false);
        // At 02:00 it is 03:00 at once: what is left of the shift is its last half hour.
        assert!(!open("2026-03-29T00:59:59Z") && open("2026-03-29T01:00:00Z"));
        assert!(open("2026-03-29T01:29:59Z") && !open("2026-03-29T01:30:00Z"));
        // At 03:00 it is 02:00 again: the shift is an hour longer.
        assert!(!open("2026-10-24T23:59:59Z") && open("2026-10-25T00:00:00Z"));
        assert!(open("2026-10-25T01:59:59Z") && open("2026-10-25T02:29:59Z"));
        assert!(!open("2026-10-25T02:30:00Z"));
    }

    #[test]
    fn other_times_are_refused() {
        for text in ["", "8:00", "24:01", "08:60", "08h00", "+8:00", "08:0"] {
            assert_eq!(Clock::parse(text), None, "{text}");
        }
    }
}
