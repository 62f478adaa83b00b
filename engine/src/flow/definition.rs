//! A flow as it is played: typed, in the author's order, with its own text.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::interrupts::Interrupt;
use super::triggers::{Trigger, When};
use crate::ids::{FlowId, NodeId};
use crate::nodes::authored::{self, ReadError};
use crate::nodes::{Entries, Node};

/// A flow.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// Unique in a release.
    pub id: FlowId,
    /// For people.
    pub title: String,
    /// Where play begins.
    pub start: NodeId,
    /// What begins it.
    pub triggers: Vec<Trigger>,
    /// What it is given.
    pub inputs: Entries<Input>,
    /// What is known of its variables; declaring one is optional.
    pub variables: Entries<Variable>,
    /// What comes before its open questions, in order.
    pub interrupts: Vec<Interrupt>,
    nodes: Vec<(NodeId, Node)>,
    places: BTreeMap<NodeId, usize>,
    text: Arc<str>,
}

/// A value that a flow is given.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// What is expected; anything unless said.
    #[serde(default, rename = "type")]
    pub kind: ValueType,
    /// Whether the flow cannot begin without it.
    #[serde(default)]
    pub required: bool,
    /// Taken when it is not given.
    pub default: Option<Value>,
}

/// What is known of a variable.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// What it holds; anything unless said.
    #[serde(default, rename = "type")]
    pub kind: ValueType,
    /// Its value when the flow begins.
    pub default: Option<Value>,
    /// Whether the contact keeps it: it comes back filled in later sessions. Never proof of identity.
    #[serde(default)]
    pub remember: bool,
}

/// What a variable or an input may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum ValueType {
    Text,
    Name,
    YesNo,
    Integer,
    Decimal,
    Money,
    Date,
    Time,
    Cpf,
    Cnpj,
    Rg,
    Cep,
    Email,
    Phone,
    Media,
    Location,
    List,
    Object,
    #[default]
    Any,
}

/// As authors write it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    #[serde(default, rename = "$schema")]
    _schema: serde::de::IgnoredAny,
    #[serde(rename = "format")]
    _format: serde::de::IgnoredAny,
    #[serde(rename = "flow")]
    id: FlowId,
    title: String,
    start: NodeId,
    #[serde(default)]
    triggers: Vec<Trigger>,
    #[serde(default)]
    inputs: Entries<Input>,
    #[serde(default)]
    variables: Entries<Variable>,
    #[serde(default)]
    interrupts: Vec<Interrupt>,
    nodes: Entries<Value>,
    #[serde(default, rename = "allow")]
    _allow: serde::de::IgnoredAny,
}

impl Flow {
    /// Reads a flow from its text: for documents that the checker has accepted before, as when a release is loaded.
    /// What it says about mistakes is for developers; the checker says it with line and column.
    pub fn parse(text: &str) -> Result<Self, ReadError> {
        let value = serde_json::from_str(text).map_err(<ReadError as serde::de::Error>::custom)?;
        Self::read(&value, text)
    }

    /// Reads a flow from its document. `text` is what the release is named by.
    pub fn read(value: &Value, text: &str) -> Result<Self, ReadError> {
        let document: Document = authored::read(value)?;
        let mut nodes = Vec::with_capacity(document.nodes.len());
        let mut places = BTreeMap::new();
        for (id, value) in document.nodes.iter() {
            let node = Node::read(value).map_err(|error| error.below(id).below("nodes"))?;
            places.insert(NodeId::from(id), nodes.len());
            nodes.push((NodeId::from(id), node));
        }
        Ok(Self {
            id: document.id,
            title: document.title,
            start: document.start,
            triggers: document.triggers,
            inputs: document.inputs,
            variables: document.variables,
            interrupts: document.interrupts,
            nodes,
            places,
            text: text.into(),
        })
    }

    /// A node by its key.
    pub fn node(&self, id: &NodeId) -> Option<&Node> {
        self.places.get(id).map(|&place| &self.nodes[place].1)
    }

    /// Nodes in the author's order.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = (&NodeId, &Node)> {
        self.nodes.iter().map(|(id, node)| (id, node))
    }

    /// The document it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether something of this kind may begin it.
    pub fn begins_on(&self, when: When) -> bool {
        self.triggers.iter().any(|trigger| trigger.when == when)
    }
}
