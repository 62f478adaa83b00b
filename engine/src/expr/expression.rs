//! A bare expression, as it stands in `if`, `in`, `skip_if` and `fail_if`.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use minijinja::machinery::parse_expr;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::program::Program;
use super::{EvalError, Reading, Scope, SyntaxError, readings};

/// A bare expression, parsed once.
#[derive(Clone)]
pub struct Expression(Arc<Parsed>);

struct Parsed {
    source: String,
    condition: Program,
    value: Program,
}

impl Expression {
    /// Parses and compiles; every name of a filter, test or function is checked here.
    pub fn parse(source: &str) -> Result<Self, SyntaxError> {
        if source.trim_start().starts_with("{{") {
            return Err(SyntaxError::plain(
                "aqui a expressão vai sem chaves: escreva sem `{{` e `}}`",
                "a bare expression stands here: write it without `{{` and `}}`",
                0..source.len(),
            ));
        }
        let expr = parse_expr(source).map_err(|error| SyntaxError::from_parser(&error, source))?;
        Ok(Expression(Arc::new(Parsed {
            source: source.to_owned(),
            condition: Program::condition(&expr)?,
            value: Program::expression(&expr)?,
        })))
    }

    /// What the author wrote.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// Whether it holds; absent is false.
    pub fn truth(&self, scope: &Scope<'_>) -> Result<bool, EvalError> {
        self.0.condition.truth(scope)
    }

    /// Its value; absent is `None`.
    pub fn value(&self, scope: &Scope<'_>) -> Result<Option<serde_json::Value>, EvalError> {
        self.0.value.value(scope)
    }

    /// What the expression reads, in the order of its source. A variable that is only tested is guarded.
    pub fn readings(&self) -> Vec<Reading> {
        // It parsed once, so it parses again.
        parse_expr(&self.0.source).map_or_else(|_| Vec::new(), |expr| readings::of_expression(&expr))
    }

    /// The whole source: an expression is one hole.
    pub fn holes(&self) -> Vec<Range<usize>> {
        std::iter::once(0..self.0.source.len()).collect()
    }
}

/// Two expressions are equal when they were written alike.
impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.0.source == other.0.source
    }
}

impl Eq for Expression {}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.0.source).finish()
    }
}

impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.source)
    }
}

impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let source = String::deserialize(deserializer)?;
        Expression::parse(&source).map_err(D::Error::custom)
    }
}
