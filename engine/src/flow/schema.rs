//! The schemas of what analysts write, compiled in. The only place that names the `jsonschema` library.

use std::sync::LazyLock;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::LocationSegment;
use serde_json::Value;

use super::bundle::bundle;

/// The schema of a kind of document, ready to judge.
#[derive(Debug)]
pub struct Schema {
    text: Value,
    validator: jsonschema::Validator,
}

/// The schema of a flow.
pub static FLOW: LazyLock<Schema> = LazyLock::new(|| Schema::of("flow"));
/// The schema of a campaign.
pub static CAMPAIGN: LazyLock<Schema> = LazyLock::new(|| Schema::of("campaign"));
/// The schema of a file of flow tests.
pub static FLOW_TEST: LazyLock<Schema> = LazyLock::new(|| Schema::of("flow-test"));

/// Something in a document that its schema does not allow.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// JSON pointer of the value it is about; for a key that is missing or unknown, of the object.
    pub pointer: String,
    /// What.
    pub kind: ViolationKind,
    /// The keys of the same object that would be allowed there, where that helps.
    pub known: Vec<String>,
}

/// Ways not to fit.
#[derive(Debug, Clone, PartialEq)]
pub enum ViolationKind {
    /// A key that is not known.
    UnknownKey(String),
    /// A key that must be there.
    MissingKey(String),
    /// A key that is known but does not go with another one that is there.
    NotTogether,
    /// A value of another type than these.
    WrongType(Vec<String>),
    /// A value that is none of these.
    NotOneOf(Vec<Value>),
    /// A text that is not of the required form.
    Pattern(String),
    /// A key that is not of the required form.
    KeyPattern {
        /// The key.
        key: String,
        /// The form.
        pattern: String,
    },
    /// Too few or too many, too small or too large, in words of the schema: keyword and limit.
    Limit {
        /// `minItems`, `maximum` …
        keyword: String,
        /// The limit.
        limit: String,
    },
    /// Anything else: the schema's keyword.
    Other(String),
}

/// What a text of the document holds, as the schema says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Text with holes.
    Template,
    /// A value whose texts have holes.
    Tree,
    /// A bare expression.
    Expression,
    /// The id of a node of the same flow.
    Target,
}

impl Schema {
    fn of(document: &str) -> Self {
        let text = bundle(document).expect("the compiled-in schema is whole: a test bundles it");
        let validator = jsonschema::options()
            .with_draft(jsonschema::Draft::Draft7)
            .build(&text)
            .expect("the compiled-in schema is a schema: a test compiles it");
        Self { text, validator }
    }

    /// Everything in a document that does not fit, in the order of the schema.
    pub fn violations(&self, document: &Value) -> Vec<Violation> {
        let mut found = Vec::new();
        for error in self.validator.iter_errors(document) {
            let pointer = pointer_of(error.instance_path());
            for kind in kinds_of(error.kind()) {
                let known = match &kind {
                    ViolationKind::UnknownKey(_) => self.keys_at(error.schema_path()),
                    ViolationKind::MissingKey(_)
                    | ViolationKind::NotTogether
                    | ViolationKind::WrongType(_)
                    | ViolationKind::NotOneOf(_)
                    | ViolationKind::Pattern(_)
                    | ViolationKind::KeyPattern { .. }
                    | ViolationKind::Limit { .. }
                    | ViolationKind::Other(_) => Vec::new(),
                };
                found.push(Violation { pointer: pointer.clone(), kind, known });
            }
        }
        found
    }

