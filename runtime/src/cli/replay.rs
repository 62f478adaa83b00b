//! `fluxo conversations replay`: what was recorded, played again.

use std::path::Path;

use anyhow::Context;
use fluxo_engine::ids::ConversationId;
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use serde::Serialize;
use serde_json::Value;

use super::documents::{self, Kind as Document};
use super::operate::{self, At};
use super::project::Project;
use super::{Exit, NotThere, terminal};
use crate::operations::replay::{AllFigures, AllReplayed, OneReplayed, ReplayAll, ReplayOne, With};
use crate::replay::{Again, Branch, Course, Difference, Group, Kind, Left, Other, Part, Replayed, Verdict};

/// Groups shown of each kind; the others are counted.
const SHOWN: usize = 20;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A conversa
    #[arg(value_name = "CONVERSA", required_unless_present = "all", conflicts_with = "all")]
    conversation: Option<String>,
    /// Todas as conversas
    #[arg(long)]
    all: bool,
    /// Com outra versão dos fluxos: uma já publicada ou uma pasta
    #[arg(long, value_name = "VERSÃO|PASTA")]
    with: Option<String>,
    /// Só sessões com algum passo desde então: 2026-11-21, 2026-11-21T08:00:00-03:00, 24h, 7d
    #[arg(long, value_name = "QUANDO", requires = "all")]
    since: Option<String>,
    /// Mostra também o que pode ser do paciente
    #[arg(long, conflicts_with = "all")]
    reveal: bool,
    /// Um objeto JSON, para programas
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let with = match arguments.with.as_deref().map(release).transpose()? {
        Some(None) => return Ok(Exit::Findings),
        Some(Some(with)) => Some(with),
        None => None,
    };
    let Some(conversation) = &arguments.conversation else {
        let since = arguments.since.as_deref().map(|since| moment(since, &arguments.at)).transpose()?;
        let replayed = operate::ask(&arguments.at, ReplayAll { with, since })?;
        return told(arguments.json, &replayed, show_all, |replayed| match &replayed.of {
            AllFigures::Again(again) => again.differ == 0 && again.unreadable.is_empty(),
            AllFigures::Other(other) => other.unreadable.is_empty(),
        });
    };
    let conversation = ConversationId(conversation.clone());
    let asked = ReplayOne { conversation, with, reveal: arguments.reveal };
    let replayed = operate::ask(&arguments.at, asked)?;
    told(arguments.json, &replayed, show_one, |replayed| match replayed {
        OneReplayed::Again(sessions) => {
            !sessions.iter().any(|session| matches!(session.verdict, Verdict::Differs(_)))
        }
        OneReplayed::Other(_) => true,
    })
}

/// A difference on a session's own release is a finding; on another one it is the answer.
fn told<T: Serialize>(
    json: bool,
    answer: &T,
    show: impl Fn(&T),
    clean: impl Fn(&T) -> bool,
) -> anyhow::Result<Exit> {
    if json {
        println!("{}", serde_json::to_string_pretty(answer)?);
    } else {
        show(answer);
    }
    Ok(if clean(answer) { Exit::Clean } else { Exit::Findings })
}

/// A published release by its name, or the flows of a folder; `None` when they have errors, which were told.
fn release(named: &str) -> anyhow::Result<Option<With>> {
    let path = Path::new(named);
    if !path.exists() {
        return Ok(Some(With::Release(named.to_owned())));
    }
    let project = Project::open_for_path(path)?;
    let checked = project.check();
    if checked.library().is_none() {
        checked.complain();
        return Ok(None);
    }
    let documents = documents::read(&[path.to_owned()])?;
    let flows = documents.into_iter().filter(|document| document.kind == Document::Flow);
    let flows: Vec<(String, String)> = flows.map(|flow| (flow.path, flow.text)).collect();
    if flows.is_empty() {
        return Err(NotThere(format!("não há fluxos em {named}")).into());
    }
    Ok(Some(With::Documents(flows)))
}

