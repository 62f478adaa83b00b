//! From a patient's message to the e-mail, over a real webhook and real SMTP.

use super::*;
use crate::mail::scripted::{END, Scripted as Post, Step as Told};

const FLOW: &str = r#"{
  "format": 1, "flow": "menu", "title": "Menu", "start": "para",
  "triggers": [ { "when": "default" } ],
  "nodes": {
    "para": { "type": "ask", "text": "Para qual e-mail?", "answer": { "type": "text" }, "save": "para",
              "invalid": { "text": "Um e-mail.", "attempts": 3, "next": "fim" },
              "no_answer": { "after": "1h", "next": "fim" }, "next": "envia" },
    "envia": { "type": "email", "to": "{{ para }}", "subject": "Preparo para o exame ✅",
               "text": "Jejum de 8 horas.", "html": "<p>Para {{ para }}</p>", "next": "pronto" },
    "pronto": { "type": "message", "text": "Pedido de e-mail feito.", "next": "fim" },
    "fim": { "type": "end", "outcome": "ok" }
  }
}"#;

async fn started(folder: &Path, graph: &Scripted, post: &Post) -> Service {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../flows/fluxo.toml");
    let text = std::fs::read_to_string(project).unwrap();
    let section = format!(
        "\n[mail]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nfrom = \"Hospital <nao-responda@hospital.example>\"\n",
        post.address.port()
    );
    std::fs::write(folder.join("menu.json"), FLOW).unwrap();
    start_with(folder, &graph.base(), text + &section).await.unwrap()
}

/// Asks for the e-mail, and waits for what the flow says after it.
async fn asked(service: &Service, graph: &Scripted, to: &str) -> Caller {
    let caller = Caller::new(service);
    assert_eq!(caller.says("m.1", "oi").await, 200);
    assert_eq!(said(graph, 1).await, ["Para qual e-mail?"]);
    assert_eq!(caller.says("m.2", to).await, 200);
    assert_eq!(said(graph, 2).await[1], "Pedido de e-mail feito.");
    caller
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_flow_asks_for_arrives_once() {
    let (folder, graph) = (tempfile::tempdir().unwrap(), Scripted::start(accepted).await);
    let post = Post::start(|_, _| None).await;
    let service = started(folder.path(), &graph, &post).await;
    asked(&service, &graph, "ana@example.com").await;
    let texts = post.texts();
    assert_eq!(texts.len(), 1);
    for part in
        ["To: ana@example.com\n", "multipart/alternative", "Jejum de 8 horas.", "<p>Para ana@example.com</p>"]
    {
        assert!(texts[0].contains(part), "{part}: {}", texts[0]);
    }
    assert!(service.conversations().store().dead_letters(None, 10).await.unwrap().is_empty());
    assert!(service.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_never_came_is_repeated_under_the_same_id() {
    let (folder, graph) = (tempfile::tempdir().unwrap(), Scripted::start(accepted).await);
    let post = Post::start(|number, command| (number == 0 && command == END).then_some(Told::HangUp)).await;
    let service = started(folder.path(), &graph, &post).await;
    asked(&service, &graph, "ana@example.com").await;
    let id = |text: &String| text.lines().find(|line| line.starts_with("Message-ID: <")).unwrap().to_owned();
    let ids: Vec<String> = post.texts().iter().map(id).collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
    assert!(service.conversations().store().dead_letters(None, 10).await.unwrap().is_empty());
    assert!(service.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sent_is_told_to_people_without_the_address() {
    for (to, words) in [("ana@example.com", "550"), ("ana arroba exemplo", "o endereço não é válido")] {
        let (folder, graph) = (tempfile::tempdir().unwrap(), Scripted::start(accepted).await);
        let refusal = Told::Say("550 5.1.1 <ana@example.com>: no such user");
        let post = Post::start(move |_, command| command.starts_with("RCPT").then_some(refusal)).await;
        let service = started(folder.path(), &graph, &post).await;
        asked(&service, &graph, to).await;
        let store = service.conversations().store();
        let dead = store.dead_letters(None, 10).await.unwrap();
        assert_eq!(dead.len(), 1);
        let notices = store.notices(10).await.unwrap();
        for text in [&dead[0].reason, &notices[0].text] {
            assert!(text.contains(words) && !text.contains("ana"), "{text}");
        }
        assert!(post.texts().is_empty());
        assert!(service.stop().await);
    }
}
