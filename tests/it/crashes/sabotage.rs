//! Proof that the kit notices: a world that lies once, and a disk that forgets.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use fluxo::crashtest::{Crowd, Detours, Plan, Promise, Report};

use super::liar::{self, Lie};
use super::{disk, plan};

/// A short run without a kill: what is found is the lie's.
async fn with_a_lie(lie: Lie) -> Report {
    let folder = disk();
    let (detour, told) = liar::start(lie).await;
    let (detour, until) = (Some(detour), Some(told));
    let detours = match lie {
        Lie::MessageSwallowed | Lie::MessageTwice => {
            Detours { webhooks: detour, until, ..Detours::default() }
        }
        Lie::ReplySwallowed
        | Lie::ReplyTwice
        | Lie::ReplyLate
        | Lie::BookingInvented
        | Lie::BookingDenied => Detours { world: detour, until, ..Detours::default() },
    };
    let plan = Plan {
        patience: Duration::from_secs(30),
        crowd: Crowd { writers: 4, bookers: 4, confirmers: 1, guests: 1 },
        trouble: false,
        detours,
        ..plan(&folder, 0, 1)
    };
    fluxo::crashtest::run(&plan, &|_| {}).await.expect("the run is made")
}

/// The first broken promise, which is told to people with the way to repeat it.
fn first(report: &Report) -> Promise {
    let first = report.broken.first().unwrap_or_else(|| panic!("nothing was noticed:\n{report}"));
    let told = report.to_string();
    assert!(told.contains("PROMESSA QUEBRADA") && told.contains(&first.example), "{told}");
    assert!(told.contains(&format!("--seed {}", report.seed)), "{told}");
    first.promise
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledged_message_that_is_lost_is_noticed() {
    assert_eq!(first(&with_a_lie(Lie::MessageSwallowed).await), Promise::AcknowledgedKept);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_played_twice_is_noticed() {
    let report = with_a_lie(Lie::MessageTwice).await;
    assert_eq!(first(&report), Promise::PlayedOnce);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_is_lost_is_noticed() {
    assert_eq!(first(&with_a_lie(Lie::ReplySwallowed).await), Promise::SaidOrListed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_comes_twice_is_noticed() {
    assert_eq!(first(&with_a_lie(Lie::ReplyTwice).await), Promise::SaidOnce);
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_out_of_order_are_noticed() {
    assert_eq!(first(&with_a_lie(Lie::ReplyLate).await), Promise::OutboundInOrder);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_that_was_told_and_not_made_is_noticed() {
    assert_eq!(first(&with_a_lie(Lie::BookingInvented).await), Promise::BookingsAsTold);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_that_was_made_and_denied_is_noticed() {
    assert_eq!(first(&with_a_lie(Lie::BookingDenied).await), Promise::BookingsAsTold);
}

/// A few kills on a disk that goes back to what it held after the second of them; `part` says which files do.
async fn on_a_disk_that_forgets(part: fn(&str) -> bool) -> Report {
    let folder = disk();
    let before = disk();
    let (deaths, kept) = (AtomicU32::new(0), before.path().to_owned());
    let between_lives = move |store: &Path| match deaths.fetch_add(1, Ordering::SeqCst) {
        1 => copy(store, &kept, |_| true),
        4 => {
            forget(store, part);
            copy(&kept, store, part);
        }
        _ => {}
    };
    let plan = Plan {
        patience: Duration::from_secs(20),
        crowd: Crowd { writers: 8, bookers: 4, confirmers: 2, guests: 1 },
        trouble: false,
        detours: Detours { between_lives: Some(Arc::new(between_lives)), ..Detours::default() },
        ..plan(&folder, 5, 1)
    };
    fluxo::crashtest::run(&plan, &|_| {}).await.expect("the run is made")
}

fn forget(store: &Path, part: fn(&str) -> bool) {
    for entry in std::fs::read_dir(store).expect("a folder").flatten() {
        if entry.path().is_file() && part(&entry.file_name().to_string_lossy()) {
            std::fs::remove_file(entry.path()).expect("a file can be removed");
        }
    }
}

fn copy(from: &Path, to: &Path, part: fn(&str) -> bool) {
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        let name = entry.file_name();
        let target = to.join(&name);
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).expect("a folder can be made");
            copy(&entry.path(), &target, part);
        } else if entry.path().is_file() && part(&name.to_string_lossy()) {
            std::fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_forgets_what_was_acknowledged_is_noticed() {
    let report = on_a_disk_that_forgets(|name| name != "lock").await;
    assert_eq!(first(&report), Promise::AcknowledgedKept, "{report}");
}

/// The store itself notices when only its data go back: it does not open, and never silently without them.
#[tokio::test(flavor = "multi_thread")]
async fn data_that_go_back_behind_the_stores_back_are_refused_at_the_next_start() {
    let report = on_a_disk_that_forgets(|name| name == "db" || name.starts_with("snap.")).await;
    assert_eq!(first(&report), Promise::Starts, "{report}");
}
