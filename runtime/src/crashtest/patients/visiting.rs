//! Asks for somebody at the desk, talks with them, and comes back to the flow.

use std::sync::Arc;

use super::Deeds;
use crate::crashtest::attendants::{FAREWELL, GREETING, THANKS};
use crate::crashtest::chance::Chance;
use crate::crashtest::phone::{Phone, Silence, number};
use crate::crashtest::stage::Stage;

/// Until the run is over.
pub(in crate::crashtest) async fn patient(stage: Arc<Stage>, n: usize) -> Deeds {
    let mut chance = Chance::of(stage.seed, &format!("guest {n}"));
    let mut person = 0;
    let mut phone = Phone::new(&stage, number(4, n, person));
    let mut deeds = Deeds::default();
    while !stage.is_over() {
        let code = format!("g{n:02}-{:03}", deeds.visits.len());
        deeds.visits.push(code.clone());
        if visit(&mut phone, &mut chance, &code, &mut deeds.for_people).await.is_err() {
            person += 1;
            phone = Phone::new(&stage, number(4, n, person));
        }
        tokio::time::sleep(chance.millis(0..=200)).await;
    }
    deeds
}

async fn visit(
    phone: &mut Phone,
    chance: &mut Chance,
    code: &str,
    for_people: &mut Vec<String>,
) -> Result<(), Silence> {
    phone.say("atendente").await;
    phone.hear(&["Qual é o assunto?"]).await?;
    phone.say(code).await;
    phone.hear(&[&format!("Chamando: {code}")]).await?;
    for word in 0..chance.within(0..=3) {
        let text = format!("conto {code}-{word}");
        phone.say(&text).await;
        for_people.push(text);
    }
    phone.hear(&[&format!("{GREETING}{code}")]).await?;
    let thanks = format!("{THANKS}{code}");
    phone.say(&thanks).await;
    for_people.push(thanks);
    phone.hear(&[&format!("{FAREWELL}{code}")]).await?;
    phone.hear(&[&format!("De volta: {code}")]).await.map(drop)
}
