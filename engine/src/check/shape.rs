//! F0, second half, and missing ways out: what the schema does not allow, in words.

use serde_json::Value;

use super::ProjectFacts;
use super::catalogue::Code;
use super::diagnostic::Diagnostic;
use super::document::Document;
use super::suggest::nearest;
use super::text::{Text, say};
use crate::flow::schema::{Violation, ViolationKind};

/// F004 to F009, F012, and F103, F106, F113, F401 where a way out that must be there is not.
pub(super) fn violations(document: &Document, _: &ProjectFacts, found: &mut Vec<Diagnostic>) {
    for violation in &document.violations {
        if !is_echo(document, violation) {
            found.push(diagnostic_of(document, violation));
        }
    }
}

/// A required key that is missing because it is misspelt is told once, as misspelt.
fn is_echo(document: &Document, violation: &Violation) -> bool {
    let ViolationKind::MissingKey(missing) = &violation.kind else { return false };
    document.violations.iter().filter(|other| other.pointer == violation.pointer).any(|other| {
        matches!(&other.kind, ViolationKind::UnknownKey(unknown) if nearest(unknown, [missing.as_str()]).is_some())
    })
}

fn diagnostic_of(document: &Document, violation: &Violation) -> Diagnostic {
    let pointer = violation.pointer.as_str();
    let span = document.source.span(pointer);
    let key = pointer.rsplit('/').next().unwrap_or_default();
    match &violation.kind {
        ViolationKind::UnknownKey(unknown) => unknown_key(document, violation, unknown),
        ViolationKind::MissingKey(missing) => missing_key(document, pointer, missing),
        ViolationKind::NotTogether => Diagnostic::new(
            Code::F012,
            document,
            document.source.key_span(pointer),
            say!(
                "`{key}` não combina com os outros campos daqui",
                "`{key}` does not go with the other fields here"
            ),
        )
        .label(say!("use um ou outro", "use one or the other")),
        ViolationKind::WrongType(wanted) => wrong_type(document, pointer, key, wanted),
        ViolationKind::NotOneOf(options) => not_one_of(document, pointer, key, options),
        ViolationKind::Pattern(pattern) => {
            let (pt, en) = form(pattern);
            Diagnostic::new(Code::F008, document, span, say!("`{key}` {pt}", "`{key}` {en}"))
        }
        ViolationKind::KeyPattern { key, pattern } => {
            let (pt, en) = form(pattern);
            let at = document.source.key_span(&format!("{pointer}/{}", escaped(key)));
            Diagnostic::new(
                Code::F008,
                document,
                at,
                say!("o nome \"{key}\" {pt}", "the name \"{key}\" {en}"),
            )
        }
        ViolationKind::Limit { keyword, limit } => {
            let (pt, en) = limit_words(keyword, limit);
            Diagnostic::new(Code::F008, document, span, say!("`{key}` {pt}", "`{key}` {en}"))
        }
        ViolationKind::Other(keyword) => Diagnostic::new(
            Code::F008,
            document,
            span,
            say!("`{key}` não está como deveria ({keyword})", "`{key}` is not as it should be ({keyword})"),
        ),
    }
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// "no nó `menu`", or nothing for other objects.
fn place_words(document: &Document, pointer: &str) -> Text {
    let node_type = pointer.strip_prefix("/nodes/").filter(|id| !id.contains('/'));
    match node_type.and_then(|_| document.text(&format!("{pointer}/type"))) {
        Some(name) => say!("em nó `{name}`", "in a `{name}` node"),
        None => say!("aqui", "here"),
    }
}

fn unknown_key(document: &Document, violation: &Violation, unknown: &str) -> Diagnostic {
    let pointer = &violation.pointer;
    let span = document.source.key_span(&format!("{pointer}/{}", escaped(unknown)));
    let place = place_words(document, pointer);
    let (pt, en) = (&place.pt, &place.en);
    let diagnostic = Diagnostic::new(
        Code::F004,
        document,
        span.clone(),
        say!("`{unknown}` não existe {pt}", "`{unknown}` does not exist {en}"),
    );
    let written = |known: &&str| {
        document.value(pointer).and_then(Value::as_object).is_some_and(|object| object.contains_key(*known))
    };
    let free = violation.known.iter().map(String::as_str).filter(|known| !written(known));
    match nearest(unknown, free.clone()) {
        Some(known) => diagnostic
            .help(say!(
                "existe um campo com nome parecido: `{known}`",
                "there is a field with a similar name: `{known}`"
            ))
            .repair(span, format!("\"{known}\"")),
        None if violation.known.is_empty() => diagnostic,
        None => {
            let known = free.filter(|known| *known != "note").map(|known| format!("`{known}`"));
            let known = known.collect::<Vec<_>>().join(", ");
            diagnostic.help(say!("campos que cabem aqui: {known}", "fields that fit here: {known}"))
        }
    }
}

fn missing_key(document: &Document, pointer: &str, missing: &str) -> Diagnostic {
    let span = document.source.opening(pointer);
    let name = pointer.strip_prefix("/nodes/").unwrap_or_default();
    let name = name.split('/').next().unwrap_or_default();
    match missing {
        "start" if pointer.is_empty() => Diagnostic::new(
            Code::F103,
            document,
            span,
            say!("o fluxo não diz por qual nó começa", "the flow does not say at which node it begins"),
        )
        .help(match document.nodes.first() {
            Some(node) => {
                let id = &node.id;
                say!("acrescente `\"start\": \"{id}\"`", "add `\"start\": \"{id}\"`")
            }
            None => say!("acrescente `\"start\"`", "add `\"start\"`"),
        }),
        "else" => Diagnostic::new(
            Code::F113,
            document,
            span,
            say!(
                "a condição `{name}` não diz para onde ir quando nenhum caso vale",
                "the branch `{name}` does not say where to go when no case holds"
            ),
        )
        .help(say!("acrescente `\"else\": \"…\"`", "add `\"else\": \"…\"`")),
        "failure" => Diagnostic::new(
            Code::F401,
            document,
            span,
            say!(
                "se o sistema falhar, a conversa morre em `{name}`",
                "when the system fails, the conversation dies at `{name}`"
            ),
        )
        .help(say!("acrescente a saída `\"failure\": \"…\"`", "add the way out `\"failure\": \"…\"`")),
        "next" | "on" | "success" | "done" | "returned" | "granted" | "denied" if !name.is_empty() => {
            Diagnostic::new(
                Code::F106,
                document,
                span,
                say!(
                    "falta a saída `{missing}`: a conversa pararia em `{name}`",
                    "the way out `{missing}` is missing: the conversation would stop at `{name}`"
                ),
            )
            .help(say!(
                "acrescente `\"{missing}\"` com o id de um nó",
                "add `\"{missing}\"` with a node's id"
            ))
        }
        _ => {
            let place = place_words(document, pointer);
            let (pt, en) = (&place.pt, &place.en);
            Diagnostic::new(
                Code::F005,
                document,
                span,
                say!("falta `{missing}` {pt}", "`{missing}` is missing {en}"),
            )
        }
    }
}

fn wrong_type(document: &Document, pointer: &str, key: &str, wanted: &[String]) -> Diagnostic {
    let span = document.source.span(pointer);
    let names = |language: fn(&str) -> &'static str, or: &str| {
        wanted.iter().map(|name| language(name)).collect::<Vec<_>>().join(or)
    };
    let is = document.value(pointer).map_or("null", type_of);
    let (want_pt, want_en) = (names(type_pt, " ou "), names(type_en, " or "));
    let (is_pt, is_en) = (type_pt(is), type_en(is));
    let diagnostic = Diagnostic::new(
        Code::F006,
        document,
        span.clone(),
        say!("`{key}` deve ser {want_pt}, mas é {is_pt}", "`{key}` must be {want_en}, but is {is_en}"),
    );
    let text = document.text(pointer).unwrap_or_default();
    let only = |name: &str| wanted.iter().any(|wanted| wanted == name);
    let is_number =
        (only("integer") && text.parse::<i64>().is_ok()) || (only("number") && text.parse::<f64>().is_ok());
    if is_number || (only("boolean") && matches!(text, "true" | "false")) {
        return diagnostic.repair(span, text);
    }
    match (is, wanted) {
        ("number" | "integer" | "boolean", [only]) if only == "string" => {
            let raw = document.source.text[span.clone()].to_owned();
            diagnostic.repair(span, format!("\"{raw}\""))
        }
        ("string" | "object", [only]) if only == "array" => {
            let raw = document.source.text[span.clone()].to_owned();
            diagnostic.suggest(span, format!("[{raw}]"))
        }
        _ => diagnostic,
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn type_pt(name: &str) -> &'static str {
    match name {
        "boolean" => "verdadeiro ou falso",
        "integer" => "número inteiro",
        "number" => "número",
        "string" => "texto",
        "array" => "lista",
        "object" => "objeto",
        _ => "nulo",
    }
}

fn type_en(name: &str) -> &'static str {
    match name {
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "text",
        "array" => "a list",
        "object" => "an object",
        _ => "null",
    }
}