/// A moment, a day of the project's time zone, or so long ago.
pub(super) fn moment(text: &str, at: &At) -> anyhow::Result<Timestamp> {
    if let Ok(moment) = text.parse() {
        return Ok(moment);
    }
    if let Ok(day) = text.parse::<civil::Date>() {
        return Ok(day.to_zoned(zone(at)?)?.timestamp());
    }
    let unit = text.chars().last();
    let number = text.get(..text.len().saturating_sub(1)).and_then(|number| number.parse::<i64>().ok());
    let hours = match (number, unit) {
        (Some(hours), Some('h')) => Some(hours),
        (Some(days), Some('d')) => days.checked_mul(24),
        (Some(_) | None, _) => None,
    };
    let ago = hours.and_then(|hours| hours.checked_mul(60 * 60)).map(jiff::SignedDuration::from_secs);
    ago.and_then(|ago| Timestamp::now().checked_sub(ago).ok()).with_context(|| {
        format!("não entendi {text:?}: escreva um dia (2026-11-21), um momento com fuso, 24h ou 7d")
    })
}

fn zone(at: &At) -> anyhow::Result<TimeZone> {
    Ok(at.config()?.project.time_zone.0.clone())
}

fn show_one(replayed: &OneReplayed) {
    match replayed {
        OneReplayed::Again(sessions) => sessions.iter().for_each(show_replayed),
        OneReplayed::Other(sessions) => sessions.iter().for_each(show_course),
    }
}

fn show_replayed(session: &Replayed) {
    let style = terminal::palette();
    let head = format!("sessão {} · {} passos", session.session, session.turns);
    match &session.verdict {
        Verdict::Equal => println!("{head} · {}igual{}", style.good, style.off),
        Verdict::Left(why) => {
            println!("{head} · {} iguais · {}{}{}", session.equal, style.warn, left(*why), style.off);
        }
        Verdict::Differs(difference) => {
            println!("{head} · {}difere no passo {}{}", style.bad, difference.turn, style.off);
            show_difference(difference);
        }
    }
}

fn show_difference(difference: &Difference) {
    let place = match (&difference.flow, &difference.node) {
        (Some(flow), Some(node)) => format!(" · em {flow}/{node}"),
        (_, _) => String::new(),
    };
    println!("  {} {}{place} · {}", part(difference.part), difference.place, difference.at);
    sides(difference.expected.as_ref(), difference.actual.as_ref());
    if let Some(engine) = difference.engine {
        println!(
            "  jogado pela versão {engine} do motor, que não é esta: só dentro de uma dá sempre o mesmo"
        );
    }
}

fn sides(expected: Option<&Value>, actual: Option<&Value>) {
    let side = |value: Option<&Value>| value.map_or_else(|| "nada".to_owned(), ToString::to_string);
    println!("  gravado: {}", side(expected));
    println!("  agora:   {}", side(actual));
}

fn show_course(course: &Course) {
    let style = terminal::palette();
    let head = format!("sessão {} · {} de {} passos iguais", course.session, course.same, course.turns);
    if let Some(why) = course.left {
        println!("{head} · {}{}{}", style.warn, left(why), style.off);
    } else if course.way.is_none() && course.words.is_none() {
        println!("{head} · {}mesmo caminho, mesmas palavras{}", style.good, style.off);
    } else {
        println!("{head}");
    }
    for (what, branch) in [("outro caminho", &course.way), ("no mesmo caminho, outra coisa", &course.words)] {
        if let Some(branch) = branch {
            show_branch(what, branch);
        }
    }
}

fn show_branch(what: &str, branch: &Branch) {
    let words = parted(branch.kind, branch.expected.as_deref(), branch.actual.as_deref());
    let place = place(branch.flow.as_ref(), branch.node.as_ref());
    println!("  {what} no passo {}{place}: {words}", branch.turn);
    if let Some((pointer, expected, actual)) = &branch.detail {
        println!("  efeitos {pointer}");
        sides(expected.as_ref(), actual.as_ref());
    }
}

fn place<F: std::fmt::Display, N: std::fmt::Display>(flow: Option<&F>, node: Option<&N>) -> String {
    match (flow, node) {
        (Some(flow), Some(node)) => format!(", em {flow}/{node}"),
        (_, _) => String::new(),
    }
}

