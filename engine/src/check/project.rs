//! Names that live outside a flow, and what flows of one project may not have in common.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::ProjectFacts;
use super::catalogue::Code;
use super::diagnostic::Diagnostic;
use super::document::{Document, DocumentKind, node_pointer};
use super::suggest::nearest;
use super::text::{Text, say};
use crate::answer::fold::fold_words;
use crate::flow::{Trigger, When};
use crate::nodes::authored;

/// A name that is none of the known ones.
pub(super) fn unknown_name(
    code: Code,
    document: &Document,
    pointer: &str,
    name: &str,
    known: &BTreeSet<String>,
    title: Text,
) -> Option<Diagnostic> {
    if known.contains(name) {
        return None;
    }
    let span = document.source.span(pointer);
    let diagnostic = Diagnostic::new(code, document, span.clone(), title);
    Some(match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => diagnostic
            .help(say!("existe um nome parecido: \"{near}\"", "there is a similar name: \"{near}\""))
            .repair(span, format!("\"{near}\"")),
        None if known.is_empty() => diagnostic,
        None => {
            let all = known.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
            diagnostic.help(say!("existem: {all}", "there are: {all}"))
        }
    })
}

/// F116: queues and desks that the project does not have.
pub(super) fn queues_and_desks(document: &Document, facts: &ProjectFacts, found: &mut Vec<Diagnostic>) {
    for node in &document.nodes {
        let Some((_, inspection)) = &node.read else { continue };
        let pointer = |below: &str| format!("{}{below}", node_pointer(node.id.as_str()));
        if let Some(known) = &facts.queues {
            for mention in &inspection.queues {
                let name = mention.name.as_str();
                let title =
                    say!("a fila \"{name}\" não existe no projeto", "the project has no queue \"{name}\"");
                found.extend(unknown_name(
                    Code::F116,
                    document,
                    &pointer(&mention.pointer),
                    name,
                    known,
                    title,
                ));
            }
        }
        if let Some(known) = &facts.desks {
            for mention in &inspection.desks {
                let name = mention.name.as_str();
                let title =
                    say!("a mesa \"{name}\" não existe no projeto", "the project has no desk \"{name}\"");
                found.extend(unknown_name(
                    Code::F116,
                    document,
                    &pointer(&mention.pointer),
                    name,
                    known,
                    title,
                ));
            }
        }
    }
}

/// The names of a campaign's replies.
fn replies(document: &Document) -> impl Iterator<Item = &String> {
    let replies = document.value("/replies").filter(|_| document.kind == DocumentKind::Campaign);
    replies.and_then(Value::as_object).into_iter().flat_map(|replies| replies.keys())
}

/// F116: queues that a campaign's replies go to.
pub(super) fn campaign_queues(document: &Document, facts: &ProjectFacts, found: &mut Vec<Diagnostic>) {
    let Some(known) = &facts.queues else { return };
    for pointer in replies(document).map(|reply| format!("/replies/{reply}/handoff")) {
        let Some(name) = document.text(&pointer) else { continue };
        let title = say!("a fila \"{name}\" não existe no projeto", "the project has no queue \"{name}\"");
        found.extend(unknown_name(Code::F116, document, &pointer, name, known, title));
    }
}

/// F125: one id, two flows.
pub(super) fn same_flow(documents: &[Document], _: &ProjectFacts, found: &mut Vec<Diagnostic>) {
    let mut first: BTreeMap<&str, &Document> = BTreeMap::new();
    for document in documents {
        let Some(id) = document.flow_id() else { continue };
        let Some(earlier) = first.get(id) else {
            first.insert(id, document);
            continue;
        };
        let path = &earlier.source.path;
        found.push(Diagnostic::new(
            Code::F125,
            document,
            document.source.span("/flow"),
            say!("o fluxo \"{id}\" já está em {path}", "the flow \"{id}\" already stands in {path}"),
        ));
    }
}

/// F117: flows that are played, tested or begun and do not exist. While a document cannot be read, it may be the one.
pub(super) fn flows(documents: &[Document], facts: &ProjectFacts, found: &mut Vec<Diagnostic>) {
    let is_nameless =
        |document: &Document| document.kind == DocumentKind::Flow && document.flow_id().is_none();
    if documents.iter().any(is_nameless) {
        return;
    }
    let mut known = facts.flows.clone();
    known.extend(documents.iter().filter_map(Document::flow_id).map(str::to_owned));
    for document in documents {
        for (pointer, name) in mentioned_flows(document) {
            let title = say!("o fluxo \"{name}\" não existe", "the flow \"{name}\" does not exist");
            found.extend(unknown_name(Code::F117, document, &pointer, &name, &known, title));
        }
    }
}

