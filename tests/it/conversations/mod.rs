//! Conversations from the phone to RM and back: real HTTP both ways, the real binary, a real disk.

mod booking;
mod cancelling;
mod confirming;
mod delivery;
mod order;
mod people;
mod refusals;
mod replay;
mod restarts;
mod trouble;

use serde_json::Value;

use crate::support::{Phone, World};

/// A patient of the simulated hospital (docs/sandbox.md).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patient {
    pub(crate) phone: &'static str,
    pub(crate) cpf: &'static str,
    /// As people write it.
    pub(crate) born: &'static str,
}

/// Two appointments tomorrow.
pub(crate) const MARIA: Patient = Patient { phone: "5511987654321", cpf: "52998224725", born: "12/04/1968" };
/// One appointment tomorrow.
pub(crate) const JOAO: Patient = Patient { phone: "5511976543210", cpf: "11144477735", born: "03/09/1979" };
/// No appointment.
pub(crate) const ANA: Patient = Patient { phone: "5511965432109", cpf: "12345678909", born: "27/01/1994" };
/// One appointment tomorrow; an old account without the ninth digit.
const JOSE: Patient = Patient { phone: "5531996883193", cpf: "98765432100", born: "30/12/1955" };

/// Says who the patient is, when asked.
pub(crate) async fn identify(phone: &Phone, patient: Patient) {
    phone.hears("*CPF*").await;
    phone.say(patient.cpf).await;
    phone.hears("data de nascimento").await;
    phone.say(patient.born).await;
}

/// Goes from the first word of a booking to the summary, always with the first thing offered. Answers the summary.
pub(crate) async fn up_to_the_summary(phone: &Phone, patient: Patient) -> Value {
    phone.say("quero agendar uma consulta").await;
    identify(phone, patient).await;
    from_the_insurer(phone).await
}

/// What is asked on the way from the specialty to the summary, as far as there is something to choose.
const CHOICES: [&str; 5] = [
    "Em qual unidade",
    "preferência por algum médico",
    "dias com horário",
    "Horários livres",
    "Posso marcar?",
];

async fn from_the_insurer(phone: &Phone) -> Value {
    phone.hears("convênio ou particular").await;
    phone.tap("Particular").await;
    let specialties = phone.hears("Qual é a especialidade").await;
    phone.tap(&Phone::first_row(&specialties)).await;
    loop {
        let message = phone.hears_one_of(&CHOICES).await;
        let text = message["text"].as_str().unwrap_or_default();
        if text.contains("Posso marcar?") {
            return message;
        }
        let any = ["Qualquer unidade", "Sem preferência"].into_iter().find(|title| {
            message["rows"].as_array().is_some_and(|rows| rows.iter().any(|row| row["title"] == *title))
        });
        match any {
            Some(title) => phone.tap(title).await,
            None => phone.tap(&Phone::first_row(&message)).await,
        };
    }
}

/// The appointment as the summary or the farewell names it: day (DD/MM) and time.
pub(crate) fn day_and_time(message: &Value) -> (String, String) {
    let text = message["text"].as_str().unwrap_or_default();
    let is_time = |word: &&str| word.len() == 5 && word.as_bytes()[2] == b':';
    let time =
        text.split_whitespace().find(is_time).unwrap_or_else(|| panic!("no time in {text:?}")).to_owned();
    let day = text
        .split(|c: char| !c.is_ascii_digit() && c != '/')
        .find(|word| word.len() >= 5 && word.as_bytes()[2] == b'/')
        .unwrap_or_else(|| panic!("no day in {text:?}"))[..5]
        .to_owned();
    (day, time)
}

/// The appointments of a patient that RM holds on a day (DD/MM) at a time.
pub(crate) async fn held(world: &World, patient: Patient, day: &str, time: &str) -> usize {
    let all = world.appointments(patient.cpf).await;
    all.iter()
        .filter(|one| {
            let date = one["date"].as_str().unwrap_or_default();
            one["time"] == time && date.len() == 10 && format!("{}/{}", &date[8..10], &date[5..7]) == day
        })
        .count()
}
