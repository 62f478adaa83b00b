//! The command line: one file per command. Commands call the layers below and hold no logic of their own.

#![allow(clippy::print_stdout)] // what a command answers goes to standard output

mod backup;
mod chat;
mod check;
mod contacts;
mod conversations;
mod crashtest;
mod demo;
mod documents;
mod flows;
mod graph;
mod operate;
mod outbox;
mod portuguese;
mod project;
mod replay;
mod restore;
mod sandbox;
mod serve;
mod store;
mod terminal;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use fluxo_engine::check::Language;

use crate::operations::{OperationError, Reason};
use crate::releases::PublishError;
use crate::service::ServiceError;
use crate::store::StoreError;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// Nothing to complain about: 0.
    Clean,
    /// Findings, or tests that failed: 1.
    Findings,
    /// The command line asks for something that is not there: 2.
    Usage,
    /// Something could not be read, or the service could not go on: 3.
    Failed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Clean => 0,
            Exit::Findings => 1,
            Exit::Usage => 2,
            Exit::Failed => 3,
        })
    }
}

/// The command line names something that is not there.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NotThere(String);

/// Fluxos de conversa para hospitais, como dados: confere, testa, desenha e atende no WhatsApp.
#[derive(Debug, Parser)]
#[command(name = "fluxo", version, propagate_version = true, arg_required_else_help = true)]
#[command(
    after_help = "Saída: 0 tudo certo · 1 há achados ou testes que falham · 2 uso errado · 3 não foi possível ler ou continuar"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Confere fluxos: forma, ligações, modelos. Diz o arquivo, a linha, a coluna e o conserto
    #[command(alias = "validate")]
    Check(check::Arguments),
    /// Roda os testes dos fluxos e mostra quais nós e saídas eles percorrem
    Test(test::Arguments),
    /// Conversa com um fluxo no terminal
    Chat(chat::Arguments),
    /// Desenha um fluxo
    Graph(graph::Arguments),
    /// Publica fluxos, mostra o que está publicado e volta atrás
    Flows(flows::Arguments),
    /// Sobe só o mundo de fora simulado: TOTVS RM, WhatsApp e o telefone no navegador
    Sandbox(sandbox::Arguments),
    /// Atende: webhooks, fluxos, fila de envio, temporizadores
    Serve(serve::Arguments),
    /// Sobe tudo em 127.0.0.1, com o mundo de fora simulado, e mostra um endereço para abrir
    Demo(demo::Arguments),
    /// Mostra e resolve o que espera para sair e o que não saiu: mensagens, chamadas, e-mails
    Outbox(outbox::Arguments),
    /// Acha conversas, mostra o que está gravado e joga de novo, com a mesma versão dos fluxos ou com outra
    Conversations(conversations::Arguments),
    /// Acha e apaga contatos
    Contacts(contacts::Arguments),
    /// Confere o que está guardado
    Store(store::Arguments),
    /// Copia tudo o que está guardado para um arquivo, com o serviço no ar ou parado
    Backup(backup::Arguments),
    /// Cria os dados de novo a partir de um backup; nunca substitui os que existem
    Restore(restore::Arguments),
    /// Mata o serviço muitas vezes sob carga e confere que nada se perdeu nem foi feito duas vezes: experimente o seu disco
    Crashtest(crashtest::Arguments),
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            return if error.use_stderr() {
                terminal::tell(portuguese::said(&error, terminal::colours_of_errors()).trim_end());
                Exit::Usage.into()
            } else {
                print!("{}", portuguese::said(&error, terminal::colours()));
                Exit::Clean.into()
            };
        }
    };
    let outcome = match cli.command {
        Command::Check(arguments) => check::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Chat(arguments) => chat::run(&arguments),
        Command::Graph(arguments) => graph::run(&arguments),
        Command::Flows(arguments) => flows::run(&arguments),
        Command::Sandbox(arguments) => sandbox::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Outbox(arguments) => outbox::run(&arguments),
        Command::Conversations(arguments) => conversations::run(&arguments),
        Command::Contacts(arguments) => contacts::run(&arguments),
        Command::Store(arguments) => store::run(&arguments),
        Command::Backup(arguments) => backup::run(&arguments),
        Command::Restore(arguments) => restore::run(&arguments),
        Command::Crashtest(arguments) => crashtest::run(&arguments),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(error) => {
            terminal::complain(&words(&error));
            exit_of(&error).into()
        }
    }
}

/// What went wrong, in the operator's language where the store is what went wrong.
fn words(error: &anyhow::Error) -> String {
    let of_service = error.downcast_ref().and_then(|error: &ServiceError| match error {
        ServiceError::Store(error) | ServiceError::Flows(PublishError::Store(error)) => Some(error),
        ServiceError::Config(_)
        | ServiceError::Flows(PublishError::Refused(_))
        | ServiceError::System { .. } => None,
    });
    match of_service.or_else(|| error.downcast_ref::<StoreError>()) {
        Some(error) => error.told(Language::Portuguese),
        None => format!("{error:#}"),
    }
}

fn exit_of(error: &anyhow::Error) -> Exit {
    match error.downcast_ref::<OperationError>().map(|error| error.reason) {
        Some(Reason::NotThere) => Exit::Usage,
        Some(Reason::Refused) => Exit::Findings,
        Some(Reason::Interrupted | Reason::Failed) => Exit::Failed,
        None if error.is::<NotThere>() => Exit::Usage,
        None => Exit::Failed,
    }
}

/// The runtime that commands which wait for the network run on.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