fn mentioned_flows(document: &Document) -> Vec<(String, String)> {
    let text = |pointer: String| document.text(&pointer).map(|name| (pointer.clone(), name.to_owned()));
    match document.kind {
        DocumentKind::Flow => document
            .nodes
            .iter()
            .filter_map(|node| Some((node_pointer(node.id.as_str()), &node.read.as_ref()?.1.flows)))
            .flat_map(|(node, mentions)| {
                mentions
                    .iter()
                    .map(move |mention| (format!("{node}{}", mention.pointer), mention.name.to_string()))
            })
            .collect(),
        DocumentKind::FlowTest => text("/flow".to_owned()).into_iter().collect(),
        DocumentKind::Campaign => {
            replies(document).filter_map(|reply| text(format!("/replies/{reply}/flow"))).collect()
        }
    }
}

/// Triggers of a flow, by place.
fn triggers(document: &Document) -> Vec<(usize, Trigger)> {
    let list = document.value("/triggers").filter(|_| document.kind == DocumentKind::Flow);
    let triggers = list.and_then(Value::as_array).into_iter().flatten().enumerate();
    triggers.filter_map(|(at, trigger)| Some((at, authored::read(trigger).ok()?))).collect()
}

fn share_a_channel(a: &Trigger, b: &Trigger) -> bool {
    a.channels.is_empty()
        || b.channels.is_empty()
        || a.channels.iter().any(|channel| b.channels.contains(channel))
}

/// F104: what nothing else claims can go to one flow only.
pub(super) fn defaults(documents: &[Document], _: &ProjectFacts, found: &mut Vec<Diagnostic>) {
    let mut earlier: Vec<(&Document, Trigger)> = Vec::new();
    for document in documents {
        for (at, trigger) in
            triggers(document).into_iter().filter(|(_, trigger)| trigger.when == When::Default)
        {
            if let Some((other, _)) = earlier.iter().find(|(_, other)| share_a_channel(other, &trigger)) {
                let (path, id) = (&other.source.path, other.flow_id().unwrap_or_default());
                found.push(
                    Diagnostic::new(
                        Code::F104,
                        document,
                        document.source.span(&format!("/triggers/{at}")),
                        say!(
                            "o fluxo \"{id}\" ({path}) já é o padrão deste canal",
                            "the flow \"{id}\" ({path}) is already the default of this channel"
                        ),
                    )
                    .help(say!(
                        "deixe `default` em um só fluxo, ou separe os canais com `channels`",
                        "leave `default` in one flow only, or part the channels with `channels`"
                    )),
                );
            }
            earlier.push((document, trigger));
        }
    }
}

/// F123: a keyword that would begin two flows.
pub(super) fn keywords(documents: &[Document], _: &ProjectFacts, found: &mut Vec<Diagnostic>) {
    let mut earlier: BTreeMap<String, Vec<(&Document, Trigger)>> = BTreeMap::new();
    for document in documents {
        for (at, trigger) in triggers(document) {
            for (n, keyword) in trigger.keywords.iter().enumerate() {
                let claims = earlier.entry(fold_words(keyword)).or_default();
                let other = claims.iter().find(|(other, claim)| {
                    other.flow_id() != document.flow_id() && share_a_channel(claim, &trigger)
                });
                if let Some((other, _)) = other {
                    let (path, id) = (&other.source.path, other.flow_id().unwrap_or_default());
                    found.push(
                        Diagnostic::new(
                            Code::F123,
                            document,
                            document.source.span(&format!("/triggers/{at}/keywords/{n}")),
                            say!(
                                "a palavra \"{keyword}\" já começa o fluxo \"{id}\" ({path})",
                                "the keyword \"{keyword}\" already begins the flow \"{id}\" ({path})"
                            ),
                        )
                        .note(say!(
                            "acentos, maiúsculas e pontuação não fazem diferença",
                            "accents, case and punctuation make no difference"
                        )),
                    );
                }
                claims.push((document, trigger.clone()));
            }
        }
    }
}
