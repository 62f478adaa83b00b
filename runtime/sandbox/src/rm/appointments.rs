//! Appointments, in both views: `v2/appointments` and `v2/appointments-wa` (totvs-rm.md §3).

use axum::http::StatusCode;
use jiff::{
    ToSpan,
    civil::{Date, Time},
};
use serde_json::{Value, json};

use super::{
    availability,
    catalogue::{company, hour},
    envelope::RmError,
    patients::Fields,
    query::{Query, same_phone},
    registry::Refused,
};
use crate::{
    faults::{Asked, Fault},
    live::Change,
    phone::number,
    seed::{
        agenda::{Appointment, status},
        patients::Patient,
    },
    settings::ConflictForm,
    shared::Shared,
};

type View = fn(&Shared, &Appointment) -> Value;

pub(super) fn all(shared: &Shared, query: &Query, view: View) -> Vec<Value> {
    let books = shared.registry.books(shared.clock.today());
    let date = availability::date(query, "ScheduleDate").ok().flatten();
    let cpf = query.get("Cpf").map(number::digits);
    // The common filters before the records are rendered; the envelope checks the others.
    let mut found: Vec<&Appointment> = books
        .appointments
        .values()
        .filter(|one| date.is_none_or(|date| one.date == date))
        .filter(|one| query.get("PatientId").is_none_or(|id| one.patient.as_deref() == Some(id)))
        .filter(|one| query.get("CellPhone").is_none_or(|phone| same_phone(&one.cell_phone, phone)))
        .filter(|one| cpf.as_ref().is_none_or(|cpf| one.cpf == *cpf))
        .collect();
    found.sort_by_key(|one| (one.date, one.start, one.number));
    found.into_iter().map(|one| view(shared, one)).collect()
}

pub(super) fn one(shared: &Shared, id: &str, view: View) -> Result<Value, RmError> {
    let books = shared.registry.books(shared.clock.today());
    books.appointments.get(id).map(|one| view(shared, one)).ok_or_else(RmError::nothing_found)
}

pub(super) fn book(shared: &Shared, path: &str, body: &[u8]) -> Result<Value, RmError> {
    let body = Fields::parse(body)?;
    let slot = slot(shared, &body, None)?;
    if body.text("PatientId").is_none() && body.text("PatientName").is_none() {
        return Err(RmError::required("PatientId"));
    }
    let draft = draft(shared, &body, slot)?;
    let asked = Asked { target: "rm", method: "POST", path, body: &Value::Null };
    if let Some(Fault::Conflict { form }) = shared.faults.operation(asked) {
        shared.live.tell(Change::Controls);
        // Whether it was free or not: now it is not.
        let _ = take_for_another(shared, slot, draft.patient.as_deref());
        return Err(conflict(form));
    }
    let now = shared.clock.local();
    let booked = shared.registry.book(now, slot, |id, number| Appointment {
        id,
        number,
        created: now.to_string(),
        ..draft
    });
    let booked = booked.map_err(|refused| refusal(shared, &refused))?;
    changed(shared, &booked);
    Ok(shown(shared, &booked))
}

pub(super) fn update(shared: &Shared, id: &str, body: &[u8], view: View) -> Result<Value, RmError> {
    let body = Fields::parse(body)?;
    let found = shared.registry.books(shared.clock.today()).appointments.get(id).cloned();
    let mut appointment = found.ok_or_else(RmError::nothing_found)?;
    (appointment.schedule, appointment.date, appointment.start) = slot(shared, &body, Some(&appointment))?;
    fill(shared, &body, &mut appointment)?;
    let updated = shared.registry.update(shared.clock.local(), appointment);
    let updated = updated.map_err(|refused| refusal(shared, &refused))?;
    changed(shared, &updated);
    Ok(view(shared, &updated))
}

pub(super) fn delete(shared: &Shared, id: &str) -> Result<(), RmError> {
    let removed = shared.registry.remove(shared.clock.today(), id).ok_or_else(RmError::nothing_found)?;
    changed(shared, &removed);
    Ok(())
}

fn changed(shared: &Shared, appointment: &Appointment) {
    shared.live.tell(Change::Agenda { id: appointment.id.clone(), date: appointment.date.to_string() });
}

/// Agenda, day and start of a body; what it leaves out is as it was.
fn slot(shared: &Shared, body: &Fields, was: Option<&Appointment>) -> Result<(usize, Date, Time), RmError> {
    let schedule = match (body.text("ScheduleId"), was) {
        (Some(id), _) => {
            let at = shared.registry.hospital.schedule(&id);
            at.ok_or_else(|| {
                RmError::invalid("A agenda informada não existe.", format!("unknown ScheduleId '{id}'"))
            })?
        }
        (None, Some(was)) => was.schedule,
        (None, None) => return Err(RmError::required("ScheduleId")),
    };
    let date = match (body.date("ScheduleDate")?, was) {
        (Some(date), _) => date,
        (None, Some(was)) => was.date,
        (None, None) => return Err(RmError::required("ScheduleDate")),
    };
    let start = match (body.text("StartTime"), was) {
        (Some(text), _) => {
            let start = text.get(..5).unwrap_or(&text).parse::<Time>();
            start.map_err(|_| {
                RmError::invalid("O horário informado não é válido.", "'StartTime' must be HH:MM")
            })?
        }
        (None, Some(was)) => was.start,
        (None, None) => return Err(RmError::required("StartTime")),
    };
    Ok((schedule, date, start))
}

