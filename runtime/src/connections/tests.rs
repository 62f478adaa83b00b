//! Calls over real connections: how each way of failing ends, and what is repeated.

use std::path::Path;
use std::time::{Duration, Instant};

use fluxo_engine::protocol::{Method, Response, Retry};
use serde_json::{Value, json};

use super::*;
use crate::foundation::config::{Environment, Reading};
use crate::foundation::scripted::{Scripted, Seen, Step};

fn project(base: &str, more: &str) -> Config {
    let text = format!(
        "[project]\nname = \"H\"\ndefault_queue = \"q\"\n[desks.d]\nkind = \"console\"\n[queues.q]\ntitle = \"Q\"\n\
         desk = \"d\"\n[server]\nlisten = \"127.0.0.1:0\"\napi_token = {{ env = \"T\" }}\n[store]\npath = \"s\"\n\
         [connections.rm]\nbase_url = \"{base}\"\n{more}"
    );
    let variables = Environment::default().with([("USER", "fluxo"), ("PASS", "s3nha"), ("KEY", "chave")]);
    let reading = Reading { variables, ..Reading::default() };
    Config::parse(Path::new("fluxo.toml"), text, reading).unwrap_or_else(|errors| panic!("{errors}"))
}

fn connections(base: &str, more: &str) -> Connections {
    let http = HttpClient::new(Duration::from_millis(300)).unwrap();
    Connections::new(&project(base, more), http).unwrap_or_else(|errors| panic!("{errors}"))
}

fn request(method: Method) -> HttpRequest {
    HttpRequest {
        connection: "rm".into(),
        method,
        path: "/api/v2/things".to_owned(),
        query: vec![("Nome".to_owned(), "José & Ana".to_owned())],
        headers: Vec::new(),
        body: method.eq(&Method::Post).then(|| json!({ "a": 1 })),
        timeout_ms: 300,
        retry: Some(Retry { attempts: 3, wait_ms: 1 }),
        idempotency_key: None,
    }
}

async fn call(base: &str, more: &str, request: &HttpRequest) -> HttpOutcome {
    connections(base, more).call(request, &"1:s:1:0".parse().unwrap()).await
}

fn status(outcome: &HttpOutcome) -> Option<u16> {
    match outcome {
        HttpOutcome::Response(response) => Some(response.status),
        HttpOutcome::Timeout | HttpOutcome::Unreachable | HttpOutcome::Unknown => None,
    }
}

fn response(outcome: HttpOutcome) -> Response {
    match outcome {
        HttpOutcome::Response(response) => response,
        other @ (HttpOutcome::Timeout | HttpOutcome::Unreachable | HttpOutcome::Unknown) => {
            panic!("{other:?}")
        }
    }
}

/// An address where nobody listens.
async fn nobody() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

const LOGIN: &str = "[connections.rm.auth]\nkind = \"token\"\npath = \"/token\"\nusername = { env = \"USER\" }\n\
                     password = { env = \"PASS\" }\nextra = { servicealias = \"hcg\" }";

