//! `fluxo test`: plays the flows' own tests and says which nodes and ports they walk through.

use std::path::PathBuf;
use std::time::Instant;

use fluxo_engine::flow::source::Source;
use fluxo_engine::test::{CaseResult, Coverage, Document, FlowCoverage, run as play};

use super::documents::{self, Kind};
use super::project::Project;
use super::{Exit, terminal};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Pastas ou arquivos de teste; os fluxos são os do projeto a que pertencem
    #[arg(required = true, value_name = "CAMINHO")]
    paths: Vec<PathBuf>,
    /// Só os casos cujo título contém este texto
    #[arg(long, value_name = "TEXTO")]
    only: Option<String>,
    /// Falha se menos que tantos por cento das saídas forem percorridas
    #[arg(long, value_name = "POR_CENTO", value_parser = clap::value_parser!(u8).range(0..=100))]
    min_coverage: Option<u8>,
    /// Mostra também os casos que passam
    #[arg(long, short)]
    verbose: bool,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let begun = Instant::now();
    let documents = documents::read(&arguments.paths)?;
    let tests: Vec<_> = documents.iter().filter(|document| document.kind == Kind::Test).collect();
    if tests.is_empty() {
        terminal::complain(
            "nenhum teste de fluxo nesses caminhos; testes ficam em <projeto>/tests/*.json e têm \"cases\"",
        );
        return Ok(Exit::Usage);
    }
    let project = Project::open_for_path(&arguments.paths[0])?;
    let checked = project.check();
    let Some(library) = checked.library() else {
        checked.complain();
        terminal::complain("os fluxos têm erros; conserte-os antes de testar");
        return Ok(Exit::Findings);
    };
    let facts = project.play();
    let colour = terminal::palette();
    let (mut passed, mut failed) = (0_usize, 0_usize);
    let mut coverage = Coverage::default();
    let bar = terminal::progress(tests.len(), "testando");
    for document in tests {
        let source = Source::read(&document.path, &document.text);
        let mut parsed = match serde_json::from_str(&document.text).and_then(Document::from_value) {
            Ok(parsed) => parsed,
            Err(error) => {
                failed += 1;
                bar.suspend(|| println!("{}✗{} {}: {error}", colour.bad, colour.off, document.path));
                continue;
            }
        };
        if let Some(only) = &arguments.only {
            parsed.cases.retain(|case| case.title.contains(only.as_str()));
        }
        for CaseResult { title, failure } in play(library, &facts, &parsed, &mut coverage) {
            match failure {
                None => {
                    passed += 1;
                    if arguments.verbose {
                        bar.suspend(|| println!("{}✓{} {} · {title}", colour.good, colour.off, parsed.flow));
                    }
                }
                Some(failure) => {
                    failed += 1;
                    let place = source.position(source.span(&failure.pointer).start);
                    let place = format!("{}:{}", place.line, place.column);
                    bar.suspend(|| {
                        println!("{}✗ {} · {title}{}", colour.bad, parsed.flow, colour.off);
                        println!("  {}:{place}: {}", document.path, failure.message_pt);
                        for line in &failure.transcript {
                            println!("  {}│ {line}{}", colour.dim, colour.off);
                        }
                    });
                }
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let flows = if arguments.only.is_some() { Vec::new() } else { coverage.of(library) };
    let enough = tell_coverage(&flows, arguments.min_coverage);
    let verdict = if failed == 0 { colour.good } else { colour.bad };
    let passing = if passed == 1 { "passou" } else { "passaram" };
    let failing = if failed == 1 { "falhou" } else { "falharam" };
    println!(
        "{verdict}{passed} {passing}, {failed} {failing}{} {}({} ms){}",
        colour.off,
        colour.dim,
        begun.elapsed().as_millis(),
        colour.off
    );
    Ok(if failed == 0 && enough { Exit::Clean } else { Exit::Findings })
}

/// A line a flow, with what is missing below it. Says whether it is enough.
fn tell_coverage(flows: &[FlowCoverage], wanted: Option<u8>) -> bool {
    let colour = terminal::palette();
    if flows.is_empty() {
        return true;
    }
    println!("{}cobertura{}", colour.strong, colour.off);
    for flow in flows {
        let whole = flow.missing_nodes.is_empty() && flow.missing_ports.is_empty();
        let mark = if whole { colour.good } else { colour.warn };
        println!(
            "  {mark}{:<24}{} {:>3}/{} nós  {:>3}/{} saídas",
            flow.flow.as_str(),
            colour.off,
            flow.entered(),
            flow.nodes,
            flow.taken(),
            flow.ports
        );
        for node in &flow.missing_nodes {
            println!("      nó nunca visitado: {node}");
        }
        for (node, port) in flow.missing_ports.iter().filter(|(node, _)| !flow.missing_nodes.contains(node)) {
            println!("      saída nunca tomada: {node} → {port}");
        }
    }
    let (taken, ports) =
        flows.iter().fold((0, 0), |(taken, ports), flow| (taken + flow.taken(), ports + flow.ports));
    let percent = (taken * 100).checked_div(ports).unwrap_or(100);
    println!("  {percent} % das saídas");
    match wanted {
        Some(wanted) if percent < usize::from(wanted) => {
            println!("{}menos que os {wanted} % pedidos{}", colour.bad, colour.off);
            false
        }
        Some(_) | None => true,
    }
}
