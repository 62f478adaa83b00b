//! A document with places: every value and key knows where it stands in the text.
//!
//! Strict JSON is what counts. What breaks its rules is told, and then the text is read leniently, so that everything
//! else that is wrong with it is told at the same time.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use jsonc_parser::ast;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::{Map, Value};

use super::fault::{Fault, FaultKind};

/// The largest document, in bytes.
pub const MAX_BYTES: usize = 2 * 1024 * 1024;

/// The deepest nesting of objects and lists.
pub const MAX_DEPTH: usize = 100;

const BOM: char = '\u{feff}';

/// A document that was read, whole or in part.
#[derive(Debug, Clone)]
pub struct Source {
    /// The name it goes by, usually its path.
    pub path: String,
    /// Its text, as it stands in the file.
    pub text: String,
    /// What it says; absent when not even the lenient reading found a value.
    pub value: Option<Value>,
    /// What is wrong with it as JSON.
    pub faults: Vec<Fault>,
    /// By JSON pointer.
    places: BTreeMap<String, Place>,
    line_starts: Vec<usize>,
}

/// Where a value stands, and its key when it is a member of an object. Byte ranges, quotes included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The key.
    pub key: Option<Range<usize>>,
    /// The value.
    pub value: Range<usize>,
}

/// A place for people: both from 1, in characters (code points).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

impl Source {
    /// Reads a text. Never fails: what is wrong is in `faults`.
    pub fn read(path: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mut source = Self {
            path: path.into(),
            text,
            value: None,
            faults: Vec::new(),
            places: BTreeMap::new(),
            line_starts,
        };
        source.parse();
        source
    }

    /// Reads a file's bytes. What is not UTF-8 becomes U+FFFD, and the checker says so.
    pub fn from_bytes(path: impl Into<String>, bytes: &[u8]) -> Self {
        Self::read(path, String::from_utf8_lossy(bytes))
    }

    fn parse(&mut self) {
        let text = std::mem::take(&mut self.text);
        let offset = if text.starts_with(BOM) { BOM.len_utf8() } else { 0 };
        if offset > 0 {
            self.fault(FaultKind::Bom, 0..offset);
        }
        if text.len() > MAX_BYTES {
            self.fault(FaultKind::TooLarge { bytes: text.len() }, 0..0);
        } else if let Some(at) = too_deep(&text) {
            self.fault(FaultKind::TooDeep, at..at + 1);
        } else {
            let body = &text[offset..];
            let collect = CollectOptions::default();
            let parsed = match parse_to_ast(body, &collect, &strict()) {
                Ok(parsed) => Ok(parsed),
                Err(error) => {
                    let range = error.range();
                    let (kind, span) = FaultKind::of(error.kind(), range.start..range.end, body);
                    self.fault(kind, span.start + offset..span.end + offset);
                    parse_to_ast(body, &collect, &ParseOptions::default())
                }
            };
            match parsed.map(|parsed| parsed.value) {
                Ok(Some(root)) => self.value = Some(self.index(&root, None, &mut String::new(), offset)),
                Ok(None) => self.fault(FaultKind::Empty, 0..0),
                // Told by the strict reading, or beyond what even the lenient one can follow.
                Err(_) => {}
            }
        }
        self.text = text;
    }

    fn fault(&mut self, kind: FaultKind, span: Range<usize>) {
        self.faults.push(Fault { kind, span });
    }

    fn index(
        &mut self,
        node: &ast::Value<'_>,
        key: Option<Range<usize>>,
        pointer: &mut String,
        offset: usize,
    ) -> Value {
        let shifted = |range: jsonc_parser::common::Range| range.start + offset..range.end + offset;
        self.places.insert(pointer.clone(), Place { key, value: shifted(range_of(node)) });
        match node {
            ast::Value::NullKeyword(_) => Value::Null,
            ast::Value::BooleanLit(literal) => Value::Bool(literal.value),
            // What is no JSON number was told by the strict reading; the value no longer matters.
            ast::Value::NumberLit(literal) => serde_json::from_str(literal.value).unwrap_or(Value::Null),
            ast::Value::StringLit(literal) => Value::String(literal.value.clone().into_owned()),
            ast::Value::Array(array) => Value::Array(
                array
                    .elements
                    .iter()
                    .enumerate()
                    .map(|(at, element)| {
                        below(pointer, &at.to_string(), |pointer| self.index(element, None, pointer, offset))
                    })
                    .collect(),
            ),
            ast::Value::Object(object) => {
                let mut members = Map::new();
                let mut seen: BTreeMap<Cow<'_, str>, Range<usize>> = BTreeMap::new();
                for property in &object.properties {
                    let name = property.name.as_str();
                    let key = shifted(name_range(&property.name));
                    if let Some(first) = seen.get(name) {
                        let kind = FaultKind::DuplicateKey { key: name.to_owned(), first: first.clone() };
                        self.fault(kind, key.clone());
                    } else {
                        seen.insert(Cow::Owned(name.to_owned()), key.clone());
                    }
                    let value = below(pointer, name, |pointer| {
                        self.index(&property.value, Some(key), pointer, offset)
                    });
                    members.insert(name.to_owned(), value);
                }
                Value::Object(members)
            }
        }
    }

