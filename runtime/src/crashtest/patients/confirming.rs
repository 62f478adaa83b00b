//! Is asked, by a flow that the API starts, whether they come; confirms or cancels by a button.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::Deeds;
use crate::crashtest::chance::Chance;
use crate::crashtest::phone::{Phone, Silence, number};
use crate::crashtest::project::STARTED_BY_API;
use crate::crashtest::stage::Stage;

/// How long to wait before the API is asked again.
const AGAIN: Duration = Duration::from_millis(80);

/// Until the run is over or an answer does not come, always about the same appointment.
pub(in crate::crashtest) async fn patient(stage: Arc<Stage>, n: usize, appointment: String) -> Deeds {
    let mut chance = Chance::of(stage.seed, &format!("confirmer {n}"));
    let mut phone = Phone::new(&stage, number(3, n, 0));
    let mut deeds = Deeds::default();
    while !stage.is_over() {
        let code = format!("p{n:02}-{:03}", deeds.presences.len());
        if !start(&stage, &phone.number, &code, &appointment).await {
            break;
        }
        deeds.presences.push((code.clone(), appointment.clone()));
        if answer(&mut phone, &mut chance, &code).await.is_err() {
            // What was tapped may still reach RM: nobody else is asked about this appointment.
            break;
        }
        tokio::time::sleep(chance.millis(50..=400)).await;
    }
    deeds
}

/// Asks the API until it says yes; one key, so that a lost answer starts nothing twice.
async fn start(stage: &Stage, phone: &str, code: &str, appointment: &str) -> bool {
    let body = json!({
        "flow": STARTED_BY_API,
        "to": { "phone": format!("+{phone}") },
        "inputs": { "consulta": appointment, "codigo": code },
    });
    let begun = Instant::now();
    loop {
        match stage.service.api("Agenda", "POST", "/api/sessions", Some(&body), Some(code)).await {
            Ok(Some((202, _))) => return true,
            Ok(Some((status @ 400..=499, body))) => {
                stage.kit_failed(&anyhow::anyhow!("the API refuses to start a flow: {status} {body}"));
                return false;
            }
            // Down, or about to be.
            Ok(Some(_) | None) => {}
            Err(error) => stage.kit_failed(&error),
        }
        if begun.elapsed() > stage.patience || stage.is_hopeless() {
            let wanted = vec![format!("POST /api/sessions {code}")];
            stage.silent(Silence { number: phone.to_owned(), wanted });
            return false;
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn answer(phone: &mut Phone, chance: &mut Chance, code: &str) -> Result<(), Silence> {
    phone.hear(&[code]).await?;
    phone.tap(if chance.percent(50) { "Sim, confirmar" } else { "Não, cancelar" }).await;
    let ends = ["Confirmada: ", "Cancelada: ", "Não gravei: "].map(|end| format!("{end}{code}"));
    phone.hear(&ends.each_ref().map(String::as_str)).await.map(drop)
}
