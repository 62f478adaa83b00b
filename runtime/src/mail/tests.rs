//! E-mails against a real server on loopback: what stands on the wire, and what each way to fail means.

use std::path::Path;
use std::time::{Duration, Instant};

use fluxo_engine::ids::EffectId;

use super::scripted::{END, Scripted, Step};
use super::*;
use crate::foundation::config::{Config, Environment, Reading};

const ANA: &str = "ana.lima@example.com";

fn config(mail: &str) -> Result<Config, String> {
    let rest = r#"
        [project]
        name = "Hospital"
        default_queue = "recepcao"
        [desks.console]
        kind = "console"
        [queues.recepcao]
        title = "Recepção"
        desk = "console"
        [server]
        listen = "127.0.0.1:0"
        api_token = { env = "TOKEN" }
        [store]
        path = "store"
        "#;
    let variables = Environment::default().with([("MAIL_USER", "fluxo"), ("MAIL_PASSWORD", "s3nha")]);
    let reading = Reading { variables, ..Reading::default() };
    Config::parse(Path::new("fluxo.toml"), format!("{mail}{rest}"), reading)
        .map_err(|errors| errors.to_string())
}

fn server(at: &Scripted, more: &str) -> MailServer {
    server_on(at.address.port(), more)
}

fn server_on(port: u16, more: &str) -> MailServer {
    let section = format!(
        "[mail]\nhost = \"127.0.0.1\"\nport = {port}\nfrom = \"Hospital São Lucas <nao-responda@hospital.example>\"\n{more}\n"
    );
    MailServer::new(&config(&section).unwrap()).unwrap().unwrap()
}

const OPEN: &str = "security = \"none\"";

fn key() -> EffectId {
    "7:c0123.4:12:1".parse().unwrap()
}

fn email(to: &[String]) -> Email<'_> {
    Email {
        to,
        subject: "Consulta marcada para 16/03: Dr.ª Conceição ✅",
        text: "Olá, Ana.\n\n.Chegue às 7h45.\n",
        html: None,
        asked_at: "2026-03-12T12:00:00Z".parse().unwrap(),
    }
}

async fn sent(at: &Scripted, to: &[&str]) -> Result<(), MailError> {
    let to: Vec<String> = to.iter().map(|&to| to.to_owned()).collect();
    server(at, OPEN).send(&email(&to), &key()).await
}

/// A script that does one thing at one command.
async fn at(command: &'static str, step: Step) -> Scripted {
    Scripted::start(move |_, said| said.starts_with(command).then_some(step)).await
}

fn header<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let head = text.split("\n\n").next()?;
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[tokio::test]
async fn a_mail_says_who_writes_to_whom_and_is_known_again_by_its_id() {
    let post = Scripted::start(|_, _| None).await;
    for _ in 0..2 {
        sent(&post, &[ANA, " rui@example.com "]).await.unwrap();
    }
    let texts = post.texts();
    assert_eq!(texts.len(), 2);
    assert_eq!(texts[0], texts[1], "a repetition is the same to the byte");
    let text = &texts[0];
    assert_eq!(header(text, "Message-ID"), Some("<7.c0123.4.12.1@hospital.example>"));
    assert_eq!(header(text, "Date"), Some("Thu, 12 Mar 2026 12:00:00 +0000"));
    assert_eq!(header(text, "To"), Some("ana.lima@example.com, rui@example.com"));
    assert_eq!(header(text, "Auto-Submitted"), Some("auto-generated"));
    assert!(header(text, "From").unwrap().ends_with("<nao-responda@hospital.example>"), "{text}");
    assert!(header(text, "From").unwrap().starts_with("=?utf-8?b?"), "{text}");
    assert!(header(text, "Subject").unwrap().contains("=?utf-8?b?"), "{text}");
    assert_eq!(header(text, "Content-Type"), Some("text/plain; charset=utf-8"));
    assert!(text.is_ascii());
    assert!(text.contains("\n\nOl=C3=A1, Ana.\n\n.Chegue =C3=A0s 7h45.\n"), "{text}");
    assert_eq!(
        post.commands()[..7],
        [
            "EHLO hospital.example",
            "MAIL FROM:<nao-responda@hospital.example>",
            "RCPT TO:<ana.lima@example.com>",
            "RCPT TO:<rui@example.com>",
            "DATA",
            "QUIT",
            "EHLO hospital.example"
        ]
    );
}

