//! Refusals in Meta's words (whatsapp-cloud.md §10).

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// A synchronous error of the Graph API.
#[derive(Debug)]
pub(crate) struct GraphError {
    pub(crate) status: StatusCode,
    pub(crate) code: i64,
    pub(crate) subcode: Option<i64>,
    pub(crate) message: String,
    pub(crate) details: Option<String>,
}

impl GraphError {
    pub(crate) fn new(status: u16, code: i64, message: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).expect("a status of the contract's table");
        Self { status, code, subcode: None, message: format!("(#{code}) {}", message.into()), details: None }
    }

    pub(crate) fn details(mut self, details: impl Into<String>) -> Self {
        self.details = Some(details.into());
        self
    }

    /// 100: a parameter of the call itself.
    pub(crate) fn parameter(message: impl Into<String>) -> Self {
        Self::new(400, 100, message)
    }

    /// 131008: something required is not there.
    pub(crate) fn missing(field: &str) -> Self {
        Self::new(400, 131_008, "Required parameter is missing")
            .details(format!("Parameter '{field}' is mandatory"))
    }

    /// 131009: something is there and cannot be accepted.
    pub(crate) fn invalid(field: &str, why: impl std::fmt::Display) -> Self {
        Self::new(400, 131_009, "Parameter value is not valid").details(format!("Param {field}: {why}"))
    }

    pub(crate) fn unauthorized() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            code: 190,
            subcode: None,
            message: "Invalid OAuth access token - Cannot parse access token".into(),
            details: None,
        }
    }

    pub(crate) fn unknown_object(id: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code: 100,
            subcode: Some(33),
            message: format!(
                "Unsupported post request. Object with ID '{id}' does not exist, cannot be loaded due to missing \
                 permissions, or does not support this operation"
            ),
            details: None,
        }
    }

    fn body(&self) -> Value {
        let mut error = json!({ "message": self.message, "type": "OAuthException", "code": self.code });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = json!(subcode);
        }
        if let Some(details) = &self.details {
            error["error_data"] = json!({ "messaging_product": "whatsapp", "details": details });
        }
        error["fbtrace_id"] = json!("A4O5a8RAgePwbcGSu");
        json!({ "error": error })
    }
}

impl IntoResponse for GraphError {
    fn into_response(self) -> Response {
        (self.status, Json(self.body())).into_response()
    }
}
