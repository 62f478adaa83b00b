//! `fluxo backup`: a copy of what is kept, while the service runs and while it does not.

use std::path::PathBuf;

use anyhow::Context;

use super::operate::{self, At};
use super::{Exit, terminal};
use crate::operations::store::Backup;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// O arquivo a gravar; ainda não pode existir
    #[arg(value_name = "ARQUIVO")]
    file: PathBuf,
    #[command(flatten)]
    at: At,
    /// Um objeto JSON, para programas
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let file = std::path::absolute(&arguments.file).context("não foi possível achar o lugar do arquivo")?;
    let backup = operate::ask(&arguments.at, Backup { file })?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&backup)?);
    } else {
        println!("{}", backup.file.display());
        println!(
            "backup de {}: {} registros, {} bytes; o serviço esperou no máximo {:.1} ms",
            backup.at,
            backup.records,
            backup.bytes,
            backup.longest_pause_us as f64 / 1000.0
        );
    }
    if backup.unsound == 0 {
        return Ok(Exit::Clean);
    }
    terminal::complain(&format!(
        "{} registros se perderam ou não podem ser lidos, e este backup não é melhor do que isso: guarde os anteriores e \
         rode `fluxo store check`",
        backup.unsound
    ));
    Ok(Exit::Findings)
}
