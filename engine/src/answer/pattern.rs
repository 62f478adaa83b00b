//! The regular expression of an author, for answers of the type `pattern`.

use std::fmt;
use std::sync::Arc;

use regex::{Regex, RegexBuilder};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A regular expression that the whole answer must match. Linear in the length of the text, whatever is written.
#[derive(Clone)]
pub struct Pattern {
    source: String,
    compiled: Arc<Regex>,
}

/// Bytes a compiled pattern may take: enough for any form, too little for `(a{1000}){1000}`.
const MAX_COMPILED: usize = 256 * 1024;

impl Pattern {
    /// Compiles it. The error is the library's own text, in English, about the pattern only.
    pub fn parse(source: &str) -> Result<Self, String> {
        // Compiled alone first: `a)(b` would be made right by the anchors.
        Regex::new(source).map_err(|error| error.to_string())?;
        let compiled = RegexBuilder::new(&format!("^(?:{source})$"))
            .size_limit(MAX_COMPILED)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Pattern { source: source.to_owned(), compiled: Arc::new(compiled) })
    }

    /// What the author wrote.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        self.compiled.is_match(text)
    }
}

/// Two patterns are equal when they were written alike.
impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Pattern {}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.source).finish()
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.source)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let source = String::deserialize(deserializer)?;
        Pattern::parse(&source).map_err(D::Error::custom)
    }
}
