//! What a node declares about itself, so that a flow is checked without playing it.

use serde::Serialize;

use super::entries::Entries;
use crate::expr::{Expression, Reading, Template, TemplateTree};
use crate::ids::{ConnectionId, DeskId, FlowId, NodeId, QueueId};

/// Implemented by every node type.
pub trait Inspect {
    /// Declares ports, variables read and written, flows and connections used, waits and messages.
    fn inspect(&self, found: &mut Inspection);
}

/// All that one node declares. Pointers are JSON pointers inside the node (`/cases/0/next`).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Inspection {
    /// Ways out that lead somewhere, in the order in which they stand in the node type's description.
    pub ports: Vec<Port>,
    /// Ways out that must lead somewhere and do not.
    pub missing: Vec<MissingPort>,
    /// Everything that is computed.
    pub formulas: Vec<Formula>,
    /// Variables that the node assigns.
    pub writes: Vec<Write>,
    /// Flows that the node plays.
    pub flows: Vec<Mention<FlowId>>,
    /// Connections that the node calls.
    pub connections: Vec<Mention<ConnectionId>>,
    /// Queues that the node names.
    pub queues: Vec<Mention<QueueId>>,
    /// Desks that the node names.
    pub desks: Vec<Mention<DeskId>>,
    /// Approved templates that the node sends, with their language.
    pub templates: Vec<Mention<(String, String)>>,
    /// What the node may stop for.
    pub waits: Waits,
    /// Whether the node says something to the patient.
    pub sends: bool,
    /// The outcome with which the node ends its flow.
    pub outcome: Option<Mention<String>>,
    /// Whether the session may end, or leave this flow, at this node.
    pub leaves: bool,
    names: Vec<String>,
}

/// A way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Port {
    /// A stable word: `next`, `success`, `options/<id>`, `cases/<n>`, `invalid` …
    pub name: String,
    /// The node it leads to.
    pub target: NodeId,
    /// Where the target stands.
    pub pointer: String,
}

/// A way out that play needs and the author has not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingPort {
    /// Its name.
    pub name: &'static str,
    /// Why it is needed.
    pub reason: MissingReason,
}

/// Why a port is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingReason {
    /// A call that changes something and is not safe to repeat may end with nobody knowing what became of it.
    ChangingCall,
    /// A list made from data may come out empty, and the menu has nothing else to offer.
    EmptyMenu,
}

/// Something computed, and the names that exist only there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formula {
    /// Where its text stands.
    pub pointer: String,
    /// Which variables it reads. Ranges are bytes of the text that holds them.
    pub readings: Vec<Reading>,
    /// Names in scope here besides those known everywhere: `response`, `outputs`, the `as` of an `each`.
    pub names: Vec<String>,
}

/// A variable assigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Its name.
    pub variable: String,
    /// Where it is named.
    pub pointer: String,
    /// The ports by which it is assigned when the node is left; empty means by all.
    pub ports: Vec<String>,
}

/// Something named that lives outside the node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention<T> {
    /// What.
    pub name: T,
    /// Where it stands.
    pub pointer: String,
}

/// What a node may stop for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waits {
    /// An answer of the patient.
    pub patient: bool,
    /// A moment.
    pub time: bool,
    /// People: a handoff.
    pub people: bool,
    /// A call's or a ticket's result. No rest for a loop: play goes on by itself.
    pub call: bool,
}

impl Waits {
    /// Whether a loop through this node lets the patient or time come in between.
    pub fn rests(self) -> bool {
        self.patient || self.time || self.people
    }
}

impl Inspection {
    /// What a node declares.
    pub fn of(node: &impl Inspect) -> Self {
        let mut found = Self::default();
        node.inspect(&mut found);
        found
    }

    /// A way out.
    pub(super) fn port(&mut self, name: impl Into<String>, pointer: impl Into<String>, target: &NodeId) {
        self.ports.push(Port { name: name.into(), target: target.clone(), pointer: pointer.into() });
    }

    /// A way out that may be absent.
    pub(super) fn port_if(&mut self, name: &str, pointer: &str, target: Option<&NodeId>) {
        if let Some(target) = target {
            self.port(name, pointer, target);
        }
    }

    /// A text with holes.
    pub(super) fn template(&mut self, pointer: impl Into<String>, template: &Template) {
        self.formula(pointer, template.readings());
    }

    /// A text with holes that may be absent.
    pub(super) fn template_if(&mut self, pointer: impl Into<String>, template: Option<&Template>) {
        if let Some(template) = template {
            self.template(pointer, template);
        }
    }

    /// A value with holes.
    pub(super) fn tree(&mut self, pointer: impl Into<String>, tree: &TemplateTree) {
        let pointer = pointer.into();
        for (below, template) in tree.templates() {
            self.formula(format!("{pointer}{below}"), template.readings());
        }
    }

    /// A bare expression.
    pub(super) fn expression(&mut self, pointer: impl Into<String>, expression: &Expression) {
        self.formula(pointer, expression.readings());
    }

    /// Values by name.
    pub(super) fn trees(&mut self, pointer: &str, trees: &Entries<TemplateTree>) {
        for (name, tree) in trees.iter() {
            self.tree(format!("{pointer}/{name}"), tree);
        }
    }

    /// Variables assigned from values, by certain ports (none named: by all).
    pub(super) fn saves(&mut self, pointer: &str, save: &Entries<TemplateTree>, ports: &[&str]) {
        self.trees(pointer, save);
        for (variable, _) in save.iter() {
            self.write(variable, format!("{pointer}/{variable}"), ports);
        }
    }

    /// A variable assigned, by certain ports (none named: by all).
    pub(super) fn write(&mut self, variable: &str, pointer: impl Into<String>, ports: &[&str]) {
        self.writes.push(Write {
            variable: variable.to_owned(),
            pointer: pointer.into(),
            ports: ports.iter().map(|&port| port.to_owned()).collect(),
        });
    }

    /// Declares with names that exist only inside.
    pub(super) fn with_names(&mut self, names: &[&str], declare: impl FnOnce(&mut Self)) {
        let before = self.names.len();
        self.names.extend(names.iter().map(|&name| name.to_owned()));
        declare(self);
        self.names.truncate(before);
    }

    fn formula(&mut self, pointer: impl Into<String>, readings: Vec<Reading>) {
        self.formulas.push(Formula { pointer: pointer.into(), readings, names: self.names.clone() });
    }
}

impl<T> Mention<T> {
    pub(super) fn new(name: T, pointer: &str) -> Self {
        Self { name, pointer: pointer.to_owned() }
    }
}
