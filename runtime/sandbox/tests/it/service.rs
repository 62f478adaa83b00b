//! A service that stands where fluxo would: it takes webhooks and remembers them.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU16, Ordering},
};

use axum::{
    Router,
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    routing::post,
};
use fluxo_sandbox::{Options, Sandbox};
use jiff::civil::date;
use serde_json::Value;

/// One webhook as it came.
#[derive(Clone)]
pub(crate) struct Taken {
    pub(crate) signature: Option<String>,
    pub(crate) legacy: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Taken {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// `value` of the only change.
    pub(crate) fn value(&self) -> Value {
        self.json()["entry"][0]["changes"][0]["value"].clone()
    }
}

#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) url: String,
    taken: Arc<Mutex<Vec<Taken>>>,
    answer: Arc<AtomicU16>,
}

impl Service {
    pub(crate) async fn start() -> Self {
        Self::start_at("127.0.0.1:0").await
    }

    pub(crate) async fn start_at(address: &str) -> Self {
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let service = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            taken: Arc::default(),
            answer: Arc::new(AtomicU16::new(200)),
        };
        let router =
            Router::new().route("/webhooks/whatsapp", post(take).get(verify)).with_state(service.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        service
    }

    /// What to answer from now on.
    pub(crate) fn answer_with(&self, status: u16) {
        self.answer.store(status, Ordering::Relaxed);
    }

    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    /// Status names in the order in which they came.
    pub(crate) fn statuses(&self) -> Vec<String> {
        let values = self.taken().into_iter().map(|taken| taken.value()["statuses"][0]["status"].clone());
        values.filter_map(|status| status.as_str().map(str::to_owned)).collect()
    }
}

async fn take(State(service): State<Service>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    service.taken.lock().unwrap().push(Taken {
        signature: text("x-hub-signature-256"),
        legacy: text("x-hub-signature"),
        body: body.to_vec(),
    });
    StatusCode::from_u16(service.answer.load(Ordering::Relaxed)).unwrap()
}

async fn verify(RawQuery(query): RawQuery) -> (StatusCode, String) {
    let query = query.unwrap_or_default();
    let member = |name: &str| {
        let pair = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name);
        pair.map(|(_, value)| value.to_owned()).unwrap_or_default()
    };
    if member("hub.mode") == "subscribe" && member("hub.verify_token") == Options::default().verify_token {
        (StatusCode::OK, member("hub.challenge"))
    } else {
        (StatusCode::FORBIDDEN, String::new())
    }
}

/// A Tuesday.
pub(crate) fn options() -> Options {
    Options { today: Some(date(2026, 11, 24)), ..Options::default() }
}

/// A sandbox with a service behind it.
pub(crate) async fn pair() -> (World, Service) {
    let service = Service::start().await;
    let world = World::start(Options { service: service.url.clone(), ..options() }).await;
    (world, service)
}

/// A sandbox and a client that speaks to it.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) http: reqwest::Client,
}

impl World {
    pub(crate) async fn start(options: Options) -> Self {
        let sandbox = fluxo_sandbox::start(options).await.unwrap();
        Self { sandbox, http: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    /// A call of the control plane that must succeed.
    pub(crate) async fn control(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/control/{path}", self.sandbox.url());
        let response = self.http.post(url).json(&body).send().await.unwrap();
        let status = response.status();
        let answer = response.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {answer}");
        serde_json::from_str(&answer).unwrap()
    }

    pub(crate) async fn look(&self, path: &str) -> Value {
        let url = format!("{}/control/{path}", self.sandbox.url());
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }

    /// A Graph call with the right token.
    pub(crate) async fn graph(&self, body: Value) -> (u16, Value) {
        let url =
            format!("{}/v26.0/{}/messages", self.sandbox.graph_url(), Options::default().phone_number_id);
        let sent = self
            .http
            .post(url)
            .bearer_auth(Options::default().access_token)
            .json(&body)
            .send()
            .await
            .unwrap();
        (sent.status().as_u16(), sent.json().await.unwrap())
    }

    /// An RM call with Basic authentication: status and body.
    pub(crate) async fn rm(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let options = Options::default();
        let url = format!("{}/api/hcg/{path}", self.sandbox.rm_url());
        let mut request = self
            .http
            .request(method.parse().unwrap(), url)
            .basic_auth(options.rm_user, Some(options.rm_password));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.bytes().await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }
}
