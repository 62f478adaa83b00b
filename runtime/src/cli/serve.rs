//! `fluxo serve`: the service.

use clap::ValueEnum;
use fluxo_engine::check::Language;
use tokio::net::TcpListener;

use super::operate::At;
use super::{Exit, runtime, terminal};
use crate::foundation::config::Config;
use crate::foundation::telemetry::{self, LogFormat};
use crate::releases::Checked;
use crate::service::Service;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    at: At,
    /// Como registrar o que acontece
    #[arg(long, value_name = "FORMA", value_enum, default_value_t = Log::Auto)]
    log: Log,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Log {
    /// Para pessoas no terminal, JSON fora dele
    Auto,
    /// Para pessoas
    Human,
    /// Um objeto JSON por linha
    Json,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    start_telling(match arguments.log {
        Log::Auto => LogFormat::Auto,
        Log::Human => LogFormat::Human,
        Log::Json => LogFormat::Json,
    })?;
    let config = arguments.at.config()?;
    runtime()?.block_on(async {
        let listener = TcpListener::bind(config.server.listen).await.map_err(|error| {
            anyhow::anyhow!("não foi possível escutar em {}: {error}", config.server.listen)
        })?;
        let checker = checker(&config);
        let service = Service::start(config, Box::new(checker), listener).await?;
        terminal::tell(&format!("fluxo atende em {}; Ctrl-C encerra", service.url()));
        until_the_end(service).await
    })
}

/// Publishes what has no error.
pub(super) fn checker(config: &Config) -> Checked {
    Checked { project: config.play(jiff::Timestamp::now()), language: Language::Portuguese }
}

/// Starts the log. `FLUXO_LOG` says how much is told.
pub(super) fn start_telling(format: LogFormat) -> anyhow::Result<()> {
    telemetry::init(format, std::env::var("FLUXO_LOG").ok().as_deref())?;
    Ok(())
}

/// Serves until somebody asks the process to stop, or the service cannot go on.
pub(super) async fn until_the_end(mut service: Service) -> anyhow::Result<Exit> {
    let end = tokio::select! {
        asked = asked_to_stop() => {
            asked?;
            None
        }
        error = service.ended() => Some(error),
    };
    let in_time = service.stop().await;
    match end {
        Some(error) => Err(error.into()),
        None => {
            if !in_time {
                tracing::warn!("not everything ended in time; the next start goes on with it");
            }
            Ok(Exit::Clean)
        }
    }
}

async fn asked_to_stop() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            asked = tokio::signal::ctrl_c() => asked,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
