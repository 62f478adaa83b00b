//! One document on its way through the checks: its text, its shape, and as much of its nodes as can be read.

use std::ops::Range;

use serde_json::Value;

use super::catalogue::Code;
use crate::flow::graph::{Edge, Graph, edges_of};
use crate::flow::schema::{CAMPAIGN, FLOW, FLOW_TEST, Holds, Schema, Violation};
use crate::flow::source::Source;
use crate::ids::NodeId;
use crate::nodes::{Inspection, Node};

/// Kinds of documents that analysts write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKind {
    /// A flow.
    Flow,
    /// A campaign.
    Campaign,
    /// Tests of a flow.
    FlowTest,
}

/// A document, read as far as it can be.
#[derive(Debug)]
pub(crate) struct Document {
    pub source: Source,
    pub kind: DocumentKind,
    /// What its schema does not allow.
    pub violations: Vec<Violation>,
    /// What its texts mean, by pointer.
    pub meanings: Vec<Meaning>,
    /// Its nodes, in the author's order; of a flow only.
    pub nodes: Vec<Sketch>,
}

/// A text that means something.
#[derive(Debug)]
pub(crate) struct Meaning {
    pub pointer: String,
    pub holds: Holds,
    pub text: String,
}

/// A node, read or not.
#[derive(Debug)]
pub(crate) struct Sketch {
    pub id: NodeId,
    /// The node and what it declares, when it could be read.
    pub read: Option<(Node, Inspection)>,
}

impl Document {
    pub(crate) fn read(source: Source) -> Self {
        let kind = source.value.as_ref().map_or(DocumentKind::Flow, kind_of);
        let mut document =
            Self { source, kind, violations: Vec::new(), meanings: Vec::new(), nodes: Vec::new() };
        let Some(value) = document.source.value.take() else { return document };
        let schema = document.schema();
        document.violations = schema.violations(&value);
        document.meanings = schema
            .meanings(&value)
            .into_iter()
            .map(|(pointer, holds, text)| Meaning { pointer, holds, text: text.to_owned() })
            .collect();
        if let (DocumentKind::Flow, Some(Value::Object(nodes))) = (kind, value.get("nodes")) {
            document.nodes = nodes.iter().map(|(id, node)| document.sketch(id, node)).collect();
        }
        document.source.value = Some(value);
        document
    }

    fn schema(&self) -> &'static Schema {
        match self.kind {
            DocumentKind::Flow => &FLOW,
            DocumentKind::Campaign => &CAMPAIGN,
            DocumentKind::FlowTest => &FLOW_TEST,
        }
    }

    fn sketch(&self, id: &str, value: &Value) -> Sketch {
        let pointer = node_pointer(id);
        let within = |violation: &&Violation| is_within(&violation.pointer, &pointer);
        let fits = !self.violations.iter().any(|violation| within(&violation));
        let read = fits.then(|| Node::read(value).ok()).flatten();
        Sketch {
            id: id.into(),
            read: read.map(|node| {
                let found = node.inspection();
                (node, found)
            }),
        }
    }

    pub(crate) fn value(&self, pointer: &str) -> Option<&Value> {
        self.source.value.as_ref()?.pointer(pointer)
    }

    pub(crate) fn text(&self, pointer: &str) -> Option<&str> {
        self.value(pointer).and_then(Value::as_str)
    }

    pub(crate) fn flow_id(&self) -> Option<&str> {
        self.text("/flow").filter(|_| self.kind == DocumentKind::Flow)
    }

    pub(crate) fn has_node(&self, id: &str) -> bool {
        self.nodes.iter().any(|node| node.id.as_str() == id)
    }

    /// The node that a byte of the document stands in.
    pub(crate) fn node_at(&self, at: usize) -> Option<String> {
        let holds = |id: &&NodeId| {
            let pointer = node_pointer(id.as_str());
            let span = self.source.span(&pointer);
            self.source.key_span(&pointer).start <= at && at < span.end
        };
        self.nodes.iter().map(|node| &node.id).find(holds).map(ToString::to_string)
    }

    /// Texts that hold node ids.
    pub(crate) fn targets(&self) -> impl Iterator<Item = &Meaning> {
        self.meanings.iter().filter(|meaning| meaning.holds == Holds::Target)
    }

    /// Where play may begin: the start, and whatever interrupts lead to.
    pub(crate) fn beginnings(&self) -> Vec<NodeId> {
        self.targets()
            .filter(|target| target.pointer == "/start" || target.pointer.starts_with("/interrupts/"))
            .map(|target| NodeId::from(target.text.as_str()))
            .collect()
    }

    /// The ways of a node: by its ports when it could be read, else by the ids it names.
    pub(crate) fn edges(&self, node: &Sketch) -> Vec<Edge> {
        if let Some((_, found)) = &node.read {
            return edges_of(&node.id, found);
        }
        let pointer = node_pointer(node.id.as_str());
        let named = self.targets().filter(|target| is_within(&target.pointer, &pointer));
        named
            .map(|target| Edge {
                from: node.id.clone(),
                port: target.pointer[pointer.len() + 1..].to_owned(),
                to: target.text.as_str().into(),
                rests: true,
            })
            .collect()
    }

    /// All nodes and ways, with ways that lead nowhere put right by `mend`.
    pub(crate) fn graph(&self, mend: impl Fn(Edge) -> Edge) -> Graph {
        let ways = self.nodes.iter().flat_map(|node| self.edges(node)).map(mend);
        Graph::new(self.nodes.iter().map(|node| node.id.clone()), ways)
    }

    /// Whether the flow, or the node at a byte, keeps a finding with a reason.
    pub(crate) fn allows(&self, code: Code, at: usize) -> bool {
        let node = self.node_at(at).map(|id| format!("{}/allow", node_pointer(&id)));
        code.may_be_allowed()
            && ["/allow".to_owned()]
                .into_iter()
                .chain(node)
                .any(|allow| self.text(&format!("{allow}/{code}")).is_some())
    }

    /// Where the text of a pointer stands, without its quotes.
    pub(crate) fn inner(&self, pointer: &str) -> Range<usize> {
        let span = self.source.span(pointer);
        if span.len() >= 2 && self.source.text[span.clone()].starts_with('"') {
            span.start + 1..span.end - 1
        } else {
            span
        }
    }
}

/// The pointer of a node.
pub(crate) fn node_pointer(id: &str) -> String {
    format!("/nodes/{}", id.replace('~', "~0").replace('/', "~1"))
}

/// Whether a pointer is another one or stands below it.
pub(crate) fn is_within(pointer: &str, outer: &str) -> bool {
    pointer.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn kind_of(value: &Value) -> DocumentKind {
    if value.get("campaign").is_some() {
        DocumentKind::Campaign
    } else if value.get("cases").is_some() {
        DocumentKind::FlowTest
    } else {
        DocumentKind::Flow
    }
}
