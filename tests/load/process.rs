//! The service as a process: its memory, CPU and disk as the kernel counts them.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) const APP_SECRET: &str = "app-secret-for-load";

/// How the service is started.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    /// The program that is `fluxo serve`.
    pub(crate) program: PathBuf,
    /// Whether it marks messages as read, which is a second call to the provider.
    pub(crate) read_marks: bool,
    /// Whether it has core 0, and nothing else.
    pub(crate) pinned: bool,
}

/// The running service.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    /// Host and port.
    pub(crate) address: String,
    arguments: Vec<String>,
    setting: Setting,
    store: PathBuf,
    _folder: tempfile::TempDir,
}

impl Process {
    pub(crate) async fn start(provider: &str, setting: Setting) -> Self {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        // Beside the target directory: a real disk, where /tmp may be memory.
        let below = root.parent().expect("a workspace").join("target");
        let folder = tempfile::TempDir::with_prefix_in("load-", below).expect("a directory");
        let store = folder.path().join("store");
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("loopback has a free port")
            .port();
        let address = format!("127.0.0.1:{port}");
        let mut arguments = vec![
            "serve".to_owned(),
            format!("--project={}", root.join("load/flows").display()),
            format!("--set=server.listen={address}"),
            format!("--set=channels.whatsapp.base_url={provider}/v26.0"),
            format!("--set=store.path={}", store.display()),
        ];
        if !setting.read_marks {
            arguments.push("--set=channels.whatsapp.read_marks=false".to_owned());
        }
        let child = spawn(&arguments, &setting);
        let process = Self { child, address, arguments, setting, store, _folder: folder };
        process.ready().await;
        process
    }

    async fn ready(&self) {
        let client = reqwest::Client::new();
        for _ in 0..12_000 {
            let answer = client.get(format!("http://{}/health/ready", self.address)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("the service is not ready after a minute");
    }

    /// Takes its power to act away in the middle of whatever it does, and starts it on the same store; answers after
    /// what time it takes messages again, and its memory then.
    pub(crate) async fn kill_and_start_again(&mut self) -> (Duration, f64) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it has ended");
        let begun = Instant::now();
        self.child = spawn(&self.arguments, &self.setting);
        self.ready().await;
        (begun.elapsed(), self.memory_mib())
    }

    /// Resident memory.
    pub(crate) fn memory_mib(&self) -> f64 {
        let kib = self.figure("status", "VmRSS:");
        #[allow(clippy::cast_precision_loss)] // a report
        let kib = kib as f64;
        kib / 1024.0
    }

    /// Bytes sent to the disk so far, those of a rewritten page counted each time.
    pub(crate) fn written(&self) -> u64 {
        self.figure("io", "write_bytes:")
    }

    /// The number behind a name in one of the kernel's files on the process.
    fn figure(&self, file: &str, name: &str) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
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

fn spawn(arguments: &[String], setting: &Setting) -> Child {
    let mut command = if setting.pinned {
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]).arg(&setting.program);
        command
    } else {
        Command::new(&setting.program)
    };
    command
        .args(arguments)
        .env("WHATSAPP_ACCESS_TOKEN", "token-for-load")
        .env("WHATSAPP_APP_SECRET", APP_SECRET)
        .env("WHATSAPP_VERIFY_TOKEN", "verify-for-load")
        .env("FLUXO_API_TOKEN", "api-token-for-load")
        .env("FLUXO_LOG", "warn")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the service starts")
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
