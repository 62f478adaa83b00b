//! `cpf cnpj cep phone mask digits`: numbers of people, as people write them. What does not fit the form is left alone.

use minijinja::{Environment, Error, Value};

use super::{input, maybe};
use crate::answer::{cnpj, cpf, digits_of, phone};

pub(super) fn register(env: &mut Environment<'static>) {
    env.add_filter("cpf", format_cpf);
    env.add_filter("cnpj", format_cnpj);
    env.add_filter("cep", format_cep);
    env.add_filter("phone", format_phone);
    env.add_filter("mask", mask);
    env.add_filter("digits", digits);
}

/// `52998224725` → `529.982.247-25`. Zeros that a system lost in front are put back.
fn format_cpf(value: &Value) -> Result<Value, Error> {
    Ok(maybe(input("cpf", value)?.map(|text| {
        let digits = digits_of(&text);
        if (9..=11).contains(&digits.len()) {
            let d = format!("{digits:0>11}");
            format!("{}.{}.{}-{}", &d[..3], &d[3..6], &d[6..9], &d[9..])
        } else {
            text
        }
    })))
}

/// `12ABC34501DE35` → `12.ABC.345/01DE-35`.
fn format_cnpj(value: &Value) -> Result<Value, Error> {
    Ok(maybe(input("cnpj", value)?.map(|text| {
        let bare = cnpj::bare(&text);
        if bare.len() == 14 {
            let b = &bare;
            format!("{}.{}.{}/{}-{}", &b[..2], &b[2..5], &b[5..8], &b[8..12], &b[12..])
        } else {
            text
        }
    })))
}

/// `01310100` → `01310-100`.
fn format_cep(value: &Value) -> Result<Value, Error> {
    Ok(maybe(input("cep", value)?.map(|text| {
        let digits = digits_of(&text);
        if (7..=8).contains(&digits.len()) {
            let d = format!("{digits:0>8}");
            format!("{}-{}", &d[..5], &d[5..])
        } else {
            text
        }
    })))
}

/// `+5511987654321` → `(11) 98765-4321`; a foreign number stays as it is.
fn format_phone(value: &Value) -> Result<Value, Error> {
    Ok(maybe(input("phone", value)?.map(|text| phone::display(&text).unwrap_or(text))))
}

/// Hides all but the end: `***.***.247-25`, `(11) *****-4321`, `m****@exemplo.com.br`, `*****6789`.
fn mask(value: &Value) -> Result<Value, Error> {
    Ok(maybe(input("mask", value)?.map(|text| masked(&text))))
}

fn masked(text: &str) -> String {
    let text = text.trim();
    if let Some((user, host)) = text.split_once('@') {
        let first: String = user.chars().take(1).collect();
        return format!("{first}****@{host}");
    }
    let digits = digits_of(text);
    if cpf::valid(&digits) && digits.len() == 11 {
        return format!("***.***.{}-{}", &digits[6..9], &digits[9..]);
    }
    if let Some(shown) = phone::display(text)
        && let Some((area, number)) = shown.split_once(' ')
    {
        let hidden: Vec<char> = number.chars().collect();
        let keep = hidden.len().saturating_sub(4);
        let number: String = hidden
            .iter()
            .enumerate()
            .map(|(index, c)| if index < keep && c.is_ascii_digit() { '*' } else { *c })
            .collect();
        return format!("{area} {number}");
    }
    let signs: Vec<char> = text.chars().collect();
    // Of something short, less is shown.
    let keep = signs.len() - (signs.len() / 3).min(4);
    signs
        .iter()
        .enumerate()
        .map(|(index, c)| if index < keep && c.is_alphanumeric() { '*' } else { *c })
        .collect()
}

/// Only the digits.
fn digits(value: &Value) -> Result<Value, Error> {
    Ok(maybe(input("digits", value)?.map(|text| digits_of(&text))))
}
