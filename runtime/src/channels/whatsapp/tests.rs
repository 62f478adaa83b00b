//! The channel against bodies, over the wire, and against what others have seen.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fluxo_engine::protocol::{
    Choice, Content, MediaKind, MediaSource, Message, SendFailure, TemplateButton, TemplateHeader,
    TemplateValues,
};
use serde_json::{Value, json};

use crate::channels::{self, Channel, Headers, Rejected, Request, SendError, Told};
use crate::foundation::config::{Config, Environment, Overrides, Reading};
use crate::foundation::http::HttpClient;
use crate::foundation::scripted::{Scripted, Step};
use crate::store::{Address, SendState};

const PROJECT: &str = include_str!("../../../../flows/fluxo.toml");

fn channel_at(base: &str, number: &str) -> Arc<dyn Channel> {
    let variables = Environment::default().with([
        ("WHATSAPP_ACCESS_TOKEN", "EAAG-token"),
        ("WHATSAPP_APP_SECRET", "app-secret-for-tests"),
        ("WHATSAPP_VERIFY_TOKEN", "our-verify-token"),
    ]);
    let overrides = Overrides::none()
        .set("channels.whatsapp.base_url", base)
        .set("channels.whatsapp.phone_number_id", number);
    let reading = Reading { environment: None, variables, overrides };
    let config = Config::parse(Path::new("fluxo.toml"), PROJECT.to_owned(), reading).unwrap();
    let http = HttpClient::new(Duration::from_secs(2)).unwrap();
    channels::all(&config, &http).unwrap().remove(0)
}

fn channel() -> Arc<dyn Channel> {
    channel_at("http://127.0.0.1:9", "106540352242922")
}

