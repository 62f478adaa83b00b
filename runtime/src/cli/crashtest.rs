//! `fluxo crashtest`: tries the promises on the operator's own disk.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{Exit, runtime, terminal};
use crate::crashtest::{self, Crowd, Detours, Plan};

/// A patient waits longer than any doubt takes to be resolved.
const PATIENCE: Duration = Duration::from_secs(100);

/// What comes after the last kill shows that the service still works.
const CALM: Duration = Duration::from_secs(2);

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A pasta a experimentar, no disco em que o serviço vai ficar; nunca a de um armazenamento em uso
    #[arg(long, value_name = "PASTA")]
    dir: PathBuf,
    /// Quantas vezes matar o serviço
    #[arg(long, value_name = "N", default_value_t = 300)]
    kills: u32,
    /// De onde sai tudo o que é sorteado: a mesma semente repete a prova
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Por quantos segundos matar, no máximo
    #[arg(long, value_name = "S")]
    seconds: Option<u64>,
    /// O resultado em JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let plan = Plan {
        directory: arguments.dir.clone(),
        program: std::env::current_exe()?,
        kills: arguments.kills,
        seed: arguments.seed,
        longest: arguments.seconds.map(Duration::from_secs),
        calm: CALM,
        patience: PATIENCE,
        crowd: Crowd::USUAL,
        trouble: true,
        detours: Detours::default(),
    };
    let bar = Arc::new(terminal::progress(usize::try_from(arguments.kills)?, "quedas"));
    let told = Arc::clone(&bar);
    let report =
        runtime()?.block_on(crashtest::run(&plan, &move |kills| told.set_position(u64::from(kills))))?;
    bar.finish_and_clear();
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{report}");
    }
    Ok(if report.is_clean() { Exit::Clean } else { Exit::Findings })
}