/// A booking as its body describes it, checked, without id.
fn draft(
    shared: &Shared,
    body: &Fields,
    (schedule, date, start): (usize, Date, Time),
) -> Result<Appointment, RmError> {
    if let Some(company) = body.text("CompanyId")
        && company != shared.options.rm_company
    {
        return Err(RmError::invalid("A coligada informada não existe.", "unknown CompanyId"));
    }
    let hospital = &shared.registry.hospital;
    if let Some(code) = body.text("SpecialtyId")
        && !code.eq_ignore_ascii_case(hospital.specialty_of(schedule).code)
    {
        return Err(RmError::invalid(
            "A agenda não atende esta especialidade.",
            "SpecialtyId does not match the schedule",
        ));
    }
    let mut appointment = match body.text("PatientId").filter(|id| !id.is_empty()) {
        Some(id) => {
            let books = shared.registry.books(shared.clock.today());
            let patient = books.patients.get(&id);
            let patient = patient.ok_or_else(|| {
                RmError::invalid("O paciente informado não existe.", format!("unknown PatientId '{id}'"))
            })?;
            Appointment::of(String::new(), 0, schedule, date, start, patient)
        }
        None => nobody(schedule, date, start),
    };
    fill(shared, body, &mut appointment)?;
    Ok(appointment)
}

/// An appointment of a person who is not registered.
fn nobody(schedule: usize, date: Date, start: Time) -> Appointment {
    Appointment {
        id: String::new(),
        number: 0,
        schedule,
        date,
        start,
        patient: None,
        name: String::new(),
        cpf: String::new(),
        birth: None,
        cell_phone: String::new(),
        email: String::new(),
        insurer: 0,
        plan: 0,
        sub_plan: String::new(),
        card: String::new(),
        card_expires: String::new(),
        observation: String::new(),
        online: false,
        status: status::SCHEDULED,
        created: String::new(),
    }
}

fn fill(shared: &Shared, body: &Fields, appointment: &mut Appointment) -> Result<(), RmError> {
    let fields: [(&[&str], &mut String); 7] = [
        (&["PatientName"], &mut appointment.name),
        (&["CellPhone"], &mut appointment.cell_phone),
        (&["Email"], &mut appointment.email),
        (&["InsuranceSubPlan"], &mut appointment.sub_plan),
        (&["CovenantCard", "ConventCard"], &mut appointment.card),
        (&["ConventCardExpireDate", "CovenantCardExpireDate"], &mut appointment.card_expires),
        (&["Observation"], &mut appointment.observation),
    ];
    for (names, field) in fields {
        if let Some(text) = names.iter().find_map(|name| body.text(name)) {
            *field = text;
        }
    }
    if let Some(cpf) = body.text("Cpf") {
        appointment.cpf = number::digits(&cpf);
    }
    if let Some(birth) = body.date("BirthDate")? {
        appointment.birth = Some(birth);
    }
    if let Some(online) = body.get("OnlineConsultation").and_then(Value::as_bool) {
        appointment.online = online;
    }
    if let Some(given) = body.get("Status") {
        let integer = given.as_i64().or_else(|| given.as_str()?.parse().ok());
        appointment.status = integer.filter(|integer| status::ALL.contains(integer)).ok_or_else(|| {
            RmError::invalid(
                "A situação informada não existe.",
                "'Status' is not one of the agenda's statuses",
            )
        })?;
    }
    // The typo is the official name in the WhatsApp view.
    if let Some(id) =
        body.text("InsuranceCompanyId").or_else(|| body.text("InsuranceCopanyId")).filter(|id| !id.is_empty())
    {
        let insurers = &shared.registry.hospital.insurers;
        let at = insurers.iter().position(|one| one.id == id);
        appointment.insurer = at.ok_or_else(|| {
            RmError::invalid("O convênio informado não existe.", format!("unknown insurer '{id}'"))
        })?;
        appointment.plan = 0;
    }
    if let Some(id) = body.text("InsurancePlanId").filter(|id| !id.is_empty()) {
        let plans = &shared.registry.hospital.insurers[appointment.insurer].plans;
        let at = plans.iter().position(|plan| plan.id == id || plan.code == id);
        appointment.plan = at.ok_or_else(|| {
            RmError::invalid("O plano informado não existe.", format!("unknown plan '{id}'"))
        })?;
    }
    Ok(())
}

