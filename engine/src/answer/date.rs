//! Days, as people write and say them.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use super::calendar::{month_from, weekday_from};
use super::fold::plain;
use super::{Invalid, Rules, words};

/// The day. Reads `15/03`, `15/3/26`, `15.03.2026`, `15032026`, `15 de março`, `dia 15`, `amanhã`, `sexta`, `próxima segunda`,
/// `daqui a 3 dias`.
///
/// A day without a year is the next such day, or with `past` the last one; two digits of a year mean a past year with
/// `past` (`15/3/60` is 1960), else the near one.
pub(super) fn read(text: &str, rules: &Rules, today: Date) -> Result<Date, Invalid> {
    let day = Reader { today, past: rules.past && !rules.future, future: rules.future }.read(text)?;
    if rules.past && day >= today {
        return Err(Invalid::NotPast);
    }
    if rules.future && day <= today {
        return Err(Invalid::NotFuture);
    }
    rules.bound_text(&day.to_string())?;
    Ok(day)
}

/// Words that change nothing.
const AROUND: &[&str] = &[
    "a",
    "o",
    "de",
    "do",
    "da",
    "no",
    "na",
    "em",
    "para",
    "pra",
    "pro",
    "e",
    "eh",
    "foi",
    "nasci",
    "nascido",
    "nascida",
    "nascimento",
    "data",
    "minha",
    "pode",
    "ser",
    "quero",
    "prefiro",
    "gostaria",
    "por",
    "favor",
    "la",
    "ate",
    "desse",
    "deste",
    "neste",
    "nesse",
    "nesta",
    "nessa",
    "essa",
    "esta",
    "este",
    "esse",
    "desta",
    "dessa",
    "as",
    "aos",
    "ano",
    "mes",
    "feira",
    "mesmo",
    "cedo",
    "manha",
    "tarde",
    "noite",
    "proximos",
];

struct Reader {
    today: Date,
    past: bool,
    future: bool,
}

impl Reader {
    fn read(&self, text: &str) -> Result<Date, Invalid> {
        if text.contains('?') {
            return Err(Invalid::Format);
        }
        let plain = plain(text).replace("-feira", " feira").replace("depois de amanha", "depoisdeamanha");
        let plain = plain.replace("antes de ontem", "anteontem").replace("que vem", "quevem");
        if let Some(found) = self.numeric(plain.trim_matches(|c: char| !c.is_ascii_digit())) {
            // Only if nothing but the digits was said.
            if !plain.contains(|c: char| c.is_alphabetic()) {
                return found;
            }
        }
        let tokens: Vec<&str> = plain
            .split([' ', ','])
            .map(|t| t.trim_matches(['.', '!', ';', ':', '(', ')', '"', '*']))
            .filter(|t| !t.is_empty())
            .collect();
        self.said(&tokens)
    }

