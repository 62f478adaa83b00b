//! F4: calls of the hospital's systems.

use super::ProjectFacts;
use super::catalogue::Code;
use super::diagnostic::Diagnostic;
use super::document::{Document, DocumentKind, node_pointer};
use super::project::unknown_name;
use super::text::say;
use crate::nodes::inspection::MissingReason;

/// F412: a call that changes something, may not be repeated, and has no way out for doubt.
pub(super) fn doubt(document: &Document, _: &ProjectFacts, found: &mut Vec<Diagnostic>) {
    for node in &document.nodes {
        let Some((_, inspection)) = &node.read else { continue };
        if !inspection.missing.iter().any(|port| port.reason == MissingReason::ChangingCall) {
            continue;
        }
        let (id, pointer) = (&node.id, node_pointer(node.id.as_str()));
        let method = document.text(&format!("{pointer}/request/method")).unwrap_or_default();
        found.push(
            Diagnostic::new(
                Code::F412,
                document,
                document.source.span(&format!("{pointer}/request/method")),
                say!(
                    "a chamada \"{id}\" não tem a saída `unknown`",
                    "the call \"{id}\" has no way out `unknown`"
                ),
            )
            .label(say!(
                "um {method} pode ter sido feito sem que se saiba",
                "a {method} may have been carried out without anybody knowing"
            ))
            .related(
                document.source.key_span(&format!("{pointer}/on")),
                say!("falta `unknown` aqui", "`unknown` is missing here"),
            )
            .help(say!(
                "acrescente `\"unknown\"` com um nó que confere no sistema antes de repetir",
                "add `\"unknown\"` with a node that looks it up before it is done again"
            ))
            .help(say!(
                "ou dê uma `idempotency_key`, se o sistema a aceita: com ela a chamada pode ser repetida",
                "or give an `idempotency_key`, if the system takes it: with it the call may be repeated"
            )),
        );
    }
}

/// F413: a connection that the project does not have.
pub(super) fn connections(document: &Document, facts: &ProjectFacts, found: &mut Vec<Diagnostic>) {
    let Some(known) = &facts.connections else { return };
    let of_campaign = document.text("/source/connection").filter(|_| document.kind == DocumentKind::Campaign);
    if let Some(name) = of_campaign {
        let title =
            say!("a conexão \"{name}\" não existe no projeto", "the project has no connection \"{name}\"");
        found.extend(unknown_name(Code::F413, document, "/source/connection", name, known, title));
    }
    for node in &document.nodes {
        let Some((_, inspection)) = &node.read else { continue };
        for mention in &inspection.connections {
            let pointer = format!("{}{}", node_pointer(node.id.as_str()), mention.pointer);
            let name = mention.name.as_str();
            let title = say!(
                "a conexão \"{name}\" não existe no projeto",
                "the project has no connection \"{name}\""
            );
            found.extend(unknown_name(Code::F413, document, &pointer, name, known, title));
        }
    }
}
