//! `fluxo flows`: what is published, publishing, and going back.

use clap::Subcommand;
use fluxo_engine::ids::ReleaseId;

use super::operate::{self, At};
use super::{Exit, terminal};
use crate::conversations::{Count, OnRelease};
use crate::operations::flows::{
    List, Listed, Moves, NotPublished, Outcome, Publish, PublishReport, Rollback, RollbackReport, Row,
};
use crate::releases::Finding;
use crate::store::Occasion;

/// As much of a release's name as people read; the whole one stands in `--json`.
const SHORT: usize = 12;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Lista as versões publicadas, qual é a atual e o que está em andamento em cada uma
    List(ListArguments),
    /// Confere, testa e publica os fluxos da pasta: as conversas novas passam a usá-los
    Publish(PublishArguments),
    /// Volta à versão anterior, ou à que você disser
    Rollback(RollbackArguments),
}

#[derive(Debug, clap::Args)]
struct ListArguments {
    #[command(flatten)]
    at: At,
    /// Quantas versões sem conversas mostrar, no máximo
    #[arg(long, value_name = "NÚMERO", default_value_t = 10)]
    limit: usize,
    /// Um objeto JSON, para programas
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct PublishArguments {
    #[command(flatten)]
    at: At,
    /// Confere, testa e mostra o que está em andamento, sem publicar
    #[arg(long)]
    dry_run: bool,
    /// Leva para a nova versão as conversas abertas que podem ser levadas, e diz por que as outras ficam
    #[arg(long)]
    migrate: bool,
    /// Por quê; aparece em `fluxo flows list`
    #[arg(long, value_name = "TEXTO")]
    reason: Option<String>,
    /// Um objeto JSON, para programas
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct RollbackArguments {
    /// O começo do nome da versão; sem isto, a que valia antes da atual
    #[arg(value_name = "VERSÃO")]
    release: Option<String>,
    #[command(flatten)]
    at: At,
    /// Por quê; aparece em `fluxo flows list`
    #[arg(long, value_name = "TEXTO")]
    reason: Option<String>,
    /// Um objeto JSON, para programas
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    match &arguments.verb {
        Verb::List(arguments) => list(arguments),
        Verb::Publish(arguments) => publish(arguments),
        Verb::Rollback(arguments) => rollback(arguments),
    }
}

fn list(arguments: &ListArguments) -> anyhow::Result<Exit> {
    let listed = operate::ask(&arguments.at, List { limit: arguments.limit })?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&listed)?);
    } else {
        show_list(&listed);
    }
    Ok(Exit::Clean)
}

fn publish(arguments: &PublishArguments) -> anyhow::Result<Exit> {
    let request = Publish {
        by: somebody(),
        reason: arguments.reason.clone(),
        dry_run: arguments.dry_run,
        migrate: arguments.migrate,
    };
    let report = operate::ask(&arguments.at, request)?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        show_report(&report, arguments.dry_run);
    }
    Ok(match report.outcome {
        Outcome::Refused => Exit::Findings,
        Outcome::Published | Outcome::Unchanged | Outcome::WouldPublish => Exit::Clean,
    })
}

fn rollback(arguments: &RollbackArguments) -> anyhow::Result<Exit> {
    let (to, reason) = (arguments.release.clone(), arguments.reason.clone());
    let report = operate::ask(&arguments.at, Rollback { to, by: somebody(), reason })?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        show_rollback(&report);
    }
    Ok(Exit::Clean)
}

/// Who gives the command, as the operating system calls them.
fn somebody() -> String {
    let named = ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    named.filter(|name| !name.is_empty()).unwrap_or_else(|| "alguém".to_owned())
}

fn short(release: &ReleaseId) -> String {
    release.as_str().chars().take(SHORT).collect()
}

fn show_list(listed: &Listed) {
    let style = terminal::palette();
    if listed.releases.is_empty() {
        println!("nenhuma versão foi publicada ainda");
    }
    for Row { release, current, published, in_flight } in &listed.releases {
        let (mark, colour) = if *current { ("▶", style.good) } else { (" ", "") };
        println!("{colour}{mark} {}{}{}", style.strong, short(release), style.off);
        if let Some(published) = published {
            let reason = published.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            let at = published.at.strftime("%Y-%m-%dT%H:%M:%SZ");
            println!("    {at} · {} · {}{reason}", published.by, occasion(published.occasion));
        }
        show_on(in_flight.as_ref());
    }
    if listed.more {
        println!("… há mais: use --limit");
    }
    show_unreadable(listed.unreadable);
    if let Some(why) = &listed.disk {
        show_not_published(why);
    }
    show_outdated(listed.outdated);
    if !listed.serving {
        println!("o serviço não está no ar");
    }
}

fn occasion(occasion: Occasion) -> &'static str {
    match occasion {
        Occasion::Start => "ao iniciar o serviço",
        Occasion::Edit => "os arquivos mudaram",
        Occasion::Command => "por comando",
        Occasion::Rollback => "volta por comando",
    }
}