fn not_one_of(document: &Document, pointer: &str, key: &str, options: &[Value]) -> Diagnostic {
    let span = document.source.span(pointer);
    let is = document.source.text[span.clone()].trim_matches('"').to_owned();
    if pointer == "/format" {
        return Diagnostic::new(
            Code::F009,
            document,
            span,
            say!("o formato {is} não é suportado", "format {is} is not supported"),
        )
        .help(say!("este programa lê o formato 1", "this program reads format 1"));
    }
    let title = if key == "type" && pointer.matches('/').count() == 3 {
        say!("o tipo de nó `{is}` não existe", "there is no node type `{is}`")
    } else {
        say!("`{key}` não aceita `{is}`", "`{key}` does not take `{is}`")
    };
    let diagnostic = Diagnostic::new(Code::F007, document, span.clone(), title);
    let names: Vec<&str> = options.iter().filter_map(Value::as_str).collect();
    match nearest(&is, names.iter().copied()) {
        Some(name) => diagnostic
            .help(say!("existe um valor parecido: `{name}`", "there is a similar value: `{name}`"))
            .repair(span, format!("\"{name}\"")),
        None => {
            let all = options.iter().map(|option| {
                format!("`{}`", option.as_str().map_or_else(|| option.to_string(), str::to_owned))
            });
            let all = all.collect::<Vec<_>>().join(", ");
            diagnostic.help(say!("valores aceitos: {all}", "values it takes: {all}"))
        }
    }
}

