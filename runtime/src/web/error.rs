//! What went wrong, as status and JSON: `{"error": {"code": …, "message": …}}`. Codes are stable.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::conversations::{DeskError, StartError};
use crate::store::StoreError;

/// A request that was not done.
#[derive(Debug)]
pub(super) struct Failed {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Failed {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// Nobody we know.
    pub(super) fn unknown_caller() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "a good api token or a login is needed")
    }

    /// A body or a parameter that cannot be used.
    pub(super) fn unusable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    pub(super) fn internal(detail: &str) -> Self {
        tracing::error!(detail, "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the request failed")
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let body = json!({ "error": { "code": self.code, "message": self.message } });
        (self.status, Json(body)).into_response()
    }
}

/// Nothing was changed, or nothing that was is acknowledged: ask again later.
impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::Conflict | StoreError::Fenced | StoreError::Busy => "busy",
            StoreError::TooLarge { .. } => {
                return Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", error.to_string());
            }
            StoreError::Damaged(_)
            | StoreError::Broken { .. }
            | StoreError::Newer { .. }
            | StoreError::Disk { .. }
            | StoreError::InUse(_)
            | StoreError::Down(_) => "store_down",
        };
        tracing::error!(%error, "the store did not do it");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, "the store cannot do it now")
    }
}

impl From<DeskError> for Failed {
    fn from(error: DeskError) -> Self {
        let message = error.to_string();
        let (status, code) = match error {
            DeskError::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            DeskError::NotWithPeople => (StatusCode::CONFLICT, "not_with_people"),
            DeskError::NotTaken => (StatusCode::CONFLICT, "not_taken"),
            DeskError::TakenBy(_) => (StatusCode::CONFLICT, "taken"),
            DeskError::WindowClosed => (StatusCode::CONFLICT, "window_closed"),
            DeskError::Store(error) => return error.into(),
        };
        Self::new(status, code, message)
    }
}

impl From<StartError> for Failed {
    fn from(error: StartError) -> Self {
        let message = error.to_string();
        let (status, code) = match error {
            StartError::UnknownFlow(_) => (StatusCode::UNPROCESSABLE_ENTITY, "unknown_flow"),
            StartError::NotForApi(_) => (StatusCode::UNPROCESSABLE_ENTITY, "not_for_api"),
            StartError::UnknownChannel(_) => (StatusCode::UNPROCESSABLE_ENTITY, "unknown_channel"),
            StartError::NoAddress => (StatusCode::UNPROCESSABLE_ENTITY, "no_address"),
            StartError::WithPeople => (StatusCode::CONFLICT, "with_people"),
            StartError::Store(error) => return error.into(),
        };
        Self::new(status, code, message)
    }
}

/// The answer to a path that is none.
pub(super) async fn nothing_here() -> Failed {
    Failed::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here")
}
