//! Telephone numbers: Brazilian ones in full, foreign ones by E.164; and the two forms of a Brazilian WhatsApp id.

use super::Invalid;
use super::fold::narrow;

/// The area codes (DDD) in use, Anatel's plan.
const AREA_CODES: &[u8] = &[
    11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 24, 27, 28, 31, 32, 33, 34, 35, 37, 38, 41, 42, 43, 44, 45,
    46, 47, 48, 49, 51, 53, 54, 55, 61, 62, 63, 64, 65, 66, 67, 68, 69, 71, 73, 74, 75, 77, 79, 81, 82, 83,
    84, 85, 86, 87, 88, 89, 91, 92, 93, 94, 95, 96, 97, 98, 99,
];

/// The number in E.164 (`+5511987654321`), from what a person writes: with or without country code, a long-distance
/// zero, a carrier code, punctuation and words around it. A mobile number without its ninth digit gets it.
pub fn e164(text: &str) -> Option<String> {
    let digits: String = super::digits_of(text);
    let international = text.chars().map(narrow).find(|c| c.is_ascii_digit() || *c == '+') == Some('+');
    if international && !digits.starts_with("55") {
        return foreign(&digits);
    }
    national(&digits).map(|number| format!("+55{number}"))
}

/// Area code and subscriber, ten or eleven digits, from a Brazilian number in any of its written forms.
fn national(digits: &str) -> Option<String> {
    let candidates = [
        digits.strip_prefix("0055"),
        digits.strip_prefix("55"),
        Some(digits),
        digits.strip_prefix('0'),
        // 0 + two digits of the carrier that is to carry the call
        digits.strip_prefix('0').and_then(|rest| rest.get(2..)),
    ];
    candidates.into_iter().flatten().find_map(|number| {
        let number = number.strip_prefix('0').unwrap_or(number);
        let area = number.get(..2)?.parse::<u8>().ok()?;
        let line = number.get(2..)?;
        if !AREA_CODES.contains(&area) {
            return None;
        }
        match (line.len(), line.as_bytes().first()?) {
            (9, b'9') => Some(number.to_owned()),
            (8, b'6'..=b'9') => Some(format!("{area}9{line}")),
            (8, b'2'..=b'5') => Some(number.to_owned()),
            _ => None,
        }
    })
}

/// The number in E.164, or what is wrong with it.
pub(super) fn read(text: &str) -> Result<String, Invalid> {
    if let Some(number) = e164(text) {
        return Ok(number);
    }
    match super::digits_of(text).len() {
        8..=11 => Err(Invalid::AreaCode),
        _ => Err(Invalid::Format),
    }
}

/// A foreign number: eight to fifteen digits after the plus.
fn foreign(digits: &str) -> Option<String> {
    ((8..=15).contains(&digits.len()) && !digits.starts_with('0')).then(|| format!("+{digits}"))
}

/// A Brazilian number as people write it: `(11) 98765-4321`.
pub fn display(text: &str) -> Option<String> {
    let number = e164(text)?;
    let national = number.strip_prefix("+55")?;
    let (area, line) = national.split_at_checked(2)?;
    let (head, tail) = line.split_at_checked(line.len().checked_sub(4)?)?;
    Some(format!("({area}) {head}-{tail}"))
}

/// The forms under which one person may be known at WhatsApp: as given (digits only), then with or without the ninth
/// digit (whatsapp-cloud.md §11). Landlines and foreign numbers have one form.
pub fn variants(text: &str) -> Vec<String> {
    let digits = super::digits_of(text);
    let other = match (digits.starts_with("55"), digits.len(), digits.as_bytes()) {
        (true, 13, [_, _, _, _, b'9', b'6'..=b'9', ..]) => Some(format!("{}{}", &digits[..4], &digits[5..])),
        (true, 12, [_, _, _, _, b'6'..=b'9', ..]) => Some(format!("{}9{}", &digits[..4], &digits[4..])),
        _ => None,
    };
    std::iter::once(digits).chain(other).collect()
}
