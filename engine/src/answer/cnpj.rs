//! CNPJ: the number of an organisation, alphanumeric since July 2026 (IN RFB 2.229/2024), with two check digits.

use super::Invalid;

/// The fourteen signs without punctuation, letters large.
pub fn bare(text: &str) -> String {
    text.chars()
        .map(super::fold::narrow)
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

/// Words people write around the number.
const AROUND: &[&str] = &["cnpj", "o", "meu", "e", "eh", "da", "empresa", "numero", "n", "no", "nosso"];

/// The fourteen signs, with such words and punctuation around them.
pub(super) fn read(text: &str) -> Result<String, Invalid> {
    let number: String = text
        .split([' ', ':'])
        .filter(|word| !AROUND.contains(&super::fold::fold(word).as_str()))
        .map(bare)
        .collect();
    match number.len() {
        14 if valid(&number) => Ok(number),
        14 if number.bytes().filter(u8::is_ascii_digit).count() >= 8 => Err(Invalid::CheckDigits),
        _ => Err(Invalid::Format),
    }
}

/// Whether this is a CNPJ: twelve letters or digits, two digits, and those two are right.
pub fn valid(text: &str) -> bool {
    let signs = bare(text).into_bytes();
    signs.len() == 14
        && signs[12..].iter().all(u8::is_ascii_digit)
        && signs.iter().any(|sign| *sign != signs[0])
        && signs[12] == check(&signs[..12])
        && signs[13] == check(&signs[..13])
}

/// The next check digit, as ASCII: a sign counts as its ASCII code less 48, weights 2 to 9 from the right, modulo 11.
fn check(signs: &[u8]) -> u8 {
    let weights = (2..=9).cycle();
    let sum: u32 =
        signs.iter().rev().zip(weights).map(|(sign, weight)| u32::from(sign - b'0') * weight).sum();
    match sum % 11 {
        0 | 1 => b'0',
        rest => b'0' + u8::try_from(11 - rest).expect("from 2 to 9"),
    }
}