    /// Every text of a document that means something (a template, an expression, a node's id), with its pointer,
    /// by pointer.
    pub fn meanings<'d>(&self, document: &'d Value) -> Vec<(String, Holds, &'d str)> {
        let mut found = Vec::new();
        self.walk(&self.text, document, &mut String::new(), &mut found);
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found.dedup_by(|a, b| a.0 == b.0);
        found
    }

    fn walk<'d>(
        &self,
        schema: &Value,
        value: &'d Value,
        pointer: &mut String,
        found: &mut Vec<(String, Holds, &'d str)>,
    ) {
        if let Some(holds) = schema.get("x-holds").and_then(Value::as_str) {
            match (holds, value) {
                ("template", Value::String(text)) => found.push((pointer.clone(), Holds::Template, text)),
                ("expression", Value::String(text)) => found.push((pointer.clone(), Holds::Expression, text)),
                ("target", Value::String(text)) => found.push((pointer.clone(), Holds::Target, text)),
                ("tree", value) => return texts_of(value, pointer, found),
                (_, _) => {}
            }
        }
        if let Some(target) = schema.get("$ref").and_then(Value::as_str)
            && let Some(target) = self.text.pointer(target.trim_start_matches('#'))
        {
            self.walk(target, value, pointer, found);
        }
        for case in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            let wanted = case.pointer("/if/properties/type/const");
            if wanted.is_some()
                && wanted == value.get("type")
                && let Some(then) = case.get("then")
            {
                self.walk(then, value, pointer, found);
            }
        }
        match value {
            Value::Object(members) => {
                let properties = schema.get("properties").and_then(Value::as_object);
                let rest = schema.get("additionalProperties").filter(|rest| rest.is_object());
                let patterns = schema.get("patternProperties").and_then(Value::as_object);
                for (key, member) in members {
                    // Our patterns stand for one kind of member each; which one matched makes no difference here.
                    let patterned = || {
                        let patterns = patterns?.iter().filter(|(pattern, _)| *pattern != "^x-");
                        patterns.map(|(_, part)| part).next().filter(|_| !key.starts_with("x-"))
                    };
                    if let Some(part) = properties.and_then(|own| own.get(key)).or(rest).or_else(patterned) {
                        below(pointer, key, |pointer| self.walk(part, member, pointer, found));
                    }
                }
            }
            Value::Array(items) => {
                if let Some(part) = schema.get("items") {
                    for (at, item) in items.iter().enumerate() {
                        below(pointer, &at.to_string(), |pointer| self.walk(part, item, pointer, found));
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// The properties of the object schema that a keyword stands in.
    fn keys_at(&self, keyword: &jsonschema::paths::Location) -> Vec<String> {
        let mut schema = &self.text;
        let mut holder = schema;
        for segment in keyword {
            holder = schema;
            let next = match &segment {
                LocationSegment::Property(name) => schema.get(name.as_ref()),
                LocationSegment::Index(at) => schema.get(at),
            };
            let Some(next) = next else { break };
            schema = next;
            while let Some(target) = schema.get("$ref").and_then(Value::as_str)
                && let Some(target) = self.text.pointer(target.trim_start_matches('#'))
            {
                schema = target;
            }
        }
        let properties = holder.get("properties").and_then(Value::as_object);
        properties.map(|properties| properties.keys().cloned().collect()).unwrap_or_default()
    }
}

fn texts_of<'d>(value: &'d Value, pointer: &mut String, found: &mut Vec<(String, Holds, &'d str)>) {
    match value {
        Value::String(text) => found.push((pointer.clone(), Holds::Tree, text)),
        Value::Object(members) => {
            for (key, member) in members {
                below(pointer, key, |pointer| texts_of(member, pointer, found));
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                below(pointer, &at.to_string(), |pointer| texts_of(item, pointer, found));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn below(pointer: &mut String, step: &str, visit: impl FnOnce(&mut String)) {
    let before = pointer.len();
    pointer.push('/');
    pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
    visit(pointer);
    pointer.truncate(before);
}

fn pointer_of(location: &jsonschema::paths::Location) -> String {
    location.as_str().to_owned()
}

fn form_of(kind: &ValidationErrorKind) -> String {
    if let ValidationErrorKind::Pattern { pattern } = kind {
        pattern.clone()
    } else {
        kind.keyword().to_owned()
    }
}

// The library's enum, with kinds that our schemas never use.
#[allow(clippy::wildcard_enum_match_arm)]
fn kinds_of(kind: &ValidationErrorKind) -> Vec<ViolationKind> {
    use ValidationErrorKind as K;
    let limit = |limit: &dyn std::fmt::Display| {
        vec![ViolationKind::Limit { keyword: kind.keyword().to_owned(), limit: limit.to_string() }]
    };
    match kind {
        K::AdditionalProperties { unexpected } | K::UnevaluatedProperties { unexpected } => {
            unexpected.iter().cloned().map(ViolationKind::UnknownKey).collect()
        }
        K::Required { property } => {
            vec![ViolationKind::MissingKey(property.as_str().unwrap_or_default().to_owned())]
        }
        K::FalseSchema => vec![ViolationKind::NotTogether],
        K::Type { kind } => vec![ViolationKind::WrongType(match kind {
            TypeKind::Single(one) => vec![one.to_string()],
            TypeKind::Multiple(several) => several.iter().map(|one| one.to_string()).collect(),
        })],
        K::Enum { options } => {
            vec![ViolationKind::NotOneOf(options.as_array().cloned().unwrap_or_default())]
        }
        K::Constant { expected_value } => {
            vec![ViolationKind::NotOneOf(vec![expected_value.as_ref().clone()])]
        }
        K::Pattern { pattern } => vec![ViolationKind::Pattern(pattern.clone())],
        K::PropertyNames { error } => vec![ViolationKind::KeyPattern {
            key: error.instance().as_str().unwrap_or_default().to_owned(),
            pattern: form_of(error.kind()),
        }],
        K::AdditionalItems { limit: n } => limit(n),
        K::MaxItems { limit: n }
        | K::MinItems { limit: n }
        | K::MaxLength { limit: n }
        | K::MinLength { limit: n }
        | K::MaxProperties { limit: n }
        | K::MinProperties { limit: n } => limit(n),
        K::Maximum { limit: n }
        | K::Minimum { limit: n }
        | K::ExclusiveMaximum { limit: n }
        | K::ExclusiveMinimum { limit: n } => limit(n),
        K::UniqueItems => limit(&""),
        other => vec![ViolationKind::Other(other.keyword().to_owned())],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn flow(node: Value) -> Value {
        json!({ "format": 1, "flow": "f", "title": "F", "start": "a", "nodes": { "a": node } })
    }

    fn first(node: Value) -> Violation {
        FLOW.violations(&flow(node)).into_iter().next().expect("a violation")
    }

    #[test]
    fn the_schemas_compile() {
        for schema in [&FLOW, &CAMPAIGN, &FLOW_TEST] {
            assert!(!schema.violations(&json!(1)).is_empty());
        }
    }

    #[test]
    fn whole_documents_fit() {
        for (schema, text) in [
            (&FLOW, include_str!("examples/flow.json")),
            (&CAMPAIGN, include_str!("examples/campaign.json")),
            (&FLOW_TEST, include_str!("examples/flow-test.json")),
        ] {
            let mut document: Value = serde_json::from_str(text).expect("an example is JSON");
            assert_eq!(schema.violations(&document), []);
            document["formatt"] = json!(1);
            assert_eq!(schema.violations(&document).len(), 1);
        }
    }

    #[test]
    fn an_unknown_key_is_told_with_the_keys_that_are_known() {
        let node = json!({ "type": "set", "set": { "x": 1 }, "netx": "b" });
        let violations = FLOW.violations(&flow(node));
        let unknown = violations
            .iter()
            .find(|violation| violation.kind == ViolationKind::UnknownKey("netx".into()))
            .expect("unknown");
        assert_eq!(unknown.pointer, "/nodes/a");
        assert!(unknown.known.contains(&"next".to_owned()), "{:?}", unknown.known);
        assert!(violations.iter().any(|v| v.kind == ViolationKind::MissingKey("next".into())));
    }

    #[test]
    fn one_mistake_deep_inside_is_one_violation_there() {
        let node =
            json!({ "type": "menu", "text": "?", "options": [ { "id": "a", "title": 7, "next": "a" } ] });
        let violations = FLOW.violations(&flow(node));
        assert_eq!(violations.len(), 1, "{violations:?}");
        assert_eq!(violations[0].pointer, "/nodes/a/options/0/title");
        assert_eq!(violations[0].kind, ViolationKind::WrongType(vec!["string".into()]));
    }

    #[test]
    fn an_unknown_type_is_told_once() {
        let violation = first(json!({ "type": "meno" }));
        assert_eq!(violation.pointer, "/nodes/a/type");
        assert!(matches!(violation.kind, ViolationKind::NotOneOf(names) if names.len() == 17));
    }

    #[test]
    fn a_notify_goes_to_a_queue_or_a_desk() {
        let node = json!({ "type": "notify", "text": "!", "next": "a" });
        assert_eq!(first(node).kind, ViolationKind::MissingKey("queue".into()));
        let node = json!({ "type": "notify", "queue": "q", "desk": "d", "text": "!", "next": "a" });
        let violation = first(node);
        assert_eq!(
            (violation.pointer.as_str(), violation.kind),
            ("/nodes/a/queue", ViolationKind::NotTogether)
        );
    }
}
