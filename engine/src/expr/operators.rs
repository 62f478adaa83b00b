//! Operators, tests and printing as flows know them: absent is one thing, and what explodes is stopped.

use std::cmp::Ordering;

use minijinja::value::ValueKind;
use minijinja::{Environment, Error, State, Value};

use super::environment::hidden;
use super::{EvalError, MAX_OUTPUT, filters, print};

pub(super) fn register(env: &mut Environment<'static>) {
    env.add_filter(hidden::PRINT, print_hole);
    env.add_filter(hidden::CONCAT, |left: &Value, right: &Value| -> Result<String, Error> {
        let mut out = print::plain(left, "~")?;
        out.push_str(&print::plain(right, "~")?);
        within_limit(out.len())?;
        Ok(out)
    });
    env.add_filter(hidden::PLUS, plus);
    env.add_filter(hidden::TIMES, times);

    for name in ["lt", "lessthan", "<"] {
        env.add_test(name, |a: &Value, b: &Value| compare(a, b, Ordering::is_lt));
    }
    for name in ["le", "<="] {
        env.add_test(name, |a: &Value, b: &Value| compare(a, b, Ordering::is_le));
    }
    for name in ["gt", "greaterthan", ">"] {
        env.add_test(name, |a: &Value, b: &Value| compare(a, b, Ordering::is_gt));
    }
    for name in ["ge", ">="] {
        env.add_test(name, |a: &Value, b: &Value| compare(a, b, Ordering::is_ge));
    }
    env.add_test("in", |item: &Value, container: &Value| -> Result<bool, Error> {
        contains(container, item)
    });
    env.add_test("defined", |value: &Value| !is_absent(value));
    env.add_test("undefined", is_absent);
    env.add_test("none", is_absent);
}

/// Undefined and null are one thing.
pub(super) fn is_absent(value: &Value) -> bool {
    value.is_undefined() || value.is_none()
}

/// Compares two values: with something absent it does not hold, with two different kinds it is a mistake.
fn compare(left: &Value, right: &Value, holds: fn(Ordering) -> bool) -> Result<bool, Error> {
    if is_absent(left) || is_absent(right) {
        return Ok(false);
    }
    let alike = match (left.kind(), right.kind()) {
        (ValueKind::Iterable, ValueKind::Seq) | (ValueKind::Seq, ValueKind::Iterable) => true,
        (a, b) => a == b,
    };
    if !alike {
        return Err(EvalError::Type {
            detail: format!("cannot compare a {} with a {}", left.kind(), right.kind()),
        }
        .into());
    }
    Ok(left.partial_cmp(right).is_some_and(holds))
}

fn contains(container: &Value, item: &Value) -> Result<bool, Error> {
    if is_absent(container) || is_absent(item) {
        return Ok(false);
    }
    match (container.as_str(), item.as_str()) {
        (Some(text), Some(part)) => return Ok(text.contains(part)),
        (Some(_), None) => {
            return Err(
                EvalError::Type { detail: format!("cannot look for a {} in a text", item.kind()) }.into()
            );
        }
        (None, _) => {}
    }
    for candidate in container.try_iter()? {
        if candidate == *item {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `+`: numbers, two texts, or two lists; what grows stays within the limits.
fn plus(left: Value, right: Value) -> Result<Value, Error> {
    if left.is_number() && right.is_number() {
        return arithmetic(&left, &right, i128::checked_add, |a, b| a + b);
    }
    if let (Some(a), Some(b)) = (left.as_str(), right.as_str()) {
        within_limit(a.len() + b.len())?;
        return Ok(Value::from(format!("{a}{b}")));
    }
    let is_list = |v: &Value| matches!(v.kind(), ValueKind::Seq | ValueKind::Iterable);
    if is_list(&left) && is_list(&right) {
        let mut items = Vec::new();
        for item in left.try_iter()?.chain(right.try_iter()?) {
            items.push(item);
            within_limit(items.len())?;
        }
        return Ok(Value::from(items));
    }
    Err(mismatch("add", &left, &right))
}

/// `*`: numbers, or a text and how often it is repeated.
fn times(left: Value, right: Value) -> Result<Value, Error> {
    if left.is_number() && right.is_number() {
        return arithmetic(&left, &right, i128::checked_mul, |a, b| a * b);
    }
    let (text, count) = if left.is_number() { (&right, &left) } else { (&left, &right) };
    match (text.as_str(), count.as_usize()) {
        (Some(text), Some(count)) => {
            within_limit(text.len().saturating_mul(count))?;
            Ok(Value::from(text.repeat(count)))
        }
        _ => Err(mismatch("multiply", &left, &right)),
    }
}

fn arithmetic(
    left: &Value,
    right: &Value,
    whole: fn(i128, i128) -> Option<i128>,
    fraction: fn(f64, f64) -> f64,
) -> Result<Value, Error> {
    if !(left.is_integer() && right.is_integer()) {
        return Ok(Value::from(fraction(f64::try_from(left.clone())?, f64::try_from(right.clone())?)));
    }
    let result =
        whole(i128::try_from(left.clone())?, i128::try_from(right.clone())?).ok_or(EvalError::TooLarge)?;
    Ok(i64::try_from(result).map_or_else(|_| Value::from(result), Value::from))
}

fn mismatch(verb: &str, left: &Value, right: &Value) -> Error {
    EvalError::Type { detail: format!("cannot {verb} a {} and a {}", left.kind(), right.kind()) }.into()
}

/// Applies the printing rules to a hole of a template with statements.
fn print_hole(state: &State<'_, '_>, value: &Value, words: &str) -> Result<String, Error> {
    let target = filters::run(state)?.target;
    let mut out = String::new();
    print::computed(&mut out, value, words, target)?;
    Ok(out)
}

pub(super) fn within_limit(bytes: usize) -> Result<(), EvalError> {
    if bytes > MAX_OUTPUT {
        return Err(EvalError::TooLarge);
    }
    Ok(())
}
