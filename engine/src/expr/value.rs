//! Between JSON and the values of the template machinery; null and undefined become one thing on the way.

use minijinja::value::ValueKind;
use serde_json::{Map, Number};

use super::EvalError;

/// Bytes that a computed value may take, roughly; what is only copied is not counted.
const MAX_VALUE: usize = 1024 * 1024;
const MAX_DEPTH: usize = 64;

/// A JSON value as the machinery sees it: null is undefined, at any depth.
pub(super) fn to_jinja(value: &serde_json::Value) -> minijinja::Value {
    use serde_json::Value as Json;
    match value {
        Json::Null => minijinja::Value::UNDEFINED,
        Json::Bool(b) => (*b).into(),
        Json::Number(n) => {
            if let Some(i) = n.as_i64() {
                i.into()
            } else if let Some(u) = n.as_u64() {
                u.into()
            } else {
                n.as_f64().unwrap_or(f64::NAN).into()
            }
        }
        Json::String(s) => s.as_str().into(),
        Json::Array(items) => items.iter().map(to_jinja).collect::<Vec<minijinja::Value>>().into(),
        Json::Object(members) => {
            minijinja::Value::from_pairs(members.iter().map(|(key, value)| (key.as_str(), to_jinja(value))))
        }
    }
}

/// A computed value as JSON; absent is `None` at the top and null inside.
pub(super) fn to_json(value: &minijinja::Value) -> Result<Option<serde_json::Value>, EvalError> {
    let mut budget = MAX_VALUE;
    let json = convert(value, &mut budget, 0)?;
    Ok((!json.is_null()).then_some(json))
}

fn convert(
    value: &minijinja::Value,
    budget: &mut usize,
    depth: usize,
) -> Result<serde_json::Value, EvalError> {
    use serde_json::Value as Json;
    if depth > MAX_DEPTH {
        return Err(EvalError::TooLarge);
    }
    spend(budget, 8)?;
    Ok(match value.kind() {
        ValueKind::Undefined | ValueKind::None => Json::Null,
        ValueKind::Bool => Json::Bool(value.is_true()),
        ValueKind::Number => number(value)?,
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default();
            spend(budget, text.len())?;
            Json::String(text.to_owned())
        }
        ValueKind::Seq | ValueKind::Iterable => {
            let mut items = Vec::new();
            for item in value.try_iter()? {
                items.push(convert(&item, budget, depth + 1)?);
            }
            Json::Array(items)
        }
        ValueKind::Map => {
            let mut members = Map::new();
            for key in value.try_iter()? {
                let Some(name) = key.as_str() else {
                    return Err(EvalError::Type { detail: "the keys of a map must be text".into() });
                };
                spend(budget, name.len())?;
                let member = convert(&value.get_item(&key)?, budget, depth + 1)?;
                members.insert(name.to_owned(), member);
            }
            Json::Object(members)
        }
        ValueKind::Bytes | ValueKind::Plain | ValueKind::Invalid | _ => {
            return Err(EvalError::Type { detail: "the result is no value that can be kept".into() });
        }
    })
}

fn spend(budget: &mut usize, bytes: usize) -> Result<(), EvalError> {
    *budget = budget.checked_sub(bytes).ok_or(EvalError::TooLarge)?;
    Ok(())
}

/// A whole number stays whole, also when it was computed by a division.
fn number(value: &minijinja::Value) -> Result<serde_json::Value, EvalError> {
    if let Ok(i) = i64::try_from(value.clone()) {
        return Ok(i.into());
    }
    if let Ok(u) = u64::try_from(value.clone()) {
        return Ok(u.into());
    }
    f64::try_from(value.clone())
        .ok()
        .and_then(Number::from_f64)
        .map(serde_json::Value::Number)
        .ok_or_else(|| EvalError::Type { detail: "the result is not a finite number".into() })
}

/// Whether a JSON value holds in a condition: absent, false, zero and what is empty do not.
pub(super) fn json_truth(value: Option<&serde_json::Value>) -> bool {
    use serde_json::Value as Json;
    match value {
        None | Some(Json::Null) => false,
        Some(Json::Bool(b)) => *b,
        Some(Json::Number(n)) => n.as_f64() != Some(0.0),
        Some(Json::String(s)) => !s.is_empty(),
        Some(Json::Array(items)) => !items.is_empty(),
        Some(Json::Object(members)) => !members.is_empty(),
    }
}
