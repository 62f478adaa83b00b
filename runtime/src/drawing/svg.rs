//! SVG: cards from left to right, a coloured mark for the node type, a line from each way out to its card. Ways back,
//! ways to a card that many lead to and ways over several columns are named inside the card instead of drawn.

use std::fmt::Write;

use super::layout::{HEAD, Place, ROW, WIDTH, is_long, places};
use super::{Drawing, clip};

const MARGIN: f64 = 28.0;
const TITLE: f64 = 40.0;

const STYLE: &str = "
  .paper{fill:#f6f7f9}
  text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif;fill:#1f2733}
  .flow{font-size:18px;font-weight:600}
  .card{fill:#fff;stroke:#d5dae1}
  .start{stroke:#1b7f5c;stroke-width:2.5}
  .bad{stroke:#c0392b;stroke-width:2.5}
  .name{font-size:13px;font-weight:600}
  .id{font-size:10.5px;fill:#6b7685}
  .way{font-size:11.5px;fill:#3c4757}
  .chip{font-size:11px;fill:#3b5bb5}
  .line{fill:none;stroke:#94a0b0;stroke-width:1.4}
  .glyph{font-size:12px;font-weight:700;fill:#fff;text-anchor:middle}
  .count{font-size:10.5px;font-weight:700;fill:#fff;text-anchor:middle}
";

/// The flow as a picture.
pub fn svg(drawing: &Drawing) -> String {
    let mut chips = drawing.chips();
    let (places, width, height) = places(drawing, &chips);
    for (from, card) in drawing.cards.iter().enumerate() {
        let long = card.ways.iter().enumerate().filter(|(_, way)| is_long(places[from], places[way.to]));
        chips.extend(long.map(|(n, _)| (from, n)));
    }
    let (width, height) = (width.max(360.0) + 2.0 * MARGIN, height + 2.0 * MARGIN + TITLE);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" role=\"img\">\n<title>{title}</title>\n<style>{STYLE}</style>\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
         orient=\"auto\"><path d=\"M0 0 8 4 0 8z\" fill=\"#94a0b0\"/></marker></defs>\n\
         <rect class=\"paper\" width=\"{width:.0}\" height=\"{height:.0}\"/>\n\
         <text class=\"flow\" x=\"{MARGIN}\" y=\"{MARGIN}\" dominant-baseline=\"hanging\">{title}</text>\n\
         <g transform=\"translate({MARGIN},{})\">\n",
        MARGIN + TITLE,
        title = escaped(&drawing.title),
    );
    for (from, card) in drawing.cards.iter().enumerate() {
        for (n, way) in card.ways.iter().enumerate().filter(|(n, _)| !chips.contains(&(from, *n))) {
            line(&mut out, places[from], n, places[way.to]);
        }
    }
    for (n, place) in places.iter().enumerate() {
        card(&mut out, drawing, n, *place, &chips);
    }
    out.push_str("</g>\n</svg>\n");
    out
}

fn line(out: &mut String, from: Place, way: usize, to: Place) {
    let (x1, y1) = (from.x + WIDTH, row(from, way));
    let (x2, y2) = (to.x - 2.0, to.y + HEAD / 2.0);
    // A soft S; longer ways bend later, so that neighbours stay apart.
    let bend = ((x2 - x1) / 2.0).clamp(30.0, 160.0);
    let _ = writeln!(
        out,
        "<path class=\"line\" marker-end=\"url(#tip)\" d=\"M{x1:.1} {y1:.1}C{:.1} {y1:.1} {:.1} {y2:.1} {x2:.1} {y2:.1}\"/>",
        x1 + bend,
        x2 - bend,
    );
}

fn card(
    out: &mut String,
    drawing: &Drawing,
    n: usize,
    place: Place,
    chips: &std::collections::BTreeSet<(usize, usize)>,
) {
    let card = &drawing.cards[n];
    let (color, glyph) = look(&card.kind);
    let Place { x, y, height } = place;
    let class = match (card.findings.is_empty(), drawing.start == Some(n)) {
        (false, _) => "card bad",
        (true, true) => "card start",
        (true, false) => "card",
    };
    let _ = writeln!(
        out,
        "<g><title>{}</title><rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{WIDTH}\" height=\"{height:.1}\" rx=\"9\"/>\
         <rect x=\"{:.1}\" y=\"{:.1}\" width=\"26\" height=\"26\" rx=\"7\" fill=\"{color}\"/>\
         <text class=\"glyph\" x=\"{:.1}\" y=\"{:.1}\">{glyph}</text>\
         <text class=\"name\" x=\"{:.1}\" y=\"{:.1}\">{}</text>\
         <text class=\"id\" x=\"{:.1}\" y=\"{:.1}\">{} · {}</text>",
        escaped(format!("{}\n{}", card.title, card.findings.join("\n")).trim()),
        x + 10.0,
        y + 10.0,
        x + 23.0,
        y + 27.5,
        x + 44.0,
        y + 21.0,
        escaped(&clip(&card.title, 24)),
        x + 44.0,
        y + 36.0,
        escaped(&card.kind),
        escaped(&clip(&card.id, 24)),
    );
    if !card.findings.is_empty() {
        let _ = writeln!(
            out,
            "<circle cx=\"{:.1}\" cy=\"{y:.1}\" r=\"9\" fill=\"#c0392b\"/><text class=\"count\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            x + WIDTH - 6.0,
            x + WIDTH - 6.0,
            y + 4.0,
            card.findings.len(),
        );
    }
    for (way_n, way) in card.ways.iter().enumerate() {
        let at = row(place, way_n);
        if chips.contains(&(n, way_n)) {
            let label = format!("{} ↗ {}", clip(&way.label, 14), clip(&drawing.cards[way.to].id, 17));
            let _ = writeln!(
                out,
                "<text class=\"chip\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                x + 14.0,
                at + 4.0,
                escaped(&label)
            );
        } else {
            let _ = writeln!(
                out,
                "<text class=\"way\" x=\"{:.1}\" y=\"{:.1}\">{}</text><circle cx=\"{:.1}\" cy=\"{at:.1}\" r=\"3\" fill=\"{color}\"/>",
                x + 14.0,
                at + 4.0,
                escaped(&clip(&way.label, 32)),
                x + WIDTH,
            );
        }
    }
    out.push_str("</g>\n");
}

fn row(place: Place, way: usize) -> f64 {
    #[allow(clippy::cast_precision_loss)] // a node has a handful of ways out
    let n = way as f64;
    place.y + HEAD + (n + 0.5) * ROW
}

/// A node type's colour and mark.
fn look(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "message" => ("#2f6fde", "✉"),
        "template" => ("#2f6fde", "▤"),
        "ask" => ("#8e44ad", "?"),
        "menu" => ("#8e44ad", "☰"),
        "consent" => ("#8e44ad", "✓"),
        "branch" => ("#b7791f", "◆"),
        "set" => ("#b7791f", "="),
        "http" => ("#0f7b8a", "⇄"),
        "handoff" => ("#c2410c", "☎"),
        "ticket" => ("#c2410c", "#"),
        "notify" => ("#c2410c", "!"),
        "email" => ("#c2410c", "@"),
        "tag" => ("#5b6776", "⚑"),
        "wait" => ("#5b6776", "⏱"),
        "call" => ("#3b5bb5", "↳"),
        "goto" => ("#3b5bb5", "→"),
        "end" => ("#1f2733", "■"),
        _ => ("#5b6776", "•"),
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Not allowed in XML 1.0, not even escaped.
            c if c.is_control() && c != '\n' && c != '\t' => {}
            c => out.push(c),
        }
    }
    out
}
