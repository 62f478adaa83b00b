//! Drawings of a flow: SVG for people, DOT and Mermaid for other tools. Positions are computed, never stored.

mod dot;
mod layout;
mod mermaid;
mod svg;

pub use dot::dot;
pub use mermaid::mermaid;
pub use svg::svg;

/// A flow, as far as a drawing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawing {
    /// The flow's title.
    pub title: String,
    /// The start node's place in `cards`.
    pub start: Option<usize>,
    /// Nodes in authors' order.
    pub cards: Vec<Card>,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// Its key.
    pub id: String,
    /// Its node type.
    pub kind: String,
    /// Its title, or the key.
    pub title: String,
    /// What the checker found here.
    pub findings: Vec<String>,
    /// Ways out, in authors' order.
    pub ways: Vec<Way>,
}

/// A way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The port's name, or the option's title.
    pub label: String,
    /// The target's place in `cards`.
    pub to: usize,
}

impl Drawing {
    /// Ways that would only tangle the drawing, as (card, way): back edges, and those to a hub that is drawn once
    /// already. They are shown as a name inside the card.
    fn chips(&self) -> std::collections::BTreeSet<(usize, usize)> {
        const HUB: usize = 5;
        let mut arriving = vec![0; self.cards.len()];
        for way in self.cards.iter().flat_map(|card| &card.ways) {
            arriving[way.to] += 1;
        }
        let back = self.back_edges();
        let mut drawn = vec![false; self.cards.len()];
        let mut chips = std::collections::BTreeSet::new();
        for (from, card) in self.cards.iter().enumerate() {
            for (n, way) in card.ways.iter().enumerate() {
                let hub = arriving[way.to] >= HUB && drawn[way.to];
                if back.contains(&(from, n)) || hub {
                    chips.insert((from, n));
                } else {
                    drawn[way.to] = true;
                }
            }
        }
        chips
    }

    /// Ways that lead back to a node on the path from the start, by depth-first search in authors' order.
    fn back_edges(&self) -> std::collections::BTreeSet<(usize, usize)> {
        #[derive(Clone, Copy, PartialEq)]
        enum Seen {
            Not,
            Open,
            Done,
        }
        let mut seen = vec![Seen::Not; self.cards.len()];
        let mut back = std::collections::BTreeSet::new();
        for root in self.start.into_iter().chain(0..self.cards.len()) {
            if seen[root] != Seen::Not {
                continue;
            }
            seen[root] = Seen::Open;
            let mut stack = vec![(root, 0)];
            while let Some((card, way)) = stack.pop() {
                let Some(next) = self.cards[card].ways.get(way) else {
                    seen[card] = Seen::Done;
                    continue;
                };
                stack.push((card, way + 1));
                match seen[next.to] {
                    Seen::Open => {
                        back.insert((card, way));
                    }
                    Seen::Not => {
                        seen[next.to] = Seen::Open;
                        stack.push((next.to, 0));
                    }
                    Seen::Done => {}
                }
            }
        }
        back
    }
}

/// The first characters of a text, with an ellipsis where something was cut.
fn clip(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(longest.saturating_sub(1)).collect();
    cut.truncate(cut.trim_end().len());
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(id: &str, to: &[usize]) -> Card {
        Card {
            id: id.to_owned(),
            kind: "message".to_owned(),
            title: format!("\"{id}\" & <co>"),
            findings: vec![],
            ways: to.iter().map(|to| Way { label: "next".to_owned(), to: *to }).collect(),
        }
    }

    fn looped() -> Drawing {
        Drawing {
            title: "Laço".to_owned(),
            start: Some(0),
            cards: vec![card("a", &[1]), card("b", &[2, 0]), card("c", &[])],
        }
    }

    #[test]
    fn a_way_back_is_a_chip_and_not_a_line() {
        assert_eq!(looped().chips().into_iter().collect::<Vec<_>>(), [(1, 1)]);
    }

    #[test]
    fn a_hub_is_drawn_once() {
        let cards = (0..7).map(|_| card("x", &[7])).chain([card("hub", &[])]).collect();
        let drawing = Drawing { title: String::new(), start: Some(0), cards };
        assert_eq!(drawing.chips().len(), 6);
    }

    #[test]
    fn what_authors_write_does_not_break_the_drawing() {
        let svg = svg(&looped());
        assert!(svg.contains("&quot;a&quot; &amp; &lt;co&gt;"), "{svg}");
        assert!(!svg.contains("<co>"));
        assert!(dot(&looped()).contains("\\\"a\\\" & <co>"));
        assert!(mermaid(&looped()).contains("#quot;a#quot; &amp; &lt;co&gt;"));
    }

    #[test]
    fn the_same_flow_gives_the_same_drawing() {
        assert_eq!(svg(&looped()), svg(&looped()));
    }

    #[test]
    fn an_empty_flow_is_an_empty_drawing() {
        let empty = Drawing { title: "nada".to_owned(), start: None, cards: vec![] };
        assert!(svg(&empty).starts_with("<svg"));
    }
}
