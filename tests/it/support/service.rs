//! The service as a process of its own, which can be killed.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use super::PATIENCE;

/// What the service needs to know of the world.
#[derive(Debug, Clone)]
pub(crate) struct Wiring {
    pub(crate) rm: String,
    pub(crate) graph: String,
    pub(crate) secrets: Vec<(&'static str, String)>,
    pub(crate) flows: PathBuf,
}

impl Wiring {
    /// A command of operators on the store in a folder.
    pub(crate) fn command(&self, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fluxo-under-test"));
        command
            .args(arguments)
            .arg("--project")
            .arg(&self.flows)
            .arg(format!("--set=store.path={}", folder.join("store").display()))
            .stdin(Stdio::null());
        command
    }
}

/// The running binary.
#[derive(Debug)]
pub(crate) struct Service {
    child: Option<Child>,
    pub(crate) base: String,
    pub(crate) log: PathBuf,
    flows: PathBuf,
    store: PathBuf,
}

impl Service {
    /// Starts the binary on a port and waits until it is ready.
    pub(crate) async fn start(wiring: &Wiring, folder: &Path, port: u16) -> Self {
        let log = folder.join("service.log");
        let file = File::options().create(true).append(true).open(&log).expect("the log opens");
        let mut command = Command::new(env!("CARGO_BIN_EXE_fluxo-under-test"));
        command
            .arg("serve")
            .arg("--project")
            .arg(&wiring.flows)
            .arg(format!("--set=server.listen=127.0.0.1:{port}"))
            .arg(format!("--set=connections.rm.base_url={}", wiring.rm))
            .arg(format!("--set=channels.whatsapp.base_url={}/v26.0", wiring.graph))
            .arg(format!("--set=store.path={}", folder.join("store").display()))
            .env("FLUXO_LOG", "info")
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("the log can be shared"))
            .stderr(file);
        for (name, value) in &wiring.secrets {
            command.env(name, value);
        }
        let child = command.spawn().expect("the binary starts");
        let (flows, store) = (wiring.flows.clone(), folder.join("store"));
        let base = format!("http://127.0.0.1:{port}");
        let mut service = Self { child: Some(child), base, log, flows, store };
        service.ready().await;
        service
    }

    async fn ready(&mut self) {
        let client = reqwest::Client::new();
        let begun = Instant::now();
        loop {
            let answer = client.get(format!("{}/health/ready", self.base)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            let ended =
                self.child.as_mut().and_then(|child| child.try_wait().expect("the child can be asked"));
            assert!(ended.is_none(), "the service ended with {ended:?}:\n{}", self.log());
            assert!(begun.elapsed() < PATIENCE, "the service is not ready:\n{}", self.log());
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().expect("the service runs");
        child.kill().expect("a child can be killed");
        child.wait().expect("a killed child ends");
    }

    /// Whether the process is still there.
    pub(crate) fn is_up(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| child.try_wait().expect("the child can be asked").is_none())
    }

    /// Whatever was going on when the service was killed: all that must hold in its store holds.
    fn check(&self) {
        let output = Command::new(env!("CARGO_BIN_EXE_fluxo-under-test"))
            .args(["store", "check", "--project"])
            .arg(&self.flows)
            .arg(format!("--set=store.path={}", self.store.display()))
            .output()
            .expect("the binary starts");
        let told = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&told));
    }

    /// All it has told so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
            if !std::thread::panicking() {
                self.check();
            }
        }
    }
}

/// A port nobody has at this moment.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("a bound listener has an address").port()
}