fn show_not_published(why: &NotPublished) {
    let style = terminal::palette();
    let (words, found): (&str, &[Finding]) = match why {
        NotPublished::Unreadable { error } => {
            println!("{}os fluxos da pasta não podem ser lidos: {error}{}", style.warn, style.off);
            return;
        }
        NotPublished::Errors { findings } => ("têm erros", findings),
        NotPublished::Tests { failures } => ("têm testes que falham", failures),
        NotPublished::WentBack => (
            "ficam como estão porque alguém voltou a uma versão anterior: mude-os, ou `fluxo flows publish`",
            &[],
        ),
        NotPublished::ByCommand => ("esperam `fluxo flows publish` ([flows] watch = false)", &[]),
        NotPublished::Soon => ("serão publicados em instantes", &[]),
        NotPublished::AtNextStart => ("serão publicados quando o serviço iniciar", &[]),
    };
    println!("{}os fluxos da pasta não são os publicados: {words}{}", style.warn, style.off);
    for finding in found {
        println!("  {}", finding.line);
    }
}

fn show_report(report: &PublishReport, dry_run: bool) {
    let style = terminal::palette();
    for finding in report.findings.iter().chain(&report.failures) {
        println!("{}", finding.shown);
    }
    if report.outcome == Outcome::Refused {
        println!("{}nada foi publicado: {}{}", style.bad, refused(report), style.off);
        show_outdated(report.outdated);
        return;
    }
    match report.passed {
        0 => println!("{}os fluxos da pasta não têm testes{}", style.warn, style.off),
        passed => println!("{}{} dos fluxos da pasta{}", style.dim, tests(passed), style.off),
    }
    let name = report.release.as_ref().map(short).unwrap_or_default();
    let before =
        report.before.as_ref().map(|before| format!(" (antes: {})", short(before))).unwrap_or_default();
    match report.outcome {
        Outcome::Published => println!("{}publicada a versão {name}{}{before}", style.good, style.off),
        Outcome::Unchanged => println!("a versão {name} já era a atual"),
        Outcome::WouldPublish => println!("seria publicada a versão {name}{before}; nada mudou"),
        Outcome::Refused => {}
    }
    if !report.serving && !dry_run {
        println!("o serviço não está no ar: vale quando ele iniciar");
    }
    if let Some(in_flight) = &report.in_flight {
        println!("em andamento: {}", sessions(in_flight.sessions()));
        for on in &in_flight.releases {
            println!("  {}", short(&on.release));
            show_on(Some(on));
        }
        show_unreadable(in_flight.unreadable);
    }
    if let Some(moves) = &report.moves {
        show_moves(moves, dry_run);
    }
    show_outdated(report.outdated);
}

fn refused(report: &PublishReport) -> String {
    match (report.findings.len(), report.failures.len()) {
        (0, 1) => format!("1 teste falha ({})", tests(report.passed)),
        (0, failures) => format!("{failures} testes falham ({})", tests(report.passed)),
        (1, _) => "há 1 erro".to_owned(),
        (errors, _) => format!("há {errors} erros"),
    }
}

fn tests(passed: u64) -> String {
    match passed {
        0 => "não passou nenhum teste".to_owned(),
        1 => "passou 1 teste".to_owned(),
        passed => format!("passaram {passed} testes"),
    }
}

fn sessions(count: u64) -> String {
    match count {
        0 => "nenhuma conversa".to_owned(),
        1 => "1 conversa".to_owned(),
        count => format!("{count} conversas"),
    }
}

fn show_on(on: Option<&OnRelease>) {
    let Some(on) = on else { return };
    println!("    {}", counted(&on.all));
    for place in &on.places {
        println!("      {}/{}: {}", place.flow, place.node, counted(&place.count));
    }
}

fn counted(count: &Count) -> String {
    let mut text = sessions(count.sessions);
    if count.with_people > 0 {
        text += &format!(" · {} com pessoas", count.with_people);
    }
    if count.in_flight > 0 {
        text += &format!(" · {} à espera de um sistema", count.in_flight);
    }
    text
}

fn show_moves(moves: &Moves, dry_run: bool) {
    let (moved, kept) = (moves.moved, moves.kept.len());
    let verb = if dry_run { "passariam" } else { "passaram" };
    println!("{verb} para a nova versão: {moved} · ficam na versão em que começaram: {kept}");
    for session in &moves.kept {
        println!("  {} ({}): {}", session.conversation, short(&session.release), session.because.join("; "));
    }
}

fn show_unreadable(unreadable: u64) {
    if unreadable > 0 {
        let style = terminal::palette();
        println!(
            "{}{} não podem ser lidas e não foram contadas{}",
            style.warn,
            sessions(unreadable),
            style.off
        );
    }
}

fn show_outdated(outdated: bool) {
    if outdated {
        let style = terminal::palette();
        println!(
            "{}fluxo.toml mudou: o que ele diz vale quando o serviço for reiniciado{}",
            style.warn, style.off
        );
    }
}

fn show_rollback(report: &RollbackReport) {
    let style = terminal::palette();
    println!(
        "{}a versão atual é {}{} (antes: {})",
        style.good,
        short(&report.now),
        style.off,
        short(&report.before)
    );
    println!("as conversas abertas terminam na versão em que começaram");
    if report.disk_differs {
        println!("os fluxos da pasta ficam sem publicar até mudarem, ou até `fluxo flows publish`");
    }
    if !report.findings.is_empty() {
        println!("{}atenção: com o projeto de hoje, esta versão tem erros:{}", style.warn, style.off);
        for finding in &report.findings {
            println!("  {}", finding.line);
        }
    }
    if !report.serving {
        println!("o serviço não está no ar: vale quando ele iniciar");
    }
}
