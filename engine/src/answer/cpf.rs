//! CPF: the number of a person at the Brazilian revenue service, with its two check digits.

use super::Invalid;

/// Whether this is a CPF: eleven digits, with or without points, and right check digits.
pub fn valid(text: &str) -> bool {
    let digits: Vec<u32> = super::digits_of(text).chars().filter_map(|c| c.to_digit(10)).collect();
    digits.len() == 11
        // Eleven equal digits satisfy the arithmetic and are nobody's.
        && digits.iter().any(|d| *d != digits[0])
        && digits[9] == check(&digits[..9])
        && digits[10] == check(&digits[..10])
}

/// The eleven digits, with words and punctuation around them.
pub(super) fn read(text: &str) -> Result<String, Invalid> {
    let digits = super::digits_of(text);
    match digits.len() {
        11 if valid(&digits) => Ok(digits),
        11 => Err(Invalid::CheckDigits),
        _ => Err(Invalid::Format),
    }
}

/// The next check digit: weights 2, 3, 4… from the right, modulo 11.
fn check(digits: &[u32]) -> u32 {
    let sum: u32 = digits.iter().rev().zip(2..).map(|(d, weight)| d * weight).sum();
    match sum % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    }
}
