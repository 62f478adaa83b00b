//! E-mail addresses, as people type and dictate them.

/// The address in lower case. Accepts one address with words around it, spaces around the `@`, and `arroba` and `ponto`
/// written out.
pub(super) fn read(text: &str) -> Option<String> {
    let spoken = text.to_lowercase().replace(" arroba ", "@").replace(" ponto ", ".");
    let joined = spoken.replace(" @", "@").replace("@ ", "@");
    let mut found = joined.split_whitespace().filter(|word| word.contains('@'));
    let word = found.next()?;
    if found.next().is_some() {
        return None;
    }
    let address = word
        .trim_start_matches("mailto:")
        .trim_matches(['<', '>', '(', ')', '"', '\'', ',', ';', ':', '!', '.']);
    let (user, host) = address.split_once('@')?;
    (valid_user(user) && valid_host(host)).then(|| address.to_owned())
}

/// The part before the `@`: what mail providers give out, not all that RFC 5321 allows.
fn valid_user(user: &str) -> bool {
    (1..=64).contains(&user.len())
        && user.bytes().all(|b| b.is_ascii_alphanumeric() || b"._%+-".contains(&b))
        && !user.starts_with('.')
        && !user.ends_with('.')
        && !user.contains("..")
}

fn valid_host(host: &str) -> bool {
    let labels: Vec<&str> = host.split('.').collect();
    let label = |label: &&str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let top = labels.last().is_some_and(|top| top.len() >= 2 && top.bytes().all(|b| b.is_ascii_alphabetic()));
    host.len() <= 253 && labels.len() >= 2 && labels.iter().all(label) && top
}
