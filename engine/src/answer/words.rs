//! Numbers written as Portuguese words: `dois`, `vinte e cinco`, `mil e duzentos`, `meia dúzia`.

const UNITS: &[(&str, i64)] = &[
    ("zero", 0),
    ("nenhum", 0),
    ("nenhuma", 0),
    ("um", 1),
    ("uma", 1),
    ("hum", 1),
    ("dois", 2),
    ("duas", 2),
    ("tres", 3),
    ("quatro", 4),
    ("cinco", 5),
    ("seis", 6),
    ("sete", 7),
    ("oito", 8),
    ("nove", 9),
    ("dez", 10),
    ("onze", 11),
    ("doze", 12),
    ("treze", 13),
    ("quatorze", 14),
    ("catorze", 14),
    ("quinze", 15),
    ("dezesseis", 16),
    ("dezasseis", 16),
    ("dezessete", 17),
    ("dezassete", 17),
    ("dezoito", 18),
    ("dezenove", 19),
    ("dezanove", 19),
];

const TENS: &[(&str, i64)] = &[
    ("vinte", 20),
    ("trinta", 30),
    ("quarenta", 40),
    ("cinquenta", 50),
    ("cincoenta", 50),
    ("sessenta", 60),
    ("setenta", 70),
    ("oitenta", 80),
    ("noventa", 90),
];

const HUNDREDS: &[(&str, i64)] = &[
    ("cem", 100),
    ("cento", 100),
    ("duzentos", 200),
    ("duzentas", 200),
    ("trezentos", 300),
    ("trezentas", 300),
    ("quatrocentos", 400),
    ("quatrocentas", 400),
    ("quinhentos", 500),
    ("quinhentas", 500),
    ("seiscentos", 600),
    ("seiscentas", 600),
    ("setecentos", 700),
    ("setecentas", 700),
    ("oitocentos", 800),
    ("oitocentas", 800),
    ("novecentos", 900),
    ("novecentas", 900),
];

fn find(table: &[(&str, i64)], word: &str) -> Option<i64> {
    table.iter().find(|(name, _)| *name == word).map(|(_, value)| *value)
}

/// The number that folded words name, all of them, up to 999,999,999; `None` if a word is none of it.
pub(super) fn number(words: &[&str]) -> Option<i64> {
    match words {
        [] => return None,
        ["meia", "duzia"] => return Some(6),
        ["uma", "duzia"] | ["duzia"] => return Some(12),
        _ => {}
    }
    if let Some(at) = words.iter().position(|word| matches!(*word, "milhao" | "milhoes")) {
        return scaled(words, at, 1_000_000, below_million);
    }
    below_million(words)
}

fn below_million(words: &[&str]) -> Option<i64> {
    match words.iter().position(|word| *word == "mil") {
        Some(at) => scaled(words, at, 1_000, below_thousand),
        None => below_thousand(words),
    }
}

/// What stands before a scale word times the scale, plus what stands after it.
fn scaled(words: &[&str], at: usize, scale: i64, part: fn(&[&str]) -> Option<i64>) -> Option<i64> {
    let many = if at == 0 { 1 } else { below_thousand(&words[..at]).filter(|n| *n > 0)? };
    let rest = match &words[at + 1..] {
        [] => 0,
        ["e", rest @ ..] if !rest.is_empty() => part(rest)?,
        ["e"] => return None,
        rest => part(rest)?,
    };
    Some(many * scale + rest)
}

/// Hundreds, then tens, then units, each at most once, joined by `e`.
fn below_thousand(words: &[&str]) -> Option<i64> {
    let mut total = 0;
    let mut below = 1_000;
    let mut expects_word = true;
    for word in words {
        if *word == "e" {
            if expects_word {
                return None;
            }
            expects_word = true;
            continue;
        }
        let (value, level) = if let Some(value) = find(HUNDREDS, word) {
            (value, 100)
        } else if let Some(value) = find(TENS, word) {
            (value, 10)
        } else {
            (find(UNITS, word)?, 1)
        };
        // "vinte e doze" and "cem e cem" name nothing; nothing follows zero.
        if level >= below || (value >= 10 && level == 1 && below <= 10) || (total > 0 && value == 0) {
            return None;
        }
        total += value;
        below = level;
        expects_word = false;
    }
    (!expects_word).then_some(total)
}
