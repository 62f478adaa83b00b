//! Filters and functions of ours, aware of Brazilian Portuguese. One file per subject; what each does stands there.
//!
//! An absent input makes an absent result, so that `{{ contact.name | first_name | default('você') }}` works.

mod dates;
mod documents;
mod lists;
mod names;
mod numbers;
mod queues;
mod text;

use std::sync::Arc;

use minijinja::{Environment, Error, State, Value};

use super::EvalError;
use super::environment::hidden;
use super::program::Run;

/// The filters of ours.
pub(super) const NAMES: &[&str] = &[
    "add_days",
    "age",
    "business_days",
    "cep",
    "clip",
    "cnpj",
    "cpf",
    "date",
    "days_until",
    "digits",
    "first_name",
    "fold",
    "is_open",
    "json",
    "mask",
    "money",
    "number",
    "phone",
    "pick",
    "plural",
    "relative_day",
    "time",
    "title_name",
    "urlencode",
    "weekday",
    "yes_no",
];

/// The functions of ours.
pub(super) const FUNCTIONS: &[&str] = &["add_days", "business_days", "is_open"];

pub(super) fn register(env: &mut Environment<'static>) {
    dates::register(env);
    documents::register(env);
    lists::register(env);
    names::register(env);
    numbers::register(env);
    queues::register(env);
    text::register(env);
}

/// The evaluation that is running: the moment and the facts.
pub(super) fn run(state: &State<'_, '_>) -> Result<Arc<Run>, Error> {
    state
        .lookup(hidden::RUN)
        .and_then(|value| value.downcast_object::<Run>())
        .ok_or_else(|| EvalError::Other { detail: "there is no moment to read".into() }.into())
}

/// The text or number a filter works on, as text; `None` is absent, other kinds are refused.
fn input(name: &'static str, value: &Value) -> Result<Option<String>, Error> {
    if super::operators::is_absent(value) {
        return Ok(None);
    }
    super::print::plain(value, name)
        .map(Some)
        .map_err(|_| refused(name, format!("needs text or a number, got a {}", value.kind())))
}

fn refused(name: &'static str, detail: impl Into<String>) -> Error {
    EvalError::Filter { name, detail: detail.into() }.into()
}

/// `None` as undefined.
fn maybe<T: Into<Value>>(value: Option<T>) -> Value {
    value.map_or(Value::UNDEFINED, Into::into)
}
