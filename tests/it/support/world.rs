//! The sandbox, the service and their disk.

use std::path::PathBuf;

use fluxo_sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::service::{Service, Wiring, free_port};
use super::{PATIENCE, Phone};

/// A whole system. Dropping it ends the processes and removes the disk.
pub(crate) struct World {
    pub(crate) service: Service,
    pub(crate) sandbox: String,
    pub(crate) client: reqwest::Client,
    pub(crate) options: Options,
    wiring: Wiring,
    port: u16,
    folder: TempDir,
    _sandbox: Sandbox,
}

pub(crate) const API_TOKEN: &str = "api-token-for-tests";

impl World {
    /// With the flows we ship.
    pub(crate) async fn start() -> Self {
        Self::with_flows(crate::tidy::root().join("flows")).await
    }

    /// With the flows of a folder.
    pub(crate) async fn with_flows(flows: PathBuf) -> Self {
        let folder = TempDir::new().expect("a temporary directory");
        let port = free_port();
        let options = Options {
            service: format!("http://127.0.0.1:{port}"),
            api_token: Some(API_TOKEN.to_owned()),
            ..Options::default()
        };
        let sandbox = fluxo_sandbox::start(options.clone()).await.expect("the sandbox starts");
        let wiring = Wiring {
            rm: sandbox.rm_url(),
            graph: sandbox.graph_url(),
            secrets: vec![
                ("RM_USER", options.rm_user.clone()),
                ("RM_PASSWORD", options.rm_password.clone()),
                ("WHATSAPP_ACCESS_TOKEN", options.access_token.clone()),
                ("WHATSAPP_APP_SECRET", options.app_secret.clone()),
                ("WHATSAPP_VERIFY_TOKEN", options.verify_token.clone()),
                ("FLUXO_API_TOKEN", API_TOKEN.to_owned()),
            ],
            flows,
        };
        let service = Service::start(&wiring, folder.path(), port).await;
        Self {
            service,
            sandbox: sandbox.url().to_owned(),
            client: reqwest::Client::new(),
            options,
            wiring,
            port,
            folder,
            _sandbox: sandbox,
        }
    }

    /// `kill -9`, and nothing in its place.
    pub(crate) fn kill(&mut self) {
        self.service.kill();
    }

    /// Starts the service again on the same disk.
    pub(crate) async fn restart(&mut self) {
        self.service = Service::start(&self.wiring, self.folder.path(), self.port).await;
    }

    /// A command of operators for this service: how it ended, and what it said on either stream.
    pub(crate) async fn command(&self, arguments: &[&str]) -> (i32, String) {
        let mut command = self.wiring.command(self.folder.path(), arguments);
        let output = tokio::task::spawn_blocking(move || command.output()).await.expect("it ends");
        let output = output.expect("the binary starts");
        let said = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&said).into_owned())
    }

    /// Starts the service again, killed if it runs, on the same disk and with other addresses of RM and the Graph API; the
    /// sandbox's where none is given.
    pub(crate) async fn moved(&mut self, rm: Option<&str>, graph: Option<&str>) {
        if self.service.is_up() {
            self.kill();
        }
        let mut wiring = self.wiring.clone();
        if let Some(rm) = rm {
            rm.clone_into(&mut wiring.rm);
        }
        if let Some(graph) = graph {
            graph.clone_into(&mut wiring.graph);
        }
        self.service = Service::start(&wiring, self.folder.path(), self.port).await;
    }

    /// Waits until the staff reads a text in a notice.
    pub(crate) async fn noticed(&self, text: &str) {
        self.shown("/api/desk/notices", |shown| shown["notices"].to_string().contains(text)).await;
    }

    /// Waits until a conversation waits for people.
    pub(crate) async fn queued(&self) {
        let waits = |shown: &Value| shown["conversations"].as_array().is_some_and(|all| !all.is_empty());
        self.shown("/api/desk/conversations", waits).await;
    }

    async fn shown(&self, path: &str, wanted: impl Fn(&Value) -> bool) {
        self.comes(path, async || {
            let (_, shown) = self.api(reqwest::Method::GET, path, None).await;
            if wanted(&shown) { Ok(()) } else { Err(shown.to_string()) }
        })
        .await;
    }

    /// Waits until the service has logged a text.
    pub(crate) async fn logged(&self, text: &str) {
        self.comes(text, async || {
            let log = self.service.log();
            if log.contains(text) { Ok(()) } else { Err(log) }
        })
        .await;
    }

    /// Waits for what must come.
    async fn comes(&self, what: &str, look: impl AsyncFn() -> Result<(), String>) {
        let begun = std::time::Instant::now();
        while let Err(seen) = look().await {
            assert!(begun.elapsed() < PATIENCE, "{what}: it never came:\n{seen}");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    /// A phone in somebody's hand.
    pub(crate) fn phone(&self, number: &str) -> Phone {
        Phone::new(self.client.clone(), &self.sandbox, number)
    }

    /// One of the sandbox's controls.
    pub(crate) async fn control(&self, path: &str, body: Value) -> Value {
        let answer = self.client.post(format!("{}/control/{path}", self.sandbox)).json(&body).send().await;
        let answer = answer.expect("the sandbox answers");
        assert!(answer.status().is_success(), "{path}: {} {:?}", answer.status(), answer.text().await);
        answer.json().await.expect("the sandbox answers in JSON")
    }

    /// What the sandbox tells.
    pub(crate) async fn ask(&self, path: &str) -> Value {
        let answer = self.client.get(format!("{}/control/{path}", self.sandbox)).send().await;
        answer.expect("the sandbox answers").json().await.expect("the sandbox answers in JSON")
    }

    /// Switches faults on.
    pub(crate) async fn faults(&self, faults: Value) {
        self.control("faults", faults).await;
    }

    /// Switches all faults off.
    pub(crate) async fn no_faults(&self) {
        let answer = self.client.delete(format!("{}/control/faults", self.sandbox)).send().await;
        assert!(answer.expect("the sandbox answers").status().is_success());
    }

    /// The simulated RM's appointments of a patient, by CPF, that are not cancelled.
    pub(crate) async fn appointments(&self, cpf: &str) -> Vec<Value> {
        let answer = self.ask(&format!("rm/appointments?cpf={cpf}")).await;
        let all = answer["appointments"].as_array().expect("a list of appointments");
        all.iter().filter(|one| one["state"] != "cancelled").cloned().collect()
    }

    /// The sandbox's tomorrow.
    pub(crate) async fn tomorrow(&self) -> String {
        self.ask("state").await["tomorrow"].as_str().expect("a day").to_owned()
    }

    /// Requests that reached RM, by method and the beginning of their path.
    pub(crate) async fn rm_requests(&self, method: &str, path: &str) -> Vec<Value> {
        let answer = self.ask(&format!("requests?target=rm&method={method}&path={path}")).await;
        answer["requests"].as_array().expect("a list of requests").clone()
    }

    /// Our own API.
    pub(crate) async fn api(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.service.base))
            .bearer_auth(API_TOKEN)
            .header("x-fluxo-attendant", "Paula");
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("the service answers");
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(json!(null)))
    }
}
