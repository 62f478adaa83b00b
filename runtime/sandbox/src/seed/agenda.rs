//! Which slots an agenda has on a day, and which of them the seed has already given away.

use jiff::{
    ToSpan,
    civil::{Date, Time, Weekday, time},
};
use serde::{Deserialize, Serialize};

use super::{
    Random,
    hospital::{Hospital, Schedule},
    locks::Lock,
    patients::{DEMO, DemoPatient, Patient},
};

/// Agendas are open this many days ahead, today included (the vendor's own search window, totvs-rm.md §3).
pub(crate) const DAYS_AHEAD: i64 = 60;
/// And looked back at this many.
pub(crate) const DAYS_BACK: i64 = 7;
/// Out of a hundred slots, so many are taken before anyone calls.
const BOOKED: usize = 42;

/// The integers of `Status`. The vendor does not document them (totvs-rm.md §3), so these are the sandbox's; a project
/// maps them in its settings.
pub(crate) mod status {
    pub(crate) const SCHEDULED: i64 = 1;
    pub(crate) const CONFIRMED: i64 = 2;
    pub(crate) const CANCELLED: i64 = 3;
    pub(crate) const NO_SHOW: i64 = 4;
    pub(crate) const ALL: [i64; 4] = [SCHEDULED, CONFIRMED, CANCELLED, NO_SHOW];
}

/// One appointment as RM keeps it. Positions point into the [`Hospital`].
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Appointment {
    /// Opaque to clients: `1|250001234`.
    pub(crate) id: String,
    pub(crate) number: i64,
    pub(crate) schedule: usize,
    pub(crate) date: Date,
    pub(crate) start: Time,
    pub(crate) patient: Option<String>,
    pub(crate) name: String,
    pub(crate) cpf: String,
    pub(crate) birth: Option<Date>,
    pub(crate) cell_phone: String,
    pub(crate) email: String,
    pub(crate) insurer: usize,
    pub(crate) plan: usize,
    pub(crate) sub_plan: String,
    pub(crate) card: String,
    pub(crate) card_expires: String,
    pub(crate) observation: String,
    pub(crate) online: bool,
    pub(crate) status: i64,
    /// Local date and time of the booking.
    pub(crate) created: String,
}

impl Appointment {
    /// An appointment of a registered patient, scheduled, with the patient's own insurer.
    pub(crate) fn of(
        id: String,
        number: i64,
        schedule: usize,
        date: Date,
        start: Time,
        patient: &Patient,
    ) -> Self {
        Self {
            id,
            number,
            schedule,
            date,
            start,
            patient: Some(patient.id.clone()),
            name: patient.name.clone(),
            cpf: patient.cpf.clone(),
            birth: patient.birth,
            cell_phone: patient.cell_phone.clone(),
            email: patient.email.clone(),
            insurer: patient.insurer,
            plan: patient.plan,
            sub_plan: String::new(),
            card: patient.card.clone(),
            card_expires: String::new(),
            observation: String::new(),
            online: false,
            status: status::SCHEDULED,
            created: date.saturating_sub(9.days()).at(10, 12, 0, 0).to_string(),
        }
    }

    /// A cancelled appointment stays on record and leaves its slot free.
    pub(crate) fn holds_slot(&self) -> bool {
        self.status != status::CANCELLED
    }
}

/// The starts of an agenda's slots on a day, taken or not.
pub(crate) fn slots(schedule: &Schedule, at: usize, date: Date, locks: &[Lock]) -> Vec<Time> {
    let weekday = date.weekday().to_monday_zero_offset();
    let closed = locks.iter().any(|lock| lock.closes(at, date)) && !schedule.on_call;
    if !schedule.weekdays.contains(&weekday) || closed {
        return Vec::new();
    }
    // Saturdays end at noon, except for who is on call.
    let half_day = date.weekday() == Weekday::Saturday && !schedule.on_call;
    let closes = if half_day { schedule.closes.min(time(12, 0, 0, 0)) } else { schedule.closes };
    let mut starts = Vec::new();
    let mut start = schedule.opens;
    while start.saturating_add(schedule.slot_minutes.minutes()) <= closes {
        let end = start.saturating_add(schedule.slot_minutes.minutes());
        if schedule.lunch.is_none_or(|(from, until)| end <= from || start >= until) {
            starts.push(start);
        }
        start = end;
    }
    starts
}

/// What the seed books on one day: a function of the day alone, so that a hospital restarted tomorrow remembers the
/// rest of the week as it was.
pub(crate) fn booked_on(
    seed: u64,
    hospital: &Hospital,
    patients: &[Patient],
    date: Date,
    today: Date,
    locks: &[Lock],
) -> Vec<Appointment> {
    let others = &patients[DEMO.len()..];
    let day = day_number(date);
    let mut list = Vec::new();
    for (at, schedule) in hospital.schedules.iter().enumerate() {
        for (slot, start) in slots(schedule, at, date, locks).into_iter().enumerate() {
            let mut random = Random::of(&[seed, 2, day as u64, at as u64, slot as u64]);
            if !random.percent(BOOKED) {
                continue;
            }
            let number = seeded_number(date, at, slot);
            let patient = random.pick(others);
            let id = format!("{}|{number}", hospital.company);
            let mut appointment = Appointment::of(id, number, at, date, start, patient);
            appointment.status = match (date < today, random.below(10)) {
                (true, 0) => status::NO_SHOW,
                (true, _) => status::CONFIRMED,
                (false, 0..3) => status::CONFIRMED,
                (false, _) => status::SCHEDULED,
            };
            list.push(appointment);
        }
    }
    list
}

