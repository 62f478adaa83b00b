//! A patient books.

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
