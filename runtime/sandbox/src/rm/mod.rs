//! TOTVS RM, hospital management, as its REST API shows it (totvs-rm.md), under `/rm`.

mod appointments;
pub(crate) mod auth;
mod availability;
mod catalogue;
pub(crate) mod envelope;
mod patients;
pub(crate) mod query;
pub(crate) mod registry;

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, Uri},
    response::{IntoResponse, Response},
};

pub(crate) use self::appointments::shown_wa;
use self::{
    envelope::{RmError, Style, list},
    query::Query,
};
use crate::shared::Shared;

/// What a request found, before it is put into an envelope.
enum Found {
    /// A collection; what is not there is a 404 (totvs-rm.md §2).
    Many(Vec<serde_json::Value>),
    One(serde_json::Value),
    Created(serde_json::Value),
    Gone,
}

/// Every call of RM.
pub(crate) async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().strip_prefix("/rm").unwrap_or(uri.path());
    if path == "/api/connect/token" {
        return auth::token(&shared, &method, &body);
    }
    let style = style(&shared, path);
    match route(&shared, &method, path, &Query::of(&uri), &headers, &body) {
        Ok(Found::Many(items)) => list(items, &Query::of(&uri), style),
        Ok(Found::One(item)) => envelope::one(axum::http::StatusCode::OK, item, &Query::of(&uri)),
        Ok(Found::Created(item)) => envelope::one(axum::http::StatusCode::CREATED, item, &Query::of(&uri)),
        Ok(Found::Gone) => axum::http::StatusCode::NO_CONTENT.into_response(),
        Err(error) => error.into_response(style),
    }
}

fn route(
    shared: &Shared,
    method: &Method,
    path: &str,
    query: &Query,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Found, RmError> {
    auth::check(shared, headers)?;
    let rest = path.strip_prefix("/api/hcg/").ok_or_else(RmError::no_route)?;
    let segments: Vec<String> = rest.split('/').map(query::percent_decode).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (resource, id) = match segments.as_slice() {
        [version, resource] => ((*version, *resource), None),
        [version, resource, id] if !id.is_empty() => ((*version, *resource), Some(*id)),
        _ => return Err(RmError::no_route()),
    };
    match (method.as_str(), resource, id) {
        ("GET", ("v1", "specialties"), None) => Ok(Found::Many(catalogue::specialties_v1(shared))),
        ("GET", ("v2", "specialty"), None) => Ok(Found::Many(catalogue::specialties_v2(shared))),
        ("GET", ("v1", "practitioners"), id) => catalogue::practitioners_v1(shared, id),
        ("GET", ("v2", "practitioner"), None) => Ok(Found::Many(catalogue::practitioners_v2(shared, query))),
        ("GET", ("v2", "unity"), None) => catalogue::units(shared, query),
        ("GET", ("v1", "insuranceCompanies"), None) => Ok(Found::Many(catalogue::insurers(shared))),
        ("GET", ("v1", "insurancePlans"), id) => catalogue::plans(shared, id),
        ("GET", ("v1", "scheduleLocks"), None) => Ok(Found::Many(catalogue::locks(shared))),
        ("GET", ("v2", "schedules"), id) => catalogue::schedules(shared, id),
        ("GET", ("v2", "appointmentAvailables"), None) => availability::list(shared, query),
        ("GET", ("v2", "patients"), None) => Ok(Found::Many(patients::all(shared, query))),
        ("GET", ("v2", "patients"), Some(id)) => patients::one(shared, id).map(Found::One),
        ("POST", ("v2", "patients"), None) => patients::create(shared, body).map(Found::Created),
        ("PUT", ("v2", "patients"), Some(id)) => patients::update(shared, id, body).map(Found::One),
        ("GET", ("v2", "appointments"), None) => {
            Ok(Found::Many(appointments::all(shared, query, appointments::shown)))
        }
        ("GET", ("v2", "appointments"), Some(id)) => {
            appointments::one(shared, id, appointments::shown).map(Found::One)
        }
        ("POST", ("v2", "appointments"), None) => appointments::book(shared, path, body).map(Found::Created),
        ("PUT", ("v2", "appointments"), Some(id)) => {
            appointments::update(shared, id, body, appointments::shown).map(Found::One)
        }
        ("DELETE", ("v2", "appointments"), Some(id)) => {
            appointments::delete(shared, id).map(|()| Found::Gone)
        }
        ("GET", ("v2", "appointments-wa"), None) => {
            Ok(Found::Many(appointments::all(shared, query, appointments::shown_wa)))
        }
        ("GET", ("v2", "appointments-wa"), Some(id)) => {
            appointments::one(shared, id, appointments::shown_wa).map(Found::One)
        }
        ("PUT", ("v2", "appointments-wa"), Some(id)) => {
            appointments::update(shared, id, body, appointments::shown_wa).map(Found::One)
        }
        (_, (_, name), _) if RESOURCES.contains(&name) => Err(RmError::not_allowed()),
        _ => Err(RmError::no_route()),
    }
}

/// A known resource with another method is 405, anything else 404.
const RESOURCES: &[&str] = &[
    "specialties",
    "specialty",
    "practitioners",
    "practitioner",
    "unity",
    "insuranceCompanies",
    "insurancePlans",
    "scheduleLocks",
    "schedules",
    "appointmentAvailables",
    "patients",
    "appointments",
    "appointments-wa",
];

/// Letter case of an envelope. Left to itself RM is not of one mind: some `v1` resources speak in capitals.
fn style(shared: &Shared, path: &str) -> Style {
    use crate::settings::LetterCase;
    match shared.settings().letter_case {
        LetterCase::Lower => Style::Lower,
        LetterCase::Upper => Style::Upper,
        LetterCase::Mixed if path.contains("/v1/insurancePlans") || path.contains("/v1/scheduleLocks") => {
            Style::Upper
        }
        LetterCase::Mixed => Style::Lower,
    }
}
