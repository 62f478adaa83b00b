//! The whole service over real HTTP: a signed webhook in, a Graph call out, people at the desk, a restart.

mod mail;
mod operators;
mod outside;
mod publishing;
mod upkeep;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::*;
use crate::foundation::config::{Environment, Overrides, Reading};
use crate::foundation::http::{Answer, Call};
use crate::foundation::scripted::{Scripted, Seen, Step};

const FLOW: &str = r#"{
  "format": 1, "flow": "menu", "title": "Menu", "start": "nome",
  "triggers": [ { "when": "default" }, { "when": "api" } ],
  "nodes": {
    "nome": { "type": "ask", "text": "Qual é o seu nome?", "answer": { "type": "name" }, "save": "nome",
              "invalid": { "text": "Só o nome.", "attempts": 3, "next": "gente" },
              "no_answer": { "after": "1h", "next": "fim" }, "next": "gente" },
    "gente": { "type": "handoff", "queue": "recepcao", "text": "Vou chamar alguém, {{ nome | default('olá') }}.",
               "summary": "Quer falar com a recepção", "on": { "returned": "volta", "finished": "fim", "off_hours": "fim", "nobody": "fim" } },
    "volta": { "type": "message", "text": "Voltamos ao início.", "next": "fim" },
    "fim": { "type": "end", "outcome": "ok" }
  }
}"#;

const TOKEN: &str = "api-token-of-the-test";

fn accepted(number: usize, _: &Seen) -> Step {
    Step::json(
        200,
        &json!({
            "messaging_product": "whatsapp",
            "contacts": [{ "input": "5511987654321", "wa_id": "5511987654321" }],
            "messages": [{ "id": format!("m.out.{number}") }],
        }),
    )
}

async fn start(folder: &Path, graph: &str) -> Result<Service, ServiceError> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../flows/fluxo.toml");
    std::fs::write(folder.join("menu.json"), FLOW).unwrap();
    start_with(folder, graph, std::fs::read_to_string(project).unwrap()).await
}

/// With this project file, on the flows that are in the folder.
async fn start_with(folder: &Path, graph: &str, text: String) -> Result<Service, ServiceError> {
    let variables = Environment::default().with([
        ("RM_USER", "u"),
        ("RM_PASSWORD", "p"),
        ("WHATSAPP_ACCESS_TOKEN", "graph-token"),
        ("WHATSAPP_APP_SECRET", "app-secret"),
        ("WHATSAPP_VERIFY_TOKEN", "verify-token"),
        ("FLUXO_API_TOKEN", TOKEN),
    ]);
    let overrides = Overrides::none()
        .set("channels.whatsapp.base_url", format!("{graph}/v26.0"))
        .set("store.path", folder.join("store").display().to_string());
    let reading = Reading { environment: None, variables, overrides };
    let config = Config::parse(&folder.join("fluxo.toml"), text, reading)?;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Service::start(config, Box::new(FlowReader), listener).await
}

/// A client of the service.
struct Caller {
    http: HttpClient,
    base: String,
}

impl Caller {
    fn new(service: &Service) -> Self {
        Self { http: HttpClient::new(Duration::from_secs(2)).unwrap(), base: service.url() }
    }

    async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Answer {
        let url = format!("{}{path}", self.base);
        let mut call = Call::new(method, url, Duration::from_secs(10)).unwrap();
        for (name, value) in headers {
            call = call.header(name, value).unwrap();
        }
        if let Some(body) = body {
            call = call.json(body);
        }
        self.http.send(call).await.unwrap()
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.call("GET", path, &[("authorization", &format!("Bearer {TOKEN}"))], None).await)
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let bearer = format!("Bearer {TOKEN}");
        let headers = [("authorization", bearer.as_str()), ("x-fluxo-attendant", "Marcia")];
        answer(self.call("POST", path, &headers, Some(body.to_string().into_bytes())).await)
    }

    async fn deliver(&self, body: &[u8]) -> u16 {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"app-secret").unwrap();
        mac.update(body);
        let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let signature = format!("sha256={hex}");
        let headers = [("x-hub-signature-256", signature.as_str())];
        self.call("POST", "/webhooks/whatsapp", &headers, Some(body.to_vec())).await.status
    }

    async fn says(&self, id: &str, text: &str) -> u16 {
        let now = jiff::Timestamp::now().as_second().to_string();
        let body = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "W", "changes": [{
            "field": "messages", "value": {
                "messaging_product": "whatsapp",
                "metadata": { "phone_number_id": "106540352242922" },
                "contacts": [{ "profile": { "name": "Ana" }, "wa_id": "5511987654321" }],
                "messages": [{ "from": "5511987654321", "id": id, "timestamp": now, "type": "text", "text": { "body": text } }],
            } }] }] });
        self.deliver(body.to_string().as_bytes()).await
    }
}

