//! What RM knows: the seed, and everything that was changed since.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use jiff::{
    ToSpan,
    civil::{Date, DateTime, Time},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    journal::Journal,
    seed::{
        agenda::{self, Appointment, DAYS_AHEAD, DAYS_BACK},
        hospital::Hospital,
        locks::{self, Lock},
        patients::{self, Patient},
    },
};

/// Why a slot cannot be had.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The agenda has no such slot: closed, never existed, or in the past.
    NoSuchSlot,
    /// Somebody else has it.
    Taken,
}

/// A change that outlives the process: the appointment as it is now, or that it is gone.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kept {
    Appointment(Box<Appointment>),
    Gone,
}

type SlotKey = (usize, Date, Time);

/// The hospital with its patients and appointments. One lock over all: RM is no bottleneck here.
pub(crate) struct Registry {
    pub(crate) hospital: Hospital,
    seed: u64,
    journal: Arc<Journal>,
    books: Mutex<Books>,
}

/// The part that changes.
pub(crate) struct Books {
    today: Date,
    pub(crate) locks: Vec<Lock>,
    pub(crate) patients: BTreeMap<String, Patient>,
    pub(crate) appointments: BTreeMap<String, Appointment>,
    taken: BTreeMap<SlotKey, String>,
    /// Slots put by the control plane, outside the seed's working hours.
    extra: Vec<SlotKey>,
    changed: BTreeMap<String, Kept>,
    next_patient: i64,
    next_appointment: i64,
}

impl Registry {
    /// The hospital of a seed on a day, with what an earlier process left in the journal.
    pub(crate) fn new(
        company: &str,
        seed: u64,
        today: Date,
        journal: Arc<Journal>,
        held: &BTreeMap<String, Value>,
    ) -> Self {
        let hospital = Hospital::new(company);
        let mut books = Books::seeded(&hospital, seed, today);
        for (key, value) in held {
            if let Some(id) = key.strip_prefix("appointment/") {
                if let Ok(kept) = serde_json::from_value::<Kept>(value.clone()) {
                    books.changed.insert(id.to_owned(), kept);
                }
            } else if key.starts_with("patient/")
                && let Ok(patient) = serde_json::from_value::<Patient>(value.clone())
            {
                books.next_patient = books.next_patient.max(patient.number + 1);
                books.patients.insert(patient.id.clone(), patient);
            } else if key == "slots"
                && let Ok(extra) = serde_json::from_value(value.clone())
            {
                books.extra = extra;
            }
        }
        books.overlay();
        Self { hospital, seed, journal, books: Mutex::new(books) }
    }

