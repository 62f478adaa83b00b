//! Numbers of accounts, and the Brazilian ninth digit (whatsapp-cloud.md §11).

/// The digits of what somebody typed.
pub(crate) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// The forms under which one account may be known, the given one first. Landlines have only one.
pub(crate) fn variants(number: &str) -> Vec<String> {
    let digits = digits(number);
    let bytes = digits.as_bytes();
    let mobile = |digit: u8| (b'6'..=b'9').contains(&digit);
    let mut list = vec![digits.clone()];
    if digits.starts_with("55") {
        if bytes.len() == 13 && bytes[4] == b'9' && mobile(bytes[5]) {
            list.push(format!("{}{}", &digits[..4], &digits[5..]));
        } else if bytes.len() == 12 && mobile(bytes[4]) {
            list.push(format!("{}9{}", &digits[..4], &digits[4..]));
        }
    }
    list
}

/// A Brazilian landline: WhatsApp does not know it.
pub(crate) fn is_landline(digits: &str) -> bool {
    digits.len() == 12 && digits.starts_with("55") && (b'2'..=b'5').contains(&digits.as_bytes()[4])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ninth_digit_comes_and_goes() {
        assert_eq!(variants("5531996883193"), ["5531996883193", "553196883193"]);
        assert_eq!(variants("553196883193"), ["553196883193", "5531996883193"]);
        assert_eq!(variants("+55 (11) 98765-4321"), ["5511987654321", "551187654321"]);
        assert_eq!(variants("551133334444"), ["551133334444"]);
        assert_eq!(variants("16505551234"), ["16505551234"]);
        assert!(is_landline("551133334444") && !is_landline("551187654321") && !is_landline("5511987654321"));
    }
}
