//! The register of patients: `v2/patients` (totvs-rm.md §3).

use jiff::civil::Date;
use serde_json::{Value, json};

use super::{catalogue::company, envelope::RmError, query::Query};
use crate::{
    live::Change,
    phone::number,
    seed::patients::{Patient, is_cpf},
    shared::Shared,
};

pub(super) fn all(shared: &Shared, query: &Query) -> Vec<Value> {
    let books = shared.registry.books(shared.clock.today());
    let cpf = query.get("CPF").map(number::digits);
    let list = books.patients.values().filter(|patient| cpf.as_ref().is_none_or(|cpf| *cpf == patient.cpf));
    list.map(|patient| shown(shared, patient)).collect()
}

pub(super) fn one(shared: &Shared, id: &str) -> Result<Value, RmError> {
    let books = shared.registry.books(shared.clock.today());
    books.patients.get(id).map(|patient| shown(shared, patient)).ok_or_else(RmError::nothing_found)
}

pub(super) fn create(shared: &Shared, body: &[u8]) -> Result<Value, RmError> {
    let body = Fields::parse(body)?;
    let mut patient = Patient {
        id: String::new(),
        number: 0,
        name: String::new(),
        social_name: String::new(),
        mother: String::new(),
        cpf: String::new(),
        birth: None,
        cell_phone: String::new(),
        email: String::new(),
        sex: String::new(),
        sus_card: String::new(),
        contact_name: String::new(),
        contact_phone: String::new(),
        contact_ddd: String::new(),
        observation: String::new(),
        vip: false,
        insurer: 0,
        plan: 0,
        card: String::new(),
    };
    apply(&body, &mut patient)?;
    if patient.name.is_empty() {
        return Err(RmError::required("PatientName"));
    }
    if patient.birth.is_none() {
        return Err(RmError::required("BirthDate"));
    }
    save(shared, patient)
}

pub(super) fn update(shared: &Shared, id: &str, body: &[u8]) -> Result<Value, RmError> {
    let body = Fields::parse(body)?;
    let found = shared.registry.books(shared.clock.today()).patients.get(id).cloned();
    let mut patient = found.ok_or_else(RmError::nothing_found)?;
    apply(&body, &mut patient)?;
    save(shared, patient)
}

fn save(shared: &Shared, patient: Patient) -> Result<Value, RmError> {
    let today = shared.clock.today();
    let double = {
        let books = shared.registry.books(today);
        !patient.cpf.is_empty()
            && books.patients.values().any(|one| one.cpf == patient.cpf && one.id != patient.id)
    };
    if double {
        let mut error =
            RmError::invalid("Já existe um paciente com este CPF.", "SZPACIENTE: CPF must be unique");
        error.status = axum::http::StatusCode::CONFLICT;
        error.code = "RMSHCG0031";
        return Err(error);
    }
    let patient = shared.registry.save_patient(today, patient);
    shared.live.tell(Change::Patient { id: patient.id.clone() });
    Ok(shown(shared, &patient))
}

fn apply(body: &Fields, patient: &mut Patient) -> Result<(), RmError> {
    let fields: [(&str, &mut String); 10] = [
        ("PatientName", &mut patient.name),
        ("SocialName", &mut patient.social_name),
        ("MotherName", &mut patient.mother),
        ("CellPhone", &mut patient.cell_phone),
        ("Email", &mut patient.email),
        ("Sex", &mut patient.sex),
        ("SUSNumberCard", &mut patient.sus_card),
        ("ContactName", &mut patient.contact_name),
        ("ContactPhone", &mut patient.contact_phone),
        ("Observation", &mut patient.observation),
    ];
    for (name, field) in fields {
        if let Some(text) = body.text(name) {
            *field = text;
        }
    }
    if let Some(ddd) = body.text("DDDContactPhone") {
        patient.contact_ddd = ddd;
    }
    if let Some(cpf) = body.text("CPF") {
        let digits = number::digits(&cpf);
        if !digits.is_empty() && !is_cpf(&digits) {
            return Err(RmError::invalid("O CPF informado não é válido.", "'CPF' fails its check digits"));
        }
        patient.cpf = digits;
    }
    if let Some(birth) = body.date("BirthDate")? {
        patient.birth = Some(birth);
    }
    for (name, text, longest) in [("PatientName", &patient.name, 70), ("CellPhone", &patient.cell_phone, 15)]
    {
        if text.chars().count() > longest {
            return Err(RmError::invalid(
                format!("O campo {name} aceita até {longest} caracteres."),
                format!("'{name}' is too long"),
            ));
        }
    }
    Ok(())
}

pub(crate) fn shown(shared: &Shared, patient: &Patient) -> Value {
    json!({
        "id": patient.id,
        "CompanyId": company(shared),
        "PatientId": patient.id,
        "MedicalRecord": format!("{:08}", patient.number),
        "CellPhone": patient.cell_phone,
        "VipClient": patient.vip,
        "CPF": patient.cpf,
        "PatientName": patient.name,
        "MotherName": patient.mother,
        "BirthDate": patient.birth.map(|birth| format!("{birth}T00:00:00")),
        "Email": patient.email,
        "ContactPhone": patient.contact_phone,
        "DDDContactPhone": patient.contact_ddd,
        "ContactName": patient.contact_name,
        "SUSNumberCard": patient.sus_card,
        "Sex": patient.sex,
        "SocialName": patient.social_name,
        "Observation": patient.observation,
    })
}

/// The members of a body, whatever their letter case.
pub(super) struct Fields(serde_json::Map<String, Value>);

impl Fields {
    pub(super) fn parse(body: &[u8]) -> Result<Self, RmError> {
        match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => {
                Ok(Self(members.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect()))
            }
            Ok(_) | Err(_) => Err(RmError::invalid("Requisição inválida.", "the body must be a JSON object")),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(&name.to_lowercase()).filter(|value| !value.is_null())
    }

    /// A text, or a number as text.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// The date of a date or local date-time. An offset is not looked at: times are local to the hospital (§2).
    pub(super) fn date(&self, name: &str) -> Result<Option<Date>, RmError> {
        let Some(text) = self.text(name).filter(|text| !text.is_empty()) else { return Ok(None) };
        let date = text.get(..10).unwrap_or(&text).parse();
        date.map(Some).map_err(|_| {
            RmError::invalid(
                format!("O campo {name} não é uma data válida."),
                format!("'{name}' must be ISO-8601"),
            )
        })
    }
}
