//! From node to node: where play goes, the visit, and then a wait or an end.

use crate::error::Error;
use crate::flow::{Flow, Library};
use crate::ids::NodeId;
use crate::nodes::context::NodeContext;
use crate::nodes::play::{Next, Stop};
use crate::nodes::{Node, NodeKind};
use crate::protocol::{Event, Turn};
use crate::session::Session;

/// One turn being played.
pub(super) struct Walk<'a> {
    pub(super) library: &'a Library,
    pub(super) cx: NodeContext<'a>,
    /// The turn was begun by a message of the contact that played.
    pub(super) heard_now: bool,
}

impl<'a> Walk<'a> {
    /// A turn about to be played.
    pub(super) fn new(library: &'a Library, cx: NodeContext<'a>) -> Self {
        Self { library, cx, heard_now: false }
    }

    /// Plays on until the session waits or ends.
    pub(super) fn play(&mut self, first: Result<Next, Stop>) -> Result<(), Error> {
        let mut next = first;
        loop {
            self.cx.drop_locals();
            next = match next {
                Ok(Next::Leave { port, to }) => {
                    self.leave(port.into_owned())?;
                    self.visit(&to)
                }
                Ok(Next::Stay) => match self.settle() {
                    Ok(None) => return Ok(()),
                    Ok(Some(next)) => Ok(next),
                    Err(stop) => Err(stop),
                },
                Ok(Next::Call { flow, inputs }) => self.call_flow(&flow, inputs),
                Ok(Next::Goto { flow, inputs }) => self.go_to_flow(&flow, inputs),
                Ok(Next::End { outcome, outputs }) => match self.end_flow(outcome, outputs)? {
                    Some(next) => next,
                    None => return Ok(()),
                },
                Ok(Next::Close { outcome }) => {
                    self.end_session(outcome);
                    return Ok(());
                }
                Err(Stop::Trouble { code, detail }) => match self.trouble(code, detail)? {
                    Some(next) => next,
                    None => return Ok(()),
                },
                Err(Stop::Broken(error)) => return Err(error),
            };
        }
    }

    /// Enters a node of the innermost flow.
    pub(super) fn visit(&mut self, node: &NodeId) -> Result<Next, Stop> {
        let flow = self.flow()?;
        // Named before it is counted, so that trouble is told of the node that could not be entered.
        self.cx.frame_mut()?.node = node.clone();
        self.count_visit()?;
        let kind = &self.node_of(flow, node)?.kind;
        let visit = self.cx.session.visits;
        self.cx.event(Event::NodeEntered { flow: flow.id.clone(), node: node.clone(), visit });
        kind.play().enter(&mut self.cx)
    }

    /// The innermost flow.
    pub(super) fn flow(&self) -> Result<&'a Flow, Error> {
        let flow = &self.cx.frame()?.flow;
        self.library.flow(flow).ok_or_else(|| Error::UnknownFlow(flow.clone()))
    }

    /// The node at which the innermost flow stands.
    pub(super) fn node(&self) -> Result<&'a NodeKind, Error> {
        Ok(&self.node_of(self.flow()?, &self.cx.frame()?.node)?.kind)
    }

    /// A node of a flow.
    pub(super) fn node_of(&self, flow: &'a Flow, node: &NodeId) -> Result<&'a Node, Error> {
        flow.node(node).ok_or_else(|| Error::UnknownNode { flow: flow.id.clone(), node: node.clone() })
    }

    /// The node of the innermost flow is left; its wait, if it had one, is over.
    fn leave(&mut self, port: String) -> Result<(), Error> {
        self.cx.end_wait();
        let frame = self.cx.frame_mut()?;
        frame.calling = None;
        let (flow, node) = (frame.flow.clone(), frame.node.clone());
        self.cx.event(Event::PortTaken { flow, node, port });
        Ok(())
    }

    /// Ends the session, whatever is on the stack.
    pub(super) fn end_session(&mut self, outcome: String) {
        self.cx.end_wait();
        self.cx.session.refused.clear();
        self.cx.event(Event::SessionEnded { outcome: outcome.clone() });
        self.cx.turn.ended = Some(outcome.clone());
        self.cx.session.outcome = Some(outcome);
    }

    /// What the turn came to.
    pub(super) fn finish(self) -> (Session, Turn) {
        (self.cx.session, self.cx.turn)
    }
}
