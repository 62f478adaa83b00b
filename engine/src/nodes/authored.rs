//! Reads authored JSON into spec structs, and says where in the document something does not fit.
//!
//! Any object of a flow may carry `"note"` and keys that begin with `x-`; everything else unknown is refused. Which
//! objects are a flow's own and which are data (the body of a request, the values of a `set`) only the type that is
//! read into knows: what is read into a struct drops notes, what is read into a map or a tree keeps every key.

use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

/// Reads a value of the document.
pub fn read<T: DeserializeOwned>(value: &Value) -> Result<T, ReadError> {
    T::deserialize(Authored(value))
}

/// Whether a key is a remark that any object of a flow may carry.
pub fn is_remark(key: &str) -> bool {
    key == "note" || key.starts_with("x-")
}

/// Something that does not fit, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// What, in English.
    pub message: String,
    /// The way down to it, innermost first.
    path: Vec<String>,
}

impl ReadError {
    /// As a JSON pointer.
    pub fn pointer(&self) -> String {
        self.path.iter().rev().fold(String::new(), |mut pointer, segment| {
            pointer.push('/');
            pointer.push_str(&segment.replace('~', "~0").replace('/', "~1"));
            pointer
        })
    }

    /// The same, one step further out.
    pub(crate) fn below(mut self, segment: impl Into<String>) -> Self {
        self.path.push(segment.into());
        self
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {:?}", self.message, self.pointer())
    }
}

impl std::error::Error for ReadError {}

impl serde::de::Error for ReadError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { message: message.to_string(), path: Vec::new() }
    }
}

struct Authored<'a>(&'a Value);

impl<'de> Deserializer<'de> for Authored<'de> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => {
                number.deserialize_any(visitor).map_err(<ReadError as serde::de::Error>::custom)
            }
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => visitor.visit_seq(Items { items, next: 0 }),
            Value::Object(members) => visitor.visit_map(Members::all(members)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
                visitor.visit_some(self)
            }
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match self.0 {
            Value::Object(members) => visitor.visit_map(Members::of_struct(members, fields)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                self.deserialize_any(visitor)
            }
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match self.0 {
            Value::String(text) => {
                BorrowedStrDeserializer::new(text).deserialize_enum(name, variants, visitor)
            }
            Value::Object(members) => {
                MapAccessDeserializer::new(Members::all(members)).deserialize_enum(name, variants, visitor)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
                self.deserialize_any(visitor)
            }
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map identifier ignored_any
    }
}

struct Items<'a> {
    items: &'a [Value],
    next: usize,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = ReadError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ReadError> {
        let Some(item) = self.items.get(self.next) else { return Ok(None) };
        let at = self.next;
        self.next += 1;
        seed.deserialize(Authored(item)).map(Some).map_err(|error| error.below(at.to_string()))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len() - self.next)
    }
}

struct Members<'a> {
    members: serde_json::map::Iter<'a>,
    /// The fields of the struct that is read; absent for a map, which keeps every key.
    fields: Option<&'static [&'static str]>,
    value: Option<(&'a str, &'a Value)>,
}

impl<'a> Members<'a> {
    fn all(members: &'a Map<String, Value>) -> Self {
        Self { members: members.iter(), fields: None, value: None }
    }

    fn of_struct(members: &'a Map<String, Value>, fields: &'static [&'static str]) -> Self {
        Self { members: members.iter(), fields: Some(fields), value: None }
    }
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = ReadError;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ReadError> {
        for (key, value) in self.members.by_ref() {
            let unwanted = |fields: &[&str]| !fields.contains(&key.as_str()) && is_remark(key);
            if self.fields.is_some_and(unwanted) {
                continue;
            }
            self.value = Some((key, value));
            return seed
                .deserialize(BorrowedStrDeserializer::new(key))
                .map(Some)
                .map_err(|error: ReadError| error.below(key));
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, ReadError> {
        let (key, value) = self
            .value
            .take()
            .ok_or_else(|| <ReadError as serde::de::Error>::custom("a value was asked for before its key"))?;
        seed.deserialize(Authored(value)).map_err(|error| error.below(key))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        inner: Vec<Inner>,
        #[serde(default)]
        data: Map<String, Value>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        count: u32,
    }

    #[test]
    fn remarks_are_dropped_from_structs_and_kept_in_data() {
        let outer: Outer = read(&json!({
            "note": "why", "x-color": "red",
            "inner": [ { "count": 1, "note": "one" } ],
            "data": { "note": "sent", "x-trace": 1 }
        }))
        .expect("remarks are allowed");
        assert_eq!(outer.inner, [Inner { count: 1 }]);
        assert_eq!(outer.data.len(), 2);
    }

    #[test]
    fn a_misfit_is_told_with_its_place() {
        let error =
            read::<Outer>(&json!({ "inner": [ { "count": 1 }, { "count": "a" } ] })).expect_err("text");
        assert_eq!(error.pointer(), "/inner/1/count");
        let error = read::<Outer>(&json!({ "inner": [ { "cuont": 1 } ] })).expect_err("unknown");
        assert_eq!(error.pointer(), "/inner/0/cuont");
        assert!(error.message.contains("unknown field `cuont`"), "{error}");
    }
}
