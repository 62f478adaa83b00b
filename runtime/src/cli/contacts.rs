//! `fluxo contacts`: finds a contact, and erases one.

use std::io::{IsTerminal, Write};

use anyhow::bail;
use clap::Subcommand;
use fluxo_engine::ids::ContactId;

use super::Exit;
use super::operate::{self, At};
use crate::operations::contacts::{ContactErase, ContactFind, ContactShow, Row};
use crate::store::Erased;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Mostra o contato que tem um telefone
    Find(FindArguments),
    /// Apaga um contato, com tudo o que é pessoal, para sempre
    Erase(EraseArguments),
}

#[derive(Debug, clap::Args)]
struct FindArguments {
    /// O telefone, com o código do país e o DDD: +55 11 98765-4321
    #[arg(value_name = "TELEFONE")]
    phone: String,
    /// Um objeto JSON, para programas
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, clap::Args)]
struct EraseArguments {
    /// O contato, como `fluxo contacts find` o mostra
    #[arg(value_name = "CONTATO")]
    contact: String,
    /// Não pergunta antes
    #[arg(long)]
    yes: bool,
    /// Um objeto JSON, para programas
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    match &arguments.verb {
        Verb::Find(arguments) => find(arguments),
        Verb::Erase(arguments) => erase(arguments),
    }
}

fn find(arguments: &FindArguments) -> anyhow::Result<Exit> {
    let found = operate::ask(&arguments.at, ContactFind { phone: arguments.phone.clone() })?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&found)?);
    } else if found.is_empty() {
        println!("nenhum contato com este telefone");
    } else {
        found.iter().for_each(show);
    }
    Ok(if found.is_empty() { Exit::Findings } else { Exit::Clean })
}

fn show(row: &Row) {
    println!("contato {}", row.contact);
    for conversation in &row.conversations {
        let last =
            conversation.last.map_or_else(|| "nunca escreveu".to_owned(), |at| format!("escreveu {at}"));
        let people = if conversation.with_people { " · com pessoas" } else { "" };
        println!("  conversa {} · {} · {last}{people}", conversation.conversation, conversation.channel);
    }
}

fn erase(arguments: &EraseArguments) -> anyhow::Result<Exit> {
    let contact = ContactId(arguments.contact.clone());
    if !arguments.yes {
        let row = operate::ask(&arguments.at, ContactShow { contact: contact.clone() })?;
        show(&row);
        if !agreed()? {
            println!("nada foi apagado");
            return Ok(Exit::Findings);
        }
    }
    let erased = operate::ask(&arguments.at, ContactErase { contact })?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&erased)?);
    } else {
        told(&erased);
    }
    Ok(Exit::Clean)
}

/// Asks whoever sits at the terminal.
fn agreed() -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("apagar não tem volta: confirme com --yes");
    }
    print!("apagar este contato para sempre? escreva \"apagar\": ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim() == "apagar")
}

fn told(erased: &Erased) {
    println!("apagado, com {} conversas:", erased.conversations);
    for (count, what) in [
        (erased.sessions, "sessões abertas, encerradas"),
        (erased.lines, "linhas de histórico"),
        (erased.turns, "passos gravados, dos quais ficam só os nós e o desfecho"),
        (erased.inbox, "mensagens em espera"),
        (erased.outbox, "envios na fila"),
        (erased.dead_letters, "envios que não saíram"),
        (erased.timers, "prazos"),
        (erased.notices, "avisos"),
        (erased.keys, "chaves destruídas"),
    ] {
        println!("  {count:>6} {what}");
    }
}
