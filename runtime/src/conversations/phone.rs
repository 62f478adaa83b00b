//! Brazilian phones: with and without the ninth digit (whatsapp-cloud.md §11).

/// The other form of a Brazilian mobile number, digits only; absent for landlines and other countries.
pub(crate) fn other_form(phone: &str) -> Option<String> {
    if !phone.bytes().all(|byte| byte.is_ascii_digit()) || !phone.starts_with("55") {
        return None;
    }
    let bytes = phone.as_bytes();
    match phone.len() {
        13 if bytes[4] == b'9' && (b'6'..=b'9').contains(&bytes[5]) => {
            Some(format!("{}{}", &phone[..4], &phone[5..]))
        }
        12 if (b'6'..=b'9').contains(&bytes[4]) => Some(format!("{}9{}", &phone[..4], &phone[4..])),
        _ => None,
    }
}

/// As people know it: E.164 with the plus sign, Brazilian mobiles with the ninth digit.
pub(crate) fn shown(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    let long = other_form(&digits).filter(|other| other.len() > digits.len());
    format!("+{}", long.unwrap_or(digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mobiles_have_two_forms() {
        for (long, short) in [("5531996883193", "553196883193"), ("5511987654321", "551187654321")] {
            assert_eq!(other_form(long).as_deref(), Some(short));
            assert_eq!(other_form(short).as_deref(), Some(long));
            assert_eq!(shown(short), format!("+{long}"));
            assert_eq!(shown(long), format!("+{long}"));
        }
        for other in ["551133334444", "5511933334444", "14155550100", "", "55119é654321"] {
            assert_eq!(other_form(other), None, "{other}");
        }
        assert_eq!(shown("551133334444"), "+551133334444");
    }
}
