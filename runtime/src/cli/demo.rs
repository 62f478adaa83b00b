//! `fluxo demo`: the service and the simulated world around it, on loopback. What runs is what `fluxo serve` runs; only
//! the addresses differ.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::Context;
use fluxo_sandbox::Options;
use tokio::net::TcpListener;

use super::sandbox::environment;
use super::serve::{checker, start_telling, until_the_end};
use super::{Exit, runtime, terminal};
use crate::foundation::config::{Config, Overrides, Reading};
use crate::foundation::telemetry::LogFormat;
use crate::service::Service;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A pasta do projeto
    #[arg(long, value_name = "PASTA", default_value = "flows")]
    project: PathBuf,
    /// A porta da página; o fluxo fica na seguinte
    #[arg(long, value_name = "PORTA", default_value_t = 8700)]
    port: u16,
    /// Onde fica o que se guarda: as conversas e a agenda simulada
    #[arg(long, value_name = "PASTA", default_value = ".fluxo/demo")]
    state: PathBuf,
    /// Começa do zero: apaga o que a demonstração guardou antes
    #[arg(long)]
    fresh: bool,
}

/// How much of the log is told.
const TOLD: &str = "warn,fluxo::workers::publisher=info";

/// Opens the API of a demo that nobody but this machine reaches.
const API_TOKEN: &str = "demo-only-on-loopback";

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    // A demo is looked at, not operated: only what goes wrong and what is published is told, unless asked.
    if std::env::var_os("FLUXO_LOG").is_none() {
        crate::foundation::telemetry::init(LogFormat::Human, Some(TOLD))?;
    } else {
        start_telling(LogFormat::Human)?;
    }
    if arguments.fresh {
        forget(&arguments.state)?;
    }
    runtime()?.block_on(play(arguments))
}

/// Removes what an earlier demo has kept, and nothing that is not a demo's.
fn forget(state: &std::path::Path) -> anyhow::Result<()> {
    for part in ["store", "world"] {
        let folder = state.join(part);
        if folder.exists() {
            std::fs::remove_dir_all(&folder)
                .with_context(|| format!("não foi possível apagar {}", folder.display()))?;
        }
    }
    Ok(())
}

async fn play(arguments: &Arguments) -> anyhow::Result<Exit> {
    let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let service_at = at(arguments.port.checked_add(1).context("a porta é alta demais")?);
    // Taken before anything starts, so that nothing is half there when a port is not free.
    let listener = TcpListener::bind(service_at).await.with_context(|| busy(service_at))?;
    std::fs::create_dir_all(&arguments.state)
        .with_context(|| format!("não foi possível criar {}", arguments.state.display()))?;

    let options = Options {
        listen: at(arguments.port),
        service: format!("http://{service_at}"),
        desk_url: Some(format!("http://{service_at}/desk")),
        api_token: Some(API_TOKEN.to_owned()),
        state: Some(arguments.state.join("world")),
        ..Options::default()
    };
    let variables = environment(&options);
    let phone_number_id = options.phone_number_id.clone();
    let sandbox = fluxo_sandbox::start(options).await.with_context(|| busy(at(arguments.port)))?;
    let store = std::path::absolute(arguments.state.join("store"))?;
    let overrides = Overrides::none()
        .set("server.listen", service_at.to_string())
        .set("store.path", store.display().to_string())
        .set("connections.rm.base_url", sandbox.rm_url())
        .set("channels.whatsapp.base_url", format!("{}/v26.0", sandbox.graph_url()))
        .set("channels.whatsapp.phone_number_id", phone_number_id);
    let config = Config::load(&arguments.project, Reading { environment: None, variables, overrides })?;
    let checker = checker(&config);
    let service = Service::start(config, Box::new(checker), listener).await?;
    sandbox.set_desk(&service.desk_link("demonstração"));

    println!("{}", sandbox.url());
    terminal::tell(&format!(
        "Abra o endereço acima: é um telefone. Os fluxos são os de {}/ e mudam assim que são gravados.\n\
         Em um segundo navegador, a página dos atendentes pede uma chave: {API_TOKEN}\n\
         As conversas ficam em {}; --fresh começa do zero. Ctrl-C encerra.",
        arguments.project.display(),
        arguments.state.display()
    ));
    let exit = until_the_end(service).await;
    sandbox.shutdown().await;
    exit
}

fn busy(address: SocketAddr) -> String {
    format!("não foi possível escutar em {address}; se outra demonstração está no ar, use --port")
}
