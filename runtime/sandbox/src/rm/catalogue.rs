//! What the hospital offers: specialties, practitioners, units, insurers and plans, agendas, locks.

use serde_json::{Value, json};

use super::{Found, envelope::RmError, query::Query};
use crate::{seed::hospital::Schedule, shared::Shared};

pub(super) fn specialties_v1(shared: &Shared) -> Vec<Value> {
    let list = shared.registry.hospital.specialties.iter();
    list.map(|one| json!({ "code": one.code, "description": one.description })).collect()
}

pub(super) fn specialties_v2(shared: &Shared) -> Vec<Value> {
    let hospital = &shared.registry.hospital;
    let list = hospital.specialties.iter().map(|one| {
        let mut item = json!({
            "id": format!("{}|{}", hospital.company, one.code),
            "companyId": company(shared),
            "specialtyId": one.code,
            "code": one.code,
            "description": one.description,
        });
        visible(&mut item);
        item
    });
    list.collect()
}

/// The company as a number where it is one: the only id whose form is known.
pub(crate) fn company(shared: &Shared) -> Value {
    shared.options.rm_company.parse::<i64>().map_or_else(|_| json!(shared.options.rm_company), Value::from)
}

fn visible(item: &mut Value) {
    for name in ["active", "visible", "activeOnPortal"] {
        item[name] = json!(true);
    }
}

pub(super) fn practitioners_v1(shared: &Shared, code: Option<&str>) -> Result<Found, RmError> {
    let list = shared.registry.hospital.doctors.iter().map(|doctor| {
        json!({
            "code": doctor.code,
            "name": doctor.name,
            "councilName": "CRM",
            "professionalIdentity": doctor.crm,
            "councilState": "SP",
        })
    });
    by_key(list.collect(), "code", code)
}

pub(super) fn practitioners_v2(shared: &Shared, query: &Query) -> Vec<Value> {
    let hospital = &shared.registry.hospital;
    let works = |doctor: usize, unit: &str| {
        hospital
            .schedules
            .iter()
            .any(|schedule| schedule.doctor == doctor && hospital.units[schedule.unit].id == unit)
    };
    let list = hospital
        .doctors
        .iter()
        .enumerate()
        .filter(|(at, _)| query.get("unityId").is_none_or(|unit| works(*at, unit)));
    list.map(|(_, doctor)| {
        let specialty = &hospital.specialties[doctor.specialty];
        let mut item = json!({
            "id": doctor.id,
            "companyId": company(shared),
            "practitionerId": doctor.id,
            "code": doctor.code,
            "name": doctor.name,
            "councilName": "CRM",
            "professionalIdentity": doctor.crm,
            "councilState": "SP",
            "specialtyId": specialty.code,
            "specialtyName": specialty.description,
        });
        visible(&mut item);
        item
    })
    .collect()
}

pub(super) fn units(shared: &Shared, query: &Query) -> Result<Found, RmError> {
    if query.get("companyId").is_none() {
        return Err(RmError::required("companyId"));
    }
    let hospital = &shared.registry.hospital;
    let offers = |unit: usize, specialty: &str| {
        (0..hospital.schedules.len()).any(|at| {
            hospital.schedules[at].unit == unit
                && hospital.specialty_of(at).code.eq_ignore_ascii_case(specialty)
        })
    };
    let list = hospital
        .units
        .iter()
        .enumerate()
        .filter(|(at, _)| query.get("specialtyId").is_none_or(|code| offers(*at, code)));
    let list = list.map(|(_, unit)| {
        let mut item = json!({
            "id": unit.id,
            "companyId": company(shared),
            "unityId": unit.id,
            "code": unit.code,
            "name": unit.name,
            "description": unit.name,
            "address": unit.street,
            "addressNumber": unit.number,
            "neighborhood": unit.neighborhood,
            "city": unit.city,
            "state": "SP",
            "postalCode": unit.postal_code,
            "phone": unit.phone,
            "latitude": unit.latitude,
            "longitude": unit.longitude,
        });
        visible(&mut item);
        item
    });
    Ok(Found::Many(list.collect()))
}

pub(super) fn insurers(shared: &Shared) -> Vec<Value> {
    let list = shared.registry.hospital.insurers.iter();
    list.map(|insurer| {
        json!({
            "code": insurer.code,
            "cardMask": insurer.card_mask,
            "companyId": company(shared),
            "description": insurer.name,
            "initials": insurer.initials,
            "insuranceId": insurer.id,
            "type": if insurer.card_mask.is_empty() { "P" } else { "C" },
        })
    })
    .collect()
}

pub(super) fn plans(shared: &Shared, code: Option<&str>) -> Result<Found, RmError> {
    let list = shared.registry.hospital.insurers.iter().flat_map(|insurer| {
        insurer.plans.iter().map(move |plan| {
            json!({
                "code": plan.id,
                "insuranceCompanyCode": insurer.code,
                "planId": plan.code,
                "companyId": company(shared),
                "insuranceCompanyId": insurer.id,
                "description": plan.name,
                "insuranceCompanyName": insurer.name,
            })
        })
    });
    by_key(list.collect(), "code", code)
}

pub(super) fn locks(shared: &Shared) -> Vec<Value> {
    let hospital = &shared.registry.hospital;
    let books = shared.registry.books(shared.clock.today());
    let list = books.locks.iter().map(|lock| {
        json!({
            "id": lock.id,
            "companyId": company(shared),
            "scheduleId": lock.schedule.map(|at| &hospital.schedules[at].id),
            "holiday": lock.holiday,
            "reason": lock.reason,
            "startDate": lock.start.to_string(),
            "endDate": lock.end.to_string(),
            "startPeriod": lock.start_period,
            "endPeriod": lock.end_period,
        })
    });
    list.collect()
}

pub(super) fn schedules(shared: &Shared, id: Option<&str>) -> Result<Found, RmError> {
    let hospital = &shared.registry.hospital;
    let list = hospital.schedules.iter().enumerate().map(|(at, schedule)| {
        let unit = hospital.unit_of(at);
        let doctor = hospital.doctor_of(at);
        json!({
            "id": schedule.id,
            "companyId": company(shared),
            "scheduleId": schedule.id,
            "code": schedule.code,
            "name": schedule.name,
            // N: an ordinary agenda of consultations.
            "scheduleType": "N",
            "practitionerId": doctor.id,
            "practitionerName": doctor.name,
            "specialtyId": hospital.specialty_of(at).code,
            "unitId": unit.id,
            "unitName": unit.name,
            "weekDays": week_days(schedule),
            "startTime": hour(schedule.opens),
            "endTime": hour(schedule.closes),
            "timeSlot": schedule.slot_minutes,
            "active": true,
            "activeOnPortal": true,
        })
    });
    by_key(list.collect(), "id", id)
}

/// Sunday is 1, as RM counts.
fn week_days(schedule: &Schedule) -> Vec<i8> {
    let mut days: Vec<i8> = schedule.weekdays.iter().map(|day| (day + 1) % 7 + 1).collect();
    days.sort_unstable();
    days
}

/// `"HH:MM"`.
pub(crate) fn hour(time: jiff::civil::Time) -> String {
    time.strftime("%H:%M").to_string()
}

/// The whole list, or the record of a key.
fn by_key(list: Vec<Value>, member: &str, key: Option<&str>) -> Result<Found, RmError> {
    match key {
        None => Ok(Found::Many(list)),
        Some(key) => {
            list.into_iter().find(|one| one[member] == key).map(Found::One).ok_or_else(RmError::nothing_found)
        }
    }
}
