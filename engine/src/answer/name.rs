//! Names of people, as they write them.

use super::fold::fold_words;
use super::{Invalid, Rules};

/// What people put in front of their name, folded; the longest first.
const INTRODUCTIONS: &[&str] = &[
    "o meu nome completo e",
    "meu nome completo e",
    "o meu nome e",
    "meu nome e",
    "meu nome",
    "nome completo",
    "eu me chamo",
    "me chamo",
    "eu sou o",
    "eu sou a",
    "aqui e o",
    "aqui e a",
    "aqui quem fala e",
    "quem fala e",
    "sou o",
    "sou a",
    "eu sou",
    "sou",
    "nome",
];

/// Words that are in no name: who writes them asks, wishes or refuses.
const NO_NAMES: &[&str] = &[
    "agendar",
    "ajuda",
    "amanha",
    "atendente",
    "atendimento",
    "cancelar",
    "consulta",
    "consultas",
    "exame",
    "exames",
    "gostaria",
    "hoje",
    "marcar",
    "menu",
    "nao",
    "onde",
    "porque",
    "posso",
    "preciso",
    "quais",
    "qual",
    "quando",
    "quanto",
    "quero",
    "remarcar",
    "resultado",
    "resultados",
    "sair",
    "tchau",
    "tenho",
    "voce",
];

/// Whole messages that greet, agree or refuse, but name nobody.
const NO_ANSWERS: &[&str] = &[
    "bom dia",
    "boa tarde",
    "boa noite",
    "boa",
    "bom",
    "oi",
    "oie",
    "ola",
    "oi bom dia",
    "oi boa tarde",
    "oi boa noite",
    "ola bom dia",
    "ola boa tarde",
    "ola boa noite",
    "opa",
    "alo",
    "ok",
    "sim",
    "s",
    "nada",
    "nenhum",
    "qualquer",
    "teste",
    "obrigado",
    "obrigada",
    "brigado",
    "brigada",
    "tudo bem",
    "oi tudo bem",
    "ola tudo bem",
    "isso",
    "pode ser",
    "para mim",
    "pra mim",
    "eu",
    "eu mesmo",
    "eu mesma",
];

/// The name with its spaces collapsed. `min` and `max` count words that are more than an initial.
pub(super) fn read(text: &str, rules: &Rules) -> Result<String, Invalid> {
    if text.contains('?') {
        return Err(Invalid::Format);
    }
    let name = without_introduction(text).trim_matches([' ', '.', ',', ';', ':', '!', '-', '"', '*', '_']);
    let is_sign = |c: char| c.is_alphabetic() || matches!(c, ' ' | '\'' | '-' | '.') || is_accent(c);
    if !name.chars().all(is_sign) {
        return Err(Invalid::Format);
    }
    let folded = fold_words(name);
    let words: Vec<&str> = folded.split(' ').collect();
    let letters = folded.chars().filter(|c| c.is_alphabetic()).count();
    if letters < 2
        || words.len() > 15
        || NO_ANSWERS.contains(&folded.as_str())
        || words.iter().any(|word| NO_NAMES.contains(word))
    {
        return Err(Invalid::Format);
    }
    // "aaaaa" and "kkkk" are no names.
    if letters > 2 && letters == folded.matches(folded.chars().next().unwrap_or(' ')).count() {
        return Err(Invalid::Format);
    }
    rules.bound_number(name.split_whitespace().filter(|word| word.chars().count() > 1).count() as f64)?;
    Ok(name.to_owned())
}

fn without_introduction(text: &str) -> &str {
    let mut consumed = String::new();
    let mut best = 0;
    for (at, c) in text.char_indices() {
        if c == ' ' || c == ':' || c == ',' {
            let folded = fold_words(&consumed);
            if INTRODUCTIONS.contains(&folded.as_str()) {
                best = at + c.len_utf8();
            }
        }
        consumed.push(c);
    }
    text[best..].trim()
}

fn is_accent(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}')
}
