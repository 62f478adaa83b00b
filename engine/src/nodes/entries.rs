//! Objects whose keys are the author's own words, kept in the order written.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::authored::is_remark;
use crate::ids::NodeId;

/// Values by name, in the author's order: what a `set` computes runs in the order written.
#[derive(Debug, Clone, PartialEq)]
pub struct Entries<V>(Vec<(String, V)>);

impl<V> Default for Entries<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V> Entries<V> {
    /// In the author's order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &V)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&V> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Entries<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder(PhantomData)).map(Self)
    }
}

/// Ways out by port name, where the names are open: outcomes of a sub-flow, status codes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ports(Vec<(String, NodeId)>);

impl Ports {
    /// In the author's order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &NodeId)> {
        self.0.iter().map(|(name, target)| (name.as_str(), target))
    }

    /// Where a port leads.
    pub fn get(&self, name: &str) -> Option<&NodeId> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, target)| target)
    }
}

impl<'de> Deserialize<'de> for Ports {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Targets).map(Self)
    }
}

struct Targets;

impl<'de> Visitor<'de> for Targets {
    type Value = Vec<(String, NodeId)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of node ids")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut targets = Vec::new();
        while let Some(port) = map.next_key::<String>()? {
            if is_remark(&port) {
                map.next_value::<IgnoredAny>()?;
            } else {
                targets.push((port, map.next_value()?));
            }
        }
        Ok(targets)
    }
}

struct InOrder<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for InOrder<V> {
    type Value = Vec<(String, V)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(map.size_hint().unwrap_or(0));
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}
