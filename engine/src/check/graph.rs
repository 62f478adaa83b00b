//! F1: where ways lead, what is reached, and circles without a rest.

use std::collections::BTreeSet;

use super::ProjectFacts;
use super::catalogue::Code;
use super::diagnostic::Diagnostic;
use super::document::{Document, DocumentKind, Sketch, node_pointer};
use super::suggest::nearest;
use super::text::say;
use crate::flow::graph::Edge;
use crate::ids::NodeId;
use crate::nodes::NodeKind;
use crate::nodes::inspection::MissingReason;

/// F101: a way that leads to no node.
pub(super) fn targets(document: &Document, _: &ProjectFacts, found: &mut Vec<Diagnostic>) {
    if document.kind != DocumentKind::Flow {
        return;
    }
    for target in document.targets().filter(|target| !document.has_node(&target.text)) {
        let (name, span) = (&target.text, document.source.span(&target.pointer));
        if document.nodes.is_empty() || name.is_empty() {
            continue;
        }
        let mut diagnostic = Diagnostic::new(
            Code::F101,
            document,
            span.clone(),
            say!("o destino \"{name}\" não existe", "the target \"{name}\" does not exist"),
        )
        .label(say!("nenhum nó tem este id", "no node has this id"));
        if let Some(near) = nearest(name, document.nodes.iter().map(|node| node.id.as_str())) {
            diagnostic = diagnostic
                .help(say!(
                    "existe um nó com nome parecido: \"{near}\"",
                    "there is a node with a similar name: \"{near}\""
                ))
                .repair(span, format!("\"{near}\""));
        }
        if let Some(note) = way_to(document, diagnostic.node.as_deref()) {
            diagnostic = diagnostic.note(note);
        }
        found.push(diagnostic);
    }
}

/// "caminho: a → b", from the start to a node.
fn way_to(document: &Document, node: Option<&str>) -> Option<super::text::Text> {
    let start = NodeId::from(document.text("/start")?);
    let graph = document.graph(|edge| edge);
    let way = graph.path(&start, &node?.into(), |_| true)?;
    let way = way.iter().map(|id| id.as_str()).collect::<Vec<_>>();
    if way.len() < 2 {
        return None;
    }
    let way = if way.len() > 8 {
        format!("{} → … → {}", way[..3].join(" → "), way[way.len() - 4..].join(" → "))
    } else {
        way.join(" → ")
    };
    Some(say!("caminho: {way}", "way: {way}"))
}

/// F105: nodes that play never comes to. Ways with a misspelt target count as leading where they were meant to; while
/// a node's shape is wrong, what it leads to is not known, and nothing is said.
pub(super) fn unreachable(document: &Document, _: &ProjectFacts, found: &mut Vec<Diagnostic>) {
    if !document.violations.is_empty() {
        return;
    }
    let Some(start) = document.text("/start") else { return };
    let names = || document.nodes.iter().map(|node| node.id.as_str());
    let meant = |id: &NodeId| match document.has_node(id.as_str()) {
        true => Some(id.clone()),
        false => nearest(id.as_str(), names()).map(NodeId::from),
    };
    let dangling = document.targets().any(|target| meant(&target.text.as_str().into()).is_none());
    if dangling || meant(&start.into()).is_none() {
        return;
    }
    let graph =
        document.graph(|edge| Edge { to: meant(&edge.to).unwrap_or_else(|| edge.to.clone()), ..edge });
    let beginnings: Vec<NodeId> = document.beginnings().iter().filter_map(meant).collect();
    for id in graph.unreachable(&beginnings) {
        let span = document.source.key_span(&node_pointer(id.as_str()));
        found.push(
            Diagnostic::new(
                Code::F105,
                document,
                span,
                say!("nunca se chega ao nó \"{id}\"", "play never comes to the node \"{id}\""),
            )
            .label(say!("nenhum caminho leva aqui", "no way leads here"))
            .help(say!("ligue-o a outro nó ou apague-o", "lead to it from another node, or remove it")),
        );
    }
}

