//! A contact who is erased is nowhere any more, in no conversation that ever was theirs.

use std::sync::Arc;
use std::time::Duration;

use fluxo_engine::protocol::Content;

use super::script::Flows;
use super::world::{Hospital, both, phone, user};
use crate::channels::Told;
use crate::replay::{Left, Replay, Scope, Verdict};
use crate::store::{Kept, Mode};
use crate::workers;

/// What a provider's message id looks like: it holds the phone, in base64 (whatsapp-cloud.md §4).
const WAMID: &str = "wamid.HBgNNTUxMTk4NzY1NDMyMRUCABIYFjNFQjBBMTIzNDU2Nzg5MEFCQ0RFRgA=";
const NUMBER: &str = "5511987654321";

fn flow() -> serde_json::Value {
    serde_json::json!({
        "format": 1, "flow": "recado", "title": "Recado", "start": "cpf",
        "triggers": [{ "when": "default" }],
        "variables": { "cpf": { "type": "cpf", "remember": true } },
        "interrupts": [{ "when": "keyword", "keywords": ["atendente"], "next": "gente" }],
        "nodes": {
            "cpf": {
                "type": "ask", "text": "Qual é o seu CPF?", "answer": { "type": "cpf" }, "save": "cpf",
                "invalid": { "text": "Não entendi.", "attempts": 3, "next": "gente" },
                "no_answer": { "after": "15m", "next": "fim" }, "next": "gravar"
            },
            "gravar": {
                "type": "http", "connection": "rm",
                "request": { "method": "POST", "path": "/recados/{{ cpf }}", "body": { "cpf": "{{ cpf }}" } },
                "on": { "success": "aviso", "failure": "fim", "unknown": "fim" }
            },
            "aviso": { "type": "email", "to": ["{{ cpf }}@exemplo.com.br"], "subject": "{{ cpf }}", "text": "{{ cpf }}", "next": "gente" },
            "gente": {
                "type": "handoff", "queue": "recepcao", "text": "Vou chamar alguém, {{ cpf | default('?') }}.",
                "summary": "{{ contact.name }} {{ cpf | default('?') }}", "on": { "returned": "fim" }
            },
            "fim": { "type": "end", "outcome": "ok", "text": "Até logo." }
        }
    })
}

async fn hospital() -> Hospital {
    let documents = vec![("recado.json".to_owned(), flow().to_string())];
    Hospital::with(Flows::Engine(documents)).await
}

/// What of a text stands in a store's rows, whatever table it is in.
fn found(rows: &[(Vec<u8>, u64, Vec<u8>)], texts: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for text in texts {
        for (key, _, value) in rows {
            for (place, bytes) in [("key", key), ("value", value)] {
                if bytes.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text.as_bytes())) {
                    found.push(format!("{text} in a {place} of table {}", char::from(key[0])));
                }
            }
        }
    }
    found
}

