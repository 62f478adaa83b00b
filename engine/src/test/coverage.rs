//! Which nodes and ports of the flows were walked through.

use std::collections::BTreeSet;

use crate::flow::{Flow, Library};
use crate::ids::{FlowId, NodeId};
use crate::protocol::Event;

/// What was walked through.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    nodes: BTreeSet<(FlowId, NodeId)>,
    ports: BTreeSet<(FlowId, NodeId, String)>,
}

/// One flow's coverage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowCoverage {
    /// Which flow.
    pub flow: FlowId,
    /// How many nodes it has.
    pub nodes: usize,
    /// How many ports its nodes have.
    pub ports: usize,
    /// Nodes nobody came to, in authors' order.
    pub missing_nodes: Vec<NodeId>,
    /// Ports nobody took, in authors' order.
    pub missing_ports: Vec<(NodeId, String)>,
}

impl Coverage {
    /// Adds what a conversation walked through.
    pub fn add(&mut self, events: &[Event]) {
        for event in events {
            match event {
                Event::NodeEntered { flow, node, .. } => {
                    self.nodes.insert((flow.clone(), node.clone()));
                }
                Event::PortTaken { flow, node, port } => {
                    self.ports.insert((flow.clone(), node.clone(), port.clone()));
                }
                Event::SessionStarted { .. }
                | Event::WaitBegan { .. }
                | Event::Answered { .. }
                | Event::AnswerInvalid { .. }
                | Event::NotPlayed { .. }
                | Event::Interrupted { .. }
                | Event::Trouble(_)
                | Event::FlowEntered { .. }
                | Event::FlowEnded { .. }
                | Event::WentTo { .. }
                | Event::ResultTooLate { .. }
                | Event::SessionEnded { .. } => {}
            }
        }
    }

    /// Against all that the flows have.
    pub fn of(&self, library: &Library) -> Vec<FlowCoverage> {
        library.flows().map(|flow| self.of_flow(flow)).collect()
    }

    fn of_flow(&self, flow: &Flow) -> FlowCoverage {
        let ways: Vec<(NodeId, String)> = flow
            .nodes()
            .flat_map(|(id, node)| {
                let mut names: Vec<String> =
                    node.inspection().ports.into_iter().map(|port| port.name).collect();
                // Two interrupts or cases may share a name; taking one of them is taking it.
                names.dedup();
                names.into_iter().map(|name| (id.clone(), name))
            })
            .collect();
        let missing_nodes: Vec<NodeId> = flow
            .nodes()
            .map(|(id, _)| id.clone())
            .filter(|id| !self.nodes.contains(&(flow.id.clone(), id.clone())))
            .collect();
        let ports = ways.len();
        let missing_ports = ways
            .into_iter()
            .filter(|(node, port)| !self.ports.contains(&(flow.id.clone(), node.clone(), port.clone())))
            .collect();
        FlowCoverage { flow: flow.id.clone(), nodes: flow.nodes().len(), ports, missing_nodes, missing_ports }
    }
}

impl FlowCoverage {
    /// Nodes that were entered.
    pub fn entered(&self) -> usize {
        self.nodes - self.missing_nodes.len()
    }

    /// Ports that were taken.
    pub fn taken(&self) -> usize {
        self.ports - self.missing_ports.len()
    }
}
