//! A JSON value whose strings are templates: request bodies, queries, inputs.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::{EvalError, Scope, SyntaxError, Template};

/// A JSON value whose strings are templates; everything else stands for itself.
#[derive(Debug, Clone, PartialEq)]
pub enum TemplateTree {
    /// A number, a boolean or null, as written.
    Plain(Value),
    /// A string.
    Text(Template),
    /// A list.
    List(Vec<TemplateTree>),
    /// An object, in the order written.
    Object(Vec<(String, TemplateTree)>),
}

/// A template of a tree that cannot be used, and which one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeError {
    /// JSON pointer (RFC 6901) from the root of the tree.
    pub pointer: String,
    /// What is wrong, with the range inside that string.
    pub error: Box<SyntaxError>,
}

impl fmt::Display for TreeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pointer.is_empty() {
            write!(f, "{}", self.error)
        } else {
            write!(f, "{}: {}", self.pointer, self.error)
        }
    }
}

impl std::error::Error for TreeError {}

impl TemplateTree {
    /// Parses every string of the value.
    pub fn parse(value: &Value) -> Result<Self, TreeError> {
        Self::parse_at(value, &mut String::new())
    }

    fn parse_at(value: &Value, pointer: &mut String) -> Result<Self, TreeError> {
        Ok(match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => TemplateTree::Plain(value.clone()),
            Value::String(source) => TemplateTree::Text(
                Template::parse(source)
                    .map_err(|error| TreeError { pointer: pointer.clone(), error: Box::new(error) })?,
            ),
            Value::Array(items) => {
                let mut parsed = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    parsed.push(below(pointer, &index.to_string(), |p| Self::parse_at(item, p))?);
                }
                TemplateTree::List(parsed)
            }
            Value::Object(members) => {
                let mut parsed = Vec::with_capacity(members.len());
                for (key, member) in members {
                    let step = key.replace('~', "~0").replace('/', "~1");
                    let member = below(pointer, &step, |p| Self::parse_at(member, p))?;
                    parsed.push((key.clone(), member));
                }
                TemplateTree::Object(parsed)
            }
        })
    }

    /// The value. Absent at the root is `None`; an absent member of an object is left out, an absent item of a list is
    /// null (its neighbours keep their places). A null that was written stays.
    pub fn value(&self, scope: &Scope<'_>) -> Result<Option<Value>, EvalError> {
        Ok(match self {
            TemplateTree::Plain(value) => Some(value.clone()),
            TemplateTree::Text(template) => template.value(scope)?,
            TemplateTree::List(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    list.push(item.value(scope)?.unwrap_or(Value::Null));
                }
                Some(Value::Array(list))
            }
            TemplateTree::Object(members) => {
                let mut object = Map::new();
                for (key, member) in members {
                    if let Some(value) = member.value(scope)? {
                        object.insert(key.clone(), value);
                    }
                }
                Some(Value::Object(object))
            }
        })
    }

    /// Every template with its JSON pointer from the root of the tree, in the order written.
    pub fn templates(&self) -> Vec<(String, &Template)> {
        let mut found = Vec::new();
        self.collect(&mut String::new(), &mut found);
        found
    }

    fn collect<'t>(&'t self, pointer: &mut String, found: &mut Vec<(String, &'t Template)>) {
        match self {
            TemplateTree::Plain(_) => {}
            TemplateTree::Text(template) => found.push((pointer.clone(), template)),
            TemplateTree::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    below(pointer, &index.to_string(), |p| item.collect(p, found));
                }
            }
            TemplateTree::Object(members) => {
                for (key, member) in members {
                    let step = key.replace('~', "~0").replace('/', "~1");
                    below(pointer, &step, |p| member.collect(p, found));
                }
            }
        }
    }

    /// What the author wrote.
    pub fn source(&self) -> Value {
        match self {
            TemplateTree::Plain(value) => value.clone(),
            TemplateTree::Text(template) => template.source().into(),
            TemplateTree::List(items) => items.iter().map(Self::source).collect(),
            TemplateTree::Object(members) => {
                members.iter().map(|(key, member)| (key.clone(), member.source())).collect()
            }
        }
    }
}

fn below<T>(pointer: &mut String, step: &str, visit: impl FnOnce(&mut String) -> T) -> T {
    let before = pointer.len();
    pointer.push('/');
    pointer.push_str(step);
    let result = visit(pointer);
    pointer.truncate(before);
    result
}

impl Serialize for TemplateTree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.source().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for TemplateTree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        TemplateTree::parse(&value).map_err(D::Error::custom)
    }
}
