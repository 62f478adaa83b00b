//! A reference to a secret. The file never holds one: only where it is.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use toml::Spanned;

/// What the deserialiser says when it meets a value where a reference must stand.
pub(crate) const LITERAL: &str = "a secret must be a reference";

/// Where a secret is: `{ env = "RM_PASSWORD" }` or `{ file = "/run/secrets/rm" }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret(Spanned<Reference>);

/// A secret's whereabouts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// An environment variable.
    Env(String),
    /// A file, relative to the project file; a line break at its end does not count.
    File(PathBuf),
}

impl Secret {
    /// Its whereabouts.
    pub fn reference(&self) -> &Reference {
        self.0.get_ref()
    }

    pub(crate) fn at(span: Range<usize>, reference: Reference) -> Self {
        Self(Spanned::new(span, reference))
    }

    pub(crate) fn span(&self) -> Range<usize> {
        self.0.span()
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::<Reference>::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ReferenceVisitor)
    }
}

struct ReferenceVisitor;

impl<'de> Visitor<'de> for ReferenceVisitor {
    type Value = Reference;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{ env = \"NOME\" } ou { file = \"/run/secrets/nome\" }")
    }

    // Every kind of literal, so that no default message quotes one.
    fn visit_str<E: Error>(self, _: &str) -> Result<Reference, E> {
        Err(E::custom(LITERAL))
    }
    fn visit_i64<E: Error>(self, _: i64) -> Result<Reference, E> {
        Err(E::custom(LITERAL))
    }
    fn visit_u64<E: Error>(self, _: u64) -> Result<Reference, E> {
        Err(E::custom(LITERAL))
    }
    fn visit_f64<E: Error>(self, _: f64) -> Result<Reference, E> {
        Err(E::custom(LITERAL))
    }
    fn visit_bool<E: Error>(self, _: bool) -> Result<Reference, E> {
        Err(E::custom(LITERAL))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Reference, A::Error> {
        let shape = || A::Error::custom("escreva { env = \"NOME\" } ou { file = \"/run/secrets/nome\" }");
        let (name, value): (String, String) = map.next_entry().map_err(|_| shape())?.ok_or_else(shape)?;
        if map.next_key::<String>()?.is_some() || value.is_empty() {
            return Err(shape());
        }
        match name.as_str() {
            "env" => Ok(Reference::Env(value)),
            "file" => Ok(Reference::File(value.into())),
            _ => Err(shape()),
        }
    }
}
