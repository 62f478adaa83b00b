//! Mermaid, for pages that draw it themselves.

use std::fmt::Write;

use super::Drawing;

/// The flow in Mermaid.
pub fn mermaid(drawing: &Drawing) -> String {
    let mut out = String::from("flowchart LR\n");
    for (n, card) in drawing.cards.iter().enumerate() {
        let label = format!(
            "{}<br/><small>{} · {}</small>",
            escaped(&card.title),
            escaped(&card.kind),
            escaped(&card.id)
        );
        let (open, close) = if drawing.start == Some(n) { ("([", "])") } else { ("[", "]") };
        let _ = writeln!(out, "  n{n}{open}\"{label}\"{close}");
    }
    for (from, card) in drawing.cards.iter().enumerate() {
        for way in &card.ways {
            let _ = writeln!(out, "  n{from} -->|\"{}\"| n{}", escaped(&way.label), way.to);
        }
    }
    for (n, card) in drawing.cards.iter().enumerate() {
        if !card.findings.is_empty() {
            let _ = writeln!(out, "  style n{n} stroke:#c0392b,stroke-width:3px");
        }
    }
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "#quot;")
        .replace('\n', " ")
}
