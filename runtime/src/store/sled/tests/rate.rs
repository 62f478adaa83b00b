//! A measurement: durable commits a second, alone and in company.

use std::time::{Duration, Instant};

use super::{long, open, place, put};

/// Values of 2 KB over 10,000 keys spread at random. Run it alone:
/// `cargo test --release -p fluxo --lib durable_commits -- --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn durable_commits_per_second() {
    for workers in [1u64, 64, 256] {
        let place = place();
        let store = open(place.path());
        let (started, until) = (Instant::now(), Instant::now() + Duration::from_secs(5));
        let mut running = tokio::task::JoinSet::new();
        for worker in 0..workers {
            let store = store.clone();
            running.spawn(async move {
                let mut latencies = Vec::new();
                let mut at = worker.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                while Instant::now() < until {
                    at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let began = Instant::now();
                    put(&store, &format!("k{:05}", (at >> 33) % 10_000), 0, long(2048)).await.unwrap();
                    latencies.push(began.elapsed());
                }
                latencies
            });
        }
        let mut latencies: Vec<Duration> = running.join_all().await.into_iter().flatten().collect();
        let rate = latencies.len() as f64 / started.elapsed().as_secs_f64();
        latencies.sort();
        let at = |share: f64| latencies[(latencies.len() as f64 * share) as usize];
        eprintln!(
            "{workers:>4} writers: {rate:>7.0} durable commits/s, p50 {:?}, p99 {:?}, {:.1} commits a sync",
            at(0.5),
            at(0.99),
            latencies.len() as f64 / store.groups() as f64,
        );
    }
}
