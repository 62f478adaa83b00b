//! A flow as a graph: which way leads from where to where, what is reached, and where play would turn in circles.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::Bfs;

use super::definition::Flow;
use crate::ids::NodeId;
use crate::nodes::Inspection;

/// Ways out that are taken without waiting, even from a node that waits: the channel refused, nothing to offer,
/// nobody there.
const AT_ONCE: &[&str] = &["failed", "empty", "off_hours", "unavailable"];

/// One way from a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// Where it begins.
    pub from: NodeId,
    /// The port's stable name.
    pub port: String,
    /// Where it leads; the checker refuses one that leads nowhere.
    pub to: NodeId,
    /// Whether the patient or time comes in between.
    pub rests: bool,
}

/// Every way of a flow, node by node in the author's order.
pub fn edges(flow: &Flow) -> Vec<Edge> {
    flow.nodes().flat_map(|(id, node)| edges_of(id, &node.inspection())).collect()
}

/// The ways out of one node. A sub-flow counts as no rest: what it waits for is known only from it.
pub fn edges_of(id: &NodeId, found: &Inspection) -> Vec<Edge> {
    let rests = found.waits.rests();
    let edge = |port: &crate::nodes::Port| Edge {
        from: id.clone(),
        port: port.name.clone(),
        to: port.target.clone(),
        rests: rests && !AT_ONCE.contains(&port.name.as_str()),
    };
    found.ports.iter().map(edge).collect()
}

/// Nodes and ways. Ways that lead to no node are left out.
#[derive(Debug, Clone)]
pub struct Graph {
    graph: DiGraph<NodeId, Edge>,
    places: BTreeMap<NodeId, NodeIndex>,
}

impl Graph {
    /// Of nodes in the author's order, and ways.
    pub fn new(nodes: impl IntoIterator<Item = NodeId>, edges: impl IntoIterator<Item = Edge>) -> Self {
        let mut graph = DiGraph::new();
        let mut places = BTreeMap::new();
        for id in nodes {
            places.entry(id.clone()).or_insert_with(|| graph.add_node(id));
        }
        for edge in edges {
            if let (Some(&from), Some(&to)) = (places.get(&edge.from), places.get(&edge.to)) {
                graph.add_edge(from, to, edge);
            }
        }
        Self { graph, places }
    }

    /// Of a flow.
    pub fn of(flow: &Flow) -> Self {
        Self::new(flow.nodes().map(|(id, _)| id.clone()), edges(flow))
    }

