//! Takes what is personal out of text that others wrote, before it is logged or shown to the staff.

/// Digits from which a run is taken for a phone, a CPF, a card or a date of birth.
const PERSONAL_DIGITS: usize = 8;

/// The longest text that is let through, in characters.
const LONGEST: usize = 300;

/// A text without runs of eight or more digits (however they are punctuated) and without e-mail addresses, clipped.
///
/// For the words of providers, which like to quote what they were sent. Our own texts name things by opaque ids
/// and do not need it.
pub fn redact(text: &str) -> String {
    let mut clean = String::with_capacity(text.len().min(LONGEST));
    for (index, word) in text.split_inclusive(char::is_whitespace).enumerate() {
        if index > LONGEST {
            break;
        }
        if word.contains('@') {
            clean.push('…');
            clean.extend(word.chars().filter(|c| c.is_whitespace()));
        } else {
            clean.push_str(word);
        }
    }
    let clean = without_digit_runs(&clean);
    match clean.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &clean[..end]),
        None => clean,
    }
}

fn without_digit_runs(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars() {
        if c.is_ascii_digit() || (!run.is_empty() && matches!(c, '.' | '-' | '/' | '(' | ')' | ' ' | '+')) {
            run.push(c);
        } else {
            settle(&mut run, &mut clean);
            clean.push(c);
        }
    }
    settle(&mut run, &mut clean);
    clean
}

/// Ends a run: what trails its last digit was no part of it.
fn settle(run: &mut String, clean: &mut String) {
    let digits = run.chars().filter(char::is_ascii_digit).count();
    if digits >= PERSONAL_DIGITS {
        let tail = run.rfind(|c: char| c.is_ascii_digit()).map_or(0, |last| last + 1);
        clean.push('…');
        clean.push_str(&run[tail..]);
    } else {
        clean.push_str(run);
    }
    run.clear();
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn phones_documents_and_addresses_go_and_the_rest_stays() {
        for (text, expected) in [
            ("recipient +55 (11) 98765-4321 refused", "recipient +… refused"),
            ("cpf 529.982.247-25.", "cpf …."),
            ("(#131009) Parameter value is not valid", "(#131009) Parameter value is not valid"),
            ("mail ana.lima@example.com now", "mail … now"),
            ("código 409, sala 12", "código 409, sala 12"),
        ] {
            assert_eq!(redact(text), expected);
        }
    }

    #[test]
    fn a_long_text_is_clipped_at_a_character() {
        let clipped = redact(&"á".repeat(1000));
        assert_eq!(clipped.chars().count(), 301);
        assert!(clipped.ends_with('…'));
    }
}
