//! F2: templates and expressions, and the variables they read.

use std::collections::BTreeSet;

use serde_json::Value;

use super::ProjectFacts;
use super::catalogue::Code;
use super::diagnostic::Diagnostic;
use super::document::{Document, DocumentKind, Meaning, node_pointer};
use super::suggest::nearest;
use super::text::{Text, say};
use crate::expr::{Expression, Reading, SyntaxError, SyntaxErrorKind, Template};
use crate::flow::schema::Holds;

/// Names that every template sees, whatever the flow defines.
const EVERYWHERE: &[&str] =
    &["contact", "input", "env", "now", "today", "conversation", "campaign", "trouble", "handoff"];

/// F201, F202, F203, F204, F212: what does not parse, with its place inside the text.
pub(super) fn computed(document: &Document, _: &ProjectFacts, found: &mut Vec<Diagnostic>) {
    for meaning in &document.meanings {
        let parsed = match meaning.holds {
            Holds::Template | Holds::Tree => Template::parse(&meaning.text).err(),
            Holds::Expression => Expression::parse(&meaning.text).err(),
            Holds::Target => None,
        };
        found.extend(parsed.map(|error| syntax(document, meaning, error)));
    }
}

fn syntax(document: &Document, meaning: &Meaning, error: SyntaxError) -> Diagnostic {
    let mut span = document.source.inside(&meaning.pointer, error.range.clone());
    if span.is_empty() && span.start > 0 {
        // The end of the text: mark its closing quote.
        span.end += 1;
    }
    let title = Text::new(error.message_pt, error.message_en);
    let named = |code: Code, name: &str, suggestion: Option<String>| {
        let diagnostic = Diagnostic::new(code, document, span.clone(), title.clone());
        let at = meaning
            .text
            .get(error.range.clone())
            .and_then(|marked| Some(error.range.start + marked.find(name)?));
        match (suggestion, at) {
            (Some(known), Some(at)) => {
                diagnostic.repair(document.source.inside(&meaning.pointer, at..at + name.len()), known)
            }
            (_, _) => diagnostic,
        }
    };
    match error.kind {
        SyntaxErrorKind::UnknownFilter { name, suggestion } => named(Code::F202, &name, suggestion),
        SyntaxErrorKind::UnknownTest { name, suggestion }
        | SyntaxErrorKind::UnknownFunction { name, suggestion } => named(Code::F203, &name, suggestion),
        SyntaxErrorKind::Arguments { .. } => Diagnostic::new(Code::F204, document, span, title),
        SyntaxErrorKind::Forbidden => Diagnostic::new(Code::F212, document, span, title),
        SyntaxErrorKind::Syntax => {
            let diagnostic = Diagnostic::new(Code::F201, document, span, title);
            let bare = meaning
                .text
                .trim()
                .strip_prefix("{{")
                .and_then(|text| text.strip_suffix("}}"))
                .map(str::trim);
            match (meaning.holds, bare) {
                (Holds::Expression, Some(bare)) => diagnostic
                    .help(say!(
                        "condições não levam chaves: escreva `{bare}`",
                        "conditions take no braces: write `{bare}`"
                    ))
                    .repair(document.inner(&meaning.pointer), bare),
                (Holds::Expression | Holds::Template | Holds::Tree | Holds::Target, _) => diagnostic,
            }
        }
    }
}

/// F205: names that nothing defines.
pub(super) fn names(document: &Document, facts: &ProjectFacts, found: &mut Vec<Diagnostic>) {
    let defined = defined(document);
    for node in &document.nodes {
        let Some((_, inspection)) = &node.read else { continue };
        for formula in &inspection.formulas {
            let pointer = format!("{}{}", node_pointer(node.id.as_str()), formula.pointer);
            for reading in &formula.readings {
                let root = reading.root.as_str();
                let known = EVERYWHERE.contains(&root)
                    || defined.contains(root)
                    || formula.names.iter().any(|name| name == root);
                if !known {
                    let names = defined.iter().map(String::as_str).chain(EVERYWHERE.iter().copied());
                    let names = names.chain(formula.names.iter().map(String::as_str));
                    found.push(unknown(document, &pointer, reading, nearest(root, names)));
                } else if root == "env" {
                    found.extend(unknown_setting(document, &pointer, reading, facts));
                }
            }
        }
    }
}

