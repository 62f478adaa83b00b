//! Messages out: their shapes, their limits, and what each way of failing means.

use std::time::Duration;

use fluxo_engine::protocol::{
    Choice, MediaKind, MediaSource, Message, SendFailure, TemplateButton, TemplateHeader, TemplateValues,
};
use serde_json::{Value, json};

use super::channel_at;
use crate::channels::{Receipt, SendError};
use crate::foundation::scripted::{Scripted, Step};
use crate::store::Address;

fn to_phone() -> Address {
    Address { phone: Some("551187654321".to_owned()), user: Some("BR.1".to_owned()), username: None }
}

async fn send(base: &str, to: &Address, message: &Message) -> Result<Receipt, SendError> {
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
