//! Trouble of the world while the run lasts: slow and lost answers, refusals, tokens that expire, times without statuses.

use std::sync::Arc;

use serde_json::{Value, json};

use super::chance::Chance;
use super::stage::Stage;
use super::world::{few_statuses, many_statuses, no_statuses};

/// The booking that is not safe to repeat.
const BOOKING: &str = "/api/hcg/v2/appointments";

/// Until the run is over.
pub(super) async fn make(stage: Arc<Stage>) {
    let mut chance = Chance::of(stage.seed, "trouble");
    loop {
        tokio::time::sleep(chance.millis(150..=700)).await;
        if stage.is_over() {
            return;
        }
        let (times, ms) = (chance.within(1..=3), chance.within(50..=1500));
        let rm = |fault: Value| json!({ "target": "rm", "path_prefix": "/api/hcg", "times": times, "fault": fault });
        let booking = |fault: Value| json!({ "target": "rm", "method": "POST", "path": BOOKING, "times": times, "fault": fault });
        // Messages only: a read mark that fails is nobody's loss.
        let message = |times: u64, fault: Value| json!({ "target": "graph", "body_has": "type", "times": times, "fault": fault });
        let done = match chance.within(0..=15) {
            0..=2 => stage.world.fault(rm(json!({ "slow_ms": ms }))).await,
            3 => stage.world.fault(rm(json!({ "status": 503 }))).await,
            4 => stage.world.fault(rm(json!("html"))).await,
            5 => stage.world.fault(booking(json!("cut_after_accepting"))).await,
            6 => stage.world.fault(booking(json!("cut_before"))).await,
            7 => stage.world.fault(booking(json!({ "slow_ms": ms }))).await,
            8 => stage.world.expire_tokens().await,
            9 | 10 => stage.world.fault(message(times, json!({ "slow_ms": ms / 3 }))).await,
            11 => stage.world.fault(message(times, json!({ "status": 503 }))).await,
            12 => stage.world.fault(message(times, json!("cut_after_accepting"))).await,
            // Holds a conversation up for half a minute.
            13 => stage.world.fault(message(1, json!("cut_before"))).await,
            14 => {
                let statuses = match chance.within(0..=3) {
                    0 => no_statuses(),
                    1 => many_statuses(),
                    _ => few_statuses(),
                };
                stage.world.settings(statuses).await
            }
            _ => stage.world.settings(few_statuses()).await,
        };
        if let Err(error) = done {
            stage.kit_failed(&error);
        }
    }
}