/// F124: a menu made from data that may have nothing to offer.
pub(super) fn missing_ports(document: &Document, _: &ProjectFacts, found: &mut Vec<Diagnostic>) {
    for node in &document.nodes {
        let Some((_, inspection)) = &node.read else { continue };
        for missing in inspection.missing.iter().filter(|port| port.reason == MissingReason::EmptyMenu) {
            let (id, port) = (&node.id, missing.name);
            found.push(
                Diagnostic::new(
                    Code::F124,
                    document,
                    document.source.key_span(&format!("{}/each", node_pointer(id.as_str()))),
                    say!(
                        "se a lista vier vazia, o menu \"{id}\" não terá opções",
                        "if the list is empty, the menu \"{id}\" has no options"
                    ),
                )
                .help(say!(
                    "acrescente `\"on\": {{ \"{port}\": \"…\" }}`, ou confira a lista antes",
                    "add `\"on\": {{ \"{port}\": \"…\" }}`, or check the list before"
                )),
            );
        }
    }
}

/// F108: circles in which neither the patient nor time comes in between. A sub-flow is a rest when it may rest.
pub(super) fn circles(documents: &[Document], _: &ProjectFacts, found: &mut Vec<Diagnostic>) {
    let resting = resting_flows(documents);
    for document in documents {
        let rests_in_call = |id: &NodeId| {
            let node = document.nodes.iter().find(|node| node.id == *id);
            node.and_then(called).is_some_and(|flow| resting.contains(flow))
        };
        let graph = document.graph(|edge| Edge {
            rests: edge.rests || (edge.port != "failed" && rests_in_call(&edge.from)),
            ..edge
        });
        for circle in graph.circles_without_rest() {
            let Some(first) = circle.first() else { continue };
            let way = circle.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(" → ");
            let mut diagnostic = Diagnostic::new(
                Code::F108,
                document,
                document.source.key_span(&node_pointer(first.as_str())),
                say!("laço sem espera: {way}", "loop without a wait: {way}"),
            )
            .label(say!("gira sem ouvir o paciente", "turns without hearing the patient"))
            .note(say!(
                "uma chamada `http` não é espera: o laço segue sozinho até o limite e vira problema",
                "an `http` call is no wait: the loop goes on by itself up to the limit and becomes trouble"
            ))
            .help(say!("ponha uma pergunta ou uma espera no caminho", "put a question or a wait on the way"));
            for id in circle.iter().skip(1).filter(|id| *id != first) {
                let span = document.source.key_span(&node_pointer(id.as_str()));
                diagnostic = diagnostic.related(span, say!("passa por aqui", "passes here"));
            }
            found.push(diagnostic);
        }
    }
}

/// The flow that a node calls and comes back from.
fn called(node: &Sketch) -> Option<&str> {
    if let Some((node, _)) = &node.read
        && let NodeKind::Call(call) = &node.kind
    {
        return Some(call.flow.as_str());
    }
    None
}

/// Flows in which play may stop for the patient or for time, themselves or in what they call. What is not known
/// counts as resting: it is told elsewhere that it is not there.
fn resting_flows(documents: &[Document]) -> BTreeSet<&str> {
    let flows: Vec<(&str, &Document)> =
        documents.iter().filter_map(|document| Some((document.flow_id()?, document))).collect();
    let known: BTreeSet<&str> = flows.iter().map(|(id, _)| *id).collect();
    let mut resting: BTreeSet<&str> = documents
        .iter()
        .flat_map(|document| document.nodes.iter().filter_map(called))
        .filter(|called| !known.contains(called))
        .collect();
    loop {
        let before = resting.len();
        for (id, document) in &flows {
            let rests = document.nodes.iter().any(|node| match &node.read {
                Some((_, found)) => {
                    found.waits.rests() || called(node).is_some_and(|flow| resting.contains(flow))
                }
                None => true,
            });
            if rests {
                resting.insert(id);
            }
        }
        if resting.len() == before {
            return resting;
        }
    }
}