#[tokio::test]
async fn html_comes_beside_the_text() {
    let post = Scripted::start(|_, _| None).await;
    let to = [ANA.to_owned()];
    let email = Email { html: Some("<p>Olá, <b>Ana</b></p>"), ..email(&to) };
    server(&post, OPEN).send(&email, &key()).await.unwrap();
    let text = &post.texts()[0];
    assert!(header(text, "Content-Type").unwrap().starts_with("multipart/alternative;"), "{text}");
    let (plain, html) = (text.find("text/plain; charset=utf-8"), text.find("text/html; charset=utf-8"));
    assert!(plain.unwrap() < html.unwrap(), "the last one is the one preferred (RFC 2046 §5.1.4)");
}

#[tokio::test]
async fn a_subject_cannot_become_a_header() {
    let post = Scripted::start(|_, _| None).await;
    let to = [ANA.to_owned()];
    let email = Email { subject: "Oi\r\nBcc: eu@example.com\u{0}", ..email(&to) };
    server(&post, OPEN).send(&email, &key()).await.unwrap();
    assert_eq!(header(&post.texts()[0], "Subject"), Some("Oi Bcc: eu@example.com"));
    assert_eq!(header(&post.texts()[0], "Bcc"), None);
}

#[tokio::test]
async fn what_is_no_address_never_reaches_the_server() {
    let post = Scripted::start(|_, _| None).await;
    for to in [
        &[""][..],
        &[],
        &["ana"],
        &["ana@"],
        &["@example.com"],
        &["ana@exa mple.com"],
        &["ana@example.com>\r\nRCPT TO:<eu@example.com"],
        &["\"a b\"@example.com"],
        &["ana@example.com, rui@example.com"],
        &["josé@example.com"],
        &[ANA, "rui"],
    ] {
        let refused = MailError::GiveUp { refusal: Refusal::Address };
        assert_eq!(sent(&post, to).await, Err(refused), "{to:?}");
    }
    assert!(post.commands().is_empty());
}

#[tokio::test]
async fn a_refusal_for_good_is_given_up_and_one_for_now_is_not() {
    const FULL: &str = "550 5.1.1 <ana.lima@example.com>: no such user";
    const LATER: &str = "451 4.7.1 greylisted, ana.lima@example.com may try again";
    for command in ["EHLO", "MAIL", "RCPT", "DATA", END] {
        let post = at(command, Step::Say(FULL)).await;
        let Err(MailError::GiveUp { refusal: Refusal::Server(said) }) = sent(&post, &[ANA]).await else {
            panic!("{command}");
        };
        assert_eq!(said, "permanent error (550): 5.1.1 … no such user");
        let post = at(command, Step::Say(LATER)).await;
        let Err(MailError::Retry { said }) = sent(&post, &[ANA]).await else { panic!("{command}") };
        assert_eq!(said, "transient error (451): 4.7.1 greylisted, … may try again");
    }
    let post = at("RCPT TO:<rui", Step::Say(FULL)).await;
    let refused = sent(&post, &[ANA, "rui@example.com"]).await;
    assert!(matches!(refused, Err(MailError::GiveUp { .. })), "{refused:?}");
    assert!(post.texts().is_empty(), "to all of them or to none");
}

#[tokio::test]
async fn only_a_silence_after_the_text_leaves_a_doubt() {
    for command in ["EHLO", "MAIL", "RCPT", "DATA"] {
        let post = at(command, Step::HangUp).await;
        let lost = sent(&post, &[ANA]).await;
        assert!(matches!(lost, Err(MailError::Retry { .. })), "{command} {lost:?}");
    }
    for step in [Step::HangUp, Step::Say("what?")] {
        let post = at(END, step).await;
        assert_eq!(sent(&post, &[ANA]).await, Err(MailError::Unclear), "{step:?}");
        assert_eq!(post.texts().len(), 1);
    }
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let to = [ANA.to_owned()];
    let lost = server_on(nobody, OPEN).send(&email(&to), &key()).await;
    assert!(matches!(lost, Err(MailError::Retry { .. })), "{lost:?}");
}