    /// Dates in digits only.
    fn numeric(&self, text: &str) -> Option<Result<Date, Invalid>> {
        let parts: Vec<&str> = text.split(['/', '-', '.', ' ']).filter(|part| !part.is_empty()).collect();
        if !parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_digit())) {
            return None;
        }
        Some(match parts.as_slice() {
            [year, month, day] if year.len() == 4 && month.len() <= 2 && day.len() <= 2 => {
                self.full(day, month, year)
            }
            [day, month, year] if day.len() <= 2 && month.len() <= 2 => self.full(day, month, year),
            [day, month] if day.len() <= 2 && month.len() <= 2 => match (day.parse(), month.parse()) {
                (Ok(day), Ok(month)) => self.yearless(day, month),
                _ => Err(Invalid::Format),
            },
            [digits] if matches!(digits.len(), 6 | 8) => self.full(&digits[..2], &digits[2..4], &digits[4..]),
            _ => Err(Invalid::Format),
        })
    }

    fn full(&self, day: &str, month: &str, year: &str) -> Result<Date, Invalid> {
        let (Ok(day), Ok(month)) = (day.parse::<i8>(), month.parse::<i8>()) else {
            return Err(Invalid::Format);
        };
        let year = self.year(year)?;
        Date::new(year, month, day).map_err(|_| Invalid::NoSuchDate)
    }

    /// A year of four digits, or of two: the century is chosen.
    fn year(&self, text: &str) -> Result<i16, Invalid> {
        let year: i16 = text.parse().map_err(|_| Invalid::Format)?;
        match text.len() {
            4 if (1880..=2200).contains(&year) => Ok(year),
            2 => {
                let century = self.today.year() - self.today.year().rem_euclid(100);
                let near = century + year;
                // Someone who says neither past nor future speaks of the near years, or of long ago.
                let latest = if self.past {
                    self.today.year()
                } else if self.future {
                    i16::MAX
                } else {
                    self.today.year() + 20
                };
                Ok(if near > latest { near - 100 } else { near })
            }
            _ => Err(Invalid::Format),
        }
    }

    /// A day and month: the next such day (today counts), or the last one.
    fn yearless(&self, day: i8, month: i8) -> Result<Date, Invalid> {
        let step = if self.past { -1 } else { 1 };
        // Nine years, because 29 February may be eight years away.
        (0..9)
            .filter_map(|n| Date::new(self.today.year() + n * step, month, day).ok())
            .find(|date| if self.past { *date <= self.today } else { *date >= self.today })
            .ok_or(Invalid::NoSuchDate)
    }

    /// A day of a month that is not said: the next such day (today counts), or the last one.
    fn monthless(&self, day: i8) -> Result<Date, Invalid> {
        if !(1..=31).contains(&day) {
            return Err(Invalid::NoSuchDate);
        }
        let step = if self.past { -1 } else { 1 };
        let first = self.today.first_of_month();
        (0..4)
            .filter_map(|n: i64| first.checked_add((n * step).months()).ok())
            .filter_map(|month| Date::new(month.year(), month.month(), day).ok())
            .find(|date| if self.past { *date <= self.today } else { *date >= self.today })
            .ok_or(Invalid::NoSuchDate)
    }

    /// Days in words, or words and digits.
    fn said(&self, tokens: &[&str]) -> Result<Date, Invalid> {
        if let Some(found) = self.counted(tokens) {
            return found;
        }
        let mut weekday = None;
        let mut direction = Direction::Unsaid;
        let mut rest = Vec::new();
        for token in tokens {
            match *token {
                "proximo" | "proxima" | "prox" | "quevem" => direction = direction.and(Direction::Next),
                "passado" | "passada" | "ultimo" | "ultima" => direction = Direction::Last,
                "semana" => direction = direction.and(Direction::NextWeek),
                token => match weekday_from(token) {
                    Some(day) if weekday.is_none() => weekday = Some(day),
                    _ => rest.push(token),
                },
            }
        }
        rest.retain(|token| !AROUND.contains(token));
        match (weekday, rest.as_slice()) {
            (Some(day), []) => Ok(self.weekday(day, direction)),
            (None, ["hoje" | "hj"]) if direction == Direction::Unsaid => Ok(self.today),
            (None, ["amanha" | "amnh"]) if direction == Direction::Unsaid => self.shifted(1),
            (None, ["depoisdeamanha"]) if direction == Direction::Unsaid => self.shifted(2),
            (None, ["ontem"]) if direction == Direction::Unsaid => self.shifted(-1),
            (None, ["anteontem"]) if direction == Direction::Unsaid => self.shifted(-2),
            (None, ["dia", day]) if direction == Direction::Next && tokens.contains(&"mes") => {
                let next =
                    self.today.first_of_month().checked_add(1.month()).map_err(|_| Invalid::NoSuchDate)?;
                let day = day_number(&[day]).ok_or(Invalid::Format)?;
                Date::new(next.year(), next.month(), day).map_err(|_| Invalid::NoSuchDate)
            }
            (weekday, rest) if matches!(direction, Direction::Unsaid | Direction::Next) => {
                let date = self.written_out(rest)?;
                if weekday.is_some_and(|day| day != date.weekday()) {
                    return Err(Invalid::NoSuchDate);
                }
                Ok(date)
            }
            _ => Err(Invalid::Format),
        }
    }

    /// `15 de março de 2026`, `dia 15`, `15/mar`, and digits with words around them.
    fn written_out(&self, tokens: &[&str]) -> Result<Date, Invalid> {
        let named = tokens.contains(&"dia");
        let joined = tokens.iter().filter(|token| **token != "dia").copied().collect::<Vec<_>>().join(" ");
        if let Some(found) = self.numeric(&joined) {
            return match joined.parse::<i8>() {
                Ok(day) if named => self.monthless(day),
                Ok(_) => Err(Invalid::Format),
                Err(_) => found,
            };
        }
        let parts: Vec<&str> = joined.split([' ', '/', '-', '.']).filter(|part| !part.is_empty()).collect();
        // The last one: in "dez de março" the first is a number.
        let month_at = parts.iter().rposition(|part| month_from(part).is_some()).ok_or(Invalid::Format);
        let Ok(month_at) = month_at else {
            return match day_number(&parts) {
                Some(day) if named => self.monthless(day),
                _ => Err(Invalid::Format),
            };
        };
        let month = month_from(parts[month_at]).ok_or(Invalid::Format)?;
        let day = day_number(&parts[..month_at]).ok_or(Invalid::Format)?;
        match &parts[month_at + 1..] {
            [] => self.yearless(day, month),
            [year] if year.bytes().all(|b| b.is_ascii_digit()) => {
                Date::new(self.year(year)?, month, day).map_err(|_| Invalid::NoSuchDate)
            }
            _ => Err(Invalid::Format),
        }
    }

    /// `daqui a 3 dias`, `em duas semanas`, `há dois dias`, `3 dias atrás`.
    fn counted(&self, tokens: &[&str]) -> Option<Result<Date, Invalid>> {
        let (sign, rest) = match tokens {
            ["daqui", "a" | "ha" | "uns" | "umas", rest @ ..] | ["daqui", rest @ ..] => (1, rest),
            ["dentro", "de", rest @ ..] | ["em", rest @ ..] => (1, rest),
            ["ha" | "faz", rest @ ..] => (-1, rest),
            [rest @ .., "atras"] => (-1, rest),
            _ => return None,
        };
        let [count @ .., unit] = rest else { return None };
        let count = match count {
            [digits] if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse::<i64>().ok()?,
            words => words::number(words)?,
        };
        let span = match *unit {
            "dia" | "dias" if count <= 3_660 => count.days(),
            "semana" | "semanas" if count <= 520 => count.weeks(),
            "mes" | "meses" if count <= 120 => count.months(),
            "ano" | "anos" if count <= 120 => count.years(),
            _ => return None,
        };
        Some(self.today.checked_add(if sign < 0 { -span } else { span }).map_err(|_| Invalid::NoSuchDate))
    }

    fn shifted(&self, days: i64) -> Result<Date, Invalid> {
        self.today.checked_add(days.days()).map_err(|_| Invalid::NoSuchDate)
    }

    /// A day of the week: the next one after today, or the last one before it.
    fn weekday(&self, day: Weekday, direction: Direction) -> Date {
        let today = i64::from(self.today.weekday().to_monday_zero_offset());
        let wanted = i64::from(day.to_monday_zero_offset());
        let ahead = (wanted - today).rem_euclid(7);
        let days = match direction {
            Direction::NextWeek => wanted - today + 7,
            Direction::Last => ahead - 7,
            Direction::Unsaid if self.past => ahead - 7,
            Direction::Unsaid | Direction::Next if ahead == 0 => 7,
            Direction::Unsaid | Direction::Next => ahead,
        };
        self.today.checked_add(days.days()).unwrap_or(self.today)
    }
}

/// Which of the days with one name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Unsaid,
    Next,
    NextWeek,
    Last,
}

impl Direction {
    /// `sexta da semana que vem` says both.
    fn and(self, other: Direction) -> Direction {
        match (self, other) {
            (Direction::Last, _) => Direction::Last,
            (Direction::NextWeek, _) | (_, Direction::NextWeek) => Direction::NextWeek,
            (_, other) => other,
        }
    }
}

/// The day of a month in digits or words: `15`, `1º`, `primeiro`, `vinte e três`.
fn day_number(parts: &[&str]) -> Option<i8> {
    match parts {
        ["primeiro"] => Some(1),
        [digits] if digits.starts_with(|c: char| c.is_ascii_digit()) => {
            let digits = digits.trim_end_matches(['o', 'a', 'º', '°']);
            digits.parse::<i8>().ok().filter(|_| digits.len() <= 2)
        }
        words => i8::try_from(words::number(words)?).ok(),
    }
}
