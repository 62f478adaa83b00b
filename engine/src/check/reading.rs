//! F0, first half: documents that are not JSON as it should be.

use std::ops::Range;

use super::ProjectFacts;
use super::catalogue::{Code, Severity};
use super::diagnostic::Diagnostic;
use super::document::Document;
use super::text::{Text, say};
use crate::flow::fault::{Fault, FaultKind};
use crate::flow::source::{MAX_BYTES, MAX_DEPTH};

/// F001, F002, F003, F010: what the reader stumbled over.
pub(super) fn faults(document: &Document, _: &ProjectFacts, found: &mut Vec<Diagnostic>) {
    found.extend(document.source.faults.iter().map(|fault| diagnostic_of(document, fault)));
}

fn diagnostic_of(document: &Document, fault: &Fault) -> Diagnostic {
    let span = fault.span.clone();
    let here = document.source.text.get(span.clone()).unwrap_or_default();
    let invalid = |title: Text| Diagnostic::new(Code::F001, document, span.clone(), title);
    match &fault.kind {
        FaultKind::Empty => invalid(say!("o arquivo está vazio", "the file is empty")),
        FaultKind::TrailingComma => invalid(say!("vírgula sobrando", "there is a comma too many"))
            .label(say!("nada vem depois desta vírgula", "nothing follows this comma"))
            .repair(span.clone(), ""),
        FaultKind::MissingComma => missing_comma(document, &span),
        FaultKind::Comment => invalid(say!("JSON não tem comentários", "JSON has no comments"))
            .help(say!("use `\"note\": \"…\"` dentro do objeto", "use `\"note\": \"…\"` inside the object")),
        FaultKind::SingleQuotes => invalid(say!("aspas simples", "single quotes"))
            .help(say!("JSON usa aspas duplas: `\"…\"`", "JSON uses double quotes: `\"…\"`")),
        FaultKind::CurlyQuotes => invalid(say!("aspas curvas", "curly quotes"))
            .label(say!("troque por `\"`", "use `\"` instead"))
            .help(say!(
                "editores de texto trocam as aspas sozinhos; use um editor de código",
                "word processors change quotes by themselves; use a code editor"
            )),
        FaultKind::BareKey => invalid(say!("chave sem aspas", "a key without quotes"))
            .help(say!("escreva `\"{here}\"`", "write `\"{here}\"`")),
        FaultKind::OpenText => invalid(say!("texto sem as aspas do fim", "a text is not closed")).label(
            say!("começa aqui e não termina nesta linha", "begins here and does not end on this line"),
        ),
        FaultKind::OpenObject => invalid(say!("falta fechar um `{{`", "a `{{` is not closed"))
            .label(say!("este `{{` não tem `}}`", "this `{{` has no `}}`")),
        FaultKind::OpenList => invalid(say!("falta fechar um `[`", "a `[` is not closed"))
            .label(say!("este `[` não tem `]`", "this `[` has no `]`")),
        FaultKind::Escape => invalid(say!("sequência `\\` inválida no texto", "invalid `\\` in a text"))
            .help(say!("para escrever uma barra, use `\\\\`", "to write a backslash, use `\\\\`")),
        FaultKind::MissingValue => invalid(say!("falta o valor desta chave", "this key has no value")),
        FaultKind::MissingColon => invalid(say!("falta `:` depois da chave", "`:` is missing after the key")),
        FaultKind::Number => {
            invalid(say!("número que o JSON não aceita", "a number that JSON does not take"))
                .help(say!("escreva como `10` ou `0.5`, sem `+`", "write it like `10` or `0.5`, without `+`"))
        }
        FaultKind::Word => {
            let diagnostic = invalid(say!("`{here}` não é um valor", "`{here}` is no value"));
            match here {
                "True" | "TRUE" | "False" | "FALSE" => diagnostic.repair(span.clone(), here.to_lowercase()),
                "None" | "NULL" | "Null" | "undefined" => diagnostic.repair(span.clone(), "null"),
                _ => diagnostic
                    .help(say!("texto vai entre aspas: `\"…\"`", "text goes between quotes: `\"…\"`")),
            }
        }
        FaultKind::Rest => invalid(say!("sobrou texto depois do fim", "there is something after the end")),
        FaultKind::Other(words) => invalid(say!(
            "não esperava `{here}` aqui",
            "did not expect `{here}` here"
        ))
        .note(Text::new("confira vírgulas, aspas e chaves em volta deste ponto", words.to_lowercase())),
        FaultKind::DuplicateKey { key, first } => {
            let line = document.source.position(first.start).line;
            let is_node = document.source.place("/nodes").is_some_and(|nodes| {
                document.has_node(key)
                    && document.source.key_span(&super::document::node_pointer(key)) == span
                    && nodes.value.contains(&span.start)
            });
            let title = if is_node {
                say!(
                    "o nó \"{key}\" já existe na linha {line}",
                    "the node \"{key}\" already stands on line {line}"
                )
            } else {
                say!("\"{key}\" aparece duas vezes neste objeto", "\"{key}\" stands twice in this object")
            };
            Diagnostic::new(Code::F002, document, span.clone(), title)
                .label(say!("só este valeria", "only this one would count"))
                .related(first.clone(), say!("está aqui antes", "stands here before"))
                .help(say!("apague ou renomeie um dos dois", "remove or rename one of the two"))
        }
        FaultKind::Bom => Diagnostic::new(
            Code::F003,
            document,
            span.clone(),
            say!(
                "o arquivo começa com uma marca de codificação (BOM)",
                "the file begins with a byte order mark"
            ),
        )
        .help(say!("salve como UTF-8 sem BOM", "save it as UTF-8 without BOM"))
        .repair(span.clone(), ""),
        FaultKind::TooLarge { bytes } => Diagnostic::new(
            Code::F010,
            document,
            span.clone(),
            say!(
                "o arquivo tem {bytes} bytes; o limite é {MAX_BYTES}",
                "the file has {bytes} bytes; the limit is {MAX_BYTES}"
            ),
        ),
        FaultKind::TooDeep => Diagnostic::new(
            Code::F010,
            document,
            span.clone(),
            say!("mais de {MAX_DEPTH} níveis de aninhamento", "nested more than {MAX_DEPTH} levels deep"),
        ),
    }
}