    /// Where the value of a JSON pointer stands.
    pub fn place(&self, pointer: &str) -> Option<&Place> {
        self.places.get(pointer)
    }

    /// Where a value stands, or, when it is not there, the nearest value around it.
    pub fn span(&self, pointer: &str) -> Range<usize> {
        let mut pointer = pointer;
        loop {
            if let Some(place) = self.places.get(pointer) {
                return place.value.clone();
            }
            match pointer.rfind('/') {
                Some(at) => pointer = &pointer[..at],
                None => return 0..0,
            }
        }
    }

    /// Where a key stands; for the root and items of lists, the value.
    pub fn key_span(&self, pointer: &str) -> Range<usize> {
        self.places.get(pointer).and_then(|place| place.key.clone()).unwrap_or_else(|| self.span(pointer))
    }

    /// The first character of an object or list: where to point at what is missing inside.
    pub fn opening(&self, pointer: &str) -> Range<usize> {
        let span = self.span(pointer);
        span.start..span.end.min(span.start + 1)
    }

    /// A range of bytes of a decoded text as it stands in the file, escapes counted.
    pub fn inside(&self, pointer: &str, range: Range<usize>) -> Range<usize> {
        let span = self.span(pointer);
        let raw = &self.text[span.clone()];
        if !raw.starts_with('"') {
            return span;
        }
        let start = span.start + encoded_offset(raw, range.start);
        let end = span.start + encoded_offset(raw, range.end);
        start..end.max(start)
    }

    /// Line and column of a byte.
    pub fn position(&self, at: usize) -> Position {
        let line = self.line_starts.partition_point(|&start| start <= at).saturating_sub(1);
        let start = self.line_starts[line];
        let before = self.text.get(start..at.min(self.text.len())).unwrap_or_default();
        let column = before.trim_start_matches(BOM).chars().count() + 1;
        Position { line: line + 1, column }
    }
}

fn strict() -> ParseOptions {
    ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

/// The bracket that goes one level too deep: found before the reader, which recurses, sees the text.
fn too_deep(text: &str) -> Option<usize> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'\n' => quoted = false,
            b'{' | b'[' if !quoted => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Some(at);
                }
            }
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

fn range_of(node: &ast::Value<'_>) -> jsonc_parser::common::Range {
    match node {
        ast::Value::StringLit(literal) => literal.range,
        ast::Value::NumberLit(literal) => literal.range,
        ast::Value::BooleanLit(literal) => literal.range,
        ast::Value::NullKeyword(literal) => literal.range,
        ast::Value::Object(object) => object.range,
        ast::Value::Array(array) => array.range,
    }
}

fn name_range(name: &ast::ObjectPropName<'_>) -> jsonc_parser::common::Range {
    match name {
        ast::ObjectPropName::String(literal) => literal.range,
        ast::ObjectPropName::Word(word) => word.range,
    }
}

fn below<T>(pointer: &mut String, step: &str, visit: impl FnOnce(&mut String) -> T) -> T {
    let before = pointer.len();
    pointer.push('/');
    pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
    let result = visit(pointer);
    pointer.truncate(before);
    result
}

/// How far into a quoted text (the opening quote included) a byte of the decoded text stands.
fn encoded_offset(raw: &str, decoded: usize) -> usize {
    let mut at = 1;
    let mut left = decoded;
    let bytes = raw.as_bytes();
    while left > 0 && at + 1 < raw.len() {
        let (encoded, length) = if bytes[at] == b'\\' {
            match bytes.get(at + 1) {
                Some(b'u') => unicode_escape(raw, at),
                Some(_) | None => (2, 1),
            }
        } else {
            let length = raw[at..].chars().next().map_or(1, char::len_utf8);
            (length, length)
        };
        at += encoded;
        left = left.saturating_sub(length);
    }
    at.min(raw.len())
}