#[tokio::test]
async fn a_request_arrives_as_it_was_asked_for() {
    let server = Scripted::start(|_, _| Step::json(200, &json!({ "NAME": "x" }))).await;
    let more = "field_names = [\"Name\"]\nheaders = { X-Context = \"1\", X-Key = { env = \"KEY\" } }\n\
                [connections.rm.auth]\nkind = \"basic\"\nusername = { env = \"USER\" }\npassword = { env = \"PASS\" }";
    let mut asked = request(Method::Post);
    asked.headers.push(("X-Own".to_owned(), "y".to_owned()));
    asked.idempotency_key = Some("k1".to_owned());
    let answer = response(call(&server.base(), more, &asked).await);
    assert_eq!((answer.status, answer.body, answer.error), (200, json!({ "Name": "x" }), None));
    let [seen]: [Seen; 1] = server.seen().try_into().unwrap();
    assert_eq!(
        (seen.method.as_str(), seen.target.as_str()),
        ("POST", "/api/v2/things?Nome=Jos%C3%A9+%26+Ana")
    );
    assert_eq!(seen.json(), json!({ "a": 1 }));
    for (name, value) in [
        ("x-context", "1"),
        ("x-key", "chave"),
        ("x-own", "y"),
        ("idempotency-key", "k1"),
        ("content-type", "application/json"),
        ("content-length", "7"),
        ("authorization", "Basic Zmx1eG86czNuaGE="),
    ] {
        assert_eq!(seen.header(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn nobody_there_is_unreachable_and_only_what_is_safe_is_tried_again() {
    let base = nobody().await;
    for method in [Method::Get, Method::Post] {
        assert_eq!(call(&base, "", &request(method)).await, HttpOutcome::Unreachable);
    }
}

#[tokio::test]
async fn a_connection_that_does_not_come_about_in_time_is_a_timeout_even_for_a_booking() {
    // TEST-NET-1 routes nowhere (RFC 5737). Where the machine refuses it at once the outcome is `Unreachable`;
    // what matters is that nothing left and nothing is in doubt.
    let outcome = call("http://192.0.2.1:81", "", &request(Method::Post)).await;
    assert!(matches!(outcome, HttpOutcome::Timeout | HttpOutcome::Unreachable), "{outcome:?}");
}

#[tokio::test]
async fn what_left_and_got_no_answer_is_in_doubt_only_where_it_is_not_safe_to_repeat() {
    let cases: [(fn() -> Step, HttpOutcome); 5] = [
        (|| Step::Cut, HttpOutcome::Unreachable),
        (|| Step::CutInBody, HttpOutcome::Unreachable),
        (|| Step::Silent, HttpOutcome::Timeout),
        (|| Step::Answer(502, vec![], "bad gateway".into()), HttpOutcome::Response(text(502, "bad gateway"))),
        (|| Step::Answer(504, vec![], "too slow".into()), HttpOutcome::Response(text(504, "too slow"))),
    ];
    for (step, expected) in cases {
        let server = Scripted::start(move |_, _| step()).await;
        let mut found = call(&server.base(), "", &request(Method::Get)).await;
        if let HttpOutcome::Response(response) = &mut found {
            response.headers.clear();
        }
        assert_eq!(found, expected);
        assert_eq!(server.seen().len(), 3, "a read is tried three times");

        let server = Scripted::start(move |_, _| step()).await;
        assert_eq!(call(&server.base(), "", &request(Method::Post)).await, HttpOutcome::Unknown);
        assert_eq!(server.seen().len(), 1, "a booking leaves once");
    }
}

fn text(status: u16, body: &str) -> Response {
    Response { status, headers: BTreeMap::new(), body: Value::from(body), error: None }
}

#[tokio::test]
async fn an_error_that_is_an_answer_is_no_doubt() {
    for status_code in [400, 409, 429, 500, 503] {
        let server = Scripted::start(move |_, _| Step::json(status_code, &json!({ "code": "X" }))).await;
        let outcome = call(&server.base(), "", &request(Method::Post)).await;
        assert_eq!(status(&outcome), Some(status_code));
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_booking_is_repeated_with_a_key_or_where_the_connection_says_so() {
    let flaky = |number: usize, _: &Seen| if number == 0 { Step::Cut } else { Step::json(201, &json!({})) };
    let server = Scripted::start(flaky).await;
    let mut keyed = request(Method::Post);
    keyed.idempotency_key = Some("k".to_owned());
    assert_eq!(status(&call(&server.base(), "", &keyed).await), Some(201));
    let server = Scripted::start(flaky).await;
    let outcome = call(&server.base(), "repeat_post = true", &request(Method::Post)).await;
    assert_eq!((status(&outcome), server.seen().len()), (Some(201), 2));
    let found = connections(&server.base(), "repeat_post = true");
    assert!(found.is_safe_to_repeat(&request(Method::Post)));
    assert!(!connections(&server.base(), "").is_safe_to_repeat(&request(Method::Post)));
}

#[tokio::test]
async fn retry_after_is_waited_for_and_refused_when_it_is_too_long() {
    let busy = |seconds: &'static str| {
        move |number: usize, _: &Seen| match number {
            0 => Step::Answer(429, vec![("retry-after", seconds.to_owned())], String::new()),
            _ => Step::json(200, &json!({})),
        }
    };
    let server = Scripted::start(busy("1")).await;
    let begun = Instant::now();
    assert_eq!(status(&call(&server.base(), "", &request(Method::Get)).await), Some(200));
    assert!(begun.elapsed() >= Duration::from_secs(1));
    let server = Scripted::start(busy("3600")).await;
    assert_eq!(status(&call(&server.base(), "", &request(Method::Get)).await), Some(429));
}

#[tokio::test]
async fn a_body_that_is_not_what_it_claims_is_an_answer_with_an_error() {
    let html = "<html>José 52998224725</html>";
    let claims = |kind: &'static str, body: String| {
        move |_: usize, _: &Seen| Step::Answer(200, vec![("content-type", kind.to_owned())], body.clone())
    };
    let server = Scripted::start(claims("application/json; charset=utf-8", html.to_owned())).await;
    let answer = response(call(&server.base(), "", &request(Method::Get)).await);
    assert_eq!(answer.body, Value::Null);
    assert_eq!(answer.error.as_deref(), Some("the body is not JSON: line 1, column 1"));
    let server = Scripted::start(claims("text/html", html.to_owned())).await;
    let answer = response(call(&server.base(), "", &request(Method::Get)).await);
    assert_eq!((answer.body, answer.error), (html.into(), None));
    let server = Scripted::start(claims("text/plain", "x".repeat((1 << 20) + 1))).await;
    let answer = response(call(&server.base(), "", &request(Method::Get)).await);
    assert_eq!((answer.status, answer.body), (200, Value::Null));
    assert_eq!(answer.error.as_deref(), Some("the body is over 1048576 bytes"));
    let server = Scripted::start(claims("application/json", String::new())).await;
    assert_eq!(response(call(&server.base(), "", &request(Method::Delete)).await).body, Value::Null);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let server = Scripted::start(|_, _| {
        Step::Answer(302, vec![("location", "http://192.0.2.1/".into())], String::new())
    })
    .await;
    assert_eq!(status(&call(&server.base(), "", &request(Method::Get)).await), Some(302));
}

#[tokio::test]
async fn a_path_that_climbs_out_of_the_base_does_not_leave() {
    let server = Scripted::start(|_, _| Step::json(200, &json!({}))).await;
    for path in ["/api/../../x", "/%2e%2E/x", "x", "//evil/..", "/a?b=c", "/a#b", "/a b", "/a\\b"] {
        let mut asked = request(Method::Get);
        asked.path = path.to_owned();
        assert!(response(call(&server.base(), "", &asked).await).error.is_some(), "{path}");
    }
    let mut asked = request(Method::Get);
    asked.headers.push(("X-Bad".to_owned(), "a\r\nb: c".to_owned()));
    assert!(response(call(&server.base(), "", &asked).await).error.is_some());
    assert_eq!(server.seen().len(), 0);
}

/// Hands out `t1`, `t2` … and takes only the newest; `expires_in` as told.
fn house(expires_in: u64, refuse_first: bool) -> impl Fn(usize, &Seen) -> Step + Send + Sync + 'static {
    let logins = std::sync::atomic::AtomicUsize::new(0);
    move |_, seen| {
        use std::sync::atomic::Ordering::SeqCst;
        if seen.target == "/token" {
            let number = logins.fetch_add(1, SeqCst) + 1;
            let grant = json!({ "access_token": format!("t{number}"), "expires_in": expires_in,
                                "refresh_token": format!("r{number}"), "token_type": "Bearer" });
            return Step::json(200, &grant);
        }
        let number = logins.load(SeqCst);
        let good = seen.header("authorization") == Some(&format!("Bearer t{number}"));
        if good && !(refuse_first && number == 1) {
            Step::json(200, &json!({ "by": number }))
        } else {
            Step::json(401, &json!({}))
        }
    }
}

#[tokio::test]
async fn many_calls_share_one_login() {
    let server = Scripted::start(house(300, false)).await;
    let connections = connections(&server.base(), LOGIN);
    let key: EffectId = "1:s:1:0".parse().unwrap();
    let asked = request(Method::Get);
    let calls = (0..10).map(|_| connections.call(&asked, &key));
    for outcome in futures_util::future::join_all(calls).await {
        assert_eq!(status(&outcome), Some(200));
    }
    let logins: Vec<Seen> = server.seen().into_iter().filter(|seen| seen.target == "/token").collect();
    assert_eq!(logins.len(), 1);
    assert_eq!(
        logins[0].json(),
        json!({ "grant_type": "password", "username": "fluxo", "password": "s3nha", "servicealias": "hcg" })
    );
    assert!(!format!("{connections:?}").contains("s3nha"));
}

#[tokio::test]
async fn a_refused_token_is_replaced_and_the_request_made_once_more_even_a_booking() {
    let server = Scripted::start(house(300, true)).await;
    let outcome = call(&server.base(), LOGIN, &request(Method::Post)).await;
    assert_eq!(response(outcome).body, json!({ "by": 2 }));
    let targets: Vec<String> = server.seen().into_iter().map(|seen| seen.target).collect();
    assert_eq!(targets.iter().filter(|target| *target == "/token").count(), 2);
    assert_eq!(targets.len(), 4);
    let second = server.seen().into_iter().filter(|seen| seen.target == "/token").nth(1).unwrap();
    assert_eq!(second.json()["grant_type"], "password");
}

#[tokio::test]
async fn a_token_near_its_end_is_renewed_before_it_is_refused() {
    let server = Scripted::start(house(1, false)).await;
    let connections = connections(&server.base(), LOGIN);
    let key: EffectId = "1:s:1:0".parse().unwrap();
    assert_eq!(status(&connections.call(&request(Method::Get), &key).await), Some(200));
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(response(connections.call(&request(Method::Get), &key).await).body, json!({ "by": 2 }));
    let renewal = server.seen().into_iter().filter(|seen| seen.target == "/token").nth(1).unwrap();
    assert_eq!(renewal.json(), json!({ "grant_type": "refresh_token", "refresh_token": "r1" }));
}

#[tokio::test]
async fn without_a_login_nothing_leaves_and_nothing_is_in_doubt() {
    let server = Scripted::start(|_, _| Step::json(500, &json!({}))).await;
    assert_eq!(call(&server.base(), LOGIN, &request(Method::Post)).await, HttpOutcome::Unreachable);
    assert!(server.seen().iter().all(|seen| seen.target == "/token"));
    let server = Scripted::start(|_, _| Step::Silent).await;
    assert_eq!(call(&server.base(), LOGIN, &request(Method::Post)).await, HttpOutcome::Timeout);
}

#[tokio::test]
async fn a_section_that_lacks_something_says_what() {
    let http = HttpClient::new(Duration::from_secs(1)).unwrap();
    let config = project(
        "http://h",
        "attempts = 0\n[connections.rm.auth]\nkind = \"token\"\nusername = { env = \"NOBODY\" }",
    );
    let said = Connections::new(&config, http).unwrap_err().to_string();
    let lines: Vec<&str> = said.lines().filter(|line| !line.starts_with("  ")).collect();
    assert_eq!(
        lines,
        [
            "fluxo.toml:19:12: erro: `connections.rm.auth.username` usa a variável de ambiente `NOBODY`, que não está definida",
            "fluxo.toml:17:1: erro: falta a chave `password` em `connections.rm.auth`",
            "fluxo.toml:17:1: erro: falta a chave `path` em `connections.rm.auth`",
            "fluxo.toml:16:12: erro: `connections.rm.attempts`: precisa de ao menos uma tentativa",
        ]
    );
}
