//! A flow as an analyst writes it, played by the engine through kills of the process.

use fluxo_engine::protocol::{Content, Message, SendFailure};

use super::script::Flows;
use super::world::{ACCOUNT, Hospital, phone};
use crate::channels::Told;
use crate::conversations::DeskError;
use crate::foundation::clock::Clock;
use crate::store::{Documents, Mode, SendState};

fn documents() -> Documents {
    let flow = serde_json::json!({
        "format": 1, "flow": "recado", "title": "Recado", "start": "nome",
        "triggers": [{ "when": "default" }],
        "variables": { "nome": { "type": "name", "remember": true } },
        "nodes": {
            "nome": {
                "type": "ask", "text": "Qual é o seu nome?", "answer": { "type": "name" }, "save": "nome",
                "invalid": { "text": "Não entendi.", "attempts": 2, "next": "gente" },
                "no_answer": { "after": "15m", "next": "fim" }, "next": "gravar"
            },
            "gravar": {
                "type": "http", "connection": "rm",
                "request": { "method": "POST", "path": "/recados", "body": { "nome": "{{ nome }}" } },
                "on": { "success": "gente", "failure": "fora", "unknown": "duvida" }
            },
            "gente": {
                "type": "handoff", "queue": "recepcao", "text": "Vou chamar alguém, {{ nome | first_name }}.",
                "summary": "{{ nome }} deixou um recado", "on": { "returned": "fim" }
            },
            "duvida": { "type": "end", "outcome": "duvida", "text": "Vou conferir se gravei." },
            "fora": { "type": "end", "outcome": "fora", "text": "O sistema está fora do ar." },
            "fim": { "type": "end", "outcome": "ok", "text": "Até logo, {{ nome | default('você') }}." }
        }
    });
    vec![("recado.json".to_owned(), flow.to_string())]
}

#[tokio::test]
async fn a_conversation_goes_on_where_it_was_however_often_the_process_is_killed() {
    let hospital = Hospital::with(Flows::Engine(documents())).await;
    let ana = phone("5511987654321");
    hospital.hears(&ana, "oi").await;
    let hospital = hospital.killed().await;
    hospital.hears(&ana, "Ana Lima").await;
    let hospital = hospital.killed().await;
    let id = hospital.only().await;
    assert_eq!(hospital.said(), ["Qual é o seu nome?", "Vou chamar alguém, Ana."]);
    assert!(matches!(hospital.read(&id).await.conversation.mode, Mode::Queued { .. }));
    hospital.here.take(&id, "Rita").await.unwrap();
    hospital.here.give_back(&id, "Rita", None, None).await.unwrap();
    let hospital = hospital.killed().await;
    hospital.works().await;
    assert_eq!(hospital.said()[2..], ["Até logo, Ana Lima."]);
    let loaded = hospital.read(&id).await;
    assert_eq!((loaded.conversation.session, loaded.conversation.mode), (None, Mode::Bot));
    assert_eq!(loaded.contact.contact.fields.get("nome").and_then(|v| v.as_str()), Some("Ana Lima"));
    assert_eq!(hospital.line.called.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_kill_under_a_booking_leaves_by_unknown() {
    let hospital = Hospital::with(Flows::Engine(documents())).await;
    let ana = phone("5511987654321");
    hospital.hears(&ana, "oi").await;
    *hospital.line.hangs.lock().unwrap() = true;
    let told = hospital.told(&ana, "1", "Ana Lima");
    hospital.here.intake("whatsapp", vec![told]).await.unwrap();
    let told = hospital.told(&ana, "2", "e aí?");
    hospital.here.intake("whatsapp", vec![told]).await.unwrap();
    let hospital = hospital.killed_when(|hospital| hospital.line.called.lock().unwrap().len() == 1).await;
    hospital.works().await;
    assert_eq!(hospital.line.called.lock().unwrap().len(), 1);
    // What was held begins the next conversation.
    let said = ["Qual é o seu nome?", "Vou conferir se gravei.", "Qual é o seu nome?"];
    assert_eq!(hospital.said(), said);
}

#[tokio::test]
async fn a_flow_that_goes_on_without_people_takes_the_conversation_from_them() {
    let flow = serde_json::json!({
        "format": 1, "flow": "gente", "title": "Gente", "start": "gente",
        "triggers": [{ "when": "default" }],
        "nodes": {
            "gente": {
                "type": "handoff", "queue": "recepcao", "text": "Vou chamar alguém.", "summary": "Oi",
                "on": { "returned": "fim", "failed": "pergunta" }
            },
            "pergunta": {
                "type": "ask", "text": "Ainda está aí?", "answer": { "type": "text" }, "save": "x",
                "invalid": { "text": "?", "attempts": 2, "next": "fim" },
                "no_answer": { "after": "15m", "next": "fim" }, "next": "fim"
            },
            "fim": { "type": "end", "outcome": "ok" }
        }
    });
    let hospital = Hospital::with(Flows::Engine(vec![("gente.json".to_owned(), flow.to_string())])).await;
    let ana = phone("5511987654321");
    hospital.hears(&ana, "oi").await;
    let id = hospital.only().await;
    hospital.here.take(&id, "Rita").await.unwrap();
    let failed = Told::Status {
        account: ACCOUNT.to_owned(),
        message: "out-0".to_owned(),
        effect: Some(hospital.last_effect()),
        state: SendState::Failed,
        at: hospital.clock.now(),
        failure: Some(SendFailure::Media),
    };
    hospital.here.intake("whatsapp", vec![failed]).await.unwrap();
    // The same commit: nothing of people's comes between.
    let loaded = hospital.read(&id).await;
    assert_eq!((loaded.conversation.mode, loaded.outbox.len()), (Mode::Bot, 1));
    assert!(hospital.here.store().with_people(10).await.unwrap().is_empty());
    assert!(
        hospital.notices().await.iter().any(|text| text.contains("people have the conversation no more"))
    );
    let message = Message::Text { text: "Oi".to_owned() };
    let refused = hospital.here.reply(&id, "Rita", message, None).await;
    assert!(matches!(refused, Err(DeskError::NotWithPeople)));
    let refused = hospital.here.give_back(&id, "Rita", None, None).await;
    assert!(matches!(refused, Err(DeskError::NotWithPeople)));
    hospital.works().await;
    assert_eq!(hospital.said(), ["Vou chamar alguém.", "Ainda está aí?"]);
}

#[tokio::test]
async fn silence_ends_a_question_and_a_reaction_is_no_answer() {
    let hospital = Hospital::with(Flows::Engine(documents())).await;
    let ana = phone("5511987654321");
    let reaction = |id: &str| {
        let content = Content::Reaction { emoji: Some("👍".into()), to: "out-0".into() };
        vec![hospital.told_of(&ana, id, content, std::time::Duration::ZERO)]
    };
    hospital.here.intake("whatsapp", reaction("r1")).await.unwrap();
    hospital.works().await;
    assert!(hospital.said().is_empty());
    hospital.hears(&ana, "oi").await;
    hospital.here.intake("whatsapp", reaction("r2")).await.unwrap();
    hospital.later(std::time::Duration::from_secs(15 * 60)).await;
    assert_eq!(hospital.said(), ["Qual é o seu nome?", "Até logo, você."]);
    hospital.later(std::time::Duration::from_secs(48 * 60 * 60)).await;
    assert_eq!(hospital.here.store().counts().await.unwrap().timers, 0, "none is left behind");
    assert_eq!(hospital.said().len(), 2);
}
