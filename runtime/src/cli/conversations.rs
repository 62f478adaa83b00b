//! `fluxo conversations`: finds them, shows what is recorded of one, and plays that again.

use clap::Subcommand;
use fluxo_engine::ids::ConversationId;

use super::operate::{self, At};
use super::{Exit, replay};
use crate::operations::conversations::{ConversationShow, ConversationsList, Row, SessionRow};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Lista conversas, a que escreveu por último primeiro
    List(ListArguments),
    /// Mostra o que está gravado de uma conversa: sessões, caminho e desfecho
    Show(ShowArguments),
    /// Joga de novo o que foi gravado: deve dar o mesmo, ou mostra a primeira diferença
    Replay(replay::Arguments),
}

#[derive(Debug, clap::Args)]
struct ListArguments {
    /// Só as que escreveram desde então: 2026-11-21, 2026-11-21T08:00:00-03:00, 24h, 7d
    #[arg(long, value_name = "QUANDO")]
    since: Option<String>,
    /// Só as que estão com pessoas ou esperam por elas
    #[arg(long)]
    with_people: bool,
    /// Quantas no máximo
    #[arg(long, value_name = "NÚMERO", default_value_t = 50)]
    limit: usize,
    /// Um objeto JSON, para programas
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, clap::Args)]
struct ShowArguments {
    /// A conversa
    #[arg(value_name = "CONVERSA")]
    conversation: String,
    /// Um objeto JSON, para programas
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    match &arguments.verb {
        Verb::List(arguments) => list(arguments),
        Verb::Show(arguments) => show(arguments),
        Verb::Replay(arguments) => replay::run(arguments),
    }
}

fn list(arguments: &ListArguments) -> anyhow::Result<Exit> {
    let since = arguments.since.as_deref().map(|since| replay::moment(since, &arguments.at)).transpose()?;
    let (with_people, limit) = (arguments.with_people, arguments.limit);
    let listed = operate::ask(&arguments.at, ConversationsList { since, with_people, limit })?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&listed)?);
    } else {
        listed.conversations.iter().for_each(row);
        println!("{} de {} conversas", listed.conversations.len(), listed.of);
    }
    Ok(Exit::Clean)
}

fn show(arguments: &ShowArguments) -> anyhow::Result<Exit> {
    let conversation = ConversationId(arguments.conversation.clone());
    let shown = operate::ask(&arguments.at, ConversationShow { conversation })?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&shown)?);
        return Ok(Exit::Clean);
    }
    match &shown.conversation {
        Some(conversation) => row(conversation),
        None => println!("{} · o contato foi apagado", arguments.conversation),
    }
    shown.sessions.iter().for_each(session);
    Ok(Exit::Clean)
}

fn row(row: &Row) {
    let last = row.last.map_or_else(|| "nunca escreveu".to_owned(), |at| format!("escreveu {at}"));
    let with = match (&row.queue, &row.session) {
        (Some(queue), _) => format!("com pessoas, fila {queue}"),
        (None, Some(session)) => format!("sessão {session} aberta"),
        (None, None) => "sem sessão aberta".to_owned(),
    };
    println!("{} · {} · {last} · {with} · contato {}", row.conversation, row.channel, row.contact);
}

fn session(session: &SessionRow) {
    let outcome = session.outcome.as_deref().unwrap_or("aberta");
    let left = match session.turns - session.whole {
        0 => String::new(),
        more => format!(" ({more} sem o que entrou neles)"),
    };
    println!("sessão {} · {} a {} · {outcome}", session.session, session.began, session.last);
    println!("  {} passos{left}: {}", session.turns, session.path.join(" "));
}
