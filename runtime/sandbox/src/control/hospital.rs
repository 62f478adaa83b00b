//! RM as it really is, for tests and for the page: no login, no paging, plain names.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
};
use jiff::{
    ToSpan,
    civil::{Date, Time},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Refusal;
use crate::{
    live::Change,
    phone::number,
    rm::{self, registry::Refused},
    seed::agenda::{Appointment, DAYS_AHEAD, status},
    shared::Shared,
};

#[derive(Deserialize)]
pub(super) struct Wanted {
    date: Option<Date>,
    cpf: Option<String>,
    patient: Option<String>,
    phone: Option<String>,
    id: Option<String>,
}

pub(super) async fn appointments(
    State(shared): State<Arc<Shared>>,
    Query(wanted): Query<Wanted>,
) -> Json<Value> {
    let books = shared.registry.books(shared.clock.today());
    let cpf = wanted.cpf.as_deref().map(number::digits);
    let mut list: Vec<&Appointment> = books
        .appointments
        .values()
        .filter(|one| wanted.date.is_none_or(|date| one.date == date))
        .filter(|one| cpf.as_ref().is_none_or(|cpf| one.cpf == *cpf))
        .filter(|one| wanted.patient.is_none() || one.patient == wanted.patient)
        .filter(|one| wanted.id.as_ref().is_none_or(|id| one.id == *id))
        .filter(|one| wanted.phone.as_ref().is_none_or(|phone| rm::query::same_phone(&one.cell_phone, phone)))
        .collect();
    list.sort_by_key(|one| (one.date, one.start, one.number));
    let list: Vec<Value> = list.into_iter().map(|one| plain(&shared, one)).collect();
    Json(json!({ "appointments": list }))
}

/// One appointment with plain names, and its full RM form beside.
fn plain(shared: &Shared, one: &Appointment) -> Value {
    let hospital = &shared.registry.hospital;
    let state = match one.status {
        status::SCHEDULED => "scheduled",
        status::CONFIRMED => "confirmed",
        status::CANCELLED => "cancelled",
        _ => "no_show",
    };
    json!({
        "id": one.id,
        "date": one.date.to_string(),
        "time": one.start.strftime("%H:%M").to_string(),
        "status": one.status,
        "state": state,
        "patient": one.patient,
        "name": one.name,
        "cpf": one.cpf,
        "phone": one.cell_phone,
        "schedule": hospital.schedules[one.schedule].id,
        "doctor": hospital.doctor_of(one.schedule).name,
        "specialty": hospital.specialty_of(one.schedule).description,
        "unit": hospital.unit_of(one.schedule).name,
        "insurer": hospital.insurers[one.insurer].name,
        "rm": rm::shown_wa(shared, one),
    })
}

#[derive(Deserialize)]
pub(super) struct NewAppointment {
    cpf: Option<String>,
    patient: Option<String>,
    schedule: String,
    date: Date,
    time: Time,
    status: Option<i64>,
}

pub(super) async fn put_appointment(
    State(shared): State<Arc<Shared>>,
    Json(wanted): Json<NewAppointment>,
) -> Result<Json<Value>, Refusal> {
    let today = shared.clock.today();
    let slot = slot(&shared, &wanted.schedule, wanted.date, wanted.time)?;
    let cpf = wanted.cpf.as_deref().map(number::digits);
    let patient = {
        let books = shared.registry.books(today);
        let is = |id: &str, own: &str| wanted.patient.as_deref() == Some(id) || cpf.as_deref() == Some(own);
        books.patients.values().find(|patient| is(&patient.id, &patient.cpf)).cloned()
    };
    let patient = patient.ok_or_else(|| Refusal::not_found("patient"))?;
    shared.registry.open_slot(today, slot);
    let booked = shared.registry.book(shared.clock.local(), slot, |id, number| {
        let mut appointment = Appointment::of(id, number, slot.0, slot.1, slot.2, &patient);
        appointment.status = wanted.status.unwrap_or(status::SCHEDULED);
        appointment
    });
    let booked = booked.map_err(|refused| match refused {
        Refused::Taken => Refusal::conflict("the slot is taken"),
        Refused::NoSuchSlot => Refusal::bad("the slot is in the past"),
    })?;
    shared.live.tell(Change::Agenda { id: booked.id.clone(), date: booked.date.to_string() });
    Ok(Json(plain(&shared, &booked)))
}

#[derive(Deserialize)]
pub(super) struct NewSlot {
    schedule: String,
    date: Date,
    time: Time,
}

pub(super) async fn open_slot(
    State(shared): State<Arc<Shared>>,
    Json(wanted): Json<NewSlot>,
) -> Result<Json<Value>, Refusal> {
    let slot = slot(&shared, &wanted.schedule, wanted.date, wanted.time)?;
    shared.registry.open_slot(shared.clock.today(), slot);
    Ok(Json(json!({ "ok": true })))
}

fn slot(shared: &Shared, schedule: &str, date: Date, time: Time) -> Result<(usize, Date, Time), Refusal> {
    let at = shared.registry.hospital.schedule(schedule).ok_or_else(|| Refusal::not_found("schedule"))?;
    Ok((at, date, time))
}

#[derive(Deserialize)]
pub(super) struct FreeWanted {
    specialty: Option<String>,
    schedule: Option<String>,
    date: Option<Date>,
}

pub(super) async fn free_slots(
    State(shared): State<Arc<Shared>>,
    Query(wanted): Query<FreeWanted>,
) -> Json<Value> {
    let hospital = &shared.registry.hospital;
    let now = shared.clock.local();
    let books = shared.registry.books(now.date());
    let mut list = Vec::new();
    for ahead in 0..=DAYS_AHEAD {
        let date = now.date().saturating_add(ahead.days());
        if wanted.date.is_some_and(|only| only != date) {
            continue;
        }
        for (at, schedule) in hospital.schedules.iter().enumerate() {
            let code = hospital.specialty_of(at).code;
            if wanted.specialty.as_ref().is_some_and(|only| !only.eq_ignore_ascii_case(code))
                || wanted.schedule.as_ref().is_some_and(|only| *only != schedule.id)
            {
                continue;
            }
            list.extend(books.free(hospital, at, date, now).into_iter().map(|start| {
                json!({
                    "schedule": schedule.id,
                    "doctor": hospital.doctor_of(at).name,
                    "specialty": code,
                    "unit": hospital.unit_of(at).name,
                    "date": date.to_string(),
                    "time": start.strftime("%H:%M").to_string(),
                })
            }));
        }
        if list.len() >= 200 {
            break;
        }
    }
    list.truncate(200);
    Json(json!({ "slots": list }))
}

pub(super) async fn expire_tokens(State(shared): State<Arc<Shared>>) -> Json<Value> {
    shared.tokens.expire();
    Json(json!({ "ok": true }))
}
