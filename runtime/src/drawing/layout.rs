//! Where cards stand: left to right, by the dagre algorithm over the ways that are drawn as lines.

use dagre::graph::{Graph, GraphOptions};
use dagre::{EdgeLabel, LayoutOptions, NodeLabel, RankDir, layout};

use super::Drawing;

/// A card's top left corner and size, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) height: f64,
}

pub(super) const WIDTH: f64 = 236.0;
pub(super) const HEAD: f64 = 46.0;
pub(super) const ROW: f64 = 22.0;
/// Between two columns.
const GAP: f64 = 84.0;
const FOOT: f64 = 8.0;
/// Over this many lines the algorithm takes seconds; cards then stand in columns by distance from the start.
const MOST_EDGES: usize = 1_500;

/// Places of all cards, and the drawing's width and height.
pub(super) fn places(
    drawing: &Drawing,
    chips: &std::collections::BTreeSet<(usize, usize)>,
) -> (Vec<Place>, f64, f64) {
    let heights: Vec<f64> = drawing.cards.iter().map(|card| height(card.ways.len())).collect();
    let edges: Vec<(usize, usize)> = drawing
        .cards
        .iter()
        .enumerate()
        .flat_map(|(from, card)| card.ways.iter().enumerate().map(move |(n, way)| (from, n, way.to)))
        .filter(|(from, n, to)| !chips.contains(&(*from, *n)) && from != to)
        .map(|(from, _, to)| (from, to))
        .collect();
    let places =
        if edges.len() > MOST_EDGES { columns(drawing, &heights, &edges) } else { ranked(&heights, &edges) };
    let width = places.iter().map(|place| place.x + WIDTH).fold(0.0, f64::max);
    let bottom = places.iter().map(|place| place.y + place.height).fold(0.0, f64::max);
    (places, width, bottom)
}

/// Whether a line would run behind the cards of several columns.
pub(super) fn is_long(from: Place, to: Place) -> bool {
    to.x - from.x > 2.5 * (WIDTH + GAP)
}

fn height(ways: usize) -> f64 {
    #[allow(clippy::cast_precision_loss)] // a node has a handful of ways out
    let rows = ways as f64;
    HEAD + rows * ROW + FOOT
}

fn ranked(heights: &[f64], edges: &[(usize, usize)]) -> Vec<Place> {
    let mut graph = Graph::with_options(GraphOptions { directed: true, multigraph: false, compound: false });
    for (n, height) in heights.iter().enumerate() {
        let label = NodeLabel { width: WIDTH, height: *height, ..NodeLabel::default() };
        graph.set_node(n.to_string(), Some(label));
    }
    for (from, to) in edges {
        graph.set_edge(from.to_string(), to.to_string(), Some(EdgeLabel::default()), None);
    }
    layout(
        &mut graph,
        Some(LayoutOptions { rankdir: RankDir::LR, nodesep: 26.0, ranksep: GAP, ..LayoutOptions::default() }),
    );
    let corner = |n: usize, height: f64| {
        let node = graph.node(&n.to_string());
        let x = node.and_then(|node| node.x).unwrap_or_default();
        let y = node.and_then(|node| node.y).unwrap_or_default();
        Place { x: x - WIDTH / 2.0, y: y - height / 2.0, height }
    };
    let places: Vec<Place> = heights.iter().enumerate().map(|(n, height)| corner(n, *height)).collect();
    let left = places.iter().map(|place| place.x).fold(f64::INFINITY, f64::min);
    let top = places.iter().map(|place| place.y).fold(f64::INFINITY, f64::min);
    places.into_iter().map(|place| Place { x: place.x - left, y: place.y - top, ..place }).collect()
}

fn columns(drawing: &Drawing, heights: &[f64], edges: &[(usize, usize)]) -> Vec<Place> {
    let mut column = vec![None; heights.len()];
    let mut front: Vec<usize> = drawing.start.into_iter().collect();
    let mut at = 0_u32;
    while !front.is_empty() {
        for card in &front {
            column[*card].get_or_insert(at);
        }
        let mut next: Vec<usize> =
            edges.iter().filter(|(from, _)| front.contains(from)).map(|(_, to)| *to).collect();
        next.retain(|card| column[*card].is_none());
        next.sort_unstable();
        next.dedup();
        front = next;
        at += 1;
    }
    let mut filled = std::collections::BTreeMap::<u32, f64>::new();
    heights
        .iter()
        .zip(column)
        .map(|(height, column)| {
            let column = column.unwrap_or(at);
            let y = filled.entry(column).or_default();
            let place = Place { x: f64::from(column) * (WIDTH + GAP), y: *y, height: *height };
            *y += height + 26.0;
            place
        })
        .collect()
}
