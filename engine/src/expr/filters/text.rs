//! `fold clip urlencode`: text made comparable, short, or fit for a URL.

use minijinja::{Environment, Error, Value};

use super::super::print::percent_encode;
use super::{input, maybe};
use crate::answer::fold::{fold, is_mark};

pub(super) fn register(env: &mut Environment<'static>) {
    env.add_filter("fold", |value: &Value| -> Result<Value, Error> {
        Ok(maybe(input("fold", value)?.map(|text| fold(&text))))
    });
    env.add_filter("clip", |value: &Value, length: usize| -> Result<Value, Error> {
        Ok(maybe(input("clip", value)?.map(|text| clip(&text, length))))
    });
    env.add_filter("urlencode", |value: &Value| -> Result<Value, Error> {
        Ok(maybe(input("urlencode", value)?.map(|text| {
            let mut out = String::with_capacity(text.len());
            percent_encode(&mut out, &text);
            out
        })))
    });
}

/// At most `length` characters, the last being `…` if something was cut; never cuts inside what is seen as one sign.
pub(crate) fn clip(text: &str, length: usize) -> String {
    if text.chars().count() <= length {
        return text.to_owned();
    }
    if length == 0 {
        return String::new();
    }
    let signs: Vec<char> = text.chars().collect();
    let mut end = length - 1;
    while end > 0 && joined(signs[end - 1], signs[end]) {
        end -= 1;
    }
    let kept: String = signs[..end].iter().collect();
    format!("{}…", kept.trim_end())
}

/// Whether two neighbours belong to one visible sign: accents, joined emoji, flags.
fn joined(before: char, after: char) -> bool {
    const JOINER: char = '\u{200D}';
    let flag = |c: char| matches!(c, '\u{1F1E6}'..='\u{1F1FF}');
    before == JOINER || is_mark(after) || (flag(before) && flag(after))
}
