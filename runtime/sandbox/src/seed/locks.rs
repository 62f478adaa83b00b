//! When nobody works: national holidays, and the closures of single agendas.

use jiff::{ToSpan, civil::Date};

use super::{Random, hospital::Hospital};

/// A stretch in which an agenda is closed (totvs-rm.md §3, `scheduleLocks`).
pub(crate) struct Lock {
    pub(crate) id: String,
    pub(crate) holiday: bool,
    pub(crate) reason: String,
    pub(crate) start: Date,
    pub(crate) end: Date,
    /// `"HH:MM"` of the first and the last day.
    pub(crate) start_period: &'static str,
    pub(crate) end_period: &'static str,
    /// Position of the agenda; `None` closes them all.
    pub(crate) schedule: Option<usize>,
}

impl Lock {
    pub(crate) fn closes(&self, schedule: usize, date: Date) -> bool {
        self.schedule.is_none_or(|only| only == schedule) && self.start <= date && date <= self.end
    }
}

/// The locks that touch the days from `first` to `last`.
pub(crate) fn locks(seed: u64, hospital: &Hospital, first: Date, last: Date) -> Vec<Lock> {
    let mut locks: Vec<Lock> = (first.year()..=last.year())
        .flat_map(holidays)
        .filter(|(date, _)| first <= *date && *date <= last)
        .map(|(date, reason)| Lock {
            id: format!("{}|{}", hospital.company, date.strftime("%Y%m%d")),
            holiday: true,
            reason: reason.to_owned(),
            start: date,
            end: date,
            start_period: "00:00",
            end_period: "23:59",
            schedule: None,
        })
        .collect();
    // Absences: per agenda and month of the calendar, so that they do not move from one day to the next.
    let mut month = first.first_of_month();
    while month <= last {
        for (at, schedule) in hospital.schedules.iter().enumerate() {
            let mut random = Random::of(&[seed, 7, at as u64, month.year() as u64, month.month() as u64]);
            if schedule.on_call || !random.percent(25) {
                continue;
            }
            let start = month.saturating_add((random.below(26) as i64).days());
            let end = start.saturating_add((*random.pick(&[0_i64, 0, 1, 4])).days());
            let reason = *random.pick(&[
                "Congresso médico",
                "Férias",
                "Reunião do corpo clínico",
                "Folga compensatória",
            ]);
            if end >= first && start <= last {
                locks.push(Lock {
                    id: format!("{}|{}{at:02}", hospital.company, start.strftime("%Y%m%d")),
                    holiday: false,
                    reason: reason.to_owned(),
                    start,
                    end,
                    start_period: "00:00",
                    end_period: "23:59",
                    schedule: Some(at),
                });
            }
        }
        month = month.saturating_add(1.month());
    }
    locks.sort_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id)));
    locks
}

/// National holidays, and those of the state and city of São Paulo.
pub(crate) fn holidays(year: i16) -> Vec<(Date, &'static str)> {
    let day = |month, day| Date::new(year, month, day).expect("a date of every year");
    let easter = easter(year);
    vec![
        (day(1, 1), "Confraternização Universal"),
        (day(1, 25), "Aniversário de São Paulo"),
        (easter.saturating_sub(2.days()), "Sexta-feira Santa"),
        (day(4, 21), "Tiradentes"),
        (day(5, 1), "Dia do Trabalho"),
        (easter.saturating_add(60.days()), "Corpus Christi"),
        (day(7, 9), "Revolução Constitucionalista"),
        (day(9, 7), "Independência do Brasil"),
        (day(10, 12), "Nossa Senhora Aparecida"),
        (day(11, 2), "Finados"),
        (day(11, 15), "Proclamação da República"),
        (day(11, 20), "Dia da Consciência Negra"),
        (day(12, 25), "Natal"),
    ]
}

/// Easter Sunday, by the anonymous Gregorian computation.
fn easter(year: i16) -> Date {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e, f) = (b / 4, b % 4, (b + 8) / 25);
    let g = (b - f + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    Date::new(year, (n / 31) as i8, (n % 31 + 1) as i8)
        .expect("the computation gives a date in March or April")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn easter_falls_where_it_should() {
        assert_eq!(
            [easter(2024), easter(2025), easter(2026)],
            [date(2024, 3, 31), date(2025, 4, 20), date(2026, 4, 5)]
        );
    }

    #[test]
    fn a_day_has_the_same_locks_whenever_one_looks() {
        let hospital = Hospital::new("1");
        let ids = |first, last| {
            let locks = locks(1, &hospital, first, last);
            locks
                .into_iter()
                .filter(|lock| lock.start == date(2026, 12, 25))
                .map(|lock| lock.id)
                .collect::<Vec<_>>()
        };
        let early = ids(date(2026, 11, 1), date(2026, 12, 31));
        assert!(!early.is_empty());
        assert_eq!(early, ids(date(2026, 12, 20), date(2027, 1, 31)));
    }
}
