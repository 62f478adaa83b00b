//! Text with holes: the form of every authored value.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use minijinja::machinery::{Token, ast, parse, tokenize};
use minijinja::syntax::SyntaxConfig;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::path::range;
use super::print::Target;
use super::program::{Code, Program};
use super::{EvalError, MAX_OUTPUT, Reading, Scope, SyntaxError, readings};

/// Text with holes (`{{ … }}`), parsed once. Exactly one hole and nothing else keeps its type; no hole is a literal.
#[derive(Clone)]
pub struct Template(Arc<Parsed>);

struct Parsed {
    source: String,
    body: Body,
}

enum Body {
    Literal(String),
    /// Exactly one hole.
    Hole(Hole),
    Segments(Vec<Segment>),
    /// With `{% … %}`.
    Statements(Code),
}

enum Segment {
    Text(String),
    Hole(Hole),
}

struct Hole {
    program: Program,
    /// The expression as the author wrote it.
    words: String,
}

/// A line break at the end of an authored text stays.
fn syntax() -> SyntaxConfig {
    SyntaxConfig::builder().keep_trailing_newline(true).build().expect("the standard delimiters are valid")
}

fn has_markup(source: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|mark| source.contains(mark))
}

impl Template {
    /// Parses and compiles; every name of a filter, test or function is checked here.
    pub fn parse(source: &str) -> Result<Self, SyntaxError> {
        let body = if has_markup(source) { Body::parse(source)? } else { Body::Literal(source.to_owned()) };
        Ok(Template(Arc::new(Parsed { source: source.to_owned(), body })))
    }

    /// The text, if there is no hole in it.
    pub fn literal(&self) -> Option<&str> {
        match &self.0.body {
            Body::Literal(text) => Some(text),
            Body::Hole(_) | Body::Segments(_) | Body::Statements(_) => None,
        }
    }

    /// What the author wrote.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// The value: of its own type if the template is exactly one hole, else text. Absent is `None`.
    pub fn value(&self, scope: &Scope<'_>) -> Result<Option<serde_json::Value>, EvalError> {
        match &self.0.body {
            Body::Hole(hole) => hole.program.value(scope),
            Body::Literal(text) => Ok(Some(text.clone().into())),
            Body::Segments(_) | Body::Statements(_) => Ok(Some(self.text(scope)?.into())),
        }
    }

    /// The text that people read. Something absent, a boolean, a list or a map in a hole is an error.
    pub fn text(&self, scope: &Scope<'_>) -> Result<String, EvalError> {
        self.print(scope, Target::Text)
    }

    /// The text as a URL path: each hole becomes one percent-encoded segment, whatever it holds.
    pub fn path(&self, scope: &Scope<'_>) -> Result<String, EvalError> {
        self.print(scope, Target::Segment)
    }

    /// The text as HTML: what the author wrote is markup, what a hole gives is text.
    pub fn html(&self, scope: &Scope<'_>) -> Result<String, EvalError> {
        self.print(scope, Target::Html)
    }

    fn print(&self, scope: &Scope<'_>, target: Target) -> Result<String, EvalError> {
        let mut out = String::new();
        match &self.0.body {
            Body::Literal(text) => out.push_str(text),
            Body::Hole(hole) => hole.program.print(scope, &mut out, &hole.words, target)?,
            Body::Segments(segments) => {
                out.reserve(self.0.source.len());
                for segment in segments {
                    match segment {
                        Segment::Text(text) => out.push_str(text),
                        Segment::Hole(hole) => {
                            hole.program.print(scope, &mut out, &hole.words, target)?;
                        }
                    }
                }
            }
            Body::Statements(code) => code.print(scope, &mut out, target)?,
        }
        if out.len() > MAX_OUTPUT {
            return Err(EvalError::TooLarge);
        }
        Ok(out)
    }

    /// What the template reads, in the order of its source.
    pub fn readings(&self) -> Vec<Reading> {
        if !has_markup(&self.0.source) {
            return Vec::new();
        }
        // It parsed once, so it parses again.
        parse(&self.0.source, "", syntax()).map_or_else(|_| Vec::new(), |stmt| readings::of_statement(&stmt))
    }

    /// The bytes of each hole, braces included.
    pub fn holes(&self) -> Vec<Range<usize>> {
        holes(&self.0.source)
    }
}

/// The bytes of each `{{ … }}`.
fn holes(source: &str) -> Vec<Range<usize>> {
    let mut holes = Vec::new();
    let mut start = None;
    for (token, span) in tokenize(source, false, syntax()).map_while(Result::ok) {
        if matches!(token, Token::VariableStart) {
            start = Some(range(span).start);
        } else if matches!(token, Token::VariableEnd)
            && let Some(start) = start.take()
        {
            holes.push(start..range(span).end);
        }
    }
    holes
}

/// What the author wrote between the braces around a place.
pub(super) fn words_at(source: &str, holes: &[Range<usize>], at: usize) -> String {
    holes
        .iter()
        .find(|hole| hole.contains(&at))
        .and_then(|hole| source.get(hole.clone()))
        .unwrap_or(source)
        .trim_start_matches("{{")
        .trim_end_matches("}}")
        .trim_matches(['-', '+'])
        .trim()
        .to_owned()
}

impl Body {
    fn parse(source: &str) -> Result<Self, SyntaxError> {
        let stmt = parse(source, "", syntax()).map_err(|error| SyntaxError::from_parser(&error, source))?;
        let holes = holes(source);
        let ast::Stmt::Template(template) = &stmt else {
            return Ok(Body::Statements(Code::statements(&stmt, source, holes)?));
        };
        let plain = |stmt: &ast::Stmt<'_>| matches!(stmt, ast::Stmt::EmitRaw(_) | ast::Stmt::EmitExpr(_));
        if !template.children.iter().all(plain) {
            return Ok(Body::Statements(Code::statements(&stmt, source, holes)?));
        }
        let mut segments: Vec<Segment> = Vec::new();
        for child in &template.children {
            if let ast::Stmt::EmitRaw(raw) = child {
                match segments.last_mut() {
                    Some(Segment::Text(text)) => text.push_str(raw.raw),
                    _ => segments.push(Segment::Text(raw.raw.to_owned())),
                }
            } else if let ast::Stmt::EmitExpr(emit) = child {
                segments.push(Segment::Hole(Hole {
                    program: Program::expression(&emit.expr)?,
                    words: words_at(source, &holes, range(emit.expr.span()).start),
                }));
            }
        }
        let one_hole = source.starts_with("{{") && source.ends_with("}}");
        Ok(match segments.pop() {
            None => Body::Literal(String::new()),
            Some(Segment::Text(text)) if segments.is_empty() => Body::Literal(text),
            Some(Segment::Hole(hole)) if segments.is_empty() && one_hole => Body::Hole(hole),
            Some(last) => {
                segments.push(last);
                Body::Segments(segments)
            }
        })
    }
}

/// Two templates are equal when they were written alike.
impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.0.source == other.0.source
    }
}

impl Eq for Template {}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Template").field(&self.0.source).finish()
    }
}

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.source)
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let source = String::deserialize(deserializer)?;
        Template::parse(&source).map_err(D::Error::custom)
    }
}
