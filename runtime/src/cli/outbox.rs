//! `fluxo outbox`: effects that wait to leave, and those that were given up.

use clap::Subcommand;
use fluxo_engine::ids::ConversationId;

use super::operate::{self, At};
use super::{Exit, terminal};
use crate::operations::outbox::{Kind, List, Listed, Only, Row, Standing};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Lista o que espera para sair e o que não saiu
    List(ListArguments),
}

#[derive(Debug, clap::Args)]
struct ListArguments {
    #[command(flatten)]
    at: At,
    /// Só o que não saiu e espera uma decisão
    #[arg(long, group = "which")]
    dead: bool,
    /// Só o que espera para sair
    #[arg(long, group = "which")]
    pending: bool,
    /// Só o que saiu sem resposta e pode ter chegado
    #[arg(long, group = "which")]
    doubt: bool,
    /// Só desta conversa
    #[arg(long, value_name = "CONVERSA")]
    conversation: Option<String>,
    /// Quantos no máximo
    #[arg(long, value_name = "NÚMERO", default_value_t = 100)]
    limit: usize,
    /// Um objeto JSON, para programas
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    match &arguments.verb {
        Verb::List(arguments) => list(arguments),
    }
}

fn list(arguments: &ListArguments) -> anyhow::Result<Exit> {
    let only = match (arguments.dead, arguments.pending, arguments.doubt) {
        (true, _, _) => Only::Dead,
        (_, true, _) => Only::Pending,
        (_, _, true) => Only::Doubt,
        (false, false, false) => Only::All,
    };
    let conversation = arguments.conversation.clone().map(ConversationId);
    let listed = operate::ask(&arguments.at, List { only, conversation, limit: arguments.limit })?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&listed)?);
    } else {
        show(&listed);
    }
    Ok(Exit::Clean)
}

fn show(listed: &Listed) {
    let style = terminal::palette();
    for row in &listed.effects {
        let colour = match row.standing {
            Standing::Dead { .. } => style.bad,
            Standing::InDoubt { .. } => style.warn,
            Standing::Ready | Standing::Waiting { .. } | Standing::Started { .. } => "",
        };
        println!("{}{}{}", style.strong, row.effect, style.off);
        println!("  {} · conversa {} · desde {}{}", kind(row.kind), row.conversation, row.since, tried(row));
        println!("  {colour}{}{}", standing(&row.standing), style.off);
    }
    if listed.more {
        println!("… há mais: use --limit");
    }
    println!("na fila: {} · não saíram: {}", listed.pending, listed.dead);
}

fn tried(row: &Row) -> String {
    match row.attempts {
        0 => String::new(),
        1 => " · 1 tentativa".to_owned(),
        more => format!(" · {more} tentativas"),
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Message => "mensagem",
        Kind::Http => "chamada HTTP",
        Kind::Handoff => "entrega a pessoas",
        Kind::Ticket => "chamado",
        Kind::Notice => "aviso",
        Kind::Email => "e-mail",
    }
}

fn standing(standing: &Standing) -> String {
    match standing {
        Standing::Ready => "pronto para sair".to_owned(),
        Standing::Waiting { until } => format!("espera até {until}"),
        Standing::Started { at } => format!("saindo desde {at}"),
        Standing::InDoubt { until, repeated: false } => {
            format!("em dúvida: saiu sem resposta, espera até {until} e tenta mais uma vez")
        }
        Standing::InDoubt { until, repeated: true } => {
            format!("em dúvida: saiu duas vezes sem resposta, espera até {until} e desiste")
        }
        Standing::Dead { at, reason, unclear } => {
            let maybe = if *unclear { " (pode ter chegado)" } else { "" };
            format!("não saiu, {at}: {reason}{maybe}")
        }
    }
}
