//! `fluxo graph`: draws a flow.

use std::path::PathBuf;

use clap::ValueEnum;
use fluxo_engine::flow::Flow;
use fluxo_engine::ids::NodeId;
use fluxo_engine::nodes::{Node, NodeKind};

use super::project::Project;
use super::{Exit, terminal};
use crate::drawing::{Card, Drawing, Way, dot, mermaid, svg};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// O fluxo: o nome (agendamento) ou o arquivo (flows/agendamento.json)
    #[arg(value_name = "FLUXO")]
    flow: String,
    /// Como desenhar
    #[arg(long, value_name = "FORMA", value_enum, default_value_t = Format::Svg)]
    format: Format,
    /// Onde gravar; sem isto, na saída padrão
    #[arg(long, short, value_name = "ARQUIVO")]
    output: Option<PathBuf>,
    /// A pasta do projeto
    #[arg(long, value_name = "PASTA", default_value = "flows")]
    project: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// Uma figura para abrir no navegador
    Svg,
    /// Para o Graphviz
    Dot,
    /// Para páginas que desenham Mermaid
    Mermaid,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let project = Project::open_for(&arguments.flow, &arguments.project)?;
    let checked = project.check();
    let Some(flow) = checked.flow(&arguments.flow)? else {
        checked.complain();
        return Ok(Exit::Findings);
    };
    let drawing = drawing(flow, |node| checked.findings_at(flow, node));
    let text = match arguments.format {
        Format::Svg => svg(&drawing),
        Format::Dot => dot(&drawing),
        Format::Mermaid => mermaid(&drawing),
    };
    match &arguments.output {
        Some(file) => {
            std::fs::write(file, text)?;
            terminal::tell(&format!("{} ({} nós)", file.display(), drawing.cards.len()));
        }
        None => print!("{text}"),
    }
    Ok(Exit::Clean)
}

fn drawing(flow: &Flow, findings: impl Fn(&NodeId) -> Vec<String>) -> Drawing {
    let place = |id: &NodeId| flow.nodes().position(|(other, _)| other == id);
    let cards = flow
        .nodes()
        .map(|(id, node)| Card {
            id: id.to_string(),
            kind: node.kind.name().to_owned(),
            title: node.title.clone().unwrap_or_else(|| id.to_string()),
            findings: findings(id),
            ways: node
                .inspection()
                .ports
                .into_iter()
                .filter_map(|port| Some(Way { label: label(node, &port.name), to: place(&port.target)? }))
                .collect(),
        })
        .collect();
    Drawing { title: flow.title.clone(), start: place(&flow.start), cards }
}

/// What the contact or the analyst calls a way out: an option's title, a case's condition.
fn label(node: &Node, port: &str) -> String {
    let (family, which) = port.split_once('/').unwrap_or((port, ""));
    let found = match &node.kind {
        NodeKind::Menu(menu) if family == "options" => menu
            .options
            .iter()
            .find(|option| option.id == which)
            .map(|option| option.title.source().to_owned()),
        NodeKind::Branch(branch) if family == "cases" => which
            .parse::<usize>()
            .ok()
            .and_then(|n| branch.cases.get(n))
            .map(|case| case.title.clone().unwrap_or_else(|| case.condition.source().to_owned())),
        NodeKind::Menu(_)
        | NodeKind::Branch(_)
        | NodeKind::Message(_)
        | NodeKind::Template(_)
        | NodeKind::Ask(_)
        | NodeKind::Set(_)
        | NodeKind::Http(_)
        | NodeKind::Handoff(_)
        | NodeKind::Ticket(_)
        | NodeKind::Notify(_)
        | NodeKind::Email(_)
        | NodeKind::Tag(_)
        | NodeKind::Consent(_)
        | NodeKind::Wait(_)
        | NodeKind::Call(_)
        | NodeKind::Goto(_)
        | NodeKind::End(_) => None,
    };
    found.unwrap_or_else(|| port.to_owned())
}
