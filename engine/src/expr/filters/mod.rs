//! Filters and functions of ours, aware of Brazilian Portuguese. One file per subject; what each does stands there.
//!
//! An absent input makes an absent result, so that `{{ contact.name | first_name | default('você') }}` works.

mod dates;
mod documents;
pub(super) mod format;
mod lists;
mod names;
mod numbers;
mod queues;
mod text;

use std::ops::RangeInclusive;
use std::sync::Arc;

use minijinja::{Environment, Error, State, Value};

use super::EvalError;
use super::environment::hidden;
use super::program::Run;
use super::scope::Moment;

/// No limit of ours to the number of arguments.
const MANY: usize = usize::MAX;

/// The filters of ours, and how many arguments each takes besides its input.
pub(super) const FILTERS: &[(&str, RangeInclusive<usize>)] = &[
    ("add_days", 1..=1),
    ("age", 0..=0),
    ("business_days", 1..=1),
    ("cep", 0..=0),
    ("clip", 1..=1),
    ("cnpj", 0..=0),
    ("cpf", 0..=0),
    ("date", 0..=1),
    ("days_until", 0..=0),
    ("digits", 0..=0),
    ("first_name", 0..=0),
    ("fold", 0..=0),
    ("is_open", 0..=0),
    ("json", 0..=0),
    ("mask", 0..=0),
    ("money", 0..=0),
    ("number", 0..=1),
    ("phone", 0..=0),
    ("pick", 1..=MANY),
    ("plural", 2..=2),
    ("relative_day", 0..=0),
    ("time", 0..=1),
    ("title_name", 0..=0),
    ("urlencode", 0..=0),
    ("weekday", 0..=0),
    ("yes_no", 0..=2),
];

/// Filters and functions that ask what day it is, or what is open. `map` may name one of them.
pub(super) const NEED_MOMENT: &[&str] =
    &["add_days", "age", "business_days", "days_until", "is_open", "map", "relative_day"];

/// The functions of ours, and how many arguments each takes.
pub(super) const FUNCTIONS: &[(&str, RangeInclusive<usize>)] =
    &[("add_days", 1..=1), ("business_days", 1..=1), ("is_open", 1..=1)];

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

/// The moment of the turn, for the filters and functions in [`NEED_MOMENT`].
fn moment(state: &State<'_, '_>) -> Result<Arc<Moment>, Error> {
    run(state)?
        .moment
        .clone()
        .ok_or_else(|| EvalError::Other { detail: "the moment was not handed in".into() }.into())
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
