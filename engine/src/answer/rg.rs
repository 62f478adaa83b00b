//! RG: an identity card. Every state has its own form, so only the shape is checked.

use super::fold::fold;

/// Words people write around the number: what it is, and who issued it.
const AROUND: &[&str] = &[
    "rg",
    "o",
    "meu",
    "numero",
    "n",
    "no",
    "e",
    "eh",
    "identidade",
    "registro",
    "geral",
    "ssp",
    "sesp",
    "sds",
    "detran",
    "pc",
    "ifp",
    "iirgd",
    "igp",
    "itep",
    "ac",
    "al",
    "am",
    "ap",
    "ba",
    "ce",
    "df",
    "es",
    "go",
    "ma",
    "mg",
    "ms",
    "mt",
    "pa",
    "pb",
    "pe",
    "pi",
    "pr",
    "rj",
    "rn",
    "ro",
    "rr",
    "rs",
    "sc",
    "se",
    "sp",
    "to",
];

/// Letters and digits, five to fourteen, most of them digits: `12.345.678-X` → `12345678X`, `MG-12.345.678` → `MG12345678`.
pub(super) fn read(text: &str) -> Option<String> {
    let folded = fold(text);
    let words: Vec<&str> = folded.split(' ').collect();
    let has_digit = |word: &&str| word.bytes().any(|b| b.is_ascii_digit());
    let first = words.iter().position(has_digit)?;
    let last = words.iter().rposition(has_digit)?;
    // A state in front belongs to the number where it is written as part of it.
    let prefix = first.checked_sub(1).and_then(|before| words.get(before)).filter(|word| {
        word.len() == 2 && AROUND.contains(word) && text.to_lowercase().contains(&format!("{word}-"))
    });
    let suffix = words.get(last + 1).filter(|word| **word == "x");
    let around =
        words[..first].iter().chain(&words[last + 1..]).all(|word| AROUND.contains(word) || *word == "x");
    let number: String = prefix
        .into_iter()
        .chain(&words[first..=last])
        .chain(suffix)
        .copied()
        .collect::<String>()
        .to_uppercase();
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let letters = number.len() - digits;
    (around && number.is_ascii() && (5..=14).contains(&number.len()) && digits >= 4 && letters <= 3)
        .then_some(number)
}
