//! Books one slot after the other; now and then one that somebody else wants too, or thinks better of it.

use std::sync::Arc;

use super::Deeds;
use crate::crashtest::chance::Chance;
use crate::crashtest::phone::{Phone, Silence, number};
use crate::crashtest::stage::Stage;
use crate::crashtest::world::Slot;

/// How a booking may end.
const ENDS: [&str; 4] = ["Marcada: ", "Ocupada: ", "Não marcada: ", "De volta: "];

/// Until the run is over, or until all of the patient's slots were asked for.
pub(in crate::crashtest) async fn patient(stage: Arc<Stage>, n: usize, slots: Vec<Slot>) -> Deeds {
    let mut chance = Chance::of(stage.seed, &format!("booker {n}"));
    let mut person = 0;
    let mut phone = Phone::new(&stage, number(2, n, person));
    let mut deeds = Deeds::default();
    for (round, slot) in slots.iter().enumerate() {
        if stage.is_over() {
            break;
        }
        let code = format!("m{n:02}-{round:03}");
        deeds.bookings.push(code.clone());
        if book(&mut phone, &mut chance, &code, slot).await.is_err() {
            person += 1;
            phone = Phone::new(&stage, number(2, n, person));
        }
        tokio::time::sleep(chance.millis(0..=100)).await;
    }
    deeds
}

async fn book(phone: &mut Phone, chance: &mut Chance, code: &str, slot: &Slot) -> Result<(), Silence> {
    phone.say("marcar").await;
    phone.hear(&["Qual vaga?"]).await?;
    phone.say(&format!("{code} {} {} {}", slot.schedule, slot.date, slot.time)).await;
    let asked = format!("Posso marcar: {code}");
    let not_booked = format!("{}{code}", ENDS[2]);
    if phone.hear(&[&asked, &not_booked]).await? == 1 {
        return Ok(());
    }
    if chance.percent(10) {
        phone.tap("Desistir").await;
        return phone.hear(&[&format!("Desistiu: {code}")]).await.map(drop);
    }
    phone.tap("Marcar").await;
    let ends = ENDS.map(|end| format!("{end}{code}"));
    phone.hear(&ends.each_ref().map(String::as_str)).await.map(drop)
}