/// The demo patients' appointments of the day after `today`, in slots that [`booked_on`] left free.
pub(crate) fn demo_tomorrow(
    hospital: &Hospital,
    patients: &[Patient],
    today: Date,
    locks: &[Lock],
    is_free: impl Fn(usize, Date, Time) -> bool,
) -> Vec<Appointment> {
    let date = today.saturating_add(1.day());
    let mut list: Vec<Appointment> = Vec::new();
    for (person, (demo, patient)) in DEMO.iter().zip(patients).enumerate() {
        for turn in 0..demo.tomorrow {
            let candidates = candidates(hospital, demo, person * 2 + turn);
            let earliest = if turn == 0 { time(8, 0, 0, 0) } else { time(14, 0, 0, 0) };
            let place = candidates.into_iter().find_map(|at| {
                slots(&hospital.schedules[at], at, date, locks)
                    .into_iter()
                    .enumerate()
                    .find(|(_, start)| {
                        *start >= earliest
                            && is_free(at, date, *start)
                            && !list.iter().any(|other| other.schedule == at && other.start == *start)
                    })
                    .map(|(slot, start)| (at, slot, start))
            });
            let Some((at, slot, start)) = place else { continue };
            let number = seeded_number(date, at, slot);
            list.push(Appointment::of(
                format!("{}|{number}", hospital.company),
                number,
                at,
                date,
                start,
                patient,
            ));
        }
    }
    list
}

/// The agendas where a demo patient may have an appointment, the likeliest first. Children see the paediatrician on
/// call, and whoever finds nobody at work sees the physician on call: there is one every day of the year.
fn candidates(hospital: &Hospital, demo: &DemoPatient, turn: usize) -> Vec<usize> {
    let child = demo.birth.year() > 2010;
    let specialty = |at: &usize| hospital.specialty_of(*at).code;
    let all = 0..hospital.schedules.len();
    let on_call =
        all.clone().filter(|at| hospital.schedules[*at].on_call && (specialty(at) == "PEDI") == child);
    if child {
        return on_call.collect();
    }
    let ordinary = all
        .filter(|at| !hospital.schedules[*at].on_call && !matches!(specialty(at), "PEDI" | "GINE" | "UROL"));
    let mut list: Vec<usize> = ordinary.collect();
    let start = turn * 5 % list.len();
    list.rotate_left(start);
    list.extend(on_call);
    list
}

/// Days since 2020, so that numbers grow with the calendar.
fn day_number(date: Date) -> i64 {
    i64::from((date - Date::constant(2020, 1, 1)).get_days())
}

fn seeded_number(date: Date, schedule: usize, slot: usize) -> i64 {
    day_number(date) * 10_000 + schedule as i64 * 100 + slot as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::{locks::locks, patients::patients};
    use jiff::civil::date;

    fn hospital() -> (Hospital, Vec<Patient>, Vec<Lock>) {
        let hospital = Hospital::new("1");
        let plans: Vec<usize> = hospital.insurers.iter().map(|insurer| insurer.plans.len()).collect();
        let locks = locks(1, &hospital, date(2026, 11, 1), date(2027, 1, 31));
        (hospital, patients(1, "1", &plans), locks)
    }

    #[test]
    fn nobody_works_through_lunch_or_on_christmas_but_who_is_on_call() {
        let (hospital, _, locks) = hospital();
        let at = |name: &str, day| {
            let at = hospital.schedules.iter().position(|one| one.name.contains(name)).unwrap();
            slots(&hospital.schedules[at], at, day, &locks)
        };
        let monday = date(2026, 11, 23);
        let starts = at("Sílvia Regina", monday);
        assert!(
            starts.len() > 10 && !starts.iter().any(|t| *t >= time(12, 0, 0, 0) && *t < time(13, 20, 0, 0))
        );
        assert!(at("Sílvia Regina", date(2026, 12, 25)).is_empty());
        assert!(!at("Ricardo Menezes", date(2026, 12, 25)).is_empty());
        assert!(at("Sílvia Regina", date(2026, 11, 22)).is_empty(), "a Sunday");
    }

    #[test]
    fn demo_patients_have_their_appointments_on_any_day() {
        let (hospital, patients, locks) = hospital();
        for today in [date(2026, 11, 21), date(2026, 12, 24), date(2026, 11, 30)] {
            let tomorrow = today.saturating_add(1.day());
            let booked = booked_on(1, &hospital, &patients, tomorrow, today, &locks);
            let free = |at, day, start| {
                !booked.iter().any(|b| b.schedule == at && b.date == day && b.start == start)
            };
            let demo = demo_tomorrow(&hospital, &patients, today, &locks, free);
            for (person, patient) in DEMO.iter().zip(&patients) {
                let count = demo.iter().filter(|one| one.patient.as_ref() == Some(&patient.id)).count();
                assert_eq!(count, person.tomorrow, "{} after {today}", person.name);
            }
        }
    }

    #[test]
    fn a_day_is_booked_the_same_whenever_one_looks() {
        let (hospital, patients, locks) = hospital();
        let of = |today| {
            let booked = booked_on(1, &hospital, &patients, date(2026, 12, 3), today, &locks);
            booked.into_iter().map(|one| (one.id, one.name)).collect::<Vec<_>>()
        };
        assert!(of(date(2026, 11, 21)).len() > 50);
        assert_eq!(of(date(2026, 11, 21)), of(date(2026, 11, 28)));
    }
}
