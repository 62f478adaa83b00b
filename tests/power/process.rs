//! The service as a process: this same program, started once more as `fluxo serve`.

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

pub(crate) const APP_SECRET: &str = "app-secret-for-power";

/// The running service.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    pub(crate) base: String,
    log: tempfile::NamedTempFile,
}

impl Process {
    /// Starts it on a store and waits until it is ready or has ended.
    pub(crate) async fn start(store: &Path, provider: &str) -> Result<Self, String> {
        let told = |error: std::io::Error| error.to_string();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(told)?;
        let port = listener.local_addr().map_err(told)?.port();
        drop(listener);
        let log = tempfile::NamedTempFile::new().map_err(told)?;
        let child = Command::new(std::env::current_exe().map_err(told)?)
            .args(["serve", "--project"])
            .arg(root.join("load/flows"))
            .arg(format!("--set=server.listen=127.0.0.1:{port}"))
            .arg(format!("--set=channels.whatsapp.base_url={provider}/v26.0"))
            .arg(format!("--set=store.path={}", store.display()))
            .env("WHATSAPP_ACCESS_TOKEN", "token-for-power")
            .env("WHATSAPP_APP_SECRET", APP_SECRET)
            .env("WHATSAPP_VERIFY_TOKEN", "verify-for-power")
            .env("FLUXO_API_TOKEN", "api-token-for-power")
            .env("FLUXO_LOG", "warn")
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.reopen().map_err(told)?)
            .spawn()
            .map_err(told)?;
        let mut process = Self { child, base: format!("http://127.0.0.1:{port}"), log };
        let (client, begun) = (reqwest::Client::new(), Instant::now());
        while begun.elapsed() < Duration::from_secs(60) && process.ended().is_none() {
            let answer = client.get(format!("{}/health/ready", process.base)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(process);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err(format!("the service did not start ({:?}): {}", process.ended(), process.said()))
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits until it ends of its own accord.
    pub(crate) async fn ends(&mut self, patience: Duration) -> Result<ExitStatus, String> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.ended() {
                return Ok(status);
            }
            if begun.elapsed() > patience {
                return Err(format!("the service goes on: {}", self.said()));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What it has told.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap_or_default().trim().to_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
