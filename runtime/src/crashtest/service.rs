//! The service under test: a process that is started, killed and started again on the same store.

use std::fs::File;
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use secrecy::SecretString;
use serde_json::Value;
use tokio::process::{Child, Command};

use super::world::{API_TOKEN, World};
use crate::foundation::http::{Call, HttpClient};

/// How often it is asked whether it is ready.
const LOOK: Duration = Duration::from_millis(4);
/// How long a question may take while it starts.
const QUESTION: Duration = Duration::from_secs(10);
/// A start that takes longer has failed.
const START: Duration = Duration::from_secs(120);
/// How long a stop that was asked for may take: the service gives itself ten seconds.
const STOP: Duration = Duration::from_secs(30);

/// How the service is started, and where it is found.
#[derive(Debug)]
pub(super) struct Service {
    program: PathBuf,
    project: PathBuf,
    store: PathBuf,
    log: PathBuf,
    port: u16,
    http: HttpClient,
}

/// A running process.
#[derive(Debug)]
pub(super) struct Life {
    child: Child,
    born: Instant,
}

/// What a start came to.
#[derive(Debug)]
pub(super) enum Start {
    /// It answers, after so long.
    Ready(Duration),
    /// It ended by itself, or never answered.
    Failed(String),
}

impl Service {
    /// Of a program, with all it keeps in a folder that nobody else uses.
    pub(super) fn new(program: &Path, folder: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            program: program.to_owned(),
            project: folder.join("project"),
            store: folder.join("store"),
            log: folder.join("service.log"),
            port: free_port().context("loopback has no free port")?,
            http: HttpClient::new(QUESTION)?,
        })
    }

    /// Its address.
    pub(super) fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The store's directory.
    pub(super) fn store(&self) -> &Path {
        &self.store
    }

    /// The project's folder.
    pub(super) fn project(&self) -> &Path {
        &self.project
    }

    /// What all its lives have told.
    pub(super) fn told(&self) -> String {
        std::fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// Starts a process. It is not ready yet.
    pub(super) fn begin(&self, world: &World) -> anyhow::Result<Life> {
        let log =
            File::options().create(true).append(true).open(&self.log).context("no log can be written")?;
        let mut command = Command::new(&self.program);
        command
            .arg("serve")
            .arg("--project")
            .arg(&self.project)
            .args(["--log", "json"])
            .arg(format!("--set=server.listen=127.0.0.1:{}", self.port))
            .arg(format!("--set=connections.rm.base_url={}/rm", world.base()))
            .arg(format!("--set=channels.whatsapp.base_url={}/graph/v26.0", world.base()))
            .arg(format!("--set=store.path={}", self.store.display()))
            .env_remove("FLUXO_ENV")
            .env("FLUXO_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true);
        for (name, value) in world.secrets() {
            command.env(name, value);
        }
        let child =
            command.spawn().with_context(|| format!("{} cannot be started", self.program.display()))?;
        Ok(Life { child, born: Instant::now() })
    }

    /// Waits until a process answers, or has ended.
    pub(super) async fn ready(&self, life: &mut Life) -> anyhow::Result<Start> {
        loop {
            let health = Call::new("GET", format!("{}/health/ready", self.base()), QUESTION)?;
            if self.http.send(health.on_fresh_connection()).await.is_ok_and(|answer| answer.status == 200) {
                return Ok(Start::Ready(life.born.elapsed()));
            }
            if let Some(ended) = life.child.try_wait()? {
                return Ok(Start::Failed(format!("{ended}: {}", self.last_words())));
            }
            if life.born.elapsed() > START {
                return Ok(Start::Failed(format!(
                    "no answer in {} s: {}",
                    START.as_secs(),
                    self.last_words()
                )));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Asks the same program to check the store, which nobody has open; what is wrong with it, in its words.
    pub(super) async fn check_store(&self) -> anyhow::Result<Option<String>> {
        let checked = Command::new(&self.program)
            .args(["store", "check", "--project"])
            .arg(&self.project)
            .arg(format!("--set=store.path={}", self.store.display()))
            .env_remove("FLUXO_ENV")
            .stdin(Stdio::null())
            .output()
            .await
            .with_context(|| format!("{} cannot be started", self.program.display()))?;
        let words =
            [checked.stdout, checked.stderr].map(|told| String::from_utf8_lossy(&told).trim().to_owned());
        Ok((!checked.status.success()).then(|| format!("{}: {}", checked.status, words.join(" "))))
    }

    fn last_words(&self) -> String {
        let told = self.told();
        let lines: Vec<&str> = told.lines().rev().take(3).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
    }

    /// One of its figures.
    pub(super) async fn figure(&self, name: &str) -> anyhow::Result<u64> {
        let call = Call::new("GET", format!("{}/metrics", self.base()), QUESTION)?;
        let answer = self.http.send(call.bearer(&SecretString::from(API_TOKEN))?).await?;
        let text = String::from_utf8_lossy(&answer.body?).into_owned();
        let line =
            text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).map(str::to_owned);
        let value = line.with_context(|| format!("the service has no figure {name}"))?;
        value.trim().parse().with_context(|| format!("the figure {name} is {value}"))
    }

    /// A call of its API in the name of an attendant: status and body; `None` when no answer came.
    pub(super) async fn api(
        &self,
        attendant: &str,
        method: &str,
        path: &str,
        body: Option<&Value>,
        key: Option<&str>,
    ) -> anyhow::Result<Option<(u16, Value)>> {
        let mut call = Call::new(method, format!("{}{path}", self.base()), QUESTION)?
            .bearer(&SecretString::from(API_TOKEN))?
            .header("x-fluxo-attendant", attendant)?;
        if let Some(key) = key {
            call = call.header("idempotency-key", key)?;
        }
        if let Some(body) = body {
            call = call.json(body.to_string().into_bytes());
        }
        let Ok(answer) = self.http.send(call).await else { return Ok(None) };
        let body = answer.body.ok().and_then(|body| serde_json::from_slice(&body).ok());
        Ok(Some((answer.status, body.unwrap_or(Value::Null))))
    }
}

impl Life {
    /// SIGKILL.
    pub(super) async fn kill(mut self) -> io::Result<()> {
        self.child.start_kill()?;
        self.child.wait().await.map(drop)
    }

    /// SIGTERM, and nothing else yet.
    pub(super) async fn ask_to_stop(&self) -> anyhow::Result<()> {
        let id = self.child.id().context("the service has ended by itself")?;
        let sent = Command::new("sh").arg("-c").arg(format!("kill -TERM {id}")).status().await;
        anyhow::ensure!(sent.context("sh cannot be started")?.success(), "SIGTERM cannot be sent");
        Ok(())
    }

    /// Waits until a process that was asked to stop has ended; `None` when it does not.
    pub(super) async fn end(&mut self) -> io::Result<Option<ExitStatus>> {
        tokio::time::timeout(STOP, self.child.wait()).await.map_or(Ok(None), |ended| ended.map(Some))
    }
}

/// A port that nobody has at this moment.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
