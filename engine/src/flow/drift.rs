//! Schemas and Rust types say the same: field by field, variant by variant, and on every example.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Value, json};

use super::bundle::{DEFINITIONS, DOCUMENTS, NODES};
use super::definition::Document;
use super::schema::{FLOW, Holds};
use crate::nodes::tests::example;
use crate::nodes::{Node, NodeKind};

/// What a type asks for at one place.
#[derive(Debug, Clone, PartialEq)]
enum Shape {
    Struct(BTreeSet<&'static str>),
    Enum(BTreeSet<&'static str>),
    Sequence,
    Map,
    /// A string, a number, or whatever the type takes by itself.
    Leaf,
}

/// Goes down one path into a type and notes what stands at its end. Nothing is ever built.
struct Probe<'p> {
    path: &'p [&'p str],
    seen: &'p RefCell<Option<Shape>>,
}

#[derive(Debug)]
struct Stop;

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the end of the path")
    }
}
impl std::error::Error for Stop {}
impl serde::de::Error for Stop {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl Probe<'_> {
    fn note(&self, shape: Shape) -> bool {
        let last = self.path.is_empty();
        if last {
            *self.seen.borrow_mut() = Some(shape);
        }
        last
    }
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Stop;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Stop> {
        self.note(Shape::Leaf);
        Err(Stop)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        if self.note(Shape::Struct(fields.iter().copied().collect())) {
            Err(Stop)
        } else {
            visitor.visit_map(Once(Some(self)))
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Stop> {
        self.note(Shape::Enum(variants.iter().copied().collect()));
        Err(Stop)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        if self.note(Shape::Sequence) { Err(Stop) } else { visitor.visit_seq(Once(Some(self))) }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        if self.note(Shape::Map) { Err(Stop) } else { visitor.visit_map(Once(Some(self))) }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        tuple tuple_struct identifier ignored_any
    }
}

/// The one member or item that the path goes through.
struct Once<'p>(Option<Probe<'p>>);

impl<'p> Once<'p> {
    fn value<'de, S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Stop> {
        let Probe { path, seen } = self.0.take().ok_or(Stop)?;
        seed.deserialize(Probe { path: &path[1..], seen })
    }
}

impl<'de> MapAccess<'de> for Once<'_> {
    type Error = Stop;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Stop> {
        self.0.as_ref().map(|probe| seed.deserialize(StrDeserializer::new(probe.path[0]))).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Stop> {
        self.value(seed)
    }
}

impl<'de> SeqAccess<'de> for Once<'_> {
    type Error = Stop;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Stop> {
        if self.0.is_some() { self.value(seed).map(Some) } else { Ok(None) }
    }
}

/// Compares a type with a schema all the way down. `ask` goes down one path into the type.
struct Comparison<'a> {
    ask: &'a dyn Fn(Probe<'_>),
    part: &'a Value,
    definitions: &'a Value,
    differences: Vec<String>,
}

impl Comparison<'_> {
    fn resolve<'s>(&'s self, mut schema: &'s Value) -> &'s Value {
        while let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let (file, pointer) = target.split_once('#').expect("a reference has a fragment");
            let document = if file.is_empty() && self.part.pointer(pointer).is_some() {
                self.part
            } else {
                self.definitions
            };
            match document.pointer(pointer) {
                Some(found) => schema = found,
                None => return &Value::Null,
            }
        }
        schema
    }

    fn compare(&mut self, path: &[&str], schema: &Value, common: &[&str]) {
        let seen = RefCell::new(None);
        (self.ask)(Probe { path, seen: &seen });
        let shape = seen.into_inner().unwrap_or(Shape::Leaf);
        let schema = self.resolve(schema).clone();
        let place = path.join("/");
        let step = |this: &mut Self, name: &str, schema: &Value| {
            let below: Vec<&str> = path.iter().copied().chain([name]).collect();
            this.compare(&below, schema, &[]);
        };
        match shape {
            Shape::Struct(fields) => {
                let properties =
                    schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
                let said: BTreeSet<&str> = properties
                    .keys()
                    .map(String::as_str)
                    .filter(|key| *key != "note" && !common.contains(key))
                    .collect();
                let read: BTreeSet<&str> = fields.iter().copied().collect();
                if said != read {
                    self.differences.push(format!("at {place:?} the schema has {said:?}, the type {read:?}"));
                }
                if schema.get("additionalProperties") != Some(&json!(false)) {
                    self.differences.push(format!("at {place:?} the schema lets unknown keys in"));
                }
                for field in fields {
                    if let Some(property) = properties.get(field) {
                        step(self, field, property);
                    }
                }
            }
            Shape::Enum(variants) => {
                let said: BTreeSet<&str> =
                    schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                if said != variants {
                    self.differences
                        .push(format!("at {place:?} the schema has {said:?}, the type {variants:?}"));
                }
            }
            Shape::Sequence => match schema.get("items") {
                Some(items) => step(self, "0", items),
                None => {
                    self.differences.push(format!("at {place:?} the type is a list, the schema has no items"))
                }
            },
            Shape::Map => {
                if !matches!(schema["type"].as_str(), Some("object")) {
                    self.differences.push(format!("at {place:?} the type is an object, the schema is not"));
                }
                if let Some(rest) = schema.get("additionalProperties").filter(|rest| rest.is_object()) {
                    step(self, "some", rest);
                }
            }
            Shape::Leaf => {
                // What is opaque to serde may still be an object (a tree); a type that takes structs never is.
                let is_own = schema.get("additionalProperties") == Some(&json!(false));
                if is_own && schema.get("x-holds").is_none() && path != ["body"] {
                    self.differences
                        .push(format!("at {place:?} the schema has members, the type reads none"));
                }
            }
        }
    }
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("a part is JSON")
}