/// A pattern of our schemas, in words.
fn form(pattern: &str) -> (String, String) {
    let (pt, en) = if pattern.contains("[a-z0-9_]") {
        (
            "só aceita letras minúsculas sem acento, números e `_`, começando por letra",
            "takes only lower-case letters without accents, digits and `_`, beginning with a letter",
        )
    } else if pattern.contains("ms|s|m|h|d") {
        (
            "é uma duração: `500ms`, `10s`, `15m`, `2h`, `3d`",
            "is a duration: `500ms`, `10s`, `15m`, `2h`, `3d`",
        )
    } else if pattern.contains("[0-5][0-9]") {
        ("é um horário: `09:00`", "is a time of day: `09:00`")
    } else if pattern == "^/" {
        ("começa por `/`", "begins with `/`")
    } else if pattern.contains("F[0-9]") {
        ("é o código de um achado: `F105`", "is the code of a finding: `F105`")
    } else {
        return (format!("não está no formato `{pattern}`"), format!("is not of the form `{pattern}`"));
    };
    (pt.to_owned(), en.to_owned())
}

/// A limit of our schemas, in words.
fn limit_words(keyword: &str, limit: &str) -> (String, String) {
    match keyword {
        "minLength" => ("está vazio".to_owned(), "is empty".to_owned()),
        "maxLength" => (format!("passa de {limit} letras"), format!("has more than {limit} letters")),
        "minItems" | "minProperties" => {
            (format!("precisa de pelo menos {limit}"), format!("needs at least {limit}"))
        }
        "maxItems" | "maxProperties" => {
            (format!("aceita no máximo {limit}"), format!("takes at most {limit}"))
        }
        "minimum" | "exclusiveMinimum" => {
            (format!("deve ser pelo menos {limit}"), format!("must be at least {limit}"))
        }
        "maximum" | "exclusiveMaximum" => {
            (format!("deve ser no máximo {limit}"), format!("must be at most {limit}"))
        }
        "uniqueItems" => ("repete um item".to_owned(), "repeats an item".to_owned()),
        other => {
            (format!("passa de um limite ({other} {limit})"), format!("is beyond a limit ({other} {limit})"))
        }
    }
}