fn refusal(shared: &Shared, refused: &Refused) -> RmError {
    match refused {
        Refused::Taken => conflict(shared.settings().conflict_form),
        Refused::NoSuchSlot => {
            RmError::invalid("O horário não existe nesta agenda.", "no slot at this date and time")
        }
    }
}

fn conflict(form: ConflictForm) -> RmError {
    RmError::taken(match form {
        ConflictForm::Conflict => StatusCode::CONFLICT,
        ConflictForm::BadRequest => StatusCode::BAD_REQUEST,
        ConflictForm::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
    })
}

/// Somebody else than who is booking was quicker.
fn take_for_another(
    shared: &Shared,
    slot: (usize, Date, Time),
    booking: Option<&str>,
) -> Result<(), Refused> {
    let other = {
        let books = shared.registry.books(shared.clock.today());
        let another = |patient: &&Patient| {
            !patient.cell_phone.is_empty() && booking.is_none_or(|booking| booking != patient.id)
        };
        books.patients.values().rfind(another).cloned()
    };
    let Some(other) = other else { return Ok(()) };
    let now = shared.clock.local();
    let booked = shared
        .registry
        .book(now, slot, |id, number| Appointment::of(id, number, slot.0, slot.1, slot.2, &other))?;
    changed(shared, &booked);
    Ok(())
}

/// The general view, in PascalCase.
pub(crate) fn shown(shared: &Shared, one: &Appointment) -> Value {
    let hospital = &shared.registry.hospital;
    let (schedule, doctor, unit) =
        (&hospital.schedules[one.schedule], hospital.doctor_of(one.schedule), hospital.unit_of(one.schedule));
    let insurer = &hospital.insurers[one.insurer];
    let plan = &insurer.plans[one.plan.min(insurer.plans.len() - 1)];
    json!({
        "id": one.id,
        "CompanyId": company(shared),
        "AppointmentId": one.number,
        "ScheduleId": schedule.id,
        "ScheduleName": schedule.name,
        "ScheduleDate": format!("{}T00:00:00", one.date),
        "StartTime": hour(one.start),
        "EndTime": hour(one.start.saturating_add(schedule.slot_minutes.minutes())),
        "PractitionerId": doctor.id,
        "PractitionerIdName": doctor.name,
        "InsurancePlanId": plan.id,
        "InsuranceCompanyId": insurer.id,
        "InsuranceCompanyName": insurer.name,
        "InsurancePlanName": plan.name,
        "InsuranceSubPlan": one.sub_plan,
        "ActivityId": Value::Null,
        "SpecialtyId": hospital.specialty_of(one.schedule).code,
        "IsGroup": false,
        "TimeSlot": schedule.slot_minutes,
        "PatientId": one.patient,
        "PatientName": one.name,
        "BirthDate": one.birth.map(|birth| format!("{birth}T00:00:00")),
        "AppointmentType": 1,
        "WorkPhone": "",
        "HomePhone": "",
        "CellPhone": one.cell_phone,
        "Email": one.email,
        "PostalCode": unit.postal_code,
        "Address": unit.street,
        "AddressNumber": unit.number,
        "Complement": "",
        "Neighborhood": unit.neighborhood,
        "CovenantCard": one.card,
        "UnitId": unit.id,
        "UnitName": unit.name,
        "ProcedureId": Value::Null,
        "ProcedureName": Value::Null,
        "SubsidiaryId": 1,
        "SubsidiaryName": hospital.name,
        "City": unit.city,
        "Status": one.status,
        "AppointmentCreateDate": one.created,
        "OnlineConsultation": one.online,
    })
}

/// The WhatsApp view, with the typos that are its official property names.
pub(crate) fn shown_wa(shared: &Shared, one: &Appointment) -> Value {
    let hospital = &shared.registry.hospital;
    let mut item = shown(shared, one);
    if let Value::Object(members) = &mut item {
        for (right, official) in [
            ("AppointmentId", "AppintmentId"),
            ("PractitionerIdName", "PrectitionerIdName"),
            ("InsuranceCompanyId", "InsuranceCopanyId"),
            ("InsurancePlanName", "InsuracePlanName"),
            ("CovenantCard", "ConventCard"),
        ] {
            if let Some(value) = members.remove(right) {
                members.insert(official.to_owned(), value);
            }
        }
    }
    item["SpecialtyName"] = json!(hospital.specialty_of(one.schedule).description);
    item["TypeGroup"] = Value::Null;
    item["ConventCardExpireDate"] =
        if one.card_expires.is_empty() { Value::Null } else { json!(one.card_expires) };
    item["Observation"] = json!(one.observation);
    item["Cpf"] = json!(one.cpf);
    for name in ["ExamId", "ExamName", "UnitImage", "PractitionerImage"] {
        item[name] = Value::Null;
    }
    item["Code"] = json!(one.number.to_string());
    item["RoomId"] = Value::Null;
    item
}
