//! `fluxo restore`: a new store made of a backup. No service may run; nothing is ever replaced.

use std::path::PathBuf;

use fluxo_engine::check::Language;
use jiff::Timestamp;

use super::operate::At;
use super::{Exit, runtime, terminal};
use crate::operations::OperationError;
use crate::store::SledStore;
use crate::store::upkeep::{RestoreError, Review, StreamError};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// O backup
    #[arg(value_name = "ARQUIVO")]
    file: PathBuf,
    #[command(flatten)]
    at: At,
    /// Um objeto JSON, para programas
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let directory = arguments.at.config()?.store_path();
    let review = Review {
        reason: "veio de um backup restaurado e não é enviado sozinho".to_owned(),
        notice: "Um backup foi restaurado: o que estava por enviar não sai sozinho e espera uma decisão entre os envios \
                 que não saíram."
            .to_owned(),
    };
    let restored =
        runtime()?.block_on(SledStore::restore(&arguments.file, &directory, Timestamp::now(), &review));
    let restored = restored.map_err(words)?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&restored)?);
    } else {
        println!("{}", restored.directory.display());
        println!(
            "os dados são os de {}: {} registros; época {} no lugar da {}",
            restored.at, restored.records, restored.epochs.1, restored.epochs.0
        );
        if restored.for_review > 0 {
            println!(
                "{} envios estavam pendentes e não saem sozinhos, porque podem já ter saído: decida cada um com \
                 `fluxo outbox list --dead`",
                restored.for_review
            );
        }
        println!("confira com `fluxo store check` e inicie o serviço");
    }
    if restored.unsound == 0 && restored.unreadable == 0 {
        return Ok(Exit::Clean);
    }
    terminal::complain(&format!(
        "{} registros já faltavam ou não podiam ser lidos quando o backup foi feito, e {} conversas com envios pendentes \
         não podem ser lidas: veja se há um backup anterior melhor",
        restored.unsound, restored.unreadable
    ));
    Ok(Exit::Findings)
}

fn words(error: RestoreError) -> OperationError {
    match error {
        RestoreError::Occupied(directory) => OperationError::refused(format!(
            "{0} não está vazia, e restaurar nunca substitui dados: pare o serviço, mova a pasta para o lado \
             (mv {0} {0}.antes), guarde-a e rode o comando de novo",
            directory.display()
        )),
        RestoreError::Stream { file, source } => {
            let what = match &source {
                StreamError::Foreign => "não é um backup do fluxo".to_owned(),
                StreamError::Newer => {
                    "foi feito por uma versão mais nova do fluxo: use essa versão, ou uma mais nova"
                        .to_owned()
                }
                StreamError::CutShort { records } => format!(
                    "está cortado depois de {records} registros: a gravação ou a cópia dele foi interrompida; use outro"
                ),
                StreamError::Damaged { records } => {
                    format!("está danificado depois de {records} registros: use outra cópia dele, ou outro")
                }
                StreamError::Io(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    return OperationError::not_there(format!("{} não existe", file.display()));
                }
                StreamError::Io(error) => format!("não pôde ser lido: {error}"),
            };
            OperationError::failed(format!("{} {what}; nada foi criado", file.display()))
        }
        RestoreError::Store(error) => OperationError::failed(error.told(Language::Portuguese)),
    }
}
