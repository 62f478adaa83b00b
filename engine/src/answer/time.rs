//! Times of day, as people say them.

use super::fold::plain;
use super::{Invalid, Rules, words};

/// The time as `14:30`. Reads `14:30`, `14h30`, `8h`, `2 da tarde`, `oito e meia da noite`, `meio-dia`, `10 para as 3`.
pub(super) fn read(text: &str, rules: &Rules) -> Result<String, Invalid> {
    let (hour, minute) = clock(text)?;
    if hour > 23 || minute > 59 {
        return Err(Invalid::NoSuchTime);
    }
    let time = format!("{hour:02}:{minute:02}");
    rules.bound_text(&time)?;
    Ok(time)
}

/// The part of the day that was named.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Dawn,
    Morning,
    Afternoon,
    Night,
    BeforeNoon,
    AfterNoon,
}

/// Words that change nothing.
const AROUND: &[&str] = &[
    "a", "as", "ao", "aos", "o", "de", "da", "do", "na", "no", "pela", "pelas", "por", "volta", "das",
    "umas", "la", "hora", "horas", "hs", "hrs", "hr", "h", "minuto", "minutos", "min", "em", "ponto", "pode",
    "ser", "prefiro", "quero", "favor",
];

fn clock(text: &str) -> Result<(u32, u32), Invalid> {
    if text.contains('?') {
        return Err(Invalid::Format);
    }
    let plain = plain(text)
        .replace("meio-dia", "meiodia")
        .replace("meio dia", "meiodia")
        .replace("meia-noite", "meianoite")
        .replace("meia noite", "meianoite")
        .replace("a.m", "am")
        .replace("p.m", "pm");
    let spaced = apart(&plain);
    let mut part = None;
    let mut words: Vec<&str> = Vec::new();
    for word in spaced.split_whitespace() {
        match word {
            "madrugada" => part = Some(Part::Dawn),
            "manha" => part = Some(Part::Morning),
            "tarde" => part = Some(Part::Afternoon),
            "am" => part = Some(Part::BeforeNoon),
            "pm" => part = Some(Part::AfterNoon),
            "noite" => part = Some(Part::Night),
            word if AROUND.contains(&word) => {}
            word => words.push(word),
        }
    }
    let (hour, minute) = face(&words).ok_or(Invalid::Format)?;
    let hour = on_the_day(hour, part, words.first().is_some_and(|w| w.starts_with("mei")))?;
    Ok((hour, minute))
}

/// Letters and digits that are glued together, apart: `14h30min` → `14 h 30 min`; `14:30` and `14.30` → `14 30`.
fn apart(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut before = ' ';
    for c in text.chars() {
        if before.is_alphanumeric() && c.is_alphanumeric() && before.is_ascii_digit() != c.is_ascii_digit() {
            out.push(' ');
        }
        out.push(if c.is_alphanumeric() { c } else { ' ' });
        before = c;
    }
    out
}

/// Hour and minute as on a clock's face.
fn face(words: &[&str]) -> Option<(u32, u32)> {
    // "dez para as três"
    if let Some(at) = words.iter().position(|word| matches!(*word, "para" | "pra" | "pras")) {
        let minutes = count(&words[..at]).filter(|m| (1..=30).contains(m))?;
        let (hour, 0) = face(&words[at + 1..])? else { return None };
        return Some(((hour + 23) % 24, 60 - minutes));
    }
    let (hours, rest) = match words {
        ["meiodia", rest @ ..] => (12, rest),
        ["meianoite", rest @ ..] => (0, rest),
        // "1430" and "930"
        [digits] if matches!(digits.len(), 3 | 4) && digits.bytes().all(|b| b.is_ascii_digit()) => {
            let (hour, minute) = digits.split_at(digits.len() - 2);
            return Some((hour.parse().ok()?, minute.parse().ok()?));
        }
        [first, rest @ ..] if first.len() <= 2 && first.bytes().all(|b| b.is_ascii_digit()) => {
            (first.parse().ok()?, rest)
        }
        words => {
            // The longest beginning that names a number up to 24 is the hour.
            let (length, hour) = (1..=words.len().min(3))
                .rev()
                .find_map(|length| count(&words[..length]).filter(|h| *h <= 24).map(|h| (length, h)))?;
            (hour, &words[length..])
        }
    };
    let minutes = match rest {
        [] => 0,
        ["e", "meia" | "meio"] | ["meia"] => 30,
        ["e", "quinze"] | ["e", "um", "quarto"] => 15,
        ["e", rest @ ..] | rest => count(rest)?,
    };
    Some((hours, minutes))
}

fn count(words: &[&str]) -> Option<u32> {
    if let [word] = words
        && word.len() <= 2
        && word.bytes().all(|b| b.is_ascii_digit())
    {
        return word.parse().ok();
    }
    if matches!(words, ["meia"]) {
        return None;
    }
    u32::try_from(words::number(words)?).ok()
}

/// The hour on a clock of twenty-four, from the part of the day; a part that contradicts the hour is refused.
fn on_the_day(hour: u32, part: Option<Part>, named: bool) -> Result<u32, Invalid> {
    let Some(part) = part.filter(|_| !named) else {
        return Ok(hour);
    };
    match (part, hour) {
        (Part::Dawn, 0..=6) | (Part::Morning, 0..=11) | (Part::BeforeNoon, 0..=11) => Ok(hour),
        (Part::Dawn | Part::Night | Part::BeforeNoon, 12) => Ok(0),
        (Part::Afternoon, 12..=19) | (Part::Night, 18..=23) | (Part::AfterNoon, 12..=23) => Ok(hour),
        (Part::Afternoon, 1..=7) | (Part::Night, 5..=11) | (Part::AfterNoon, 1..=11) => Ok(hour + 12),
        _ => Err(Invalid::Format),
    }
}
