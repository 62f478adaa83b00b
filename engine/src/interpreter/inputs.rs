//! Values given to a flow, held against what it declares.

use jiff::civil::Date;
use serde_json::Value;

use crate::answer::{AnswerType, Rules, read_text};
use crate::flow::ValueType;

/// The value as the type keeps it; `None` when it is of another type. What comes as text (from a campaign's list, an
/// API call) is read as an answer of that type would be.
pub(super) fn typed(kind: ValueType, value: Value, today: Date) -> Option<Value> {
    let read = |kind: AnswerType, value: Value| match value {
        Value::String(text) => read_text(kind, &text, &Rules::default(), today).ok(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    };
    match kind {
        ValueType::Any => Some(value),
        ValueType::Text => match value {
            Value::Number(number) => Some(Value::String(number.to_string())),
            Value::String(_) => Some(value),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        },
        ValueType::YesNo if value.is_boolean() => Some(value),
        ValueType::Integer if value.is_i64() || value.is_u64() => Some(value),
        ValueType::Decimal | ValueType::Money if value.is_number() => Some(value),
        ValueType::List => value.is_array().then_some(value),
        ValueType::Object | ValueType::Media | ValueType::Location => value.is_object().then_some(value),
        ValueType::Name => read(AnswerType::Name, value),
        ValueType::YesNo => read(AnswerType::YesNo, value),
        ValueType::Integer => read(AnswerType::Integer, value),
        ValueType::Decimal => read(AnswerType::Decimal, value),
        ValueType::Money => read(AnswerType::Money, value),
        ValueType::Date => read(AnswerType::Date, value),
        ValueType::Time => read(AnswerType::Time, value),
        ValueType::Cpf => read(AnswerType::Cpf, value),
        ValueType::Cnpj => read(AnswerType::Cnpj, value),
        ValueType::Rg => read(AnswerType::Rg, value),
        ValueType::Cep => read(AnswerType::Cep, value),
        ValueType::Email => read(AnswerType::Email, value),
        ValueType::Phone => read(AnswerType::Phone, value),
    }
}