/// How long an escape `\uXXXX` is, with its second half if it has one, and how long what it stands for.
fn unicode_escape(raw: &str, at: usize) -> (usize, usize) {
    let unit = |at: usize| raw.get(at + 2..at + 6).and_then(|hex| u32::from_str_radix(hex, 16).ok());
    match unit(at) {
        Some(0xD800..=0xDBFF) => (12, 4),
        Some(code) => (6, char::from_u32(code).map_or(3, char::len_utf8)),
        None => (2, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Source {
        Source::read("x.json", text)
    }

    fn marked<'s>(source: &'s Source, span: &Range<usize>) -> &'s str {
        &source.text[span.clone()]
    }

    #[test]
    fn keys_and_values_know_their_places() {
        let source = read("{\n  \"nós\": [ { \"a/b\": \"é\" } ]\n}");
        assert_eq!(source.faults, []);
        let place = source.place("/nós/0/a~1b").expect("there");
        assert_eq!(marked(&source, &place.value), "\"é\"");
        assert_eq!(marked(&source, place.key.as_ref().expect("a key")), "\"a/b\"");
        assert_eq!(source.position(place.value.start), Position { line: 2, column: 21 });
        assert_eq!(marked(&source, &source.span("/nós/0/c")), "{ \"a/b\": \"é\" }");
    }

    #[test]
    fn columns_count_characters() {
        let source = read("{ \"ação\": 1, \"b\": 2 }");
        assert_eq!(source.position(source.span("/b").start).column, 19);
    }

    #[test]
    fn a_place_in_a_text_counts_escapes() {
        let source = read(r#"{ "t": "a\n\"\u2705\ud83d\ude00é{{ x }}" }"#);
        let decoded = source.value.as_ref().and_then(|v| v["t"].as_str()).expect("text").to_owned();
        let at = decoded.find("{{ x }}").expect("a hole");
        assert_eq!(marked(&source, &source.inside("/t", at..at + 7)), "{{ x }}");
        let tick = decoded.find('✅').expect("a tick");
        assert_eq!(marked(&source, &source.inside("/t", tick..tick + 3)), r"\u2705");
        assert_eq!(marked(&source, &source.inside("/t", decoded.len()..decoded.len())), "");
    }

    #[test]
    fn what_breaks_the_rules_is_told_and_read_over() {
        let cases = [
            ("{ \"a\": 1, }", FaultKind::TrailingComma),
            ("{ \"a\": 1 \"b\": 2 }", FaultKind::MissingComma),
            ("{ \"a\": 1 } // x", FaultKind::Comment),
            ("{ 'a': 1 }", FaultKind::SingleQuotes),
            ("{ a: 1 }", FaultKind::BareKey),
        ];
        for (text, kind) in cases {
            let source = read(text);
            assert_eq!(source.faults.iter().map(|f| f.kind.clone()).collect::<Vec<_>>(), [kind], "{text}");
            assert_eq!(source.value.as_ref().map(|value| value["a"].clone()), Some(Value::from(1)), "{text}");
        }
        for (text, kind) in [
            ("", FaultKind::Empty),
            ("{ “a”: 1 }", FaultKind::CurlyQuotes),
            ("{ \"a\": \"x }", FaultKind::OpenText),
            ("{ \"a\": [1 ", FaultKind::OpenList),
            ("{ \"a\": 1", FaultKind::OpenObject),
            ("{ \"a\": True }", FaultKind::Word),
            ("{} {}", FaultKind::Rest),
        ] {
            let faults = read(text).faults;
            assert_eq!(faults.first().map(|fault| fault.kind.clone()), Some(kind), "{text}: {faults:?}");
        }
    }

    #[test]
    fn a_key_that_stands_twice_is_told_with_both_places() {
        let source = read("{ \"a\": 1, \"b\": { \"c\": 1, \"c\": 2 } }");
        let [fault] = source.faults.as_slice() else { panic!("{:?}", source.faults) };
        let FaultKind::DuplicateKey { key, first } = &fault.kind else { panic!("{fault:?}") };
        assert_eq!((key.as_str(), first.start < fault.span.start), ("c", true));
    }

    #[test]
    fn what_is_too_deep_or_too_large_is_refused_before_it_is_read() {
        let deep = "[".repeat(200_000);
        assert_eq!(read(&deep).faults[0].kind, FaultKind::TooDeep);
        let large = format!("\"{}\"", "a".repeat(MAX_BYTES));
        assert!(matches!(read(&large).faults[0].kind, FaultKind::TooLarge { .. }));
        let brackets_in_text = format!("{{ \"a\": \"{}\" }}", "[".repeat(500));
        assert_eq!(read(&brackets_in_text).faults, []);
    }

    #[test]
    fn a_byte_order_mark_is_told_and_moves_nothing() {
        let source = read("\u{feff}{ \"a\": 1 }");
        assert_eq!(source.faults.len(), 1);
        assert_eq!(source.position(source.span("/a").start), Position { line: 1, column: 8 });
    }

    #[test]
    fn nothing_makes_it_fall_over() {
        for text in [
            "\"\\ud800\"",
            "{\"a\":\"\\ud800\"}",
            "\u{0}",
            "{\"a\":1e999}",
            "{\"\\",
            "{\"a\":-}",
            "]",
            "{,}",
            "\"\\u12",
        ] {
            let source = read(text);
            let _ = source.inside("/a", 0..50);
            let _ = source.position(text.len() + 10);
        }
    }
}
