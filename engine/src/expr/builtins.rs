//! Filters of the template language itself, made strict: what they do with something absent, and what they print.

use std::borrow::Cow;

use minijinja::value::{Kwargs, Rest, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, State, Value, filters as jinja};

use super::operators::{is_absent, within_limit};
use super::{EvalError, print};

pub(super) fn register(env: &mut Environment<'static>) {
    passing(env);
    collecting(env);
    env.add_filter("default", default);
    env.add_filter("d", default);
}

/// What a builtin filter does with an absent input.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Absent {
    /// The result is absent too, so that `default` can stand at the end of a chain; only text and numbers go in.
    Passes,
    /// It counts as a list without items.
    IsEmpty,
}

/// Builtins of which an absent input makes an absent result.
fn passing(env: &mut Environment<'static>) {
    let passing = [
        ("upper", Value::from_function(jinja::upper)),
        ("lower", Value::from_function(jinja::lower)),
        ("title", Value::from_function(jinja::title)),
        ("capitalize", Value::from_function(jinja::capitalize)),
        ("replace", Value::from_function(jinja::replace)),
        ("trim", Value::from_function(jinja::trim)),
        ("split", Value::from_function(jinja::split)),
        ("lines", Value::from_function(jinja::lines)),
        ("round", Value::from_function(jinja::round)),
        ("abs", Value::from_function(jinja::abs)),
        ("int", Value::from_function(jinja::int)),
        ("float", Value::from_function(jinja::float)),
        ("indent", Value::from_function(jinja::indent)),
        ("format", Value::from_function(jinja::format)),
        ("escape", Value::from_function(jinja::escape)),
        ("e", Value::from_function(jinja::escape)),
        ("safe", Value::from_function(jinja::safe)),
        ("string", Value::from_function(string)),
    ];
    for (name, builtin) in passing {
        guarded(env, name, builtin, Absent::Passes);
    }
}

/// Builtins that work on lists; something absent is a list without items.
fn collecting(env: &mut Environment<'static>) {
    let collecting = [
        ("length", Value::from_function(jinja::length)),
        ("count", Value::from_function(jinja::length)),
        ("first", Value::from_function(jinja::first)),
        ("last", Value::from_function(jinja::last)),
        ("min", Value::from_function(jinja::min)),
        ("max", Value::from_function(jinja::max)),
        ("sum", Value::from_function(jinja::sum)),
        ("sort", Value::from_function(jinja::sort)),
        ("reverse", Value::from_function(jinja::reverse)),
        ("list", Value::from_function(jinja::list)),
        ("unique", Value::from_function(jinja::unique)),
        ("map", Value::from_function(jinja::map)),
        ("select", Value::from_function(jinja::select)),
        ("reject", Value::from_function(jinja::reject)),
        ("selectattr", Value::from_function(jinja::selectattr)),
        ("rejectattr", Value::from_function(jinja::rejectattr)),
        ("groupby", Value::from_function(jinja::groupby)),
        ("batch", Value::from_function(jinja::batch)),
        ("slice", Value::from_function(jinja::slice)),
        ("chain", Value::from_function(jinja::chain)),
        ("zip", Value::from_function(jinja::zip)),
        ("join", Value::from_function(join)),
    ];
    for (name, builtin) in collecting {
        guarded(env, name, builtin, Absent::IsEmpty);
    }
}

fn guarded(env: &mut Environment<'static>, name: &'static str, builtin: Value, absent: Absent) {
    let guard = move |state: &mut State<'_, '_>, args: Rest<ValueOrKwargs>| -> Result<Value, Error> {
        let mut args = args.into_values();
        let alone = args.len() == 1;
        let Some(input) = args.first_mut() else {
            return builtin.call(state, &args);
        };
        let kind = input.kind();
        let is_absent = matches!(kind, ValueKind::Undefined | ValueKind::None);
        match absent {
            // `int(default=0)` answers for an absent input by itself.
            Absent::Passes if is_absent && !alone && matches!(name, "int" | "float") => {}
            Absent::Passes if is_absent => return Ok(Value::UNDEFINED),
            Absent::Passes => {
                if !matches!(kind, ValueKind::String | ValueKind::Number) {
                    return Err(EvalError::Type {
                        detail: format!("`{name}` needs text or a number, got a {kind}"),
                    }
                    .into());
                }
            }
            Absent::IsEmpty if is_absent => *input = Value::from(Vec::<Value>::new()),
            Absent::IsEmpty => {}
        }
        if grows_too_large(name, &args) {
            return Err(EvalError::TooLarge.into());
        }
        builtin.call(state, &args)
    };
    env.add_filter(name, guard);
}

/// Whether a builtin would be asked for more than anyone reads: a width, a count, a replacement for every letter.
fn grows_too_large(name: &str, args: &[Value]) -> bool {
    const MOST: i64 = 10_000;
    let too_many = |value: &Value| value.as_i64().is_some_and(|n| n > MOST);
    match (name, args) {
        ("indent" | "batch" | "slice", [_, rest @ ..]) => rest.iter().any(|value| {
            let given = value.as_object().filter(|_| value.is_kwargs());
            too_many(value)
                || given
                    .and_then(|o| o.try_iter_pairs())
                    .is_some_and(|mut all| all.any(|(_, v)| too_many(&v)))
        }),
        ("format", [pattern, ..]) => {
            let pattern = pattern.as_str().unwrap_or_default();
            // A width or precision of five digits, or one taken from a value.
            pattern.contains('*')
                || pattern.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() > 4)
        }
        ("replace", [text, from, to, ..]) => {
            let (text, from, to) = (text.to_str(), from.to_str(), to.to_str());
            let (text, from) = (text.as_deref().unwrap_or_default(), from.as_deref().unwrap_or_default());
            let count = if from.is_empty() { text.len() + 1 } else { text.matches(from).count() };
            within_limit(count.saturating_mul(to.map_or(0, |to| to.len()))).is_err()
        }
        _ => false,
    }
}

/// `string`: the text that would be printed, nothing else.
fn string(value: &Value) -> Result<String, Error> {
    Ok(print::plain(value, "string")?)
}

/// `join`: every item must be printable.
fn join(value: Value, joiner: Option<Cow<'_, str>>, kwargs: Kwargs) -> Result<String, Error> {
    let joiner = joiner.unwrap_or_default();
    let attribute: Option<&str> = kwargs.get("attribute")?;
    kwargs.assert_all_used()?;
    let mut out = String::new();
    for (index, item) in value.try_iter()?.enumerate() {
        if index > 0 {
            out.push_str(&joiner);
        }
        let item = match attribute {
            Some(name) => item.get_attr(name)?,
            None => item,
        };
        out.push_str(&print::plain(&item, "join")?);
        within_limit(out.len())?;
    }
    Ok(out)
}

/// `default`: for what is absent; `default(x, true)` also for what does not hold.
fn default(value: Value, other: Option<Value>, lax: Option<bool>) -> Value {
    if is_absent(&value) || (lax == Some(true) && !value.is_true()) {
        other.unwrap_or_else(|| Value::from(""))
    } else {
        value
    }
}
