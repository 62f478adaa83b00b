//! Reads a written answer: one entry, one arm per type.

use jiff::civil::Date;
use serde_json::Value;

use super::{
    AnswerType, Invalid, Rules, cep, cnpj, cpf, date, email, fold, money, name, number, phone, rg, time,
    yes_no,
};

/// Characters that anything but a free text may have; what is longer is a story, not an answer.
const LONGEST: usize = 300;

/// Reads a text as an answer of a type, and gives what is kept of it, normalised. `today` is the local day.
pub fn read_text(kind: AnswerType, text: &str, rules: &Rules, today: Date) -> Result<Value, Invalid> {
    if !kind.takes_text() {
        return Err(Invalid::WrongKind);
    }
    let written = written(text);
    if written.is_empty() {
        return Err(Invalid::Empty);
    }
    let line = match kind {
        AnswerType::Text | AnswerType::Any | AnswerType::Pattern => String::new(),
        AnswerType::Name
        | AnswerType::YesNo
        | AnswerType::Integer
        | AnswerType::Decimal
        | AnswerType::Money
        | AnswerType::Date
        | AnswerType::Time
        | AnswerType::Cpf
        | AnswerType::Cnpj
        | AnswerType::Rg
        | AnswerType::Cep
        | AnswerType::Email
        | AnswerType::Phone
        | AnswerType::Image
        | AnswerType::Audio
        | AnswerType::Video
        | AnswerType::Document
        | AnswerType::Media
        | AnswerType::Location => one_line(&written)?,
    };
    let line = line.as_str();
    match kind {
        AnswerType::Text | AnswerType::Any => {
            rules.bound_length(written.chars().count())?;
            Ok(Value::String(written))
        }
        AnswerType::Pattern => {
            rules.bound_length(written.chars().count())?;
            let fits = rules.pattern.as_ref().is_none_or(|pattern| pattern.matches(&written));
            if fits { Ok(Value::String(written)) } else { Err(Invalid::Format) }
        }
        AnswerType::Name => name::read(line, rules).map(Value::String),
        AnswerType::YesNo => yes_no::read(line).map(Value::Bool).ok_or(Invalid::Format),
        AnswerType::Integer => {
            let number = number::whole(line).ok_or(Invalid::Format)?;
            rules.bound_number(number as f64)?;
            Ok(number.into())
        }
        AnswerType::Decimal => {
            let number = number::decimal(line).ok_or(Invalid::Format)?;
            rules.bound_number(number)?;
            Ok(number::to_json(number))
        }
        AnswerType::Money => {
            let amount = money::read(line).ok_or(Invalid::Format)?;
            rules.bound_number(amount)?;
            Ok(number::to_json(amount))
        }
        AnswerType::Date => date::read(line, rules, today).map(|day| Value::String(day.to_string())),
        AnswerType::Time => time::read(line, rules).map(Value::String),
        AnswerType::Cpf => cpf::read(line).map(Value::String),
        AnswerType::Cnpj => cnpj::read(line).map(Value::String),
        AnswerType::Rg => rg::read(line).map(Value::String).ok_or(Invalid::Format),
        AnswerType::Cep => cep::read(line).map(Value::String).ok_or(Invalid::Format),
        AnswerType::Email => email::read(line).map(Value::String).ok_or(Invalid::Format),
        AnswerType::Phone => phone::read(line).map(Value::String),
        AnswerType::Image
        | AnswerType::Audio
        | AnswerType::Video
        | AnswerType::Document
        | AnswerType::Media
        | AnswerType::Location => Err(Invalid::WrongKind),
    }
}

/// The text without control characters and without space around it; line breaks stay.
fn written(text: &str) -> String {
    let kept: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    let visible = |c: char| !c.is_whitespace() && !fold::is_mark(c);
    if kept.contains(visible) { kept.trim().to_owned() } else { String::new() }
}

/// The text on one line, full-width signs narrowed, invisible ones dropped, spaces collapsed.
fn one_line(written: &str) -> Result<String, Invalid> {
    if written.chars().count() > LONGEST {
        return Err(Invalid::Format);
    }
    let plain: String = written
        .chars()
        .map(fold::narrow)
        .map(|c| match c {
            '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
            '\u{2018}' | '\u{2019}' | '\u{00B4}' | '`' => '\'',
            other => other,
        })
        .filter(|c| !fold::is_mark(*c) || is_accent(*c))
        .collect();
    Ok(plain.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Accents that some keyboards send as characters of their own belong to the letters of a name.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}')
}