    /// Nodes that no way leads to from any of the beginnings, in the author's order.
    pub fn unreachable<'n>(&self, beginnings: impl IntoIterator<Item = &'n NodeId>) -> Vec<&NodeId> {
        let mut reached = BTreeSet::new();
        for place in beginnings.into_iter().filter_map(|id| self.places.get(id)) {
            if reached.contains(place) {
                continue;
            }
            let mut search = Bfs::new(&self.graph, *place);
            while let Some(next) = search.next(&self.graph) {
                reached.insert(next);
            }
        }
        self.graph
            .node_indices()
            .filter(|place| !reached.contains(place))
            .map(|place| &self.graph[place])
            .collect()
    }

    /// The shortest way from one node to another, both included; only through ways that pass `may_pass`.
    pub fn path(&self, from: &NodeId, to: &NodeId, may_pass: impl Fn(&Edge) -> bool) -> Option<Vec<&NodeId>> {
        let (&start, &goal) = (self.places.get(from)?, self.places.get(to)?);
        if start == goal {
            return Some(vec![&self.graph[start]]);
        }
        let mut before: BTreeMap<NodeIndex, NodeIndex> = BTreeMap::new();
        let mut open = std::collections::VecDeque::from([start]);
        while let Some(at) = open.pop_front() {
            // Petgraph gives the latest way first; the author's first one makes the better witness.
            let mut ways: Vec<_> = self.graph.edges(at).filter(|way| may_pass(way.weight())).collect();
            ways.reverse();
            for next in ways.into_iter().map(|way| petgraph::visit::EdgeRef::target(&way)) {
                if next == goal {
                    let mut path = vec![goal, at];
                    while let Some(&earlier) = path.last().and_then(|last| before.get(last)) {
                        path.push(earlier);
                    }
                    path.reverse();
                    return Some(path.into_iter().map(|place| &self.graph[place]).collect());
                }
                if next != start && !before.contains_key(&next) {
                    before.insert(next, at);
                    open.push_back(next);
                }
            }
        }
        None
    }

    /// Circles in which neither the patient nor time comes in between, each as a way from a node back to itself,
    /// beginning with the node that the author wrote first.
    pub fn circles_without_rest(&self) -> Vec<Vec<&NodeId>> {
        let restless =
            self.graph.filter_map(|_, id| Some(id.clone()), |_, edge| (!edge.rests).then(|| edge.clone()));
        let mut circles: Vec<(NodeIndex, Vec<&NodeId>)> = tarjan_scc(&restless)
            .into_iter()
            .filter_map(|component| {
                let first = component.iter().copied().min()?;
                let inside: BTreeSet<&NodeId> = component.iter().map(|&place| &self.graph[place]).collect();
                let alone = component.len() == 1 && !restless.contains_edge(first, first);
                let id = &self.graph[first];
                let circle = self.circle(id, |edge| !edge.rests && inside.contains(&edge.to))?;
                (!alone).then_some((first, circle))
            })
            .collect();
        circles.sort_by_key(|(first, _)| *first);
        circles.into_iter().map(|(_, circle)| circle).collect()
    }

    /// The shortest way from a node back to itself.
    fn circle(&self, id: &NodeId, may_pass: impl Fn(&Edge) -> bool) -> Option<Vec<&NodeId>> {
        let &place = self.places.get(id)?;
        let shortest = self
            .graph
            .edges(place)
            .filter(|way| may_pass(way.weight()))
            .filter_map(|way| self.path(&way.weight().to, id, &may_pass))
            .min_by_key(Vec::len)?;
        Some(std::iter::once(&self.graph[place]).chain(shortest).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(ways: &[(&str, &str, bool)]) -> Graph {
        let nodes = ["a", "b", "c", "d"].map(NodeId::from);
        let edge = |&(from, to, rests): &(&str, &str, bool)| Edge {
            from: from.into(),
            port: "next".into(),
            to: to.into(),
            rests,
        };
        Graph::new(nodes, ways.iter().map(edge))
    }

    fn names<'n>(ids: &[&'n NodeId]) -> Vec<&'n str> {
        ids.iter().map(|id| id.as_str()).collect()
    }

    #[test]
    fn what_no_way_leads_to_is_unreachable() {
        let graph = graph(&[("a", "b", false), ("c", "d", false), ("d", "c", true)]);
        assert_eq!(names(&graph.unreachable([&"a".into()])), ["c", "d"]);
        assert_eq!(names(&graph.unreachable([&"a".into(), &"d".into()])), [] as [&str; 0]);
    }

    #[test]
    fn a_circle_that_rests_is_none() {
        let turning = graph(&[("a", "b", false), ("b", "c", false), ("c", "b", false), ("c", "d", false)]);
        let circles = turning.circles_without_rest();
        assert_eq!(circles.iter().map(|circle| names(circle)).collect::<Vec<_>>(), [vec!["b", "c", "b"]]);
        let resting = graph(&[("a", "b", false), ("b", "c", false), ("c", "b", true)]);
        assert!(resting.circles_without_rest().is_empty());
        let alone = graph(&[("a", "a", false), ("b", "b", true)]);
        assert_eq!(
            alone.circles_without_rest().iter().map(|circle| names(circle)).collect::<Vec<_>>(),
            [["a", "a"]]
        );
    }

    #[test]
    fn the_shortest_way_is_the_witness() {
        let graph = graph(&[("a", "b", false), ("b", "c", false), ("c", "d", false), ("a", "c", false)]);
        let way = graph.path(&"a".into(), &"d".into(), |_| true).expect("a way");
        assert_eq!(names(&way), ["a", "c", "d"]);
        assert!(graph.path(&"d".into(), &"a".into(), |_| true).is_none());
    }
}
