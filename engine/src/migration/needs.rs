//! Which variables play may read from a node on before it assigns them: found backwards over the flow's ways.

use std::collections::{BTreeMap, BTreeSet};

use crate::flow::Flow;
use crate::ids::NodeId;
use crate::nodes::Inspection;
use crate::nodes::inspection::Formula;

/// How strictly a variable is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Need {
    /// Its absence is expected: it is tested for, or given a default.
    Guarded,
    /// Its absence would be trouble, or change what is computed.
    Needed,
}

type Variables = BTreeMap<String, Need>;

/// The variables of a flow that are read from each node on.
#[derive(Debug)]
pub(super) struct Needs(BTreeMap<NodeId, Variables>);

impl Needs {
    /// Of a flow: to a fixed point, since ways may lead in circles.
    pub(super) fn of(flow: &Flow) -> Self {
        let nodes: Vec<(&NodeId, Inspection)> =
            flow.nodes().map(|(id, node)| (id, node.inspection())).collect();
        let variables = defined(flow, &nodes);
        let mut needs: BTreeMap<NodeId, Variables> =
            nodes.iter().map(|(id, found)| ((*id).clone(), own(found, &variables))).collect();
        loop {
            let mut changed = false;
            // The last nodes are mostly the last that are played.
            for (id, found) in nodes.iter().rev() {
                let mut here = needs.get(*id).cloned().unwrap_or_default();
                for port in &found.ports {
                    let written: BTreeSet<&str> = found
                        .writes
                        .iter()
                        .filter(|write| write.ports.is_empty() || write.ports.contains(&port.name))
                        .map(|write| write.variable.as_str())
                        .collect();
                    let read = needs.get(&port.target).into_iter().flatten();
                    join(&mut here, read.filter(|(name, _)| !written.contains(name.as_str())));
                }
                // An interrupt takes play away before the node assigns anything.
                for interrupt in &flow.interrupts {
                    join(&mut here, needs.get(interrupt.next()).into_iter().flatten());
                }
                if needs.get(*id) != Some(&here) {
                    needs.insert((*id).clone(), here);
                    changed = true;
                }
            }
            if !changed {
                return Self(needs);
            }
        }
    }

    /// What is read from a node on, by name.
    pub(super) fn at(&self, node: &NodeId) -> impl Iterator<Item = (&str, Need)> {
        self.0.get(node).into_iter().flatten().map(|(name, need)| (name.as_str(), *need))
    }

    /// How strictly a variable is read from a node on, if it is.
    pub(super) fn need(&self, node: &NodeId, variable: &str) -> Option<Need> {
        self.0.get(node)?.get(variable).copied()
    }
}

fn join<'a>(here: &mut Variables, read: impl Iterator<Item = (&'a String, &'a Need)>) {
    for (name, need) in read {
        let known = here.entry(name.clone()).or_insert(*need);
        *known = (*known).max(*need);
    }
}

/// The variables of a flow: all other names stand for what every flow sees.
fn defined(flow: &Flow, nodes: &[(&NodeId, Inspection)]) -> BTreeSet<String> {
    let declared =
        flow.inputs.iter().map(|(name, _)| name).chain(flow.variables.iter().map(|(name, _)| name));
    let written =
        nodes.iter().flat_map(|(_, found)| found.writes.iter().map(|write| write.variable.as_str()));
    declared.chain(written).map(str::to_owned).collect()
}

/// What a node itself reads.
fn own(found: &Inspection, variables: &BTreeSet<String>) -> Variables {
    let mut own = Variables::new();
    for formula in &found.formulas {
        let before = assigned_before(found, formula);
        for reading in &formula.readings {
            let name = &reading.root;
            if !variables.contains(name) || formula.names.contains(name) || before.contains(name.as_str()) {
                continue;
            }
            let need = if reading.guarded { Need::Guarded } else { Need::Needed };
            join(&mut own, std::iter::once((name, &need)));
        }
    }
    own
}

/// Variables that the same object assigns before this formula of it is computed: `set` and `save` go in order.
fn assigned_before<'a>(found: &'a Inspection, formula: &Formula) -> BTreeSet<&'a str> {
    let is_of = |pointer: &str| {
        formula.pointer == pointer
            || formula.pointer.strip_prefix(pointer).is_some_and(|rest| rest.starts_with('/'))
    };
    let Some(own) = found.writes.iter().position(|write| is_of(&write.pointer)) else {
        return BTreeSet::new();
    };
    let parent = |pointer: &'a str| pointer.rsplit_once('/').map(|(parent, _)| parent);
    let object = parent(&found.writes[own].pointer);
    let before = found.writes[..own].iter().filter(|write| parent(&write.pointer) == object);
    before.map(|write| write.variable.as_str()).collect()
}
