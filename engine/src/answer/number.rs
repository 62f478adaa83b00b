//! Numbers as people in Brazil write them, in digits or words.

use serde_json::{Number, Value};

use super::fold::plain;
use super::words;

/// A whole number: `3`, `1.500`, `tenho 35 anos`, `vinte e cinco`.
pub(super) fn whole(text: &str) -> Option<i64> {
    let number = decimal(text)?;
    // Beyond this not every whole number has a double of its own.
    (number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0).then_some(number as i64)
}

/// A number: `1.234,56`, `1234.5`, `-3`, `2 mil`, `dois e meio`. One number; other words may stand around it.
pub(super) fn decimal(text: &str) -> Option<f64> {
    let plain = plain(text);
    let tokens: Vec<&str> = plain.split_whitespace().map(trim_sentence).filter(|t| !t.is_empty()).collect();
    if tokens.iter().any(|token| matches!(*token, "nao" | "nem" | "ou")) || plain.contains('?') {
        return None;
    }
    let is_number = |token: &&str| token.bytes().any(|b| b.is_ascii_digit());
    let mut numbers = tokens.iter().enumerate().filter(|(_, token)| is_number(token));
    let Some((at, token)) = numbers.next() else {
        return in_words(&tokens);
    };
    if numbers.next().is_some() || tokens.len() > 6 {
        return None;
    }
    let negative = at > 0 && matches!(tokens[at - 1], "-" | "menos");
    let number = digits(strip_unit(token))? * scale(tokens.get(at + 1).copied());
    Some(if negative { -number } else { number })
}

/// JSON without a fraction where there is none.
pub(super) fn to_json(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 {
        return Value::from(number as i64);
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

fn trim_sentence(token: &str) -> &str {
    token.trim_matches(['!', ';', ':', '(', ')', '"', '\'', '*', '#', '~']).trim_end_matches([',', '.'])
}

fn scale(word: Option<&str>) -> f64 {
    match word {
        Some("mil") => 1_000.0,
        Some("milhao" | "milhoes") => 1_000_000.0,
        _ => 1.0,
    }
}

/// `35anos`, `70kg`, `nº5` and `10%` without what is glued to them.
fn strip_unit(token: &str) -> &str {
    let token = token.trim_start_matches("no").trim_start_matches(['n', 'º', '°']);
    let unit = token.trim_start_matches(|c: char| !c.is_alphabetic() && c != '%' && c != '°');
    let known = [
        "anos", "ano", "kg", "g", "cm", "m", "mg", "ml", "l", "h", "x", "a", "o", "%", "°", "°c", "dias",
        "dia",
    ];
    if known.contains(&unit) { &token[..token.len() - unit.len()] } else { token }
}

/// Digits with points and commas. The last separator of two kinds is the decimal one; a single comma is always; a point
/// groups thousands where the groups have three digits, as in `1.500`, and is a decimal point elsewhere, as in `1.5`.
fn digits(token: &str) -> Option<f64> {
    let (sign, body) = match token.strip_prefix('-') {
        Some(body) => (-1.0, body),
        None => (1.0, token.strip_prefix('+').unwrap_or(token)),
    };
    if !body.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b',') || body.len() > 24 {
        return None;
    }
    let (whole, fraction, separator) = match (body.rfind(','), body.rfind('.')) {
        (Some(comma), Some(point)) if comma > point => (&body[..comma], &body[comma + 1..], '.'),
        (Some(_), Some(point)) => (&body[..point], &body[point + 1..], ','),
        (Some(comma), None) => (&body[..comma], &body[comma + 1..], '.'),
        (None, Some(point)) => {
            let groups = grouped(body, '.') && !body.starts_with("0.");
            if groups { (body, "", '.') } else { (&body[..point], &body[point + 1..], ',') }
        }
        (None, None) => (body, "", '.'),
    };
    let plain: String = if whole.contains(separator) {
        if !grouped(whole, separator) {
            return None;
        }
        whole.replace(separator, "")
    } else {
        whole.to_owned()
    };
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(&plain) || !all_digits(fraction) || (plain.is_empty() && fraction.is_empty()) {
        return None;
    }
    let or_zero = |digits: &str| if digits.is_empty() { "0".to_owned() } else { digits.to_owned() };
    let number = format!("{}.{}", or_zero(&plain), or_zero(fraction)).parse::<f64>().ok()?;
    number.is_finite().then_some(sign * number)
}

/// Groups of three digits, the first of one to three.
fn grouped(text: &str, separator: char) -> bool {
    let mut groups = text.split(separator);
    let first = groups.next().unwrap_or_default();
    let digits = |group: &str| group.bytes().all(|b| b.is_ascii_digit());
    (1..=3).contains(&first.len()) && digits(first) && groups.all(|group| group.len() == 3 && digits(group))
}

/// A number in words, with nothing else around it than a few words that are none.
fn in_words(tokens: &[&str]) -> Option<f64> {
    let (tokens, sign) = match tokens {
        ["menos", rest @ ..] => (rest, -1.0),
        all => (all, 1.0),
    };
    // "dois e meio", "três e meia"
    let (tokens, half) = match tokens {
        [whole @ .., "e", "meio" | "meia"] if !whole.is_empty() => (whole, 0.5),
        all => (all, 0.0),
    };
    if let Some(number) = words::number(tokens) {
        return Some(sign * (number as f64 + half));
    }
    // The longest run of number words, if it is the only one: "tenho vinte e cinco anos".
    if tokens.len() > 8 {
        return None;
    }
    let is_part = |word: &str| words::number(&[word]).is_some() || matches!(word, "mil" | "e");
    let first =
        tokens.iter().position(|word| words::number(&[word]).is_some() && !is_article(tokens, word))?;
    let length = tokens[first..].iter().take_while(|word| is_part(word)).count();
    let run = &tokens[first..first + length];
    let elsewhere = tokens[first + length..].iter().any(|word| words::number(&[word]).is_some());
    let number = words::number(run)?;
    (!elsewhere).then_some(sign * (number as f64 + half))
}

/// `um` and `uma` before another word may be an article, and are no answer then ("um momento").
fn is_article(tokens: &[&str], word: &str) -> bool {
    matches!(word, "um" | "uma" | "meia" | "nenhum" | "nenhuma")
        && tokens.last().is_some_and(|last| *last != word)
}
