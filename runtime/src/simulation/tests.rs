//! Many histories; the same history twice; and histories with a mistake in them, which must be found.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::panics;
use super::run::{History, How, history};
use super::weather::Mistake;

/// Seeds in an ordinary test run; `FLUXO_SEEDS` asks for another number.
const SEEDS: u64 = 500;

/// Seeds within which each mistake must be found.
const FOUND_WITHIN: u64 = 400;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

/// Sums over many histories.
#[derive(Debug, Default)]
struct Sums {
    histories: u64,
    steps: u64,
    turns: u64,
    crashes: u64,
    doubled: u64,
    merged: u64,
    booked: u64,
    broken: Vec<(u64, String)>,
}

/// Runs seeds on all cores; ends early once `enough` are broken.
fn many(seeds: std::ops::Range<u64>, how: How, enough: usize) -> Sums {
    let (next, sums) = (AtomicU64::new(seeds.start), Mutex::new(Sums::default()));
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end || sums.lock().unwrap().broken.len() >= enough {
                        return panics::stop();
                    }
                    let History { broken, steps, turns, crashes, doubled, merged, booked, .. } =
                        history(seed, how);
                    let mut sums = sums.lock().unwrap();
                    sums.histories += 1;
                    sums.steps += steps;
                    sums.turns += u64::from(turns);
                    sums.crashes += u64::from(crashes);
                    sums.doubled += u64::from(doubled);
                    sums.merged += u64::from(merged);
                    sums.booked += booked as u64;
                    sums.broken.extend(broken.map(|what| (seed, what)));
                }
            });
        }
    });
    let mut sums = sums.into_inner().unwrap();
    sums.broken.sort();
    sums
}

/// A broken history, with its last events and how to see all of it.
fn told(seed: u64, how: How) -> String {
    let history = history(seed, How { traced: true, ..how });
    panics::stop();
    let from = history.trace.len().saturating_sub(40);
    format!(
        "seed {seed}: {}\n{}\nall of it: FLUXO_SEED={seed} cargo test -p fluxo simulation::tests::one_seed -- --nocapture",
        history.broken.as_deref().unwrap_or("nothing is broken when it is told"),
        history.trace[from..].join("\n"),
    )
}

#[test]
fn nothing_breaks_in_any_history() {
    let first = number("FLUXO_FIRST_SEED").unwrap_or(0);
    let seeds = first..first + number("FLUXO_SEEDS").unwrap_or(SEEDS);
    let sums = many(seeds, How::default(), 20);
    let Sums { histories, steps, turns, crashes, doubled, merged, booked, broken } = &sums;
    eprintln!(
        "{histories} histories, {steps} steps, {turns} turns, {crashes} crashes, {booked} bookings, {merged} merges, \
         {doubled} messages sent again in doubt"
    );
    if let Some((seed, _)) = broken.first() {
        let others: Vec<String> = broken.iter().map(|(seed, what)| format!("  {seed}: {what}")).collect();
        panic!("{}\n\nbroken seeds:\n{}", told(*seed, How::default()), others.join("\n"));
    }
    if *histories >= SEEDS {
        let enough = *turns > histories * 5 && *crashes > histories / 4;
        assert!(enough && *doubled > 0 && *merged > 0 && *booked > 0, "nothing much happened: {sums:?}");
    }
}

/// Tells one history: `FLUXO_SEED` says which.
#[test]
fn one_seed() {
    let seed = number("FLUXO_SEED").unwrap_or(0);
    let history = history(seed, How { traced: true, mistake: None });
    panics::stop();
    if std::env::var_os("FLUXO_SEED").is_some() {
        eprintln!("{}", history.trace.join("\n"));
    }
    assert_eq!(history.broken, None);
}

#[test]
fn a_seed_always_tells_the_same_history() {
    for seed in 0..20 {
        let how = How { traced: true, mistake: None };
        let one = history(seed, how).trace;
        // On another thread, whose tables are seeded otherwise.
        let other = thread::spawn(move || history(seed, how).trace).join().unwrap();
        panics::stop();
        assert!(one.len() > 10, "seed {seed} tells nothing");
        for (at, (one, other)) in one.iter().zip(&other).enumerate() {
            assert_eq!(one, other, "seed {seed}, line {at}");
        }
        assert_eq!(one.len(), other.len());
    }
}

#[test]
fn a_mistake_is_found() {
    for mistake in [
        Mistake::AcknowledgesBeforeTheDiskHasIt,
        Mistake::ForgetsWhatItSaw,
        Mistake::ForgetsTheFence,
        Mistake::LeavesNoMark,
        Mistake::RepeatsAtOnce,
        Mistake::HoldsNothing,
        Mistake::LeavesTimersArmed,
        Mistake::ForgetsWhatIsOver,
    ] {
        let found = many(0..FOUND_WITHIN, How { traced: false, mistake: Some(mistake) }, 1);
        let (seed, what) = found.broken.first().unwrap_or_else(|| panic!("{mistake:?} is not found"));
        eprintln!("{mistake:?}: seed {seed} of {}: {what}", found.histories);
    }
}
