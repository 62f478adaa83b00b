//! Free slots: `GET v2/appointmentAvailables` (totvs-rm.md §3).

use jiff::{ToSpan, civil::Date};
use serde_json::json;

use super::{
    Found,
    catalogue::{company, hour},
    envelope::RmError,
    query::Query,
};
use crate::{seed::agenda::DAYS_AHEAD, shared::Shared};

pub(super) fn list(shared: &Shared, query: &Query) -> Result<Found, RmError> {
    let wanted = query.get("companyId").ok_or_else(|| RmError::required("companyId"))?;
    let hospital = &shared.registry.hospital;
    if wanted != hospital.company {
        return Ok(Found::Many(Vec::new()));
    }
    let now = shared.clock.local();
    let today = now.date();
    let first = date(query, "startDate")?.unwrap_or(today).max(today);
    let last = date(query, "endDate")?.unwrap_or(today.saturating_add(DAYS_AHEAD.days()));
    let last = last.min(today.saturating_add(DAYS_AHEAD.days()));
    let insurer = match query.get("insuranceCompanyId") {
        None => None,
        // An insurer that nobody knows has no slots.
        Some(id) => match hospital.insurers.iter().position(|one| one.id == id) {
            Some(at) => Some(at),
            None => return Ok(Found::Many(Vec::new())),
        },
    };
    let wanted = |name: &str, have: &str| query.get(name).is_none_or(|id| id.eq_ignore_ascii_case(have));
    let agendas: Vec<usize> = (0..hospital.schedules.len())
        .filter(|at| {
            wanted("specialtyId", hospital.specialty_of(*at).code)
                && wanted("scheduleId", &hospital.schedules[*at].id)
                && wanted("practitionerId", &hospital.doctor_of(*at).id)
                && wanted("unitId", &hospital.unit_of(*at).id)
                && insurer.is_none_or(|insurer| hospital.doctor_of(*at).insurers.contains(&insurer))
        })
        .collect();

    let books = shared.registry.books(today);
    let mut slots = Vec::new();
    let mut day = first;
    while day <= last {
        for at in &agendas {
            slots.extend(books.free(hospital, *at, day, now).into_iter().map(|start| (day, start, *at)));
        }
        day = day.saturating_add(1.day());
    }
    drop(books);
    slots.sort();
    let company = company(shared);
    let items = slots.into_iter().map(|(day, start, at)| {
        let (schedule, doctor, unit) =
            (&hospital.schedules[at], hospital.doctor_of(at), hospital.unit_of(at));
        json!({
            "companyId": company,
            "practitionerId": doctor.id,
            "scheduleId": schedule.id,
            "scheduleCode": schedule.code,
            "practitionerCode": doctor.code,
            "practitionerName": doctor.name,
            "councilName": "CRM",
            "professionalIdentity": doctor.crm,
            "scheduleName": schedule.name,
            "unitId": unit.id,
            "unitName": unit.name,
            "appointmentDate": day.to_string(),
            "appointmentTime": hour(start),
            "address": unit.address(),
            "subsidiaryId": 1,
            "subsidiaryName": hospital.name,
        })
    });
    Ok(Found::Many(items.collect()))
}

/// A date, or the date of a date-time; its offset, if any, is not looked at.
pub(super) fn date(query: &Query, name: &str) -> Result<Option<Date>, RmError> {
    let Some(text) = query.get(name) else { return Ok(None) };
    match text.get(..10).unwrap_or(text).parse() {
        Ok(date) => Ok(Some(date)),
        Err(_) => Err(RmError::invalid(
            format!("O campo {name} não é uma data válida."),
            format!("'{name}' must be ISO-8601"),
        )),
    }
}
