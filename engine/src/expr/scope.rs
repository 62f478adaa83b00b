//! What a template can see: variables, named roots, and the moment of the turn.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Zoned;
use jiff::civil::{Date, DateTime};
use serde_json::{Map, Value};

/// Calendar and queue facts that functions read. Plain data, from the world of the turn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Days on which nobody works, besides weekends.
    pub holidays: BTreeSet<Date>,
    /// Whether a queue is attended right now; a queue that is not here is closed.
    pub open_queues: BTreeMap<String, bool>,
}

/// What a template can see, built once per turn and read by every evaluation in it.
///
/// Named roots (`contact`, `input`, `env`…) win over layers of variables, and what was added later wins over what was
/// added before. Nothing is copied until an expression reads it.
#[derive(Debug)]
pub struct Scope<'a> {
    now: Zoned,
    facts: &'a Facts,
    layers: Vec<&'a Map<String, Value>>,
    roots: Vec<(&'a str, Root<'a>)>,
    clock: [OnceCell<Value>; 2],
    moment: OnceCell<Arc<Moment>>,
    /// Lists and maps that an evaluation has read, by the name of their slot.
    converted: RefCell<BTreeMap<&'static str, minijinja::Value>>,
}

#[derive(Debug, Clone)]
enum Root<'a> {
    Borrowed(&'a Value),
    Owned(Value),
}

/// The moment of the turn as filters see it: local wall-clock time and the facts.
#[derive(Debug)]
pub(super) struct Moment {
    pub(super) now: DateTime,
    pub(super) facts: Facts,
}

impl<'a> Scope<'a> {
    /// A scope that knows the moment (in the project's time zone) and the calendar, and no variable yet.
    pub fn new(now: Zoned, facts: &'a Facts) -> Self {
        Scope {
            now,
            facts,
            layers: Vec::new(),
            roots: Vec::new(),
            clock: [OnceCell::new(), OnceCell::new()],
            moment: OnceCell::new(),
            converted: RefCell::default(),
        }
    }

    /// Adds variables that are seen by their own names.
    pub fn layer(&mut self, variables: &'a Map<String, Value>) -> &mut Self {
        self.converted.take();
        self.layers.push(variables);
        self
    }

    /// Adds one value under a name (`contact`, `response`, the `as` of a loop).
    pub fn root(&mut self, name: &'a str, value: &'a Value) -> &mut Self {
        self.converted.take();
        self.roots.push((name, Root::Borrowed(value)));
        self
    }

    /// Adds one value under a name and keeps it.
    pub fn root_owned(&mut self, name: &'a str, value: Value) -> &mut Self {
        self.converted.take();
        self.roots.push((name, Root::Owned(value)));
        self
    }

    /// The moment of the turn.
    pub fn now(&self) -> &Zoned {
        &self.now
    }

    /// The calendar and queue facts of the turn.
    pub fn facts(&self) -> &'a Facts {
        self.facts
    }

    /// A variable or root by its name; null counts as not there.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let found = match name {
            "now" => Some(
                self.clock[0]
                    .get_or_init(|| Value::String(self.now.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())),
            ),
            "today" => Some(self.clock[1].get_or_init(|| Value::String(self.now.date().to_string()))),
            _ => self
                .roots
                .iter()
                .rev()
                .find(|(root, _)| *root == name)
                .map(|(_, value)| match value {
                    Root::Borrowed(value) => *value,
                    Root::Owned(value) => value,
                })
                .or_else(|| self.layers.iter().rev().find_map(|layer| layer.get(name))),
        };
        found.filter(|value| !value.is_null())
    }

    /// What is kept under the name, or the value made now. Valid until a layer or root is added.
    pub(super) fn converted(
        &self,
        name: &'static str,
        convert: impl FnOnce() -> minijinja::Value,
    ) -> minijinja::Value {
        self.converted.borrow_mut().entry(name).or_insert_with(convert).clone()
    }

    pub(super) fn moment(&self) -> Arc<Moment> {
        self.moment
            .get_or_init(|| Arc::new(Moment { now: self.now.datetime(), facts: self.facts.clone() }))
            .clone()
    }
}
