//! `date time weekday relative_day add_days days_until business_days age`: dates are ISO text, read as local time.
//!
//! An offset or `Z` behind a time is not applied: the systems hospitals have write local times, and shifting them
//! moves appointments (totvs-rm.md, "never shift them through UTC").

use jiff::civil::{Date, DateTime, Time};
use jiff::{Span, ToSpan};
use minijinja::{Environment, Error, State, Value};

use super::super::operators::is_absent;
use super::super::scope::Moment;
use super::format::{Format, Part};
use super::{maybe, moment, refused};
use crate::answer::calendar;

pub(super) fn register(env: &mut Environment<'static>) {
    env.add_filter("date", date);
    env.add_filter("time", time);
    env.add_filter("weekday", weekday);
    env.add_filter("relative_day", relative_day);
    env.add_filter("add_days", add_days);
    env.add_filter("days_until", days_until);
    env.add_filter("business_days", business_days);
    env.add_filter("age", age);
    env.add_function("add_days", |state: &State<'_, '_>, days: i64| -> Result<String, Error> {
        let today = moment(state)?.now.date();
        Ok(shifted("add_days", today, days)?.to_string())
    });
    env.add_function("business_days", |state: &State<'_, '_>, days: i64| -> Result<String, Error> {
        let moment = moment(state)?;
        Ok(business(&moment, moment.now.date(), days)?.to_string())
    });
}

/// A date, a time, or both, as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Date(Date),
    Time(Time),
    Both(DateTime),
}

impl When {
    fn date(self) -> Option<Date> {
        match self {
            When::Date(date) => Some(date),
            When::Time(_) => None,
            When::Both(both) => Some(both.date()),
        }
    }

    fn time(self) -> Option<Time> {
        match self {
            When::Date(_) => None,
            When::Time(time) => Some(time),
            When::Both(both) => Some(both.time()),
        }
    }
}

/// Reads `2026-03-12`, `2026-03-12T14:30[:00[.000]][Z|±03:00]`, `14:30[:00]`.
fn when(text: &str) -> Option<When> {
    let text = text.trim();
    let Some((day, rest)) = text.split_once(['T', 't', ' ']) else {
        return match text.parse::<Date>() {
            Ok(date) if text.len() == 10 => Some(When::Date(date)),
            _ => clock(text).map(When::Time),
        };
    };
    let date = day.parse::<Date>().ok().filter(|_| day.len() == 10)?;
    let time = rest.find(['Z', 'z', '+', '-']).map_or(rest, |at| &rest[..at]);
    Some(When::Both(date.to_datetime(clock(time.trim_end())?)))
}

/// Reads `14:30`, `14:30:15`, `14:30:15.000`.
fn clock(text: &str) -> Option<Time> {
    let mut parts = text.splitn(3, ':');
    let number = |part: &str| {
        let digits = part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit());
        part.parse::<i8>().ok().filter(|_| digits)
    };
    let hour = number(parts.next()?)?;
    let minute = parts.next().filter(|m| m.len() == 2).and_then(number)?;
    let second = match parts.next() {
        Some(seconds) => number(seconds.split_once(['.', ',']).map_or(seconds, |(s, _)| s))?,
        None => 0,
    };
    Time::new(hour, minute, second, 0).ok()
}

fn read(name: &'static str, value: &Value) -> Result<Option<When>, Error> {
    if is_absent(value) {
        return Ok(None);
    }
    match value.as_str().map(when) {
        Some(Some(when)) => Ok(Some(when)),
        Some(None) => Err(refused(name, "needs a date as 2026-03-15 or 2026-03-15T14:30")),
        None => Err(refused(name, format!("needs a date, got a {}", value.kind()))),
    }
}

fn read_date(name: &'static str, value: &Value) -> Result<Option<Date>, Error> {
    match read(name, value)? {
        None => Ok(None),
        Some(when) => when.date().map(Some).ok_or_else(|| refused(name, "needs a date, got a time")),
    }
}

/// `2026-03-15 | date('DD/MM')` → `15/03`; without a format `15/03/2026`.
fn date(value: &Value, format: Option<&str>) -> Result<Value, Error> {
    Ok(match read("date", value)? {
        None => Value::UNDEFINED,
        Some(when) => Value::from(render("date", when, format.unwrap_or("DD/MM/YYYY"))?),
    })
}

/// `2026-03-15T14:30:00 | time` → `14:30`.
fn time(value: &Value, format: Option<&str>) -> Result<Value, Error> {
    Ok(match read("time", value)? {
        None => Value::UNDEFINED,
        Some(when) => Value::from(render("time", when, format.unwrap_or("HH:mm"))?),
    })
}

/// `2026-03-13 | weekday` → `sexta-feira`.
fn weekday(value: &Value) -> Result<Value, Error> {
    Ok(maybe(read_date("weekday", value)?.map(|d| calendar::weekday_name(d.weekday()))))
}

