//! Three hundred kills. `FLUXO_SEED` draws others than the usual ones.

use super::{disk, plan};

const KILLS: u32 = 300;
const SEED: u64 = 1;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_is_done_twice_over_three_hundred_kills() {
    let seed = match std::env::var("FLUXO_SEED") {
        Ok(text) => text.parse().expect("FLUXO_SEED is a number"),
        Err(_) => SEED,
    };
    tell(&format!("FLUXO_SEED={seed}"));
    let folder = disk();
    let report = fluxo::crashtest::run(&plan(&folder, KILLS, seed), &|_| {}).await.expect("the run is made");
    tell(&report.to_string());
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.kills, KILLS);
    // A run in which little happened proves little.
    assert!(report.kills_while_starting >= KILLS / 20, "{report}");
    assert!(report.doubts.resolved_by_status > 0, "{report}");
    assert!(report.stops > 0 && report.starts_without_world > 0, "{report}");
    let tallies = report.tallies;
    assert!(tallies.booked > 0 && tallies.confirmed > 0, "{report}");
    assert!(tallies.written > 1_000 && tallies.delivered > tallies.written as u64, "{report}");
    let left = std::fs::read_dir(folder.path()).expect("the folder is there").count();
    assert_eq!(left, 0, "a clean run leaves nothing behind");
}

/// What a person who looks at the run wants to know.
#[allow(clippy::print_stdout)]
fn tell(text: &str) {
    println!("{text}");
}