#[tokio::test]
async fn a_silent_server_is_left_in_time() {
    let to = [ANA.to_owned()];
    for (command, expected) in
        [("RCPT", MailError::Retry { said: "no answer in time".into() }), (END, MailError::Unclear)]
    {
        let post = at(command, Step::Silent).await;
        let begun = Instant::now();
        let late = server(&post, "security = \"none\"\ntimeout = \"1s\"").send(&email(&to), &key()).await;
        assert_eq!(late, Err(expected));
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
    // Its farewell is nobody's business any more.
    let post = at("QUIT", Step::Silent).await;
    assert_eq!(sent(&post, &[ANA]).await, Ok(()));
}

#[tokio::test]
async fn who_comes_is_said_when_the_project_says_so_and_shown_nowhere() {
    let login = "username = { env = \"MAIL_USER\" }\npassword = { env = \"MAIL_PASSWORD\" }";
    let to = [ANA.to_owned()];
    let post = Scripted::start(|_, _| None).await;
    let with_login = server(&post, &format!("{OPEN}\n{login}"));
    assert!(!format!("{with_login:?}").contains("s3nha"));
    with_login.send(&email(&to), &key()).await.unwrap();
    // NUL fluxo NUL s3nha (RFC 4616).
    assert_eq!(post.commands()[1], "AUTH PLAIN AGZsdXhvAHMzbmhh");
    let post = at("AUTH", Step::Say("535 5.7.8 wrong")).await;
    let refused = server(&post, &format!("{OPEN}\n{login}")).send(&email(&to), &key()).await;
    let said = "permanent error (535): 5.7.8 wrong".to_owned();
    assert_eq!(refused, Err(MailError::GiveUp { refusal: Refusal::Server(said) }));
}

#[tokio::test]
async fn a_way_that_must_be_protected_is_never_used_open() {
    let to = [ANA.to_owned()];
    let post = Scripted::start(|_, _| None).await;
    let refused = server(&post, "security = \"starttls\"").send(&email(&to), &key()).await;
    assert!(matches!(refused, Err(MailError::GiveUp { .. })), "{refused:?}");
    assert_eq!(post.commands(), ["EHLO hospital.example"]);
    let post = Scripted::start(|_, _| None).await;
    let refused = server(&post, "security = \"tls\"").send(&email(&to), &key()).await;
    assert!(matches!(refused, Err(MailError::Retry { .. })), "{refused:?}");
    assert!(post.texts().is_empty());
}

#[test]
fn a_section_that_cannot_work_is_refused_where_it_stands() {
    let section = |rest: &str| format!("[mail]\nhost = \"smtp.example\"\n{rest}\n");
    let from = "from = \"a@b.example\"";
    for (rest, said) in [
        (
            format!("{from}\nsecurity = \"none\""),
            "fluxo.toml:4:12: erro: `mail.security`: sem proteção, só para um servidor nesta máquina (localhost, 127.0.0.1); use \"tls\" ou \"starttls\"",
        ),
        (
            format!("{from}\nsecurity = \"ssl\""),
            "fluxo.toml:4:12: erro: `mail.security` tem um valor que não existe",
        ),
        (
            format!("{from}\npassword = {{ env = \"MAIL_PASSWORD\" }}"),
            "fluxo.toml:4:12: erro: `mail.password`: falta a chave `username`",
        ),
        (
            format!("{from}\npassword = \"hunter2\""),
            "fluxo.toml:4:12: erro: `mail.password` é um segredo e está escrito no arquivo",
        ),
        (
            format!("{from}\ntimeout = \"4m\""),
            "fluxo.toml:4:11: erro: `mail.timeout`: uma tentativa pode demorar no máximo \"3m\"",
        ),
        (String::new(), "fluxo.toml:1:1: erro: falta a chave `from` em `mail`"),
    ] {
        assert_eq!(config(&section(&rest)).unwrap_err().lines().next().unwrap(), said);
    }
    for (from, said) in [
        (
            "hospital",
            "fluxo.toml:3:8: erro: `mail.from`: escreva um endereço como \"Hospital <nao-responda@hospital.example>\"",
        ),
        ("são@b.example", "fluxo.toml:3:8: erro: `mail.from`: o endereço não pode ter acentos"),
    ] {
        let config = config(&section(&format!("from = \"{from}\""))).unwrap();
        assert_eq!(MailServer::new(&config).unwrap_err().to_string(), said);
    }
    let ports = ["tls", "starttls"].map(|word| {
        let config = config(&section(&format!("{from}\nsecurity = \"{word}\""))).unwrap();
        config.mail.unwrap().port()
    });
    assert_eq!(ports, [465, 587]);
    assert_eq!(config(&section(from)).unwrap().mail.unwrap().port(), 465, "protected unless said otherwise");
    assert!(MailServer::new(&config("").unwrap()).unwrap().is_none());
}
