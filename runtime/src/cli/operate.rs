//! How a command of operators gets its answer: from the service that has the store open, or, when none runs, by doing
//! the work itself.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;

use super::runtime;
use super::serve::checker;
use crate::foundation::config::{Config, Environment, Overrides, Reading};
use crate::operations::{self, Operation, OperationError, Progress, Request, Step};
use crate::service::{self, AloneError};
use crate::store::StoreError;

/// Which project, as it is served.
#[derive(Debug, clap::Args)]
pub(super) struct At {
    /// A pasta do projeto
    #[arg(long, value_name = "PASTA", default_value = "flows")]
    project: PathBuf,
    /// O ambiente cujos valores de [env.<nome>] valem
    #[arg(long, value_name = "AMBIENTE", env = "FLUXO_ENV")]
    env: Option<String>,
    /// Um valor no lugar do que está em fluxo.toml: server.listen=0.0.0.0:8080
    #[arg(long, value_name = "CHAVE=VALOR", value_parser = key_and_value)]
    set: Vec<(String, String)>,
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    let (key, value) =
        text.split_once('=').ok_or("escreva CHAVE=VALOR, por exemplo server.listen=0.0.0.0:8080")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

impl At {
    /// The project file, with the values given on the command line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn config(&self) -> anyhow::Result<Config> {
        let set = |overrides: Overrides, (key, value): &(String, String)| overrides.set(key, value);
        let reading = Reading {
            environment: self.env.clone(),
            variables: Environment::of_process(),
            overrides: self.set.iter().fold(Overrides::none(), set),
        };
        Ok(Config::load(&self.project, reading)?)
    }
}

/// Carries out an operation where it can be: at the running service, or here.
///
/// # Errors
/// What the operation says ([`OperationError`]), a service or store that cannot be reached, the project file.
pub(super) fn ask<R: Request>(at: &At, request: R) -> anyhow::Result<R::Answer> {
    let config = at.config()?;
    let operation = request.into();
    let value = runtime()?.block_on(answer(config, &operation))?;
    serde_json::from_value(value).context("a resposta não foi entendida")
}

async fn answer(config: Config, operation: &Operation) -> anyhow::Result<Value> {
    let directory = config.store_path();
    if let Some(answer) = of_service(&directory, operation).await? {
        return Ok(answer?);
    }
    match service::alone(config.clone(), Box::new(checker(&config))).await {
        Ok(here) => {
            let (progress, mut steps) = Progress::channel();
            let done = here.carry_out(operation.clone(), &progress);
            let shown = async {
                while let Some(step) = steps.recv().await {
                    show(&step);
                }
            };
            tokio::select! {
                done = done => Ok(done?),
                () = shown => unreachable!("the progress is held until the end"),
            }
        }
        // Somebody has it: a service that was about to open its door a moment ago, perhaps.
        Err(AloneError::Store(StoreError::InUse(_))) => match of_service(&directory, operation).await? {
            Some(answer) => Ok(answer?),
            None => Err(OperationError::failed(format!(
                "outro processo está com os dados em {} e não responde a comandos: um serviço que ainda inicia ou \
                 encerra, ou outro comando; tente de novo em instantes",
                directory.display()
            ))
            .into()),
        },
        Err(error @ AloneError::NoStore(_)) => Err(OperationError::not_there(error.to_string()).into()),
        Err(AloneError::Store(error)) => Err(OperationError::from(error).into()),
    }
}

type Answered = Result<Value, OperationError>;

async fn of_service(directory: &Path, operation: &Operation) -> anyhow::Result<Option<Answered>> {
    let answered = operations::ask(directory, operation, |step| show(&step)).await;
    clear();
    Ok(answered?)
}

/// A step on one line of the terminal that the next one overwrites; nothing where nobody looks.
fn show(step: &Step) {
    if std::io::stderr().is_terminal() {
        match step.of {
            Some(of) => eprint!("\r\x1b[K{} de {of}", step.done),
            None => eprint!("\r\x1b[K{}", step.done),
        }
    }
}

fn clear() {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
}
