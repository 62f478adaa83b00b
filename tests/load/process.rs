//! The service as a process: its memory and CPU as the kernel counts them.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

pub(crate) const APP_SECRET: &str = "app-secret-for-load";

/// The running service.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    pub(crate) base: String,
    store: PathBuf,
    _folder: tempfile::TempDir,
}

impl Process {
    pub(crate) async fn start(provider: &str) -> Self {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        // Beside the target directory: a real disk, where /tmp may be memory.
        let below = root.parent().expect("a workspace").join("target");
        let folder = tempfile::TempDir::with_prefix_in("load-", below).expect("a directory");
        let store = folder.path().join("store");
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("loopback has a free port")
            .port();
        let child = Command::new(std::env::current_exe().expect("this program has a path"))
            .args(["serve", "--project"])
            .arg(root.join("load/flows"))
            .arg(format!("--set=server.listen=127.0.0.1:{port}"))
            .arg(format!("--set=channels.whatsapp.base_url={provider}/v26.0"))
            .arg(format!("--set=store.path={}", store.display()))
            .env("WHATSAPP_ACCESS_TOKEN", "token-for-load")
            .env("WHATSAPP_APP_SECRET", APP_SECRET)
            .env("WHATSAPP_VERIFY_TOKEN", "verify-for-load")
            .env("FLUXO_API_TOKEN", "api-token-for-load")
            .env("FLUXO_LOG", "warn")
            .stdin(Stdio::null())
            .spawn()
            .expect("the service starts");
        let base = format!("http://127.0.0.1:{port}");
        let process = Self { child, base, store, _folder: folder };
        let client = reqwest::Client::new();
        for _ in 0..500 {
            let answer = client.get(format!("{}/health/ready", process.base)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return process;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the service is not ready after 10 s");
    }

    /// Resident memory.
    pub(crate) fn memory_mib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: f64 =
            line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok()).unwrap_or(0.0);
        kib / 1024.0
    }

    /// CPU time spent so far, in user and kernel. Linux counts it in hundredths of a second.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks: u64 = after_name
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<u64>().ok())
            .sum();
        Duration::from_millis(ticks * 10)
    }

    /// The store's size on disk.
    pub(crate) fn store_mib(&self) -> f64 {
        let mut bytes = 0;
        let mut folders = vec![self.store.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                match entry.metadata() {
                    Ok(metadata) if metadata.is_dir() => folders.push(entry.path()),
                    Ok(metadata) => bytes += metadata.len(),
                    Err(_) => {}
                }
            }
        }
        #[allow(clippy::cast_precision_loss)] // a report
        let bytes = bytes as f64;
        bytes / 1024.0 / 1024.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