#[derive(Debug, Default)]
struct Given(BTreeMap<&'static str, String>);

impl Headers for Given {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

fn with<T>(header: Option<(&'static str, &str)>, body: &[u8], act: impl FnOnce(&Request<'_>) -> T) -> T {
    let given = Given(header.map(|(name, value)| (name, value.to_owned())).into_iter().collect());
    let received_at = "2026-11-21T12:00:00Z".parse().unwrap();
    act(&Request { header: &given, body, received_at })
}

fn parse(body: &[u8]) -> Result<Vec<Told>, Rejected> {
    with(None, body, |request| channel().parse(request))
}

fn verify(header: Option<(&'static str, &str)>, body: &str) -> Result<(), Rejected> {
    with(header, body.as_bytes(), |request| channel().verify(request))
}

/// One line for each thing told, without what is personal in real life.
fn lines(told: &[Told]) -> Vec<String> {
    told.iter()
        .map(|told| match told {
            Told::Message { from, profile_name, message, .. } => {
                let mut line = format!("{} {} {}", message.id, message.written_at.as_second(), who(from));
                if let Some(name) = profile_name {
                    write!(line, " ({name})").unwrap();
                }
                if let Some(quoted) = &message.quoted {
                    write!(line, " >{quoted}").unwrap();
                }
                if let Some(referral) = &message.referral {
                    write!(line, " from {} {}", referral.source, referral.id).unwrap();
                }
                format!("{line}: {}", serde_json::to_string(&message.content).unwrap())
            }
            Told::Status { message, effect, state, failure, .. } => {
                let effect = effect.as_ref().map_or("-".to_owned(), ToString::to_string);
                format!("{message} {effect} {state:?} {failure:?}")
            }
            Told::AddressChanged { from, to, id, .. } => format!("{id} {} becomes {}", who(from), who(to)),
            Told::Ignored { what } => format!("ignored: {what}"),
        })
        .collect()
}

fn who(address: &Address) -> String {
    let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "-".to_owned());
    format!("{}/{}/{}", part(&address.user), part(&address.phone), part(&address.username))
}

#[test]
fn our_address_is_confirmed_only_to_who_knows_our_token() {
    let query = |mode: &str, token: &str| {
        vec![
            ("hub.mode".to_owned(), mode.to_owned()),
            ("hub.challenge".to_owned(), "1158201444".to_owned()),
            ("hub.verify_token".to_owned(), token.to_owned()),
        ]
    };
    assert_eq!(channel().challenge(&query("subscribe", "our-verify-token")), Ok("1158201444".to_owned()));
    for wrong in [query("subscribe", "our-verify-tokem"), query("unsubscribe", "our-verify-token"), vec![]] {
        assert_eq!(channel().challenge(&wrong), Err(Rejected::Signature));
    }
}

#[test]
fn a_signature_is_over_the_bytes_as_they_came() {
    const BODY: &str = r#"{"object":"whatsapp_business_account","entry":[]}"#;
    const GOOD: &str = "sha256=1ca363dab318df784e1963b29dca91e2098e6cf2fbf0d3c14e09580a90684a61";
    const NAME: &str = "x-hub-signature-256";
    assert_eq!(verify(Some((NAME, GOOD)), BODY), Ok(()));
    let upper = GOOD.to_uppercase().replace("SHA256", "sha256");
    let other_body = BODY.replace("[]", "[ ]");
    for (header, body) in [
        (None, BODY),
        (Some((NAME, upper.as_str())), BODY),
        (Some((NAME, &GOOD[..70])), BODY),
        (Some((NAME, GOOD.trim_start_matches("sha256="))), BODY),
        (Some((NAME, "sha256=")), BODY),
        (Some(("x-hub-signature", "sha1=1ca363dab318df784e1963b29dca91e2098e6cf2")), BODY),
        (Some((NAME, GOOD)), other_body.as_str()),
        (Some((NAME, GOOD)), ""),
    ] {
        assert_eq!(verify(header, body), Err(Rejected::Signature), "{header:?} {body}");
    }
}

#[test]
fn every_entry_change_message_and_status_is_told_in_order() {
    let told = parse(include_bytes!("fixtures/batch.json")).unwrap();
    assert_eq!(
        lines(&told),
        [
            r#"wamid.1 1749416383 BR.1/551187654321/ana.l (Ana Lima): {"kind":"text","text":"olá"}"#,
            r#"wamid.2 1749416384 BR.2/-/- >wamid.q: {"kind":"tap","id":"s1:3:sim","title":"Sim"}"#,
            r#"wamid.3 1749416385 -/5511900000003/-: {"kind":"other","name":"poll"}"#,
            r#"wamid.4 1749416386 -/5511900000004/-: {"kind":"other","name":"text"}"#,
            "ignored: a message without id",
            "wamid.out 1:s1:2:0 Failed Some(WindowClosed)",
            "ignored: status warning",
            "ignored: account error 130429",
            "ignored: message_template_status_update",
            concat!(
                "wamid.5 1749416390 -/551187654321/- >wamid.t: ",
                r#"{"kind":"template_tap","payload":"c1:confirmar","title":"Sim, confirmar"}"#
            ),
            "ignored: messages of another number",
        ]
    );
}

#[test]
fn a_changed_number_or_user_id_moves_and_who_is_nobody_is_ignored() {
    let told = parse(include_bytes!("fixtures/addresses.json")).unwrap();
    assert_eq!(
        lines(&told),
        [
            "wamid.1 -/5511911111111/- becomes -/5511922222222/-",
            "wamid.2 BR.old/-/- becomes BR.new/-/-",
            "ignored: system/customer_identity_changed",
            "ignored: a message without sender",
            "ignored: a message in a group",
        ]
    );
}

#[test]
fn each_type_says_what_it_says_and_an_unknown_one_is_kept() {
    let told = parse(include_bytes!("fixtures/contents.json")).unwrap();
    let found: Vec<String> = lines(&told)
        .into_iter()
        .map(|line| line.split_once(": ").map(|(_, content)| content.to_owned()).unwrap())
        .collect();
    assert_eq!(
        found,
        [
            r#"{"kind":"media","media":"audio","source":{"id":"A"},"mime":"audio/ogg; codecs=opus","voice":true}"#,
            r#"{"kind":"media","media":"document","source":{"id":"D"},"caption":"meu exame","filename":"exame.pdf"}"#,
            r#"{"kind":"media","media":"image","source":{"url":"https://lookaside.fbsbx.com/x"}}"#,
            r#"{"kind":"location","latitude":-23.5,"longitude":-46.6,"name":"Casa"}"#,
            r#"{"kind":"contacts","people":[{"name":"Rui Sá","phones":["+55 11 98765-4321"]}]}"#,
            r#"{"kind":"reaction","emoji":"👍","to":"wamid.q"}"#,
            r#"{"kind":"reaction","emoji":null,"to":"wamid.q"}"#,
            r#"{"kind":"tap","id":"b","title":"B"}"#,
            r#"{"kind":"other","name":"interactive/nfm_reply"}"#,
            r#"{"kind":"other","name":"interactive"}"#,
            r#"{"kind":"other","name":"unsupported/poll"}"#,
            r#"{"kind":"other","name":"edit"}"#,
            r#"{"kind":"template_tap","payload":"Sim","title":"Sim"}"#,
            r#"{"kind":"text","text":"vim do anúncio"}"#,
            r#"{"kind":"other","name":""}"#,
        ]
    );
    let last = told.last().unwrap();
    assert!(matches!(last, Told::Message { message, .. } if message.written_at == message.received_at));
    assert!(lines(&told)[13].contains("from ad ad1"));
}

#[test]
fn broken_characters_are_replaced_and_cost_nobody_else_their_message() {
    let body = |text: &[u8]| {
        let message = |id: &str, text: &[u8]| {
            let head = format!(r#"{{"from":"1","id":"{id}","timestamp":"1","type":"text","text":{{"body":""#);
            [head.as_bytes(), text, br#""}}"#].concat()
        };
        let head = br#"{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"106540352242922"},"messages":["#;
        [head.as_slice(), &message("a", text), b",", &message("b", b"ok \\ud83d\\udc4b"), b"]}}]}]}"].concat()
    };
    for (text, expected) in [
        (br"oi \ud83d tudo".as_slice(), "oi \u{fffd} tudo"),
        (br"\udc4b\ud83d\ud83d\udc4b", "\u{fffd}\u{fffd}👋"),
        (br"\\ud83d \ud83d", "\\ud83d \u{fffd}"),
        (b"ol\xe1", "ol\u{fffd}"),
        (br"\u00e1 \ud83d\udc4b", "á 👋"),
    ] {
        let told = parse(&body(text)).unwrap();
        let texts: Vec<&Content> = told
            .iter()
            .filter_map(
                |told| if let Told::Message { message, .. } = told { Some(&message.content) } else { None },
            )
            .collect();
        let text = |text: &str| Content::Text { text: text.to_owned() };
        assert_eq!(texts, [&text(expected), &text("ok 👋")]);
    }
}

#[test]
fn what_is_no_webhook_is_refused_and_never_quoted() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_object = format!("{}1{}", r#"{"a":"#.repeat(500), "}".repeat(500));
    for body in [
        "".as_bytes(),
        b"\x00\xff\xfe garbage",
        b"null",
        b"[]",
        b"{}",
        br#"{"object":"page","entry":[]}"#,
        br#"{"object":"whatsapp_business_account","entry":[{"changes":[{"field":7}]}]}"#,
        br#"{"object":"whatsapp_business_account","entry":"529.982.247-25"}"#,
        br#"{"object":"whatsapp_business_account","entry":[1e999]}"#,
        deep.as_bytes(),
        deep_object.as_bytes(),
    ] {
        let said = parse(body).unwrap_err();
        assert!(matches!(&said, Rejected::Malformed(_)), "{said}");
        assert!(!said.to_string().contains("529.982"), "{said}");
    }
    assert_eq!(parse(br#"{"object":"whatsapp_business_account"}"#), Ok(vec![]));
}

#[test]
fn every_sample_of_others_is_told_without_a_loss() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let places = ["../shared/fixtures/whatsapp/inbound", "../../shared/fixtures/whatsapp/inbound"];
    let Some(folder) = places.iter().map(|place| root.join(place)).find(|place| place.is_dir()) else {
        eprintln!("no samples at {places:?} from the project's root: nothing was tried");
        return;
    };
    let mut files: Vec<PathBuf> = Vec::new();
    for kind in ["message", "status"] {
        let all = std::fs::read_dir(folder.join(kind)).unwrap();
        files.extend(all.map(|entry| entry.unwrap().path()));
    }
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(&file).unwrap();
        let body: Value = serde_json::from_slice(&bytes).unwrap();
        let number = body["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"].as_str().unwrap();
        let channel = channel_at("http://127.0.0.1:9", number);
        let told = with(None, &bytes, |request| channel.parse(request)).unwrap();
        for line in lines(&told) {
            eprintln!("{name:90} {line}");
        }
        assert_eq!(told.len(), 1, "{name}");
        let expected = match &told[0] {
            Told::Message { .. } | Told::AddressChanged { .. } => !name.starts_with("status-"),
            Told::Status { .. } => name.starts_with("status-"),
            Told::Ignored { .. } => name.starts_with("system-customer-identity"),
        };
        assert!(expected, "{name}: {told:?}");
    }
}

fn to_phone() -> Address {
    Address { phone: Some("551187654321".to_owned()), user: Some("BR.1".to_owned()), username: None }
}

async fn send(base: &str, to: &Address, message: &Message) -> Result<super::Receipt, SendError> {
    channel_at(base, "106540352242922").send(to, message, &"1:s1:2:0".parse().unwrap()).await
}

fn text(text: &str) -> Message {
    Message::Text { text: text.to_owned() }
}

fn choice(id: &str, title: &str, description: Option<&str>) -> Choice {
    Choice { id: id.to_owned(), title: title.to_owned(), description: description.map(str::to_owned) }
}

fn accepted() -> Value {
    json!({
        "messaging_product": "whatsapp",
        "contacts": [{ "input": "551187654321", "wa_id": "551187654321", "user_id": "BR.1" }],
        "messages": [{ "id": "wamid.new", "message_status": "accepted" }],
    })
}

#[tokio::test]
async fn each_message_leaves_in_the_shape_of_the_contract() {
    let interactive = |kind: &str, action: Value| json!({ "type": "interactive", "interactive": { "type": kind, "body": { "text": "Confirma?" }, "action": action } });
    let said = || "Confirma?".to_owned();
    let cases = [
        (text("olá"), json!({ "type": "text", "text": { "body": "olá" } })),
        (
            Message::Media {
                media: MediaKind::Document,
                source: MediaSource::Url("https://h/p.pdf".to_owned()),
                caption: Some("Preparo".to_owned()),
                filename: Some("preparo.pdf".to_owned()),
            },
            json!({ "type": "document", "document":
                    { "link": "https://h/p.pdf", "caption": "Preparo", "filename": "preparo.pdf" } }),
        ),
        (
            Message::Buttons {
                text: said(),
                buttons: vec![choice("y", "Sim", None), choice("n", "Não", None)],
            },
            interactive(
                "button",
                json!({ "buttons": [{ "type": "reply", "reply": { "id": "y", "title": "Sim" } },
                                    { "type": "reply", "reply": { "id": "n", "title": "Não" } }] }),
            ),
        ),
        (
            Message::List {
                text: said(),
                button: "Ver".to_owned(),
                rows: vec![choice("a", "08:00", Some("Dra. Ana")), choice("b", "08:00", None)],
            },
            interactive(
                "list",
                json!({ "button": "Ver", "sections": [{ "rows": [
                    { "id": "a", "title": "08:00", "description": "Dra. Ana" }, { "id": "b", "title": "08:00" }] }] }),
            ),
        ),
        (
            Message::Link { text: said(), title: "Abrir".to_owned(), url: "https://h/".to_owned() },
            interactive(
                "cta_url",
                json!({ "name": "cta_url", "parameters": { "display_text": "Abrir", "url": "https://h/" } }),
            ),
        ),
        (
            Message::LocationRequest { text: said() },
            interactive("location_request_message", json!({ "name": "send_location" })),
        ),
        (
            Message::PhoneRequest { text: said() },
            interactive("request_contact_info", json!({ "name": "request_contact_info" })),
        ),
        (
            Message::Template {
                name: "confirmacao_consulta".to_owned(),
                language: "pt_BR".to_owned(),
                header: Some(TemplateHeader::Text { text: "Oi".to_owned() }),
                body: TemplateValues::Positional(vec!["Ana\n Lima".to_owned(), "13/03".to_owned()]),
                buttons: vec![
                    TemplateButton::Payload("c1:sim".to_owned()),
                    TemplateButton::UrlSuffix("t/1".to_owned()),
                ],
            },
            json!({ "type": "template", "template": {
                "name": "confirmacao_consulta", "language": { "code": "pt_BR" },
                "components": [
                    { "type": "header", "parameters": [{ "type": "text", "text": "Oi" }] },
                    { "type": "body", "parameters": [{ "type": "text", "text": "Ana Lima" }, { "type": "text", "text": "13/03" }] },
                    { "type": "button", "sub_type": "quick_reply", "index": "0", "parameters": [{ "type": "payload", "payload": "c1:sim" }] },
                    { "type": "button", "sub_type": "url", "index": "1", "parameters": [{ "type": "text", "text": "t/1" }] },
                ] } }),
        ),
        (
            Message::Template {
                name: "pedido".to_owned(),
                language: "pt_BR".to_owned(),
                header: None,
                body: TemplateValues::Named([("nome".to_owned(), "Ana".to_owned())].into()),
                buttons: vec![],
            },
            json!({ "type": "template", "template": { "name": "pedido", "language": { "code": "pt_BR" },
                "components": [{ "type": "body", "parameters":
                    [{ "type": "text", "parameter_name": "nome", "text": "Ana" }] }] } }),
        ),
    ];
    let server = Scripted::start(|_, _| Step::json(200, &accepted())).await;
    for (message, content) in cases {
        let receipt = send(&server.base(), &to_phone(), &message).await.unwrap();
        assert_eq!(receipt.message, "wamid.new");
        assert_eq!(receipt.address, Some(to_phone()));
        let seen = server.seen().pop().unwrap();
        assert_eq!((seen.method.as_str(), seen.target.as_str()), ("POST", "/106540352242922/messages"));
        assert_eq!(seen.header("authorization"), Some("Bearer EAAG-token"));
        let mut expected = json!({
            "messaging_product": "whatsapp", "recipient_type": "individual",
            "biz_opaque_callback_data": "1:s1:2:0", "to": "551187654321",
        });
        expected.as_object_mut().unwrap().extend(content.as_object().unwrap().clone());
        assert_eq!(seen.json(), expected);
    }
    let only_user = Address { phone: None, ..to_phone() };
    send(&server.base(), &only_user, &text("oi")).await.unwrap();
    let body = server.seen().pop().unwrap().json();
    assert_eq!((&body["recipient"], &body["to"]), (&json!("BR.1"), &Value::Null));
}

#[tokio::test]
async fn what_is_over_a_limit_does_not_leave() {
    let server = Scripted::start(|_, _| Step::json(200, &accepted())).await;
    let long = |count: usize| "á".repeat(count);
    let buttons = |buttons: Vec<Choice>| Message::Buttons { text: "x".to_owned(), buttons };
    let rows = |rows: Vec<Choice>| Message::List { text: "x".to_owned(), button: "Ver".to_owned(), rows };
    let many =
        |count: usize| (0..count).map(|n| choice(&n.to_string(), &n.to_string(), None)).collect::<Vec<_>>();
    for (fits, over) in [
        (text(&long(4096)), text(&long(4097))),
        (buttons(many(3)), buttons(many(4))),
        (rows(many(10)), rows(many(11))),
        (buttons(vec![choice("a", &long(20), None)]), buttons(vec![choice("a", &long(21), None)])),
        (rows(vec![choice("a", &long(24), Some(&long(72)))]), rows(vec![choice("a", "x", Some(&long(73)))])),
        (rows(vec![choice(&long(200), "x", None)]), rows(vec![choice(&long(201), "x", None)])),
        (
            buttons(vec![choice("a", "x", None), choice("b", "y", None)]),
            buttons(vec![choice("a", "x", None), choice("b", "x", None)]),
        ),
        (text("x"), text("")),
        (text("x"), rows(vec![])),
    ] {
        send(&server.base(), &to_phone(), &fits).await.unwrap();
        let count = server.seen().len();
        let refused = send(&server.base(), &to_phone(), &over).await.unwrap_err();
        assert!(matches!(&refused, SendError::GiveUp { failure: SendFailure::Other(_) }), "{refused:?}");
        assert_eq!(server.seen().len(), count);
    }
    let nobody = send(&server.base(), &Address::default(), &text("x")).await.unwrap_err();
    assert_eq!(nobody, SendError::GiveUp { failure: SendFailure::NotReachable });
}

fn graph_error(code: i64) -> Value {
    json!({ "error": {
        "message": format!("(#{code}) something"), "type": "OAuthException", "code": code,
        "error_data": { "messaging_product": "whatsapp", "details": "recipient +55 11 98765-4321 said no" },
        "fbtrace_id": "x" } })
}

#[tokio::test]
async fn metas_codes_decide_and_not_the_http_status() {
    let retry = |after: Option<u64>, account_wide: bool, code: i64| SendError::Retry {
        after: after.map(Duration::from_secs),
        reason: format!("{code}: (#{code}) something: recipient +… said no"),
        account_wide,
    };
    let give_up = |failure: SendFailure| SendError::GiveUp { failure };
    let other = |code: i64| SendFailure::Other(format!("{code}: (#{code}) something: recipient +… said no"));
    for (code, status, expected) in [
        (0, 401, retry(Some(60), true, 0)),
        (190, 401, retry(Some(60), true, 190)),
        (1, 400, retry(None, false, 1)),
        (2, 503, retry(None, false, 2)),
        (4, 400, retry(Some(300), true, 4)),
        (100, 400, give_up(other(100))),
        (130429, 429, retry(Some(1), true, 130429)),
        (131000, 500, retry(None, false, 131000)),
        (131026, 400, give_up(SendFailure::NotReachable)),
        (131047, 400, give_up(SendFailure::WindowClosed)),
        (131050, 400, give_up(SendFailure::OptedOut)),
        (131053, 400, give_up(SendFailure::Media)),
        (131056, 429, retry(Some(6), false, 131056)),
        (132001, 404, give_up(SendFailure::Template)),
        (132015, 400, give_up(SendFailure::Template)),
        (999999, 400, give_up(other(999999))),
        (999999, 500, retry(None, false, 999999)),
    ] {
        let server = Scripted::start(move |_, _| Step::json(status, &graph_error(code))).await;
        assert_eq!(send(&server.base(), &to_phone(), &text("x")).await, Err(expected), "{code}");
    }
}

#[tokio::test]
async fn only_what_left_and_was_not_answered_by_meta_is_unclear() {
    let steps: [fn() -> Step; 6] = [
        || Step::Cut,
        || Step::CutInBody,
        || Step::Answer(502, vec![], "<html>bad gateway</html>".to_owned()),
        || Step::Answer(500, vec![], String::new()),
        || Step::json(200, &json!({ "messages": [] })),
        || Step::Answer(200, vec![], "ok".to_owned()),
    ];
    for step in steps {
        let server = Scripted::start(move |_, _| step()).await;
        assert_eq!(send(&server.base(), &to_phone(), &text("x")).await, Err(SendError::Unclear));
        assert_eq!(server.seen().len(), 1);
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = send(&nobody, &to_phone(), &text("x")).await.unwrap_err();
    assert!(matches!(&error, SendError::Retry { after: None, account_wide: false, .. }), "{error:?}");
    let server = Scripted::start(|_, _| Step::Answer(403, vec![], "proxy".to_owned())).await;
    let error = send(&server.base(), &to_phone(), &text("x")).await.unwrap_err();
    assert!(matches!(&error, SendError::Retry { account_wide: true, .. }), "{error:?}");
}

#[tokio::test]
async fn a_message_is_marked_read_with_the_typing_sign() {
    let server = Scripted::start(|_, _| Step::json(200, &json!({ "success": true }))).await;
    channel_at(&server.base(), "106540352242922").acknowledge("wamid.in").await;
    assert_eq!(
        server.seen()[0].json(),
        json!({ "messaging_product": "whatsapp", "status": "read", "message_id": "wamid.in",
                "typing_indicator": { "type": "text" } })
    );
}

#[test]
fn the_window_closes_five_minutes_early() {
    let now: jiff::Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
    let ago = |minutes: i64| Some(now - jiff::SignedDuration::from_mins(minutes));
    let channel = channel();
    assert!(channel.window_open(ago(0), now));
    assert!(channel.window_open(ago(24 * 60 - 6), now));
    assert!(!channel.window_open(ago(24 * 60 - 5), now));
    assert!(!channel.window_open(None, now));
}

#[test]
fn a_status_of_ours_finds_its_effect_and_a_foreign_tag_is_none() {
    let body = |tag: &str| {
        json!({ "object": "whatsapp_business_account", "entry": [{ "changes": [{ "field": "messages", "value": {
            "metadata": { "phone_number_id": "106540352242922" },
            "statuses": [{ "id": "wamid.1", "status": "read", "timestamp": 1, "biz_opaque_callback_data": tag }] } }] }] })
        .to_string()
    };
    for (tag, found) in [("1:s1:2:0", true), ("some data", false), ("", false)] {
        let told = parse(body(tag).as_bytes()).unwrap();
        let Told::Status { effect, state, .. } = &told[0] else { panic!() };
        assert_eq!((effect.is_some(), *state), (found, SendState::Read));
    }
}

#[test]
fn a_section_of_another_kind_or_with_a_strange_key_is_refused() {
    let built = |text: String| {
        let config = Config::parse(Path::new("fluxo.toml"), text, Reading::default()).unwrap();
        let http = HttpClient::new(Duration::from_secs(2)).unwrap();
        channels::all(&config, &http).unwrap_err().to_string()
    };
    let said = built(PROJECT.replace("kind = \"whatsapp_cloud\"", "kind = \"telegram\""));
    assert!(said.ends_with("erro: `channels.whatsapp.kind` tem um valor que não existe\n  ajuda: use um destes: whatsapp_cloud"), "{said}");
    let said = built(PROJECT.replace("verify_token = {", "verifi_token = {"));
    assert!(said.contains("a chave `verifi_token` não existe em `channels.whatsapp`\n  ajuda: você quis dizer `verify_token`?"), "{said}");
    let said = built(PROJECT.to_owned());
    for variable in ["WHATSAPP_ACCESS_TOKEN", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN"] {
        assert!(said.contains(variable), "{said}");
    }
}