    /// The books as of a day; at midnight the window of agendas moves on.
    pub(crate) fn books(&self, today: Date) -> MutexGuard<'_, Books> {
        let mut books = self.books.lock().expect("no holder panics");
        if books.today != today {
            let mut fresh = Books::seeded(&self.hospital, self.seed, today);
            fresh.changed = std::mem::take(&mut books.changed);
            fresh.extra = std::mem::take(&mut books.extra);
            fresh.next_patient = books.next_patient;
            fresh.next_appointment = books.next_appointment;
            fresh.patients = std::mem::take(&mut books.patients);
            fresh.overlay();
            *books = fresh;
        }
        books
    }

    /// Back to the seed.
    pub(crate) fn reset(&self, today: Date) {
        *self.books.lock().expect("no holder panics") = Books::seeded(&self.hospital, self.seed, today);
    }

    /// Books a slot for whom `fill` describes.
    pub(crate) fn book(
        &self,
        now: DateTime,
        (schedule, date, start): (usize, Date, Time),
        fill: impl FnOnce(String, i64) -> Appointment,
    ) -> Result<Appointment, Refused> {
        let mut books = self.books(now.date());
        if date.to_datetime(start) < now || !books.slots(&self.hospital, schedule, date).contains(&start) {
            return Err(Refused::NoSuchSlot);
        }
        if books.taken.contains_key(&(schedule, date, start)) {
            return Err(Refused::Taken);
        }
        let number = books.next_appointment;
        books.next_appointment += 1;
        let appointment = fill(format!("{}|{number}", self.hospital.company), number);
        self.keep(&mut books, appointment.clone());
        Ok(appointment)
    }

    /// Stores the new form of an appointment. A new time is granted only if it is free.
    pub(crate) fn update(&self, now: DateTime, appointment: Appointment) -> Result<Appointment, Refused> {
        let mut books = self.books(now.date());
        let slot = (appointment.schedule, appointment.date, appointment.start);
        if appointment.holds_slot() {
            match books.taken.get(&slot) {
                Some(holder) if *holder != appointment.id => return Err(Refused::Taken),
                Some(_) => {}
                None if !books.slots(&self.hospital, slot.0, slot.1).contains(&slot.2) => {
                    return Err(Refused::NoSuchSlot);
                }
                None => {}
            }
        }
        books.lift(&appointment.id);
        self.keep(&mut books, appointment.clone());
        Ok(appointment)
    }

    /// Removes an appointment and frees its slot.
    pub(crate) fn remove(&self, today: Date, id: &str) -> Option<Appointment> {
        let mut books = self.books(today);
        let appointment = books.lift(id)?;
        books.changed.insert(id.to_owned(), Kept::Gone);
        self.journal.put(&format!("appointment/{id}"), &Kept::Gone);
        Some(appointment)
    }

    /// Stores a patient; a number of 0 means a new one.
    pub(crate) fn save_patient(&self, today: Date, mut patient: Patient) -> Patient {
        let mut books = self.books(today);
        if patient.number == 0 {
            patient.number = books.next_patient;
            patient.id = format!("{}|{}", self.hospital.company, patient.number);
            books.next_patient += 1;
        }
        self.journal.put(&format!("patient/{}", patient.id), &patient);
        books.patients.insert(patient.id.clone(), patient.clone());
        patient
    }

    /// Opens a slot where the seed has none.
    pub(crate) fn open_slot(&self, today: Date, slot: SlotKey) {
        let mut books = self.books(today);
        if !books.slots(&self.hospital, slot.0, slot.1).contains(&slot.2) {
            books.extra.push(slot);
            self.journal.put("slots", &books.extra);
        }
    }

    fn keep(&self, books: &mut Books, appointment: Appointment) {
        let kept = Kept::Appointment(Box::new(appointment.clone()));
        self.journal.put(&format!("appointment/{}", appointment.id), &kept);
        books.changed.insert(appointment.id.clone(), kept);
        books.place(appointment);
    }
}

impl Books {
    fn seeded(hospital: &Hospital, seed: u64, today: Date) -> Self {
        let first = today.saturating_sub(DAYS_BACK.days());
        let last = today.saturating_add(DAYS_AHEAD.days());
        let locks = locks::locks(seed, hospital, first, last);
        let plans: Vec<usize> = hospital.insurers.iter().map(|insurer| insurer.plans.len()).collect();
        let patients = patients::patients(seed, &hospital.company, &plans);
        let mut books = Self {
            today,
            locks,
            patients: BTreeMap::new(),
            appointments: BTreeMap::new(),
            taken: BTreeMap::new(),
            extra: Vec::new(),
            changed: BTreeMap::new(),
            next_patient: patients.last().map_or(1, |patient| patient.number + 1),
            next_appointment: 90_000_001,
        };
        let mut date = first;
        while date <= last {
            for appointment in agenda::booked_on(seed, hospital, &patients, date, today, &books.locks) {
                books.place(appointment);
            }
            date = date.saturating_add(1.day());
        }
        let free = |at, date, start| !books.taken.contains_key(&(at, date, start));
        for appointment in agenda::demo_tomorrow(hospital, &patients, today, &books.locks, free) {
            books.place(appointment);
        }
        books.patients = patients.into_iter().map(|patient| (patient.id.clone(), patient)).collect();
        books
    }

    /// Lays what was changed over the seed.
    fn overlay(&mut self) {
        let changed: Vec<(String, Kept)> =
            self.changed.iter().map(|(id, kept)| (id.clone(), kept.clone())).collect();
        for (id, _) in &changed {
            self.lift(id);
        }
        for (_, kept) in changed {
            if let Kept::Appointment(appointment) = kept {
                let slot = (appointment.schedule, appointment.date, appointment.start);
                // A new day's seed may want a slot that a person was given before: the person keeps it.
                if appointment.holds_slot()
                    && let Some(seeded) = self.taken.remove(&slot)
                {
                    self.appointments.remove(&seeded);
                }
                self.next_appointment = self.next_appointment.max(appointment.number + 1);
                self.place(*appointment);
            }
        }
    }