fn parted(kind: Kind, expected: Option<&str>, actual: Option<&str>) -> String {
    let change = match (expected, actual) {
        (Some(was), Some(is)) => format!("{was} → {is}"),
        (Some(was), None) => format!("{was} → nada"),
        (None, Some(is)) => format!("nada → {is}"),
        (None, None) => return self::kind(kind).to_owned(),
    };
    format!("{} {change}", self::kind(kind))
}

fn show_all(replayed: &AllReplayed) {
    let seconds = format!("{},{:03} s", replayed.took_ms / 1000, replayed.took_ms % 1000);
    match &replayed.of {
        AllFigures::Again(again) => show_again(again, &seconds),
        AllFigures::Other(other) => show_other(other, &seconds),
    }
}

fn show_again(again: &Again, seconds: &str) {
    let style = terminal::palette();
    println!(
        "{} conversas, {} sessões, {} passos em {seconds}",
        again.conversations, again.sessions, again.turns
    );
    println!("  {}iguais: {} passos{}", style.good, again.equal, style.off);
    if again.differ > 0 {
        println!("  {}diferem: {} sessões{}", style.bad, again.differ, style.off);
    }
    show_groups(&again.groups, |group| {
        let engine = group.expected.as_deref().map(|engine| format!(" ({engine})")).unwrap_or_default();
        format!("{}{engine}", part(group.kind))
    });
    show_left(&again.left, &again.unreadable);
}

fn show_other(other: &Other, seconds: &str) {
    println!(
        "{} conversas, {} sessões, {} passos no mesmo caminho em {seconds}",
        other.conversations, other.sessions, other.turns
    );
    println!("  mesmo caminho, mesmas palavras: {} sessões", other.same);
    println!("  mesmo caminho, outras palavras ou pedidos: {} sessões", other.words);
    println!("  outro caminho: {} sessões", other.way);
    let words = |group: &Group<Kind>| parted(group.kind, group.expected.as_deref(), group.actual.as_deref());
    if !other.ways.is_empty() {
        println!("onde o caminho muda:");
        show_groups(&other.ways, words);
    }
    if !other.texts.is_empty() {
        println!("onde o que se diz ou pede muda:");
        show_groups(&other.texts, words);
    }
    show_left(&other.left, &other.unreadable);
}

fn show_groups<K>(groups: &[Group<K>], words: impl Fn(&Group<K>) -> String) {
    for group in groups.iter().take(SHOWN) {
        let place = place(group.flow.as_ref(), group.node.as_ref());
        println!("  {:>6} × {}{place} · por exemplo {}", group.sessions, words(group), group.conversation);
    }
    if groups.len() > SHOWN {
        println!("  … e mais {} lugares: use --json", groups.len() - SHOWN);
    }
}

fn show_left(reasons: &std::collections::BTreeMap<Left, u64>, unreadable: &[ConversationId]) {
    for (why, count) in reasons {
        println!("  sem jogar até o fim: {count} sessões, {}", left(*why));
    }
    for id in unreadable {
        println!("  não pode ser lida: {id}");
    }
}

fn left(why: Left) -> &'static str {
    match why {
        Left::Cut => "o começo já foi cortado ([retention] replay)",
        Left::Erased => "o contato foi apagado",
        Left::Older => "gravada por um fluxo que não guardava o bastante",
        Left::ReleaseGone => "a versão dos fluxos não está mais guardada ou não pode ser lida",
        Left::BackdropGone => "falta o que valia na hora (projeto e canal)",
        Left::Gap => "falta um passo na gravação",
        Left::Moved => "a mudança de versão não se repete",
    }
}

fn part(part: Part) -> &'static str {
    match part {
        Part::Play => "jogar",
        Part::Events => "acontecimentos",
        Part::Effects => "efeitos",
        Part::Timers => "prazos",
        Part::Contact => "contato",
        Part::Session => "memória da sessão",
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Start => "começa outro fluxo",
        Kind::Node => "nó",
        Kind::Port => "saída",
        Kind::Answer => "resposta",
        Kind::Input => "não espera o que foi respondido",
        Kind::Flow => "fluxo",
        Kind::Trouble => "problema",
        Kind::Outcome => "fim",
        Kind::Text => "texto",
        Kind::Effect => "efeito",
    }
}
