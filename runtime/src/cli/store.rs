//! `fluxo store`: whether all is well with what is kept.

use clap::Subcommand;
use fluxo_engine::check::Language;

use super::operate::{self, At};
use super::{Exit, terminal};
use crate::operations::store::Check;
use crate::store::upkeep::{Checkup, Finding, Outcome};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Lê tudo o que está guardado e confere se nada se perdeu e se tudo combina; roda com o serviço no ar
    Check(CheckArguments),
}

#[derive(Debug, clap::Args)]
struct CheckArguments {
    #[command(flatten)]
    at: At,
    /// Conserta o que pode ser consertado sem perder nada; só com o serviço parado
    #[arg(long)]
    repair: bool,
    /// Um objeto JSON, para programas
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    match &arguments.verb {
        Verb::Check(arguments) => check(arguments),
    }
}

fn check(arguments: &CheckArguments) -> anyhow::Result<Exit> {
    let checkup = operate::ask(&arguments.at, Check { repair: arguments.repair })?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&checkup)?);
    } else {
        show(&checkup);
    }
    Ok(if checkup.is_clean() { Exit::Clean } else { Exit::Findings })
}

fn show(checkup: &Checkup) {
    let style = terminal::palette();
    let mut told = None;
    for finding in &checkup.findings {
        if told != Some(finding.invariant) {
            told = Some(finding.invariant);
            let found = checkup.found.get(&finding.invariant).copied().unwrap_or_default();
            println!("{}{}{} ({found})", style.strong, name(finding), style.off);
            println!("  {}", finding.invariant.meaning(Language::Portuguese));
            println!("  {}", what_to_do(finding));
        }
        let colour = match finding.outcome {
            Outcome::Stands => style.bad,
            Outcome::Repairable => style.warn,
            Outcome::Repaired => style.good,
        };
        let id = finding.id.as_deref().unwrap_or("-");
        let detail = if finding.detail.is_empty() { "" } else { ": " };
        println!("    {colour}{id}{} (tabela {}){detail}{}", style.off, finding.table, finding.detail);
    }
    let found: u64 = checkup.found.values().sum();
    if found > checkup.findings.len() as u64 {
        println!("  … nem todos estão listados");
    }
    let left: u64 = checkup.left.values().sum();
    let records = format!("{} registros, {} conversas", checkup.records, of(checkup, "conversation"));
    match (found, left) {
        (0, _) => println!("{records}: tudo certo"),
        (_, 0) => println!("{records}: {found} achados, todos consertados"),
        _ => println!("{records}: {found} achados, {left} por resolver"),
    }
}

fn of(checkup: &Checkup, table: &str) -> u64 {
    checkup.tables.get(table).copied().unwrap_or_default()
}

/// The invariant's stable name, as programs read it.
fn name(finding: &Finding) -> String {
    serde_json::to_value(finding.invariant)
        .ok()
        .and_then(|name| name.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn what_to_do(finding: &Finding) -> &'static str {
    match finding.outcome {
        Outcome::Repaired => "foi consertado",
        Outcome::Repairable if finding.invariant.is_a_loss() => {
            "guarde uma cópia da pasta e olhe o disco; se os outros achados mostrarem que falta algo importante, volte \
             ao último backup com `fluxo restore`; para seguir com o que há, pare o serviço e rode \
             `fluxo store check --repair`"
        }
        Outcome::Repairable => "pare o serviço e rode `fluxo store check --repair`: nada se perde com isso",
        Outcome::Stands => finding.invariant.remedy(Language::Portuguese),
    }
}
