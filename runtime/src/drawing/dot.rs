//! DOT, for Graphviz.

use std::fmt::Write;

use super::Drawing;

/// The flow in DOT.
pub fn dot(drawing: &Drawing) -> String {
    let mut out =
        format!("digraph {} {{\n  rankdir=LR;\n  node [shape=box, style=rounded];\n", quoted(&drawing.title));
    for (n, card) in drawing.cards.iter().enumerate() {
        let peripheries = if drawing.start == Some(n) { ", peripheries=2" } else { "" };
        let color = if card.findings.is_empty() { "" } else { ", color=red" };
        let label = quoted(&format!("{}\n{} · {}", card.title, card.kind, card.id));
        let _ = writeln!(out, "  {} [label={label}{peripheries}{color}];", quoted(&card.id));
    }
    for card in &drawing.cards {
        for way in &card.ways {
            let to = quoted(&drawing.cards[way.to].id);
            let _ = writeln!(out, "  {} -> {to} [label={}];", quoted(&card.id), quoted(&way.label));
        }
    }
    out.push_str("}\n");
    out
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
