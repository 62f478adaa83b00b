//! Amounts of money, in reais.

use super::fold::fold;
use super::number;

/// The amount: `R$ 1.234,56`, `50 reais`, `50 reais e 20 centavos`, `cinquenta`, `1,5 mil`. At most two places.
pub(super) fn read(text: &str) -> Option<f64> {
    let lower = text.to_lowercase();
    let bare = lower.replace("r$", " ").replace("brl", " ");
    if bare.contains(['$', '€', '£']) {
        return None;
    }
    if let Some((reais, centavos)) = split_centavos(&bare) {
        let whole = if reais.trim().is_empty() { 0 } else { number::whole(&currency(&reais)?)? };
        let cents = number::whole(&centavos)?;
        return (0..100).contains(&cents).then(|| (whole * 100 + cents) as f64 / 100.0);
    }
    let amount = number::decimal(&currency(&bare)?)?;
    let cents = (amount * 100.0).round();
    ((amount * 100.0 - cents).abs() < 1e-6).then_some(cents / 100.0)
}

/// Without the word for the currency.
fn currency(text: &str) -> Option<String> {
    let words: Vec<&str> = text
        .split_whitespace()
        .filter(|word| {
            let folded = fold(word);
            !matches!(
                folded.as_str(),
                "real" | "reais" | "conto" | "contos" | "pila" | "pilas" | "mango" | "mangos"
            )
        })
        .collect();
    let text = words.join(" ");
    // "cinco mil de reais" is rare, "um milhão de reais" is how it is said.
    Some(text.strip_suffix(" de").map_or_else(|| text.clone(), str::to_owned)).filter(|t| !t.is_empty())
}

/// `50 reais e 20 centavos` → (`50 reais`, `20`); `30 centavos` → (``, `30`).
fn split_centavos(text: &str) -> Option<(String, String)> {
    let before = text.trim().strip_suffix("centavos").or_else(|| text.trim().strip_suffix("centavo"))?.trim();
    match before.split_once("reais").or_else(|| before.split_once("real")) {
        Some((reais, rest)) => {
            let rest = rest.trim().trim_start_matches("e ").trim_start_matches("com ");
            Some((reais.to_owned(), rest.to_owned()))
        }
        None => Some((String::new(), before.to_owned())),
    }
}
