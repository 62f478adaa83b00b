//! Plays another flow and comes back, once or for each item of a list.
//!
//! ```json
//! {
//!   "type": "call",
//!   "flow": "confirmar_uma_agenda",
//!   "inputs": { "origem": "menu" },
//!   "for_each": { "in": "alvos", "as": "agenda", "max": 10 },
//!   "save": { "feitas": "{{ results | selectattr('outcome', 'eq', 'confirmada') | list }}" },
//!   "on": { "done": "resumo", "failed": "atendente" }
//! }
//! ```

use serde::Deserialize;
use serde_json::{Value, json};

use super::context::NodeContext;
use super::entries::{Entries, Ports};
use super::inspection::{Inspect, Inspection, Mention};
use super::play::{Next, Play, Stop};
use crate::expr::{Expression, TemplateTree};
use crate::ids::{FlowId, NodeId};
use crate::protocol::{Object, TroubleCode};
use crate::session::Calling;

/// Items played when `for_each` gives no `max`.
pub const DEFAULT_MAX: u32 = 10;

/// What an author writes for a `call`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Which flow.
    pub flow: FlowId,
    /// The flow's inputs. A member whose value is absent is left out. With `for_each`, computed for each item.
    #[serde(default)]
    pub inputs: Entries<TemplateTree>,
    /// Plays it for each item of a list, one after the other. The item is an input as well, under the name in `as`.
    pub for_each: Option<ForEach>,
    /// Variables assigned on return: from `outputs` (and `outcome`), or from `results` with `for_each`. Not when it
    /// leaves by `failed`.
    #[serde(default)]
    pub save: Entries<TemplateTree>,
    /// Ways out: the sub-flow's outcomes, then `done`, `else`; `failed` when the sub-flow had trouble that it did
    /// not handle. With `for_each` only `done` and `failed`.
    pub on: Ports,
}

/// A list to play a flow for.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForEach {
    /// The list. Over nothing, it leaves by `done` with empty `results`.
    #[serde(rename = "in")]
    pub list: Expression,
    /// The item's name.
    #[serde(rename = "as")]
    pub item: String,
    /// Items at most; the rest is not played. [`DEFAULT_MAX`] unless set.
    pub max: Option<u32>,
}

impl Call {
    /// Where an outcome leads: its own port, else `done`, else `else`.
    pub fn port_of<'a>(&'a self, outcome: &'a str) -> Option<(&'a str, &'a NodeId)> {
        let own = if matches!(outcome, "done" | "else" | "failed") { None } else { self.on.get(outcome) };
        own.map(|target| (outcome, target)).or_else(|| {
            ["done", "else"].into_iter().find_map(|port| self.on.get(port).map(|target| (port, target)))
        })
    }
}

impl Inspect for Call {
    fn inspect(&self, found: &mut Inspection) {
        // What the sub-flow waits for is known only from the sub-flow.
        found.flows.push(Mention::new(self.flow.clone(), "/flow"));
        match &self.for_each {
            Some(for_each) => {
                found.expression("/for_each/in", &for_each.list);
                found.with_names(&[&for_each.item], |found| found.trees("/inputs", &self.inputs));
            }
            None => found.trees("/inputs", &self.inputs),
        }
        let returning: Vec<&str> =
            self.on.iter().map(|(name, _)| name).filter(|name| *name != "failed").collect();
        let names: &[&str] = if self.for_each.is_some() { &["results"] } else { &["outputs", "outcome"] };
        found.with_names(names, |found| found.saves("/save", &self.save, &returning));
        for (name, target) in self.on.iter() {
            found.port(name, format!("/on/{name}"), target);
        }
    }
}

impl Play for Call {
    fn enter(&self, cx: &mut NodeContext<'_>) -> Result<Next, Stop> {
        let Some(for_each) = &self.for_each else {
            let inputs = cx.members(&self.inputs)?;
            cx.frame_mut()?.calling = Some(Calling::default());
            return Ok(Next::Call { flow: self.flow.clone(), inputs });
        };
        let mut items = cx.list(&for_each.list)?;
        items.truncate(for_each.max.unwrap_or(DEFAULT_MAX) as usize);
        cx.frame_mut()?.calling = Some(Calling { items, results: Vec::new() });
        cx.check_size()?;
        self.next_item(cx, for_each)
    }
}

impl Call {
    /// The flow that was called has ended.
    pub(crate) fn returned(
        &self,
        cx: &mut NodeContext<'_>,
        outcome: &str,
        outputs: Object,
    ) -> Result<Next, Stop> {
        if let Some(for_each) = &self.for_each {
            if let Some(calling) = &mut cx.frame_mut()?.calling
                && !calling.items.is_empty()
            {
                let item = calling.items.remove(0);
                calling.results.push(json!({ "item": item, "outcome": outcome, "outputs": outputs }));
            }
            cx.check_size()?;
            return self.next_item(cx, for_each);
        }
        cx.frame_mut()?.calling = None;
        let Some((port, to)) = self.port_of(outcome) else {
            let detail = format!("flow `{}` ended with an outcome that has no port", self.flow);
            return Err(Stop::trouble(TroubleCode::OutcomeUnhandled, detail));
        };
        let next = Next::port(port.to_owned(), to);
        cx.local("outputs", Value::Object(outputs));
        cx.local("outcome", Value::from(outcome));
        self.keep(cx)?;
        Ok(next)
    }

    /// Where trouble leads that the called flow did not handle.
    pub(crate) fn failed_port(&self) -> Option<&NodeId> {
        self.on.get("failed")
    }

    fn next_item(&self, cx: &mut NodeContext<'_>, for_each: &ForEach) -> Result<Next, Stop> {
        let calling = cx.frame_mut()?.calling.as_mut();
        if let Some(item) = calling.as_ref().and_then(|calling| calling.items.first()).cloned() {
            cx.local(&for_each.item, item.clone());
            let mut inputs = cx.members(&self.inputs)?;
            inputs.insert(for_each.item.clone(), item);
            return Ok(Next::Call { flow: self.flow.clone(), inputs });
        }
        let results = calling.map(|calling| std::mem::take(&mut calling.results)).unwrap_or_default();
        cx.frame_mut()?.calling = None;
        cx.local("results", Value::Array(results));
        let next = Next::port_or("done", self.on.get("done"), TroubleCode::PortMissing)?;
        self.keep(cx)?;
        Ok(next)
    }

    fn keep(&self, cx: &mut NodeContext<'_>) -> Result<(), Stop> {
        for (name, tree) in self.save.iter() {
            let value = cx.tree(tree)?;
            cx.assign(name, value)?;
        }
        Ok(())
    }
}
