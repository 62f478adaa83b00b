//! `first_name title_name`: names as they are greeted and written.

use minijinja::{Environment, Error, Value};

use super::{input, maybe};

/// Words inside a name that stay small.
const PARTICLES: &[&str] =
    &["da", "das", "de", "del", "della", "di", "do", "dos", "du", "e", "van", "von", "y"];

/// Titles in front of a name, without the point; nobody is greeted by them.
const TITLES: &[&str] =
    &["dr", "dra", "sr", "sra", "srta", "prof", "profa", "profª", "enf", "enfa", "enfª", "drª", "srª"];

const NUMERALS: &[&str] = &["ii", "iii", "iv", "vi", "vii", "viii", "ix"];

pub(super) fn register(env: &mut Environment<'static>) {
    env.add_filter("first_name", |value: &Value| -> Result<Value, Error> {
        Ok(maybe(input("first_name", value)?.and_then(|text| first_name(&text))))
    });
    env.add_filter("title_name", |value: &Value| -> Result<Value, Error> {
        Ok(maybe(input("title_name", value)?.map(|text| title_name(&text))))
    });
}

/// `MARIA DA SILVA` → `Maria`; a title in front is skipped. An empty name is absent.
fn first_name(full: &str) -> Option<String> {
    let is_title = |word: &&str| TITLES.contains(&word.trim_end_matches('.').to_lowercase().as_str());
    let mut words = full.split_whitespace();
    let first = words.clone().find(|word| !is_title(word)).or_else(|| words.next())?;
    Some(capitalised(first.trim_end_matches([',', ';'])))
}

/// `MARIA DA SILVA` → `Maria da Silva`, `joão d'ávila` → `João d'Ávila`, `JOAO PAULO II` → `Joao Paulo II`.
fn title_name(full: &str) -> String {
    let mut out = String::with_capacity(full.len());
    for (index, word) in full.split_whitespace().enumerate() {
        if index > 0 {
            out.push(' ');
        }
        let lower = word.to_lowercase();
        if index > 0 && PARTICLES.contains(&lower.as_str()) {
            out.push_str(&lower);
        } else if index > 0 && NUMERALS.contains(&lower.as_str()) {
            out.push_str(&word.to_uppercase());
        } else {
            let name = capitalised(word);
            match name.strip_prefix("D'").or_else(|| name.strip_prefix("D’")) {
                Some(_) if index > 0 => {
                    out.push('d');
                    out.push_str(&name[1..]);
                }
                _ => out.push_str(&name),
            }
        }
    }
    out
}

/// First letter large, also after a hyphen, an apostrophe or a point; the rest small.
fn capitalised(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut start = true;
    for c in word.chars() {
        if start {
            out.extend(c.to_uppercase());
        } else {
            out.extend(c.to_lowercase());
        }
        start = matches!(c, '-' | '\'' | '’' | '.' | '(');
    }
    out
}
