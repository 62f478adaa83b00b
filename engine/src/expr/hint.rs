//! What people mean who write as in another language, in Portuguese, or with a word processor's quotes.

use std::ops::Range;

/// A hint in Portuguese and English, told from what stands at the place of a syntax error.
pub(super) fn hint(source: &str, range: &Range<usize>) -> Option<(&'static str, &'static str)> {
    let here = source[range.start..].trim_start();
    let before = source[..range.start].trim_end();
    let sign = |sign: &str| here.starts_with(sign) || (sign.is_ascii() && split_at_end(before, here, sign));
    let word: String = here.chars().take_while(|c| c.is_alphanumeric()).collect();
    let word = word.to_lowercase();
    let last = before.split_whitespace().next_back().unwrap_or_default();
    Some(if sign("&&") || matches!(word.as_str(), "e" | "and") {
        ("para “e” use `and`", "for “and” use `and`")
    } else if sign("||") || matches!(word.as_str(), "ou" | "or") {
        ("para “ou” use `or`", "for “or” use `or`")
    } else if sign("<>") {
        ("para “diferente” use `!=`", "for “different” use `!=`")
    } else if sign("=") {
        ("para comparar use `==`", "to compare use `==`")
    } else if sign("!") || matches!(last, "nao" | "não") || matches!(word.as_str(), "nao" | "não") {
        ("para “não” use `not`", "for “not” use `not`")
    } else if sign("?") {
        ("para escolher use `b if a else c`", "to choose use `b if a else c`")
    } else if ["“", "”", "‘", "’"].iter().any(|quote| sign(quote)) {
        ("use aspas retas: `'`", "use straight quotes: `'`")
    } else if word == "se" {
        ("escreva `{% if %}`", "write `{% if %}`")
    } else if matches!(word.as_str(), "senao" | "senão" | "sen") {
        ("escreva `{% else %}`", "write `{% else %}`")
    } else if matches!(word.as_str(), "para" | "cada") {
        ("escreva `{% for %}`", "write `{% for %}`")
    } else if here.chars().next().is_some_and(|c| !c.is_ascii() && c.is_alphabetic()) {
        ("nomes são escritos sem acento", "names are written without accents")
    } else {
        return None;
    })
}

/// Whether a sign of two characters stands on both sides of the place.
fn split_at_end(before: &str, here: &str, sign: &str) -> bool {
    let (first, second) = sign.split_at(1);
    !second.is_empty() && before.ends_with(first) && here.starts_with(second)
}
