//! Between flows: what one gives to another, and how that one may end.

use std::collections::{BTreeMap, BTreeSet};

use super::ProjectFacts;
use super::catalogue::Code;
use super::diagnostic::Diagnostic;
use super::document::{Document, DocumentKind, Sketch, node_pointer};
use super::suggest::nearest;
use super::text::say;
use crate::flow::Input;
use crate::nodes::authored;
use crate::nodes::call::Call;
use crate::nodes::{Entries, NodeKind};

/// Ports of a `call` that are no outcomes.
const OWN_PORTS: &[&str] = &["done", "else", "failed"];

/// Flows of the documents by id.
fn by_id(documents: &[Document]) -> BTreeMap<&str, &Document> {
    let flows = documents.iter().filter(|document| document.kind == DocumentKind::Flow);
    flows.filter_map(|document| Some((document.flow_id()?, document))).collect()
}

fn kind(node: &Sketch) -> Option<&NodeKind> {
    node.read.as_ref().map(|(node, _)| &node.kind)
}

fn call(node: &Sketch) -> Option<&Call> {
    if let NodeKind::Call(call) = kind(node)? { Some(call) } else { None }
}

/// F126: inputs that the other flow does not know, and required ones that it is not given.
pub(super) fn inputs(documents: &[Document], _: &ProjectFacts, found: &mut Vec<Diagnostic>) {
    let flows = by_id(documents);
    for document in documents {
        for node in &document.nodes {
            let Some(kind) = kind(node) else { continue };
            let (flow, given, item) = if let NodeKind::Call(call) = kind {
                (&call.flow, &call.inputs, call.for_each.as_ref().map(|each| each.item.as_str()))
            } else if let NodeKind::Goto(goto) = kind {
                (&goto.flow, &goto.inputs, None)
            } else {
                continue;
            };
            let Some(callee) = flows.get(flow.as_str()) else { continue };
            let Some(declared) = declared(callee) else { continue };
            let pointer = node_pointer(node.id.as_str());
            for name in given.iter().map(|(name, _)| name).filter(|name| declared.get(name).is_none()) {
                let span = document.source.key_span(&format!("{pointer}/inputs/{name}"));
                let title = say!(
                    "o fluxo \"{flow}\" não tem a entrada `{name}`",
                    "the flow \"{flow}\" has no input `{name}`"
                );
                let diagnostic = Diagnostic::new(Code::F126, document, span.clone(), title);
                found.push(match nearest(name, declared.iter().map(|(name, _)| name)) {
                    Some(near) => diagnostic
                        .help(say!(
                            "existe uma com nome parecido: `{near}`",
                            "there is one with a similar name: `{near}`"
                        ))
                        .repair(span, format!("\"{near}\"")),
                    None => diagnostic.help(say!(
                        "declare-a em `inputs` do fluxo \"{flow}\", ou tire-a daqui",
                        "declare it in `inputs` of the flow \"{flow}\", or remove it here"
                    )),
                });
            }
            let missing = declared.iter().filter(|(name, input)| {
                input.required && input.default.is_none() && given.get(name).is_none() && item != Some(*name)
            });
            for (name, _) in missing {
                found.push(
                    Diagnostic::new(
                        Code::F126,
                        document,
                        document.source.span(&format!("{pointer}/flow")),
                        say!(
                            "o fluxo \"{flow}\" exige a entrada `{name}`",
                            "the flow \"{flow}\" requires the input `{name}`"
                        ),
                    )
                    .help(say!("acrescente-a em `inputs` deste nó", "add it to this node's `inputs`")),
                );
            }
        }
    }
}

fn declared(document: &Document) -> Option<Entries<Input>> {
    match document.value("/inputs") {
        Some(inputs) => authored::read(inputs).ok(),
        None => Some(Entries::default()),
    }
}

/// How a flow may end. Unknown, and nothing is said, while one of its nodes cannot be read.
fn outcomes_of(document: &Document) -> Option<BTreeSet<&str>> {
    let mut outcomes = BTreeSet::new();
    for node in &document.nodes {
        let (_, inspection) = node.read.as_ref()?;
        outcomes.extend(inspection.outcome.as_ref().map(|mention| mention.name.as_str()));
    }
    Some(outcomes)
}

/// F106 and F128: outcomes of the other flow without a way out here, and ways out for outcomes that it does not have.
pub(super) fn outcomes(documents: &[Document], _: &ProjectFacts, found: &mut Vec<Diagnostic>) {
    let flows = by_id(documents);
    for document in documents {
        for (node, call) in document.nodes.iter().filter_map(|node| Some((node, call(node)?))) {
            let Some(outcomes) = flows.get(call.flow.as_str()).and_then(|callee| outcomes_of(callee)) else {
                continue;
            };
            let (flow, on) = (&call.flow, format!("{}/on", node_pointer(node.id.as_str())));
            let outcomes = if call.for_each.is_some() { BTreeSet::new() } else { outcomes };
            let unhandled: Vec<&str> =
                outcomes.iter().copied().filter(|outcome| call.port_of(outcome).is_none()).collect();
            if !unhandled.is_empty() {
                let names = unhandled.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                found.push(
                    Diagnostic::new(
                        Code::F106,
                        document,
                        document.source.key_span(&on),
                        say!(
                            "falta saída para um resultado do fluxo \"{flow}\": {names}",
                            "an outcome of the flow \"{flow}\" has no way out: {names}"
                        ),
                    )
                    .help(say!(
                        "acrescente uma saída com este nome, ou `done`, ou `else`",
                        "add a way out of this name, or `done`, or `else`"
                    )),
                );
            }
            for name in call.on.iter().map(|(name, _)| name) {
                if OWN_PORTS.contains(&name) || outcomes.contains(name) {
                    continue;
                }
                let span = document.source.key_span(&format!("{on}/{name}"));
                let title = say!(
                    "o fluxo \"{flow}\" nunca termina com o resultado `{name}`",
                    "the flow \"{flow}\" never ends with the outcome `{name}`"
                );
                let diagnostic = Diagnostic::new(Code::F128, document, span.clone(), title);
                found.push(match nearest(name, outcomes.iter().copied()) {
                    Some(near) => diagnostic
                        .help(say!("existe um parecido: `{near}`", "there is a similar one: `{near}`"))
                        .suggest(span, format!("\"{near}\"")),
                    None => diagnostic,
                });
            }
        }
    }
}