fn unknown(document: &Document, pointer: &str, reading: &Reading, near: Option<&str>) -> Diagnostic {
    let (root, start) = (&reading.root, reading.range.start);
    let span = document.source.inside(pointer, start..start + root.len());
    let diagnostic = Diagnostic::new(
        Code::F205,
        document,
        span.clone(),
        say!(
            "a variável `{root}` não é definida em nenhum lugar",
            "the variable `{root}` is defined nowhere"
        ),
    );
    let only_in = |node: &str| {
        say!(
            "`{root}` só existe dentro do nó `{node}`: guarde com `save` o que precisa depois",
            "`{root}` exists only inside the `{node}` node: keep with `save` what is needed later"
        )
    };
    match (root.as_str(), near) {
        ("response", _) => diagnostic.help(only_in("http")),
        ("outputs" | "results" | "outcome", _) => diagnostic.help(only_in("call")),
        (_, Some(near)) => diagnostic
            .help(say!(
                "existe uma com nome parecido: `{near}`",
                "there is one with a similar name: `{near}`"
            ))
            .repair(span, near),
        (_, None) => diagnostic.help(say!(
            "defina em `inputs`, `variables`, `set`, ou no `save` de um nó",
            "define it in `inputs`, `variables`, `set`, or a node's `save`"
        )),
    }
}

fn unknown_setting(
    document: &Document,
    pointer: &str,
    reading: &Reading,
    facts: &ProjectFacts,
) -> Option<Diagnostic> {
    let (known, name) = (facts.env.as_ref()?, reading.path.first()?);
    if known.contains(name) {
        return None;
    }
    let span = document.source.inside(pointer, reading.range.clone());
    let title = say!("o projeto não tem o ajuste `env.{name}`", "the project has no setting `env.{name}`");
    let diagnostic = Diagnostic::new(Code::F205, document, span.clone(), title);
    Some(match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => diagnostic
            .help(say!(
                "existe um com nome parecido: `env.{near}`",
                "there is one with a similar name: `env.{near}`"
            ))
            .suggest(span, format!("env.{near}")),
        None => diagnostic,
    })
}

/// F216: a value that is the bare name of a variable, where its value was meant.
pub(super) fn bare_variables(document: &Document, _: &ProjectFacts, found: &mut Vec<Diagnostic>) {
    let defined = defined(document);
    for meaning in document.meanings.iter().filter(|meaning| meaning.pointer.starts_with("/nodes/")) {
        let text = meaning.text.as_str();
        let is_name = |part: &str| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        };
        let root = text.split('.').next().unwrap_or_default();
        let meant = defined.contains(root)
            && text
                .split('.')
                .skip(1)
                .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
            && is_name(root)
            && match meaning.holds {
                Holds::Tree => true,
                // A word that a patient reads may well be spelt like a variable.
                Holds::Template => text.contains(['.', '_']),
                Holds::Expression | Holds::Target => false,
            };
        if meant {
            let span = document.source.span(&meaning.pointer);
            found.push(
                Diagnostic::new(
                    Code::F216,
                    document,
                    span.clone(),
                    say!(
                        "este valor é o texto \"{text}\", não a variável",
                        "this value is the text \"{text}\", not the variable"
                    ),
                )
                .help(say!("você quis dizer `{{{{ {text} }}}}`?", "did you mean `{{{{ {text} }}}}`?"))
                .suggest(span, format!("\"{{{{ {text} }}}}\"")),
            );
        }
    }
}

/// The variables of a flow: what its inputs, variables and nodes define. Of a node that could not be read, whatever
/// looks like a definition: it is better to say nothing than to say something wrong.
fn defined(document: &Document) -> BTreeSet<String> {
    let mut defined = BTreeSet::new();
    if document.kind != DocumentKind::Flow {
        return defined;
    }
    for declared in ["/inputs", "/variables"] {
        defined.extend(
            document.value(declared).and_then(Value::as_object).into_iter().flat_map(|o| o.keys().cloned()),
        );
    }
    for node in &document.nodes {
        match &node.read {
            Some((_, found)) => defined.extend(found.writes.iter().map(|write| write.variable.clone())),
            None => {
                if let Some(value) = document.value(&node_pointer(node.id.as_str())) {
                    looks_defined(value, &mut defined);
                }
            }
        }
    }
    defined
}

fn looks_defined(value: &Value, defined: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                match (key.as_str(), member) {
                    ("save" | "set", Value::Object(names)) => defined.extend(names.keys().cloned()),
                    ("save" | "as", Value::String(name)) => {
                        defined.insert(name.clone());
                    }
                    (_, member) => looks_defined(member, defined),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| looks_defined(item, defined)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
