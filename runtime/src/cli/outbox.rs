//! `fluxo outbox`: effects that wait to leave, and those that were given up.

use clap::Subcommand;
use fluxo_engine::ids::{ConversationId, EffectId};

use super::operate::{self, At};
use super::{Exit, terminal};
use crate::operations::outbox::{
    Heard, How, Kind, Left, List, Listed, Only, Row, Settle, Settled, Show, Standing, Which, Who, Why, word,
};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Lista o que espera para sair e o que não saiu
    List(ListArguments),
    /// Mostra um item por inteiro, sem dados pessoais
    Show(ShowArguments),
    /// Põe de volta na fila o que não saiu
    Retry(RetryArguments),
    /// Descarta o que não saiu
    Discard(DiscardArguments),
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

#[derive(Debug, clap::Args)]
struct ShowArguments {
    #[command(flatten)]
    at: At,
    /// O nome do item, como a lista o mostra
    #[arg(value_name = "NOME", value_parser = name)]
    effect: EffectId,
    /// Mostra também textos, números e nomes do paciente; fica registrado
    #[arg(long)]
    reveal: bool,
    /// Um objeto JSON, para programas
    #[arg(long)]
    json: bool,
}

/// Which dead letters.
#[derive(Debug, clap::Args)]
struct Chosen {
    /// Os nomes dos itens, como a lista os mostra
    #[arg(value_name = "NOME", value_parser = name, required_unless_present = "all")]
    effects: Vec<EffectId>,
    /// Todos, ou todos que combinam com --reason e --conversation
    #[arg(long, conflicts_with = "effects")]
    all: bool,
    /// Com --all: só os que têm este texto no motivo
    #[arg(long, value_name = "TEXTO", requires = "all")]
    reason: Option<String>,
    /// Com --all: só os desta conversa
    #[arg(long, value_name = "CONVERSA", requires = "all")]
    conversation: Option<String>,
    /// Com --all: não pergunta antes
    #[arg(long)]
    yes: bool,
    /// Um objeto JSON, para programas
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct RetryArguments {
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    chosen: Chosen,
    /// Também o que pode ter chegado: o paciente pode receber duas vezes
    #[arg(long)]
    even_if_unclear: bool,
    /// Também chamadas HTTP que mudam algo do outro lado: confira antes que não foram feitas
    #[arg(long)]
    even_if_changing: bool,
}

#[derive(Debug, clap::Args)]
struct DiscardArguments {
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    chosen: Chosen,
}

fn name(text: &str) -> Result<EffectId, String> {
    text.parse().map_err(|_| "não é o nome de um item, como `fluxo outbox list` os mostra".to_owned())
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    match &arguments.verb {
        Verb::List(arguments) => list(arguments),
        Verb::Show(arguments) => show(arguments),
        Verb::Retry(RetryArguments { at, chosen, even_if_unclear, even_if_changing }) => {
            let how = How::Retry { unclear: *even_if_unclear, changing: *even_if_changing };
            settle(at, chosen, how, "reenviados")
        }
        Verb::Discard(DiscardArguments { at, chosen }) => settle(at, chosen, How::Discard, "descartados"),
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
        show_list(&listed);
    }
    Ok(Exit::Clean)
}

fn show_list(listed: &Listed) {
    let style = terminal::palette();
    for row in &listed.effects {
        show_row(row, &style);
    }
    if listed.more {
        println!("… há mais: use --limit");
    }
    println!("na fila: {} · não saíram: {}", listed.pending, listed.dead);
}

fn show_row(row: &Row, style: &terminal::Palette) {
    let colour = match row.standing {
        Standing::Dead { .. } => style.bad,
        Standing::InDoubt { .. } => style.warn,
        Standing::Ready | Standing::Waiting { .. } | Standing::Started { .. } => "",
    };
    println!("{}{}{}", style.strong, row.effect, style.off);
    println!("  {} · conversa {} · desde {}{}", kind(row.kind), row.conversation, row.since, tried(row));
    println!("  {colour}{}{}", standing(&row.standing), style.off);
}

fn show(arguments: &ShowArguments) -> anyhow::Result<Exit> {
    let request = Show { effect: arguments.effect.clone(), reveal: arguments.reveal };
    let shown = operate::ask(&arguments.at, request)?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&shown)?);
        return Ok(Exit::Clean);
    }
    show_row(&shown.row, &terminal::palette());
    if let Some(Who { name, phone }) = &shown.contact {
        let known = |part: &Option<String>| part.clone().unwrap_or_else(|| "?".to_owned());
        println!("  para {} · {}", known(name), known(phone));
    }
    for Heard { at, state, reason } in &shown.heard {
        let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        println!("  {at} {}{reason}", word(*state));
    }
    println!("{}", serde_json::to_string_pretty(&shown.asked)?);
    Ok(Exit::Clean)
}

fn settle(at: &At, chosen: &Chosen, how: How, done: &str) -> anyhow::Result<Exit> {
    let which = if chosen.all {
        let conversation = chosen.conversation.clone().map(ConversationId);
        Which::Alike { reason: chosen.reason.clone(), conversation }
    } else {
        Which::Named(chosen.effects.clone())
    };
    if chosen.all && !chosen.yes {
        let look = operate::ask(at, Settle { which: which.clone(), how, only_look: true })?;
        if look.settled == 0 {
            show_settled(&look, chosen.json, done)?;
            return Ok(exit_of(&look));
        }
        if !terminal::agreed(&format!("{} itens serão {done}. Continuar?", look.settled))? {
            terminal::tell("nada foi feito");
            return Ok(Exit::Findings);
        }
    }
    let settled = operate::ask(at, Settle { which, how, only_look: false })?;
    show_settled(&settled, chosen.json, done)?;
    Ok(exit_of(&settled))
}

fn exit_of(settled: &Settled) -> Exit {
    if settled.left == 0 { Exit::Clean } else { Exit::Findings }
}

fn show_settled(settled: &Settled, json: bool, done: &str) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(settled)?);
        return Ok(());
    }
    println!("{done}: {} · deixados como estavam: {}", settled.settled, settled.left);
    for Left { effect, why } in &settled.why {
        println!("{effect}: {}", left(why));
    }
    if settled.left > settled.why.len() as u64 {
        println!("… e outros {}", settled.left - settled.why.len() as u64);
    }
    Ok(())
}

fn left(why: &Why) -> String {
    match why {
        Why::NotThere => "não há nada com este nome".to_owned(),
        Why::NotGivenUp => "ainda está na fila".to_owned(),
        Why::Arrived(state) => format!("já foi {}", word(*state)),
        Why::MayHaveArrived => "pode ter chegado: para enviar mesmo assim, --even-if-unclear".to_owned(),
        Why::ChangesOutside => {
            "muda algo do outro lado: confira que não foi feito e use --even-if-changing".to_owned()
        }
        Why::Unreadable => "os dados da conversa não podem ser lidos".to_owned(),
    }
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
