//! How RM wraps what it answers: pages, single records, errors.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::query::Query;

/// Letter case of the envelope's members.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Lower,
    Upper,
}

/// A refusal in TOTVS' form. `message` may be shown to a person, `detailed` may not.
#[derive(Debug)]
pub(crate) struct RmError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) detailed: String,
}

impl RmError {
    fn new(status: StatusCode, code: &'static str, message: &str, detailed: &str) -> Self {
        Self { status, code, message: message.into(), detailed: detailed.into() }
    }

    pub(crate) fn nothing_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "RMSHCG404",
            "Nenhum registro encontrado.",
            "The query returned no rows.",
        )
    }

    pub(crate) fn invalid(message: impl Into<String>, detailed: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code: "RMSHCG400",
            message: message.into(),
            detailed: detailed.into(),
        }
    }

    /// A required member of the query or of the body.
    pub(crate) fn required(name: &str) -> Self {
        Self::invalid(
            format!("O campo {name} é obrigatório."),
            format!("required property '{name}' is missing"),
        )
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "RMS401",
            "Acesso não autorizado.",
            "missing, expired or invalid credentials",
        )
    }

    pub(crate) fn no_route() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "RMS404",
            "Recurso não encontrado.",
            "no HTTP resource matches the request URI",
        )
    }

    pub(crate) fn not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "RMS405",
            "Operação não permitida.",
            "the resource does not support this method",
        )
    }

    pub(crate) fn taken(status: StatusCode) -> Self {
        Self::new(
            status,
            "RMSHCG0042",
            "O horário selecionado não está mais disponível.",
            "SZAGENDA: violation of unique key (CODCOLIGADA, CODAGENDA, DATA, HORAINICIO)",
        )
    }

    pub(crate) fn into_response(self, style: Style) -> Response {
        let detail = json!({ "code": self.code, "message": self.message, "detailedMessage": self.detailed });
        let mut body = detail.clone();
        body["details"] = json!([detail]);
        if style == Style::Upper {
            body = capitalised(body);
        }
        let mut response = (self.status, Json(body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
        }
        response
    }
}

fn capitalised(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| {
                let mut letters = name.chars();
                let name: String = letters
                    .next()
                    .map(|first| first.to_ascii_uppercase())
                    .into_iter()
                    .chain(letters)
                    .collect();
                (name, capitalised(value))
            })
            .collect(),
        Value::Array(list) => list.into_iter().map(capitalised).collect(),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other,
    }
}

/// One page of a collection; nothing on it is a 404.
pub(crate) fn list(mut items: Vec<Value>, query: &Query, style: Style) -> Response {
    items.retain(|item| query.admits(item));
    query.sort(&mut items);
    let (page, size) = (query.page(), query.page_size());
    let start = (page - 1).saturating_mul(size);
    let has_next = start.saturating_add(size) < items.len();
    let mut items: Vec<Value> = items.into_iter().skip(start).take(size).collect();
    if items.is_empty() {
        return RmError::nothing_found().into_response(style);
    }
    items.iter_mut().for_each(|item| query.trim(item));
    Json(match style {
        Style::Lower => json!({ "items": items, "hasNext": has_next }),
        Style::Upper => json!({ "Items": items, "HasNext": has_next }),
    })
    .into_response()
}

/// A single record.
pub(crate) fn one(status: StatusCode, mut item: Value, query: &Query) -> Response {
    query.trim(&mut item);
    (status, Json(item)).into_response()
}
