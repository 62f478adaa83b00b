//! "Did you mean": the known name that is most like a misspelt one.

/// The most similar name, if any is similar enough (Jaro-Winkler ≥ 0.85); the first of equals.
pub(super) fn suggest<'n>(wrong: &str, known: impl Iterator<Item = &'n str>) -> Option<String> {
    let mut best: Option<(f64, &str)> = None;
    for name in known {
        let score = strsim::jaro_winkler(wrong, name);
        if score >= 0.85 && best.is_none_or(|(top, _)| score > top) {
            best = Some((score, name));
        }
    }
    best.map(|(_, name)| name.to_owned())
}
