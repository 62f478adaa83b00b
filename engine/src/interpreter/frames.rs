//! Flows on the stack: begun, called, left for good, ended.

use serde_json::Value;

use super::inputs::typed;
use super::walk::Walk;
use crate::error::Error;
use crate::flow::Flow;
use crate::ids::FlowId;
use crate::nodes::NodeKind;
use crate::nodes::context::Declares;
use crate::nodes::play::{Next, Stop};
use crate::nodes::values::check_nesting;
use crate::protocol::{Event, Object, TroubleCode};
use crate::session::Frame;

impl Declares for Flow {
    fn remembers(&self, variable: &str) -> bool {
        self.variables.get(variable).is_some_and(|variable| variable.remember)
    }
}

impl<'a> Walk<'a> {
    /// Puts a flow on the stack and enters its first node.
    pub(super) fn begin_flow(&mut self, flow: &FlowId, inputs: Object) -> Result<Next, Stop> {
        let flow = self.known_flow(flow)?;
        self.push(flow);
        self.fill(flow, inputs)?;
        self.visit(&flow.start)
    }

    /// Plays a flow for the `call` node of the innermost one.
    pub(super) fn call_flow(&mut self, flow: &FlowId, inputs: Object) -> Result<Next, Stop> {
        self.check_depth()?;
        let flow = self.known_flow(flow)?;
        self.cx.event(Event::FlowEntered { flow: flow.id.clone() });
        self.push(flow);
        self.fill(flow, inputs)?;
        self.visit(&flow.start)
    }

    /// Leaves the whole stack behind for a flow.
    pub(super) fn go_to_flow(&mut self, flow: &FlowId, inputs: Object) -> Result<Next, Stop> {
        let flow = self.known_flow(flow)?;
        self.cx.event(Event::WentTo { flow: flow.id.clone() });
        self.cx.session.frames.clear();
        self.push(flow);
        self.fill(flow, inputs)?;
        self.visit(&flow.start)
    }

    /// The innermost flow has ended: the flow that called it goes on, or the session ends.
    pub(super) fn end_flow(
        &mut self,
        outcome: String,
        outputs: Object,
    ) -> Result<Option<Result<Next, Stop>>, Error> {
        let flow = self.cx.frame()?.flow.clone();
        self.cx.event(Event::FlowEnded { flow, outcome: outcome.clone() });
        if self.cx.session.frames.len() <= 1 {
            self.end_session(outcome);
            return Ok(None);
        }
        self.cx.session.frames.pop();
        self.cx.declares = self.flow()?;
        match self.node()? {
            NodeKind::Call(call) => Ok(Some(call.returned(&mut self.cx, &outcome, outputs))),
            NodeKind::Message(_)
            | NodeKind::Template(_)
            | NodeKind::Ask(_)
            | NodeKind::Menu(_)
            | NodeKind::Branch(_)
            | NodeKind::Set(_)
            | NodeKind::Http(_)
            | NodeKind::Handoff(_)
            | NodeKind::Ticket(_)
            | NodeKind::Notify(_)
            | NodeKind::Email(_)
            | NodeKind::Tag(_)
            | NodeKind::Consent(_)
            | NodeKind::Wait(_)
            | NodeKind::Goto(_)
            | NodeKind::End(_) => {
                Err(Error::Invariant("a flow was called by a node that calls none".to_owned()))
            }
        }
    }

    /// Drops the flows above one that goes on.
    pub(super) fn unwind_to(&mut self, depth: usize) -> Result<(), Error> {
        self.cx.end_wait();
        self.cx.session.frames.truncate(depth + 1);
        self.cx.frame_mut()?.calling = None;
        self.cx.declares = self.flow()?;
        Ok(())
    }

    fn known_flow(&self, flow: &FlowId) -> Result<&'a Flow, Stop> {
        self.library.flow(flow).ok_or_else(|| {
            Stop::trouble(TroubleCode::UnknownFlow, format!("the release has no flow `{flow}`"))
        })
    }

    /// Puts a flow on the stack.
    pub(super) fn push(&mut self, flow: &'a Flow) {
        self.cx.session.frames_begun += 1;
        self.cx.session.frames.push(Frame {
            number: self.cx.session.frames_begun,
            flow: flow.id.clone(),
            node: flow.start.clone(),
            variables: Object::new(),
            calling: None,
            trouble: None,
        });
        self.cx.declares = flow;
    }

    /// Gives a flow its inputs and the defaults of its variables.
    pub(super) fn fill(&mut self, flow: &'a Flow, mut given: Object) -> Result<(), Stop> {
        let today = self.cx.now().date();
        let mut values = Object::new();
        for (name, input) in flow.inputs.iter() {
            let value = given.shift_remove(name).filter(|value| !value.is_null());
            let value = match value {
                Some(value) => Some(typed(input.kind, value, today).ok_or_else(|| {
                    let detail = format!("the input `{name}` of flow `{}` is of the wrong type", flow.id);
                    Stop::trouble(TroubleCode::InputInvalid, detail)
                })?),
                None => input.default.clone(),
            };
            match value {
                Some(value) => {
                    values.insert(name.to_owned(), value);
                }
                None if input.required => {
                    let detail = format!("the input `{name}` of flow `{}` is required", flow.id);
                    return Err(Stop::trouble(TroubleCode::InputInvalid, detail));
                }
                None => {}
            }
        }
        // What is given without being declared stays: the item of a `for_each` needs no declaration.
        values.extend(given.into_iter().filter(|(_, value)| !value.is_null()));
        for (name, variable) in flow.variables.iter() {
            if values.contains_key(name) {
                continue;
            }
            let remembered = if variable.remember { self.cx.contact.fields.get(name) } else { None };
            if let Some(value) = remembered.or(variable.default.as_ref()) {
                values.insert(name.to_owned(), value.clone());
            }
        }
        for (name, value) in &values {
            check_nesting(name, value)?;
        }
        let frame = self.cx.frame_mut()?;
        frame.variables = values.into_iter().filter(|(_, value)| *value != Value::Null).collect();
        self.cx.check_size()
    }
}
