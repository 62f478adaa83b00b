//! `kill -9` in the middle of everything: each conversation ends as if nothing had happened.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{ANA, CHOICES, day_and_time, held, up_to_the_summary};
use crate::support::{Phone, World};

#[tokio::test]
async fn a_conversation_goes_on_after_a_kill() {
    let mut world = World::start().await;
    let phone = world.phone(ANA.phone);
    let (day, time) = day_and_time(&up_to_the_summary(&phone, ANA).await);
    world.kill();
    phone.send("tap", json!({ "title": "Marcar consulta", "wait": false })).await;
    world.restart().await;
    phone.hears("consulta marcada").await;
    assert_eq!(held(&world, ANA, &day, &time).await, 1);
}

const KILLS: usize = 50;
const PEOPLE: usize = 8;

/// A patient of the simulated RM, from its register.
#[derive(Debug, Clone)]
struct Somebody {
    phone: String,
    cpf: String,
    born: String,
    /// Appointments RM holds before the test.
    before: usize,
    /// Where they stand in the crowd: each wants another specialty and day, or they would fight for the same slots.
    place: usize,
}

/// What else may follow a choice.
const ENDS: [&str; 4] =
    ["consulta marcada", "ocupado por outra", "*não* foi registrada", "Não sobrou horário"];

const SPECIALTIES: [&str; 6] =
    ["cardiologia", "clínica médica", "dermatologia", "gastroenterologia", "neurologia", "oftalmologia"];

async fn register(world: &World) -> Vec<Somebody> {
    let answer = world
        .client
        .get(format!("{}/rm/api/hcg/v2/patients?companyId=1&pageSize=100", world.sandbox))
        .basic_auth(&world.options.rm_user, Some(&world.options.rm_password))
        .send()
        .await
        .expect("RM answers");
    let answer: Value = answer.json().await.expect("RM answers in JSON");
    let items = answer["items"].as_array().expect("a list of patients");
    let people: Vec<Somebody> = items
        .iter()
        .skip(10)
        .filter_map(|item| {
            let born = item["BirthDate"].as_str()?.get(..10)?;
            Some(Somebody {
                phone: String::new(),
                cpf: item["CPF"].as_str()?.to_owned(),
                born: format!("{}/{}/{}", &born[8..10], &born[5..7], &born[..4]),
                before: 0,
                place: 0,
            })
        })
        .take(PEOPLE)
        .enumerate()
        .map(|(n, somebody)| Somebody { phone: format!("55119810000{n:02}"), place: n, ..somebody })
        .collect();
    assert_eq!(people.len(), PEOPLE, "the register has enough people");
    people
}

/// Books until told to stop; answers how often the patient was told that it is booked.
async fn books_again_and_again(
    phone: Phone,
    somebody: Somebody,
    stop: Arc<AtomicBool>,
    steps: Arc<AtomicUsize>,
) -> (Phone, Somebody, usize) {
    let mut booked = 0;
    while !stop.load(Ordering::Relaxed) {
        let say = |text: String| {
            steps.fetch_add(1, Ordering::Relaxed);
            let phone = &phone;
            async move { phone.say_with(&text, json!({ "wait": false })).await }
        };
        say("quero agendar".to_owned()).await;
        phone.hears("*CPF*").await;
        say(somebody.cpf.clone()).await;
        phone.hears("data de nascimento").await;
        say(somebody.born.clone()).await;
        phone.hears("convênio ou particular").await;
        say("particular".to_owned()).await;
        phone.hears("Qual é a especialidade").await;
        say(SPECIALTIES[somebody.place % SPECIALTIES.len()].to_owned()).await;
        let mut last = String::new();
        loop {
            let message = phone.hears_one_of(&[&CHOICES[..], &ENDS].concat()).await;
            let text = message["text"].as_str().unwrap_or_default().to_owned();
            assert_ne!(text, last, "{} was told twice:\n{}", phone.number, phone.chat().await);
            last.clone_from(&text);
            let answer = if text.contains("Posso marcar?") {
                "marcar consulta"
            } else if text.contains("consulta marcada") {
                booked += 1;
                break;
            } else if text.contains("ocupado por outra") {
                continue;
            } else if text.contains("registrada") {
                "tentar de novo"
            } else if text.contains("Não sobrou") {
                "outro dia"
            } else if text.contains("dias com horário") {
                ["1", "2", "3", "4", "5", "6", "7", "8"][(somebody.place + booked) % 8]
            } else if text.contains("unidade") || text.contains("médico") {
                "tanto faz"
            } else {
                "1"
            };
            say(answer.to_owned()).await;
        }
        let after = phone.hears_one_of(&["por e-mail", "Até lá"]).await;
        if after["text"].as_str().is_some_and(|text| text.contains("e-mail")) {
            say("não precisa".to_owned()).await;
            phone.hears("Até lá").await;
        }
    }
    (phone, somebody, booked)
}

/// Fifty kills at moments drawn from a seed, under a load of bookings.
#[tokio::test]
async fn fifty_kills_under_load() {
    let mut world = World::start().await;
    let mut people = register(&world).await;
    for somebody in &mut people {
        somebody.before = world.appointments(&somebody.cpf).await.len();
    }
    let (stop, steps) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut talks = JoinSet::new();
    for somebody in people {
        let phone = world.phone(&somebody.phone);
        talks.spawn(books_again_and_again(phone, somebody, Arc::clone(&stop), Arc::clone(&steps)));
    }
    let mut seed: u64 = 0x5eed_f1c0;
    for kill in 0..KILLS {
        // xorshift64: moments that look random and are the same in every run.
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        tokio::time::sleep(Duration::from_millis(100 + seed % 900)).await;
        world.kill();
        world.restart().await;
        assert!(!talks.is_empty(), "all talks ended before kill {kill}");
    }
    stop.store(true, Ordering::Relaxed);
    let mut told = 0;
    while let Some(talk) = talks.join_next().await {
        let (phone, somebody, booked) = talk.expect("a talk ends as if nothing had happened");
        told += booked;
        let made = world.appointments(&somebody.cpf).await.len() - somebody.before;
        assert_eq!(
            made,
            booked,
            "{}: what RM made and what was told differ:\n{}",
            phone.number,
            phone.chat().await
        );
        assert_eq!(phone.times_heard("consulta marcada").await, booked, "{}", phone.chat().await);
    }
    assert!(told > 0, "nobody booked anything in {} steps", steps.load(Ordering::Relaxed));
    let posted = world.rm_requests("POST", "/api/hcg/v2/appointments").await;
    println_for_people(&format!(
        "{KILLS} kills, {told} bookings told, {} requests to book, {} messages sent by patients",
        posted.len(),
        steps.load(Ordering::Relaxed)
    ));
}

/// What a person who runs the test with `--nocapture` wants to know.
#[allow(clippy::print_stdout)]
fn println_for_people(text: &str) {
    println!("{text}");
}