#[tokio::test]
async fn no_byte_of_an_erased_contact_is_left_that_anybody_can_read() {
    let hospital = hospital().await;
    let personal = ["Quixaba", "52998224725", NUMBER, "11987654321", "BR.77", "HBgNNTUx", "ligar"];
    let ana = both("BR.77", NUMBER);
    for (id, text) in [(WAMID, "oi, sou a Ana"), ("m2", "529.982.247-25"), ("m3", "podem me ligar?")] {
        let mut told = hospital.told_of(&ana, id, Content::Text { text: text.to_owned() }, Duration::ZERO);
        if let Told::Message { profile_name, .. } = &mut told {
            *profile_name = Some("Ana Quixaba".to_owned());
        }
        hospital.here.intake("whatsapp", vec![told]).await.unwrap();
        hospital.works().await;
    }
    hospital.hears(&phone("5511900000000"), "outra pessoa").await;
    let all = hospital.all().await;
    let (hers, other) = if all[0].address == ana { (&all[0], &all[1]) } else { (&all[1], &all[0]) };
    assert!(matches!(hers.mode, Mode::Queued { .. }));
    assert!(
        !hospital.here.store().dead_letters(None, 10).await.unwrap().is_empty(),
        "there is no mail server"
    );
    // Before: the same look finds what there is to find.
    let found_at = hospital.here.contacts_at("+55 (11) 8765-4321").await.unwrap();
    assert_eq!(found_at, std::slice::from_ref(&hers.contact), "also without the ninth digit");
    assert!(hospital.here.contacts_at("5511900000001").await.unwrap().is_empty());

    let erased = hospital.here.erase_contact(&hers.contact).await.unwrap().unwrap();
    assert_eq!((erased.conversations, erased.sessions, erased.keys), (1, 1, 1));
    assert!(erased.lines > 5 && erased.turns >= 3 && erased.dead_letters > 0, "{erased:?}");
    assert_eq!(hospital.here.erase_contact(&hers.contact).await.unwrap(), None);
    assert!(hospital.notices().await.iter().any(|text| text.contains("was erased: it is over")));
    assert!(hospital.here.take(&hers.id, "Rita").await.is_err(), "people have it no more");

    // What is left replays: as nothing, and as no difference. The other's is as it was.
    let store = Arc::clone(hospital.here.store());
    let replay = Arc::new(Replay::new(store, Arc::clone(hospital.here.releases())));
    let sessions = replay.conversation(&hers.id).await.unwrap();
    assert_eq!((sessions.len(), &sessions[0].verdict), (1, &Verdict::Left(Left::Erased)));
    let journal = hospital.here.store().journal(&hers.id, 100).await.unwrap();
    assert!(journal.iter().all(|entry| entry.kept == Kept::Erased));
    assert!(format!("{journal:?}").contains("SessionEnded { outcome: \"erased\" }"));
    let all = replay.all(Scope::default(), |_| true).await.unwrap().unwrap();
    assert_eq!((all.differ, all.left.get(&Left::Erased), all.equal), (0, Some(&1), 1));
    workers::retention::pass(&hospital.here, Duration::ZERO).await.unwrap();
    assert_eq!(replay.conversation(&hers.id).await.unwrap()[0].verdict, Verdict::Left(Left::Erased));

    // A message that was acknowledged before is not played again; a new one is a stranger's.
    let told = hospital.told_of(&ana, WAMID, Content::Text { text: "oi".to_owned() }, Duration::ZERO);
    assert_eq!(hospital.here.intake("whatsapp", vec![told]).await.unwrap().duplicates, 1);
    let (others, other) = (phone("5511900000000"), other.id.clone());
    hospital.hears(&others, "ainda aqui").await;
    assert_eq!(hospital.only().await, other, "the duplicate has brought nobody back");
    drop(replay);
    let rows = hospital.rows().await;
    assert_eq!(found(&rows, &personal), Vec::<String>::new());
    assert!(!found(&rows, &["5511900000000"]).is_empty(), "the look sees what is there");
}

#[tokio::test]
async fn a_transcript_and_a_journal_are_sealed_before_anybody_is_erased() {
    let hospital = hospital().await;
    let ana = both("BR.77", NUMBER);
    hospital.hears(&ana, "uma palavra rara: ornitorrinco").await;
    let id = hospital.only().await;
    let lines = hospital.here.store().lines(&id, 0, 10).await.unwrap();
    assert!(format!("{lines:?}").contains("ornitorrinco"));
    let journal = hospital.here.store().journal(&id, 10).await.unwrap();
    assert!(format!("{journal:?}").contains("ornitorrinco"));
    let rows = hospital.rows().await;
    let sealed: Vec<_> = rows.iter().filter(|(key, _, _)| b"hjz".contains(&key[0])).cloned().collect();
    assert!(sealed.len() >= 3);
    assert_eq!(found(&sealed, &["ornitorrinco", "Ana", NUMBER, "Qual é"]), Vec::<String>::new());
}

#[tokio::test]
async fn erasing_one_who_was_two_erases_both() {
    let hospital = hospital().await;
    hospital.hears(&user("BR.77"), "oi de quem tem usuario").await;
    hospital.clock.forward(Duration::from_secs(1));
    hospital.hears(&phone(NUMBER), "oi de quem tem numero").await;
    assert_eq!(hospital.all().await.len(), 2);
    hospital.hears(&both("BR.77", NUMBER), "sou os dois").await;
    let all = hospital.all().await;
    assert_eq!((all.len(), &all[0].contact), (2, &all[1].contact));
    let replay = Replay::new(Arc::clone(hospital.here.store()), Arc::clone(hospital.here.releases()));
    for conversation in &all {
        // Both journals and both transcripts can be read as before.
        for session in replay.conversation(&conversation.id).await.unwrap() {
            assert_eq!(session.verdict, Verdict::Equal, "{session:?}");
        }
        assert!(!hospital.here.store().lines(&conversation.id, 0, 100).await.unwrap().is_empty());
    }
    let erased = hospital.here.erase_contact(&all[0].contact).await.unwrap().unwrap();
    assert_eq!((erased.conversations, erased.keys), (2, 2));
    assert!(hospital.all().await.is_empty());
    drop(replay);
    let rows = hospital.rows().await;
    assert_eq!(found(&rows, &["BR.77", NUMBER, "usuario", "numero", "os dois"]), Vec::<String>::new());
}
