//! CEP: a Brazilian postal code, eight digits.

/// The eight digits. Words around it do not matter, a digit too many or too few does.
pub(super) fn read(text: &str) -> Option<String> {
    let digits = super::digits_of(text);
    (digits.len() == 8 && digits.bytes().any(|digit| digit != b'0')).then_some(digits)
}
