//! `money number plural yes_no json`: values as people in Brazil write them.

use minijinja::value::ValueKind;
use minijinja::{Environment, Error, Value};

use super::super::operators::is_absent;
use super::super::value::to_json;
use super::{maybe, refused};

pub(super) fn register(env: &mut Environment<'static>) {
    env.add_filter("money", money);
    env.add_filter("number", number);
    env.add_filter("plural", plural);
    env.add_filter("yes_no", yes_no);
    env.add_filter("json", json);
}

/// The number in a value: a number, or text as JSON writes numbers.
fn amount(name: &'static str, value: &Value) -> Result<Option<f64>, Error> {
    if is_absent(value) {
        return Ok(None);
    }
    let parsed = match value.as_str() {
        Some(text) => text.trim().parse::<f64>().ok(),
        None if value.is_number() => f64::try_from(value.clone()).ok(),
        None => None,
    };
    match parsed.filter(|n| n.is_finite() && n.abs() < 1e15) {
        Some(number) => Ok(Some(number)),
        None => Err(refused(name, format!("needs a number, got a {}", value.kind()))),
    }
}

/// `1234.5` → `R$ 1.234,50`.
fn money(value: &Value) -> Result<Value, Error> {
    Ok(maybe(amount("money", value)?.map(|n| {
        let text = grouped(n.abs(), 2);
        if n < 0.0 && text != "0,00" { format!("-R$ {text}") } else { format!("R$ {text}") }
    })))
}

/// `1234.5` → `1.234,5`; with `number(2)` → `1.234,50`.
fn number(value: &Value, places: Option<usize>) -> Result<Value, Error> {
    let Some(n) = amount("number", value)? else {
        return Ok(Value::UNDEFINED);
    };
    let places = match places {
        Some(places) => places.min(9),
        None => format!("{n}").split_once('.').map_or(0, |(_, f)| f.len()),
    };
    let text = grouped(n.abs(), places);
    let zero = text.chars().all(|c| matches!(c, '0' | ','));
    Ok(Value::from(if n < 0.0 && !zero { format!("-{text}") } else { text }))
}

/// A number that is not negative, with points between thousands and a comma before the fraction.
fn grouped(number: f64, places: usize) -> String {
    let plain = format!("{number:.places$}");
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut out = String::with_capacity(plain.len() + whole.len() / 3);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push('.');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push(',');
        out.push_str(fraction);
    }
    out
}

/// `1 | plural('consulta', 'consultas')` → `consulta`; a list counts its items.
fn plural(value: &Value, one: Value, many: Value) -> Result<Value, Error> {
    let count = match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => value.len().map(|n| n as f64),
        ValueKind::Undefined
        | ValueKind::None
        | ValueKind::Bool
        | ValueKind::Number
        | ValueKind::String
        | ValueKind::Bytes
        | ValueKind::Map
        | ValueKind::Plain
        | ValueKind::Invalid
        | _ => amount("plural", value)?,
    };
    Ok(match count {
        None => Value::UNDEFINED,
        Some(n) if n.abs() == 1.0 => one,
        Some(_) => many,
    })
}

/// `true` → `sim`, `false` → `não`; other words may be given.
fn yes_no(value: &Value, yes: Option<Value>, no: Option<Value>) -> Result<Value, Error> {
    if is_absent(value) {
        return Ok(Value::UNDEFINED);
    }
    if value.kind() != ValueKind::Bool {
        return Err(refused("yes_no", format!("needs true or false, got a {}", value.kind())));
    }
    Ok(if value.is_true() {
        yes.unwrap_or_else(|| Value::from("sim"))
    } else {
        no.unwrap_or_else(|| Value::from("não"))
    })
}

/// The value as compact JSON; absent is `null`.
fn json(value: &Value) -> Result<String, Error> {
    let value = to_json(value)?.unwrap_or(serde_json::Value::Null);
    Ok(value.to_string())
}
