//! Runs the outside world alone: `cargo run -p fluxo-sandbox --example phone [service url]`.

#![allow(clippy::print_stdout, reason = "an example speaks to the terminal")]

use fluxo_sandbox::Options;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let service = std::env::args().nth(1).unwrap_or_default();
    let listen = std::env::var("SANDBOX_LISTEN").unwrap_or_else(|_| "127.0.0.1:0".into()).parse()?;
    let state = std::env::var_os("SANDBOX_STATE").map(Into::into);
    let sandbox = fluxo_sandbox::start(Options { listen, service, state, ..Options::default() }).await?;
    println!("phones at {}\nRM at {}\nGraph API at {}", sandbox.url(), sandbox.rm_url(), sandbox.graph_url());
    std::future::pending::<()>().await;
    Ok(())
}
