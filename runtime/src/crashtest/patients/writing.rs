//! Writes in bursts, without waiting for answers, sometimes delivered twice or thrice.

use std::sync::Arc;

use super::Deeds;
use crate::crashtest::chance::Chance;
use crate::crashtest::phone::{Phone, number};
use crate::crashtest::stage::Stage;

/// Until the run is over.
pub(in crate::crashtest) async fn patient(stage: Arc<Stage>, n: usize) -> Deeds {
    let mut chance = Chance::of(stage.seed, &format!("writer {n}"));
    let mut person = 0;
    let mut phone = Phone::new(&stage, number(1, n, person));
    let mut deeds = Deeds::default();
    while !stage.is_over() {
        let mut last = String::new();
        for _ in 0..chance.within(1..=6) {
            last = format!("e{n:02}-{:04}", deeds.noted.len());
            deeds.noted.push(last.clone());
            match chance.percent(15) {
                true => phone.say_times(&last, chance.within(2..=3)).await,
                false => phone.say(&last).await,
            }
        }
        if phone.hear(&[&format!("Anotado: {last}")]).await.is_err() {
            person += 1;
            phone = Phone::new(&stage, number(1, n, person));
        }
        tokio::time::sleep(chance.millis(0..=150)).await;
    }
    deeds
}