fn differences(ask: &dyn Fn(Probe<'_>), part: &Value, common: &[&str]) -> Vec<String> {
    let definitions = parse(DEFINITIONS);
    let mut comparison = Comparison { ask, part, definitions: &definitions, differences: Vec::new() };
    comparison.compare(&[], part, common);
    comparison.differences
}

#[test]
fn node_types_and_their_schemas_agree() {
    for (name, text) in NODES {
        let ask = |probe: Probe<'_>| drop(NodeKind::probe(name, probe));
        let found = differences(&ask, &parse(text), &["type", "title", "allow"]);
        assert!(found.is_empty(), "{name}:\n{}", found.join("\n"));
    }
}

#[test]
fn the_flow_and_its_schema_agree() {
    let ask = |probe: Probe<'_>| drop(Document::deserialize(probe));
    let (_, text) = DOCUMENTS[0];
    let found = differences(&ask, &parse(text), &[]);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_difference_is_found() {
    let (_, text) = NODES.iter().find(|(name, _)| *name == "menu").expect("menu");
    let mut part = parse(text);
    let each = part["properties"]["each"]["properties"].as_object_mut().expect("properties");
    let renamed = each.shift_remove("as").expect("as");
    each.insert("name".into(), renamed);
    part["properties"]["style"]["enum"][1] = json!("bottons");
    let found =
        differences(&|probe| drop(NodeKind::probe("menu", probe)), &part, &["type", "title", "allow"]);
    assert_eq!(found.len(), 2, "{found:?}");
}

fn flow_of(node: &Value) -> Value {
    json!({ "format": 1, "flow": "f", "title": "F", "start": "a", "nodes": { "a": node } })
}

#[test]
fn every_example_fits_its_schema_and_computes_where_the_schema_says() {
    for name in NodeKind::NAMES {
        let node = example(name);
        let flow = flow_of(&node);
        assert_eq!(FLOW.violations(&flow), [], "{name}");
        let meaning = |wanted: &dyn Fn(Holds) -> bool| -> BTreeSet<String> {
            let meanings = FLOW.meanings(&flow).into_iter().filter(|(_, holds, _)| wanted(*holds));
            meanings
                .filter_map(|(pointer, _, _)| Some(pointer.strip_prefix("/nodes/a")?.to_owned()))
                .collect()
        };
        let found = Node::read(&node).expect("read elsewhere").inspection();
        let formulas: BTreeSet<String> = found.formulas.into_iter().map(|formula| formula.pointer).collect();
        assert_eq!(meaning(&|holds| holds != Holds::Target), formulas, "{name}");
        let ports: BTreeSet<String> = found.ports.into_iter().map(|port| port.pointer).collect();
        assert_eq!(meaning(&|holds| holds == Holds::Target), ports, "{name}");
    }
}

#[test]
fn what_the_schema_lets_one_leave_out_the_reader_does_as_well() {
    for name in NodeKind::NAMES {
        let node = example(name);
        for key in node.as_object().expect("a node").keys() {
            let mut less = node.clone();
            less.as_object_mut().expect("a node").shift_remove(key);
            let fits = FLOW.violations(&flow_of(&less)).is_empty();
            let reads = Node::read(&less);
            assert!(!fits || reads.is_ok(), "{name} without {key}: {reads:?}");
        }
    }
}

#[test]
fn every_property_explains_itself() {
    fn walk(schema: &Value, place: &str, silent: &mut Vec<String>) {
        let Value::Object(members) = schema else { return };
        for (key, part) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let explained = ["title", "description"].iter().all(|text| part.get(text).is_some());
            if !explained && part.get("$ref").is_none() && part.is_object() {
                silent.push(format!("{place}/{key}"));
            }
        }
        for (key, part) in members {
            if matches!(key.as_str(), "if" | "then" | "else" | "not" | "allOf" | "anyOf" | "defaultSnippets")
            {
                continue;
            }
            walk(part, &format!("{place}/{key}"), silent);
        }
    }
    let mut silent = Vec::new();
    for (name, text) in NODES.iter().chain(DOCUMENTS).copied().chain([("definitions", DEFINITIONS)]) {
        walk(&parse(text), name, &mut silent);
        assert!(!text.contains("\"oneOf\""), "{name}");
    }
    assert!(silent.is_empty(), "{silent:?}");
}
