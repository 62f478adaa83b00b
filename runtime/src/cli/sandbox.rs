//! `fluxo sandbox`: the outside world alone.

use std::net::SocketAddr;
use std::path::PathBuf;

use fluxo_sandbox::Options;

use super::{Exit, runtime, terminal};
use crate::foundation::config::Environment;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Onde escutar
    #[arg(long, value_name = "ENDEREÇO", default_value = "127.0.0.1:8700")]
    listen: SocketAddr,
    /// O endereço do fluxo, que recebe os webhooks
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    service: String,
    /// A pasta em que o mundo simulado guarda o que muda; sem isto, na memória
    #[arg(long, value_name = "PASTA")]
    state: Option<PathBuf>,
    /// O token da API do fluxo, para o botão que pede a confirmação
    #[arg(long, value_name = "TOKEN", env = "FLUXO_API_TOKEN", hide_env_values = true)]
    api_token: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let options = Options {
        listen: arguments.listen,
        service: arguments.service.clone(),
        state: arguments.state.clone(),
        api_token: arguments.api_token.clone(),
        ..Options::default()
    };
    runtime()?.block_on(async {
        let sandbox = fluxo_sandbox::start(options).await?;
        println!("telefone e agenda  {}", sandbox.url());
        println!("TOTVS RM           {}", sandbox.rm_url());
        println!("WhatsApp Cloud API {}", sandbox.graph_url());
        terminal::tell("Ctrl-C encerra");
        tokio::signal::ctrl_c().await?;
        sandbox.shutdown().await;
        Ok(Exit::Clean)
    })
}

/// What the project file's references find when the outside world is this sandbox.
pub(super) fn environment(options: &Options) -> Environment {
    Environment::of_process().with([
        ("RM_USER", options.rm_user.clone()),
        ("RM_PASSWORD", options.rm_password.clone()),
        ("WHATSAPP_ACCESS_TOKEN", options.access_token.clone()),
        ("WHATSAPP_APP_SECRET", options.app_secret.clone()),
        ("WHATSAPP_VERIFY_TOKEN", options.verify_token.clone()),
        ("FLUXO_API_TOKEN", options.api_token.clone().unwrap_or_else(|| "no-api".to_owned())),
    ])
}
