//! What patients went through with the flows we ship is played again, while the service runs.

use serde_json::{Value, json};

use super::{ANA, JOAO, MARIA, identify, up_to_the_summary};
use crate::support::{World, flows_with};

async fn replayed(world: &World, arguments: &[&str]) -> Value {
    let (code, answer) = world.command(&[&["conversations", "replay", "--json"], arguments].concat()).await;
    assert_eq!(code, 0, "{answer}");
    serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

/// A booking, trouble with RM, an interrupt, a handoff, an abandoned question.
async fn a_morning() -> World {
    let world = World::start().await;
    let ana = world.phone(ANA.phone);
    up_to_the_summary(&ana, ANA).await;
    ana.tap("Marcar consulta").await;
    ana.hears("consulta marcada").await;
    let maria = world.phone(MARIA.phone);
    world.faults(json!([{ "target": "rm", "fault": { "status": 503 } }])).await;
    maria.say("agendar").await;
    maria.hears("*CPF*").await;
    maria.say(MARIA.cpf).await;
    maria.hears("não está respondendo agora").await;
    world.no_faults().await;
    maria.tap("Tentar de novo").await;
    identify(&maria, MARIA).await;
    maria.hears("convênio ou particular").await;
    maria.tap("Falar com atendente").await;
    maria.hears("chamando alguém da recepção").await;
    let joao = world.phone(JOAO.phone);
    joao.say("agendar").await;
    joao.hears("*CPF*").await;
    joao.say("não sei").await;
    joao.hears("CPF").await;
    world
}

#[tokio::test]
async fn a_morning_with_patients_comes_to_the_same_bytes() {
    let world = a_morning().await;
    let again = &replayed(&world, &["--all"]).await["of"]["again"];
    assert_eq!((&again["differ"], &again["left"]), (&json!(0), &json!({})), "{again}");
    assert_eq!(again["conversations"], 3, "{again}");
    assert!(again["turns"].as_u64().is_some_and(|turns| turns > 30), "{again}");
    assert_eq!(again["turns"], again["equal"], "{again}");

    // A release by the beginning of its name: the one they were played on.
    let (code, listed) = world.command(&["conversations", "list", "--json"]).await;
    assert_eq!(code, 0, "{listed}");
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    assert_eq!(listed["of"], 3, "{listed}");
    let all = listed["conversations"].as_array().expect("a list");
    let release = all.iter().find_map(|one| one["release"].as_str()).expect("a session is open");
    let other = &replayed(&world, &["--all", "--with", &release[..8]]).await["of"]["other"];
    assert_eq!(other["same"], again["sessions"], "{other}");
    let first = all[0]["conversation"].as_str().expect("an id");
    let (code, shown) = world.command(&["conversations", "show", first]).await;
    assert!(code == 0 && shown.contains("agendamento/"), "{shown}");
    for personal in [MARIA.cpf, ANA.cpf, JOAO.cpf, MARIA.phone, "Maria"] {
        assert!(!shown.contains(personal), "{shown}");
    }

    // The same flows, not published: nothing would have been otherwise.
    let same = flows_with(&[]);
    let same = same.to_str().expect("a path that is text");
    let other = &replayed(&world, &["--all", "--with", same]).await["of"]["other"];
    assert_eq!((&other["same"], &other["sessions"]), (&again["sessions"], &again["sessions"]), "{other}");
    // Other words, and another way: both are found where they are.
    let changed = flows_with(&[("Vamos marcar a consulta", "Bora marcar a consulta")]);
    let changed = changed.to_str().expect("a path that is text");
    let other = &replayed(&world, &["--all", "--with", changed]).await["of"]["other"];
    assert_eq!(other["way"], 0, "{other}");
    assert!(other["words"].as_u64().is_some_and(|words| words >= 2), "{other}");
    assert!(other["texts"].as_array().is_some_and(|texts| texts.iter().all(|text| text["kind"] == "text")));
    let example = other["texts"][0]["conversation"].as_str().expect("an example");
    let shown = replayed(&world, &[example, "--with", changed]).await.to_string();
    assert!(shown.contains("•••") && !shown.contains("Bora marcar"), "{shown}");
    let shown = replayed(&world, &[example, "--with", changed, "--reveal"]).await.to_string();
    assert!(shown.contains("Bora marcar"), "{shown}");
}

#[tokio::test]
async fn a_patient_who_wants_to_be_forgotten_is() {
    let world = a_morning().await;
    let (code, answer) = world.command(&["contacts", "find", "--json", "+55 (11) 98765-4321"]).await;
    assert_eq!(code, 0, "{answer}");
    let found: Value = serde_json::from_str(&answer).expect("JSON");
    assert_eq!(found[0]["conversations"][0]["with_people"], true, "{found}");
    let contact = found[0]["contact"].as_str().expect("a contact").to_owned();
    let conversation = found[0]["conversations"][0]["conversation"].as_str().expect("one").to_owned();

    let (code, answer) = world.command(&["contacts", "erase", &contact]).await;
    assert_eq!(code, 3, "nobody is there to be asked: {answer}");
    let (code, answer) = world.command(&["contacts", "erase", "--yes", "--json", &contact]).await;
    assert_eq!(code, 0, "{answer}");
    let erased: Value = serde_json::from_str(&answer).expect("JSON");
    assert_eq!((&erased["conversations"], &erased["keys"]), (&json!(1), &json!(1)), "{erased}");
    let (code, _) = world.command(&["contacts", "find", MARIA.phone]).await;
    assert_eq!(code, 1, "nobody has that phone any more");
    let (code, _) = world.command(&["contacts", "erase", "--yes", &contact]).await;
    assert_eq!(code, 2);

    let left = replayed(&world, &[&conversation]).await;
    assert_eq!(left["again"][0]["verdict"], json!({ "verdict": "left", "of": "erased" }), "{left}");
    let again = &replayed(&world, &["--all"]).await["of"]["again"];
    assert_eq!((&again["differ"], &again["left"]["erased"]), (&json!(0), &json!(1)), "{again}");

    let maria = world.phone(MARIA.phone);
    maria.say("bom dia").await;
    maria.hears("Olá").await;
}