    fn place(&mut self, appointment: Appointment) {
        if appointment.holds_slot() {
            self.taken
                .insert((appointment.schedule, appointment.date, appointment.start), appointment.id.clone());
        }
        self.appointments.insert(appointment.id.clone(), appointment);
    }

    /// Takes an appointment out, and its hold on the slot with it.
    fn lift(&mut self, id: &str) -> Option<Appointment> {
        let appointment = self.appointments.remove(id)?;
        let slot = (appointment.schedule, appointment.date, appointment.start);
        if self.taken.get(&slot).is_some_and(|holder| holder == id) {
            self.taken.remove(&slot);
        }
        Some(appointment)
    }

    fn slots(&self, hospital: &Hospital, schedule: usize, date: Date) -> Vec<Time> {
        let within = date >= self.today && date <= self.today.saturating_add(DAYS_AHEAD.days());
        let mut starts = if within {
            agenda::slots(&hospital.schedules[schedule], schedule, date, &self.locks)
        } else {
            Vec::new()
        };
        starts
            .extend(self.extra.iter().filter(|slot| slot.0 == schedule && slot.1 == date).map(|slot| slot.2));
        starts.sort();
        starts
    }

    /// The slots of an agenda and day that are free from `now` on.
    pub(crate) fn free(&self, hospital: &Hospital, schedule: usize, date: Date, now: DateTime) -> Vec<Time> {
        let mut starts = self.slots(hospital, schedule, date);
        starts.retain(|start| {
            date.to_datetime(*start) >= now && !self.taken.contains_key(&(schedule, date, *start))
        });
        starts
    }

    pub(crate) fn changed_count(&self) -> usize {
        self.changed.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn registry(directory: Option<&std::path::Path>, today: Date) -> Registry {
        let (journal, held) = Journal::open(directory).unwrap();
        Registry::new("1", 1, today, Arc::new(journal), &held)
    }

    fn first_free(registry: &Registry, today: Date) -> SlotKey {
        let books = registry.books(today);
        let date = today.saturating_add(2.days());
        (0..registry.hospital.schedules.len())
            .find_map(|at| {
                Some((at, date, *books.free(&registry.hospital, at, date, today.at(0, 0, 0, 0)).first()?))
            })
            .unwrap()
    }

    fn book(registry: &Registry, today: Date, slot: SlotKey) -> Result<Appointment, Refused> {
        let patient = registry.books(today).patients["1|1003"].clone();
        registry.book(today.at(0, 0, 0, 0), slot, |id, number| {
            Appointment::of(id, number, slot.0, slot.1, slot.2, &patient)
        })
    }

    #[test]
    fn a_slot_is_given_once_and_freed_by_removal_and_by_cancelling() {
        let today = date(2026, 11, 24);
        let registry = registry(None, today);
        let slot = first_free(&registry, today);
        let mut booked = book(&registry, today, slot).unwrap();
        assert_eq!(book(&registry, today, slot).err(), Some(Refused::Taken));
        registry.remove(today, &booked.id).unwrap();
        booked = book(&registry, today, slot).unwrap();
        booked.status = agenda::status::CANCELLED;
        registry.update(today.at(0, 0, 0, 0), booked).unwrap();
        assert!(book(&registry, today, slot).is_ok());
        assert_eq!(
            book(&registry, today, (slot.0, today.saturating_sub(1.day()), slot.2)).err(),
            Some(Refused::NoSuchSlot)
        );
    }

    #[test]
    fn what_was_changed_survives_a_restart_and_the_next_day() {
        let directory = std::env::temp_dir().join(format!("fluxo-registry-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&directory);
        let today = date(2026, 11, 24);
        let before = registry(Some(&directory), today);
        let slot = first_free(&before, today);
        let booked = book(&before, today, slot).unwrap();
        let marias = before
            .books(today)
            .appointments
            .values()
            .find(|one| one.cpf == "52998224725")
            .unwrap()
            .id
            .clone();
        before.remove(today, &marias).unwrap();
        drop(before);
        for day in [today, today.saturating_add(1.day())] {
            let after = registry(Some(&directory), day);
            assert_eq!(book(&after, day, slot).err(), Some(Refused::Taken));
            let books = after.books(day);
            assert_eq!(books.appointments[&booked.id].name, booked.name);
            assert!(!books.appointments.contains_key(&marias));
            assert!(books.next_appointment > booked.number);
        }
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
