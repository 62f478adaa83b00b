//! "Did you mean": the known name most like a wrong one.

/// How alike two names must be, from 0 to 1 (Jaro-Winkler).
const ALIKE: f64 = 0.85;

/// The most similar of the known names, if one is similar enough. Of equals the first.
pub(super) fn nearest<'k>(wrong: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let mut best: Option<(f64, &str)> = None;
    for name in known {
        let alike = strsim::jaro_winkler(wrong, name);
        if alike >= ALIKE && name != wrong && best.is_none_or(|(most, _)| alike > most) {
            best = Some((alike, name));
        }
    }
    best.map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        assert_eq!(nearest("escoler", ["resumo", "escolher", "escolhido"]), Some("escolher"));
        assert_eq!(nearest("canceladoo", ["cancelado", "cancelar"]), Some("cancelado"));
        assert_eq!(nearest("fim", ["inicio", "resumo"]), None);
    }
}
