//! A patient books.

use serde_json::json;

use super::{ANA, CHOICES, MARIA, day_and_time, from_the_insurer, held, up_to_the_summary};
use crate::support::World;

#[tokio::test]
async fn a_patient_books_and_rm_holds_the_appointment() {
    let world = World::start().await;
    let phone = world.phone(ANA.phone);
    let (day, time) = day_and_time(&up_to_the_summary(&phone, ANA).await);
    assert_eq!(held(&world, ANA, &day, &time).await, 0);
    phone.tap("Marcar consulta").await;
    phone.hears("consulta marcada").await;
    assert_eq!(held(&world, ANA, &day, &time).await, 1);
}

#[tokio::test]
async fn everything_can_be_typed_instead_of_tapped() {
    let world = World::start().await;
    let phone = world.phone(ANA.phone);
    phone.say("Bom dia, quero marcar consulta").await;
    phone.hears("*CPF*").await;
    phone.say("meu cpf é 123.456.789-09").await;
    phone.hears("data de nascimento").await;
    phone.say("27 de janeiro de 1994").await;
    phone.hears("convênio ou particular").await;
    phone.say("particular").await;
    phone.hears("Qual é a especialidade").await;
    phone.say("cardiologia").await;
    loop {
        let message = phone.hears_one_of(&CHOICES).await;
        match message["text"].as_str().unwrap_or_default() {
            text if text.contains("Posso marcar?") => break,
            text if text.contains("unidade") || text.contains("médico") => phone.say("tanto faz").await,
            _ => phone.say("1").await,
        };
    }
    phone.say("sim").await;
    phone.hears("consulta marcada").await;
    assert_eq!(world.appointments(ANA.cpf).await.len(), 1);
}

#[tokio::test]
async fn one_who_is_new_is_registered_first() {
    let world = World::start().await;
    let phone = world.phone("5511912345678");
    phone.say("agendar").await;
    phone.hears("escreva *novo*").await;
    phone.say("novo").await;
    phone.hears("LGPD").await;
    phone.say("concordo").await;
    let asked = phone.hears_one_of(&["*CPF*", "Você concorda"]).await;
    if asked["text"].as_str().is_some_and(|text| text.contains("concorda")) {
        phone.say("sim").await;
        phone.hears("*CPF*").await;
    }
    phone.say("390.533.447-05").await;
    phone.hears("nome completo").await;
    phone.say("Helena Martins Rocha").await;
    phone.hears("data de nascimento").await;
    phone.say("5/6/1990").await;
    phone.hears("*sexo*").await;
    phone.tap("Feminino").await;
    phone.hears("*e-mail*").await;
    phone.tap("Agora não").await;
    phone.hears("Está tudo certo?").await;
    phone.tap("Está certo").await;
    phone.hears("Cadastro pronto").await;
    let (day, time) = day_and_time(&from_the_insurer(&phone).await);
    phone.tap("Marcar consulta").await;
    phone.hears("consulta marcada").await;
    let new = super::Patient { phone: "5511912345678", cpf: "39053344705", born: "05/06/1990" };
    assert_eq!(held(&world, new, &day, &time).await, 1);
}

/// Two people want the same slot: the second hears so, is offered again, and books another.
#[tokio::test]
async fn a_slot_that_was_just_taken_is_offered_again() {
    for form in ["409", "400", "500"] {
        let world = World::start().await;
        let phone = world.phone(ANA.phone);
        let (day, time) = day_and_time(&up_to_the_summary(&phone, ANA).await);
        world
            .faults(
                json!([{ "target": "rm", "method": "POST", "path": "/api/hcg/v2/appointments", "times": 1,
                              "fault": { "conflict": form } }]),
            )
            .await;
        phone.tap("Marcar consulta").await;
        let told = phone.hears_one_of(&["ocupado por outra pessoa", "Não consegui marcar"]).await;
        assert_eq!(held(&world, ANA, &day, &time).await, 0, "{form}: {told}");
        if told["text"].as_str().is_some_and(|text| text.contains("Não consegui")) {
            phone.tap("Tentar de novo").await;
        } else {
            let times = phone.hears("Horários livres").await;
            phone.tap(times["rows"][1]["title"].as_str().expect("a second time")).await;
            phone.hears("Posso marcar?").await;
            phone.tap("Marcar consulta").await;
        }
        phone.hears("consulta marcada").await;
        assert_eq!(world.appointments(ANA.cpf).await.len(), 1, "{form}");
    }
}

/// RM takes the booking and the answer is lost: it is looked for, never booked twice.
#[tokio::test]
async fn a_lost_answer_does_not_book_twice() {
    let world = World::start().await;
    let phone = world.phone(ANA.phone);
    let (day, time) = day_and_time(&up_to_the_summary(&phone, ANA).await);
    world
        .faults(json!([{ "target": "rm", "method": "POST", "path": "/api/hcg/v2/appointments", "times": 1,
                          "fault": "cut_after_accepting" }]))
        .await;
    phone.tap("Marcar consulta").await;
    phone.hears("consulta marcada").await;
    assert_eq!(held(&world, ANA, &day, &time).await, 1);
    assert_eq!(world.rm_requests("POST", "/api/hcg/v2/appointments").await.len(), 1);
}

/// The request never arrived: the patient is told that nothing was booked and may try again.
#[tokio::test]
async fn a_cut_request_books_nothing_and_says_so() {
    let world = World::start().await;
    let phone = world.phone(ANA.phone);
    let (day, time) = day_and_time(&up_to_the_summary(&phone, ANA).await);
    world
        .faults(json!([{ "target": "rm", "method": "POST", "path": "/api/hcg/v2/appointments", "times": 1,
                          "fault": "cut_before" }]))
        .await;
    phone.tap("Marcar consulta").await;
    phone.hears("*não* foi registrada").await;
    assert_eq!(held(&world, ANA, &day, &time).await, 0);
    phone.tap("Tentar de novo").await;
    phone.hears("consulta marcada").await;
    assert_eq!(held(&world, ANA, &day, &time).await, 1);
}

#[tokio::test]
async fn a_wrong_birth_date_reveals_nothing() {
    let world = World::start().await;
    let phone = world.phone(MARIA.phone);
    phone.say("agendar").await;
    phone.hears("*CPF*").await;
    phone.say(MARIA.cpf).await;
    phone.hears("data de nascimento").await;
    for _ in 0..2 {
        phone.say("01/01/1970").await;
        phone.hears_one_of(&["Não encontrei um cadastro"]).await;
    }
    let heard = phone.heard().await.join("\n");
    assert!(!heard.contains("Aparecida") && !heard.contains("1968"), "{heard}");
}