/// A missing comma is told where it belongs: after what stands before.
fn missing_comma(document: &Document, span: &Range<usize>) -> Diagnostic {
    let before = document.source.text[..span.start].trim_end().len();
    let last = document.source.text[..before].char_indices().next_back().map_or(before, |(at, _)| at);
    Diagnostic::new(Code::F001, document, last..before, say!("falta uma vírgula", "a comma is missing"))
        .label(say!("depois daqui", "after this"))
        .repair(before..before, ",")
}

/// F003: accents that were read with the wrong encoding and saved so ("OlÃ¡").
pub(super) fn encoding(document: &Document, _: &ProjectFacts, found: &mut Vec<Diagnostic>) {
    let text = &document.source.text;
    let garbled = text.match_indices('Ã').find_map(|(at, lead)| {
        let next = text[at + lead.len()..].chars().next()?;
        ('\u{80}'..='\u{bf}').contains(&next).then(|| at..at + lead.len() + next.len_utf8())
    });
    let replaced = text.find('\u{fffd}').map(|at| at..at + '\u{fffd}'.len_utf8());
    if let Some(span) = replaced {
        found.push(
            Diagnostic::new(
                Code::F003,
                document,
                span,
                say!("o arquivo não está em UTF-8", "the file is not UTF-8"),
            )
            .severity(Severity::Error)
            .label(say!("aqui havia um caractere que se perdeu", "a character was lost here"))
            .help(say!("salve de novo como UTF-8", "save it again as UTF-8")),
        );
    } else if let Some(span) = garbled {
        found.push(
            Diagnostic::new(
                Code::F003,
                document,
                span,
                say!("o arquivo parece ter acentos trocados", "accents in this file look garbled"),
            )
            .label(say!("o paciente leria isto assim", "the patient would read it like this"))
            .help(say!("abra como UTF-8 e corrija os acentos", "open it as UTF-8 and put the accents right")),
        );
    }
}