fn answer(answer: Answer) -> (u16, Value) {
    let body = answer.body.unwrap();
    (answer.status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

/// The texts said to the contact, once there are so many.
async fn said(graph: &Scripted, count: usize) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let texts: Vec<String> = graph
            .seen()
            .iter()
            .filter_map(|seen| Some(seen.json()["text"]["body"].as_str()?.to_owned()))
            .collect();
        if texts.len() >= count {
            return texts;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "only {texts:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_goes_from_the_webhook_to_people_and_back_over_a_restart() {
    let (folder, graph) = (tempfile::tempdir().unwrap(), Scripted::start(accepted).await);
    let service = start(folder.path(), &graph.base()).await.unwrap();
    let caller = Caller::new(&service);
    assert_eq!(caller.says("m.1", "oi").await, 200);
    assert_eq!(said(&graph, 1).await, ["Qual é o seu nome?"]);
    assert_eq!(caller.says("m.1", "oi").await, 200, "a duplicate is acknowledged");
    assert!(service.stop().await);

    let service = start(folder.path(), &graph.base()).await.unwrap();
    let caller = Caller::new(&service);
    assert_eq!(caller.says("m.2", "Ana Lima").await, 200);
    assert_eq!(said(&graph, 2).await[1], "Vou chamar alguém, Ana Lima.");

    let begun = Instant::now();
    let waiting = loop {
        let (status, listed) = caller.get("/api/desk/conversations").await;
        assert_eq!(status, 200);
        if let Some(one) = listed["conversations"].get(0) {
            break one.clone();
        }
        assert!(begun.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(waiting["mode"], "queued");
    assert_eq!(waiting["queue_title"], "Recepção");
    assert_eq!(waiting["summary"], "Quer falar com a recepção");
    assert_eq!((&waiting["name"], &waiting["window_open"]), (&json!("Ana"), &json!(true)));
    let path = |verb: &str| format!("/api/desk/conversations/{}/{verb}", waiting["id"].as_str().unwrap());

    let (status, refused) = caller.post(&path("reply"), json!({ "text": "Oi!" })).await;
    assert_eq!((status, &refused["error"]["code"]), (409, &json!("not_taken")));
    assert_eq!(caller.post(&path("take"), json!({})).await.0, 204);
    assert_eq!(caller.post(&path("reply"), json!({ "text": "Oi, Ana!" })).await.0, 202);
    assert_eq!(caller.post(&path("reply"), json!({ "text": "  " })).await.0, 400);
    assert_eq!(said(&graph, 3).await[2], "Oi, Ana!");
    for verb in ["return", "finish"] {
        let (status, refused) = caller.post(&path(verb), json!({ "nota": "resolvido" })).await;
        assert_eq!((status, &refused["error"]["code"]), (400, &json!("bad_request")), "{refused}");
    }
    let (status, refused) = caller.get(&path("lines?after=tudo")).await;
    assert_eq!((status, &refused["error"]["code"]), (400, &json!("bad_request")), "{refused}");
    assert_eq!(caller.says("m.3", "obrigada").await, 200);
    assert_eq!(caller.post(&path("return"), json!({ "note": "resolvido" })).await.0, 204);
    assert_eq!(said(&graph, 4).await[3], "Voltamos ao início.");

    let (_, lines) = caller.get(&path("lines?after=0")).await;
    let shown: Vec<String> = lines["lines"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|line| line["kind"] == "received" || line["kind"] == "said")
        .map(|line| {
            let text = line["content"]["text"].as_str().or(line["message"]["text"].as_str()).unwrap();
            format!("{} {text}", line["by"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        shown,
        [
            "contact oi",
            "bot Qual é o seu nome?",
            "contact Ana Lima",
            "bot Vou chamar alguém, Ana Lima.",
            "attendant Oi, Ana!",
            "contact obrigada",
            "bot Voltamos ao início.",
        ]
    );
    assert!(service.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_a_good_delivery_is_refused_and_the_service_stays_up() {
    let (folder, graph) = (tempfile::tempdir().unwrap(), Scripted::start(accepted).await);
    let service = start(folder.path(), &graph.base()).await.unwrap();
    let caller = Caller::new(&service);
    let good = br#"{"object":"whatsapp_business_account","entry":[]}"#;
    assert_eq!(caller.deliver(good).await, 200);
    let unsigned = caller.call("POST", "/webhooks/whatsapp", &[], Some(good.to_vec())).await;
    assert_eq!(unsigned.status, 401);
    let upper = [("x-hub-signature-256", "sha256=AB")];
    assert_eq!(caller.call("POST", "/webhooks/whatsapp", &upper, Some(good.to_vec())).await.status, 401);
    assert_eq!(caller.deliver(b"{").await, 400);
    assert_eq!(caller.deliver("[".repeat(100_000).as_bytes()).await, 400);
    assert_eq!(caller.call("POST", "/webhooks/telegram", &[], Some(good.to_vec())).await.status, 404);
    assert_eq!(caller.deliver(&vec![b'x'; 3 * 1024 * 1024 + 1]).await, 413);
    let check = "/webhooks/whatsapp?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=";
    let found = caller.call("GET", &format!("{check}verify-token"), &[], None).await;
    assert_eq!((found.status, found.body.unwrap()), (200, b"1158201444".to_vec()));
    assert_eq!(caller.call("GET", &format!("{check}other"), &[], None).await.status, 403);
    assert_eq!(graph.seen().len(), 0);
    assert_eq!(caller.get("/health").await.0, 200);
    assert!(service.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_starts_a_flow_with_the_token_and_once_for_a_key() {
    let (folder, graph) = (tempfile::tempdir().unwrap(), Scripted::start(accepted).await);
    let service = start(folder.path(), &graph.base()).await.unwrap();
    let caller = Caller::new(&service);
    let start = json!({ "flow": "menu", "to": { "phone": "+55 (11) 98765-4321", "name": "Ana" } });
    let without = caller.call("POST", "/api/sessions", &[], Some(start.to_string().into_bytes())).await;
    assert_eq!(without.status, 401);
    let wrong = [("authorization", "Bearer api-token-of-the-tesT")];
    let wrong = caller.call("POST", "/api/sessions", &wrong, Some(start.to_string().into_bytes())).await;
    assert_eq!(wrong.status, 401);
    let bearer = format!("Bearer {TOKEN}");
    let keyed = [("authorization", bearer.as_str()), ("idempotency-key", "k1")];
    let mut conversations = Vec::new();
    for duplicate in [false, true] {
        let made = caller.call("POST", "/api/sessions", &keyed, Some(start.to_string().into_bytes())).await;
        let (status, body) = answer(made);
        assert_eq!((status, &body["duplicate"]), (202, &json!(duplicate)), "{body}");
        conversations.push(body["conversation"].clone());
    }
    assert_eq!(conversations[0], conversations[1]);
    for (body, status, code) in [
        (json!({ "flow": "nada", "to": { "phone": "5511987654321" } }), 422, "unknown_flow"),
        (json!({ "flow": "menu", "to": {} }), 422, "no_address"),
        (json!({ "flow": "menu", "to": { "phone": "12" } }), 400, "bad_request"),
        (
            json!({ "flow": "menu", "to": { "phone": "5511987654321" }, "channel": "sms" }),
            422,
            "unknown_channel",
        ),
        (json!({ "flow": "menu", "to": { "phone": "5511987654321" }, "cpf": "529" }), 422, "bad_request"),
    ] {
        let (found, said) = caller.post("/api/sessions", body).await;
        assert_eq!((found, &said["error"]["code"]), (status, &json!(code)));
    }
    assert!(service.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_log_in_with_the_token_or_once_with_a_link() {
    let (folder, graph) = (tempfile::tempdir().unwrap(), Scripted::start(accepted).await);
    let service = start(folder.path(), &graph.base()).await.unwrap();
    let caller = Caller::new(&service);
    let me = |cookie: String| {
        let caller = &caller;
        async move { answer(caller.call("GET", "/api/desk/me", &[("cookie", &cookie)], None).await) }
    };
    assert_eq!(me(String::new()).await.0, 401);
    let wrong = json!({ "name": "Ana", "token": "x" }).to_string().into_bytes();
    assert_eq!(caller.call("POST", "/desk/login", &[], Some(wrong)).await.status, 401);
    let right = json!({ "name": "Márcia", "token": TOKEN }).to_string().into_bytes();
    let login = caller.call("POST", "/desk/login", &[], Some(right)).await;
    let cookie = login.headers["set-cookie"].clone();
    assert!(cookie.contains("HttpOnly; SameSite=Strict"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    assert!(!cookie.contains(TOKEN));
    let (status, body) = me(cookie).await;
    assert_eq!(
        (status, &body["attendant"], &body["project"]),
        (200, &json!("Márcia"), &json!("Hospital Santa Clara"))
    );

    let link = service.desk_link("Rui");
    let path = link.strip_prefix(&service.url()).unwrap();
    let first = caller.call("GET", path, &[], None).await;
    assert_eq!((first.status, first.headers["location"].as_str()), (303, "/desk"));
    let cookie = first.headers["set-cookie"].split(';').next().unwrap().to_owned();
    assert_eq!(me(cookie).await.1["attendant"], "Rui");
    let second = caller.call("GET", path, &[], None).await;
    assert_eq!((second.status, second.headers.get("set-cookie")), (303, None));

    for (path, kind) in
        [("/desk", "text/html"), ("/desk/desk.js", "text/javascript"), ("/desk/desk.css", "text/css")]
    {
        let page = caller.call("GET", path, &[], None).await;
        assert_eq!(page.status, 200);
        assert!(page.headers["content-type"].starts_with(kind));
        assert!(page.headers["content-security-policy"].starts_with("default-src 'none'; script-src 'self'"));
    }
    assert!(service.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_figures_tell_how_it_is() {
    let (folder, graph) = (tempfile::tempdir().unwrap(), Scripted::start(accepted).await);
    let service = start(folder.path(), &graph.base()).await.unwrap();
    let caller = Caller::new(&service);
    assert_eq!(caller.get("/health/ready").await.0, 200);
    caller.says("m.1", "oi").await;
    said(&graph, 1).await;
    let figures = caller.call("GET", "/metrics", &[], None).await;
    let text = String::from_utf8(figures.body.unwrap()).unwrap();
    let figures: BTreeMap<&str, u64> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_once(' ').unwrap())
        .map(|(name, value)| (name, value.parse().unwrap()))
        .collect();
    // Counters are the process's, which other tests share; gauges are this store's.
    for name in ["fluxo_webhooks_total", "fluxo_messages_total", "fluxo_turns_total", "fluxo_commits_total"] {
        assert!(figures[name] >= 1, "{name}");
    }
    assert_eq!((figures["fluxo_conversations"], figures["fluxo_contacts"]), (1, 1));
    assert!(!text.contains("5511987654321"));
    service.web.set_down();
    assert_eq!(caller.get("/health/ready").await.0, 503);
    assert_eq!(caller.get("/health").await.0, 200);
    assert!(service.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_service_does_not_get_the_store_and_broken_flows_do_not_start() {
    let (folder, graph) = (tempfile::tempdir().unwrap(), Scripted::start(accepted).await);
    let service = start(folder.path(), &graph.base()).await.unwrap();
    let second = start(folder.path(), &graph.base()).await.unwrap_err();
    assert!(matches!(second, ServiceError::Store(StoreError::InUse(_))), "{second}");
    assert!(service.stop().await);
    let broken = tempfile::tempdir().unwrap();
    std::fs::write(broken.path().join("outro.json"), "{").unwrap();
    let refused = start(broken.path(), &graph.base()).await.unwrap_err();
    assert!(matches!(refused, ServiceError::Flows(PublishError::Refused(_))), "{refused}");
}