/// `hoje`, `amanhã`, `depois de amanhã`, `ontem`, else `sexta-feira, 15/03` (with the year if it is another one).
fn relative_day(state: &State<'_, '_>, value: &Value) -> Result<Value, Error> {
    let Some(date) = read_date("relative_day", value)? else {
        return Ok(Value::UNDEFINED);
    };
    let today = moment(state)?.now.date();
    Ok(match distance(today, date) {
        0 => Value::from("hoje"),
        1 => Value::from("amanhã"),
        2 => Value::from("depois de amanhã"),
        -1 => Value::from("ontem"),
        -2 => Value::from("anteontem"),
        _ => {
            let format = if date.year() == today.year() { "dddd, DD/MM" } else { "dddd, DD/MM/YYYY" };
            Value::from(render("relative_day", When::Date(date), format)?)
        }
    })
}

/// Moves a date, or the date of a date-time, by whole days.
fn add_days(value: &Value, days: i64) -> Result<Value, Error> {
    Ok(match read("add_days", value)? {
        None => Value::UNDEFINED,
        Some(When::Date(date)) => Value::from(shifted("add_days", date, days)?.to_string()),
        Some(When::Both(both)) => {
            let date = shifted("add_days", both.date(), days)?;
            Value::from(date.to_datetime(both.time()).to_string())
        }
        Some(When::Time(_)) => return Err(refused("add_days", "needs a date, got a time")),
    })
}

/// Whole days from today: 0 is today, negative is past.
fn days_until(state: &State<'_, '_>, value: &Value) -> Result<Value, Error> {
    let today = moment(state)?.now.date();
    Ok(maybe(read_date("days_until", value)?.map(|date| distance(today, date))))
}

/// `business_days(n)`: the n-th working day after the date; `business_days(0)` is the date itself or the next working
/// day. Weekends and the holidays of the project do not count.
fn business_days(state: &State<'_, '_>, value: &Value, days: i64) -> Result<Value, Error> {
    let Some(date) = read_date("business_days", value)? else {
        return Ok(Value::UNDEFINED);
    };
    let moment = moment(state)?;
    Ok(Value::from(business(&moment, date, days)?.to_string()))
}

/// Full years since a birth date.
fn age(state: &State<'_, '_>, value: &Value) -> Result<Value, Error> {
    let Some(born) = read_date("age", value)? else {
        return Ok(Value::UNDEFINED);
    };
    let today = moment(state)?.now.date();
    if born > today {
        return Err(refused("age", "the date of birth is in the future"));
    }
    let had_birthday = (today.month(), today.day()) >= (born.month(), born.day());
    Ok(Value::from(i64::from(today.year() - born.year()) - i64::from(!had_birthday)))
}

fn distance(from: Date, to: Date) -> i64 {
    (to - from).get_days().into()
}

fn shifted(name: &'static str, date: Date, days: i64) -> Result<Date, Error> {
    let span = Span::new().try_days(days).map_err(|_| refused(name, "too many days"))?;
    date.checked_add(span).map_err(|_| refused(name, "the date is out of range"))
}

fn business(moment: &Moment, from: Date, days: i64) -> Result<Date, Error> {
    // Ten years of working days: more is a mistake, and the walk is one day at a time.
    if days.abs() > 2_600 {
        return Err(refused("business_days", "too many days"));
    }
    let works = |date: Date| {
        !matches!(date.weekday(), jiff::civil::Weekday::Saturday | jiff::civil::Weekday::Sunday)
            && !moment.facts.holidays.contains(&date)
    };
    let step = if days < 0 { -1 } else { 1 };
    let mut left = days.abs();
    let mut date = from;
    let mut steps = 0;
    while left > 0 || !works(date) {
        date = date
            .checked_add(step.days())
            .map_err(|_| refused("business_days", "the date is out of range"))?;
        if works(date) && left > 0 {
            left -= 1;
        }
        steps += 1;
        if steps > 20_000 {
            return Err(refused("business_days", "there are no working days"));
        }
    }
    Ok(date)
}

fn render(name: &'static str, when: When, format: &str) -> Result<String, Error> {
    let format = Format::parse(format).map_err(|mistake| refused(name, mistake.message_en()))?;
    let date = || when.date().ok_or_else(|| refused(name, "the format asks for a day, but this is a time"));
    let time = || when.time().ok_or_else(|| refused(name, "the format asks for a time, but this is a day"));
    let mut out = String::new();
    for part in format.parts() {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Year => out.push_str(&format!("{:04}", date()?.year())),
            Part::ShortYear => out.push_str(&format!("{:02}", date()?.year().rem_euclid(100))),
            Part::MonthName => out.push_str(calendar::month_name(date()?.month())),
            Part::ShortMonthName => out.extend(calendar::month_name(date()?.month()).chars().take(3)),
            Part::Month => out.push_str(&format!("{:02}", date()?.month())),
            Part::PlainMonth => out.push_str(&date()?.month().to_string()),
            Part::Day => out.push_str(&format!("{:02}", date()?.day())),
            Part::PlainDay => out.push_str(&date()?.day().to_string()),
            Part::Weekday => out.push_str(calendar::weekday_name(date()?.weekday())),
            Part::ShortWeekday => out.extend(calendar::weekday_name(date()?.weekday()).chars().take(3)),
            Part::Hour => out.push_str(&format!("{:02}", time()?.hour())),
            Part::PlainHour => out.push_str(&time()?.hour().to_string()),
            Part::Minute => out.push_str(&format!("{:02}", time()?.minute())),
            Part::Second => out.push_str(&format!("{:02}", time()?.second())),
        }
    }
    Ok(out)
}
