//! Tries the promises on a disk: the service, as a process of its own under load, is killed again and again, and then the
//! books are compared. A suite of ours and a command of the operators', who try their own disk with it.
//!
//! 1. [`project`] is written, the simulated [`world`] starts, and `serve` starts on a fresh store.
//! 2. [`patients`] write, book, confirm and ask for people, [`attendants`] serve them, and there is [`trouble`].
//! 3. Meanwhile [`kills`]. What the world sees goes into the [`ledger`].
//! 4. The trouble ends, everybody ends what they have begun, and the service is asked to stop.
//! 5. The [`audit`] compares chats, ledger, RM and what the store [`held`]; the [`report`] tells.

mod attendants;
mod audit;
mod chance;
mod held;
mod kills;
mod ledger;
mod patients;
mod phone;
mod plan;
mod project;
mod report;
mod service;
mod stage;
mod trouble;
mod wire;
mod world;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use jiff::Timestamp;
use serde_json::Value;
use tokio::task::JoinSet;

pub use audit::{Breach, Promise, Tallies};
pub use plan::{Crowd, Detour, Detours, Meddling, Plan};
pub use report::{Doubts, Percentiles, Report};

use audit::Evidence;
use kills::{Deaths, Outcome};
use ledger::Ledger;
use patients::{Deeds, booking, confirming, visiting, writing};
use service::{Service, Start};
use stage::Stage;
use world::{Slot, World};

/// How often the world's book is read: it keeps the newest 20,000 requests only.
const READ: Duration = Duration::from_millis(400);
/// How often it is looked whether anything is left to do.
const LOOK: Duration = Duration::from_millis(100);
/// Slots for each who books: more than a long run needs.
const SLOTS: usize = 60;
/// All chats as the books have them, kept when a promise is broken.
const BOOKS: &str = "books.json";
/// A patient of the simulated register; the day's appointments of those who confirm are in this name.
const SOMEBODY: &str = "52998224725";
/// Names at the desk.
const DESK: [&str; 2] = ["Paula", "Rui"];

/// Carries out a plan. `progress` hears of the number of kills.
///
/// # Errors
/// When the run itself cannot be made: the folder cannot be written, the program cannot be started. A broken promise is
/// no error but stands in the report.
pub async fn run(plan: &Plan, progress: &(dyn Fn(u32) + Send + Sync)) -> anyhow::Result<Report> {
    let begun = Instant::now();
    let folder = own_folder(&plan.directory, plan.seed)?;
    let service = Arc::new(Service::new(&plan.program, &folder)?);
    project::write(service.project()).with_context(|| format!("cannot write below {}", folder.display()))?;
    let world = Arc::new(World::start(&service.base(), plan.seed, &plan.detours).await?);
    let stage = Arc::new(Stage::new(Arc::clone(&world), Arc::clone(&service), plan.seed, plan.patience));

    let played = play(&stage, plan, progress).await;
    drop(stage);
    // Everybody has gone; whoever has not goes with the process.
    if let Some(world) = Arc::into_inner(world) {
        world.end().await;
    }
    let played = played?;
    let evidence = played.evidence;
    let (mut broken, tallies) = audit::compare(&evidence);
    if let Some(what) = played.store {
        broken.insert(0, Breach { promise: Promise::StoreWhole, count: 1, example: what });
    }
    if let Some(why) = played.failed {
        broken.insert(0, Breach { promise: Promise::Starts, count: 1, example: why });
    }
    let clean = broken.is_empty();
    let report = Report {
        seed: plan.seed,
        kills: played.deaths.kills,
        kills_while_starting: played.deaths.while_starting,
        stops: played.deaths.stops,
        starts_without_world: played.deaths.without_world,
        tallies,
        requests: evidence.ledger.requests,
        doubts: doubts(&service.told(), &evidence.ledger),
        ready_ms: Percentiles::of(&played.deaths.ready),
        seconds: begun.elapsed().as_secs(),
        broken,
        kept_in: (!clean).then(|| folder.clone()),
    };
    if !clean {
        let books = serde_json::to_vec_pretty(&evidence.in_json())?;
        std::fs::write(folder.join(BOOKS), books).context("the books cannot be kept")?;
    }
    if clean {
        std::fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(report)
}

/// What a run left for the audit.
struct Played {
    evidence: Evidence,
    deaths: Deaths,
    /// Why the service did not start or stop.
    failed: Option<String>,
    /// What the store's own check finds.
    store: Option<String>,
}

async fn play(
    stage: &Arc<Stage>,
    plan: &Plan,
    progress: &(dyn Fn(u32) + Send + Sync),
) -> anyhow::Result<Played> {
    let world = &stage.world;
    let mut life = stage.service.begin(world)?;
    if let Start::Failed(why) = stage.service.ready(&mut life).await? {
        anyhow::bail!("the service does not start on a fresh store: {why}");
    }
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let reader = tokio::spawn(read(Arc::clone(world), Arc::clone(&ledger)));
    let mut people = patients(stage, plan.crowd).await?;
    let mut desk = JoinSet::new();
    for name in DESK {
        desk.spawn(attendants::attend(Arc::clone(stage), name));
    }
    let trouble = plan.trouble.then(|| tokio::spawn(trouble::make(Arc::clone(stage))));

    let (mut deaths, outcome) = kills::go(stage, plan, life, progress).await?;
    if matches!(outcome, Outcome::Alive(_)) {
        tokio::time::sleep(plan.calm).await;
        if let Some(until) = &plan.detours.until {
            let begun = Instant::now();
            while !until() && begun.elapsed() < plan.patience {
                tokio::time::sleep(LOOK).await;
            }
        }
    }
    stage.end();
    if let Some(trouble) = trouble {
        trouble.abort();
        // Whether it was cut short or had ended: it makes no more.
        let _ = trouble.await;
    }
    let mut failed = None;
    let mut deeds = Deeds::default();
    match outcome {
        Outcome::Alive(mut life) => {
            world.no_trouble().await?;
            while let Some(ended) = people.join_next().await {
                deeds = deeds.and(ended.context("a patient of the kit failed")?);
            }
            desk.shutdown().await;
            quiet(stage).await?;
            life.ask_to_stop().await?;
            match life.end().await? {
                Some(status) if status.success() => {}
                Some(status) => failed = Some(format!("SIGTERM: {status}")),
                None => failed = Some("SIGTERM: it does not end".to_owned()),
            }
        }
        Outcome::Failed(why) => {
            // Nobody will be answered any more: what they did so far is not known, and does not matter.
            people.shutdown().await;
            desk.shutdown().await;
            deaths.at_ms.push(Timestamp::now().as_millisecond());
            let store = stage.service.check_store().await?;
            return Ok(Played { evidence: Evidence::default(), deaths, failed: Some(why), store });
        }
    }
    reader.abort();
    let _ = reader.await;
    if let Some(why) = stage.failure() {
        anyhow::bail!("the kit itself failed: {why}");
    }
    let mut ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner).clone();
    ledger.note(world.requests(ledger.after()), i64::MAX);
    let store = stage.service.check_store().await?;
    let held = held::read(stage.service.store()).await;
    let held = match held {
        Ok(held) => held,
        Err(error) => {
            failed = Some(format!("{error}"));
            return Ok(Played { evidence: Evidence::default(), deaths, failed, store });
        }
    };
    let evidence = Evidence {
        deeds,
        silences: stage.silences(),
        chats: world.chats(),
        ledger,
        webhooks_pending: world.webhooks_pending().await?,
        held,
        given_up: told_of(&stage.service.told(), "given up"),
        appointments: world.appointments().await?,
        deaths: deaths.at_ms.clone(),
    };
    Ok(Played { evidence, deaths, failed, store })
}

/// A folder that was not there before, in the one that is to be tried.
fn own_folder(directory: &Path, seed: u64) -> anyhow::Result<PathBuf> {
    let name = format!("crashtest-{seed}-{}", std::process::id());
    let folder = std::path::absolute(directory.join(name))?;
    std::fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
    std::fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

/// Reads the world's book for as long as it is let.
async fn read(world: Arc<World>, ledger: Arc<Mutex<Ledger>>) {
    loop {
        tokio::time::sleep(READ).await;
        let mut ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
        let news = world.requests(ledger.after());
        ledger.note(news, Timestamp::now().as_millisecond());
    }
}

/// Brings everybody on the stage.
async fn patients(stage: &Arc<Stage>, crowd: Crowd) -> anyhow::Result<JoinSet<Deeds>> {
    let Crowd { writers, bookers, confirmers, guests } = crowd;
    // Two who sit side by side want some of the same slots.
    let mut slots = stage.world.slots(bookers * SLOTS + confirmers).await?;
    anyhow::ensure!(slots.len() > bookers + confirmers, "the simulated agenda has too few slots");
    let own: Vec<Slot> = slots.split_off(slots.len() - confirmers);
    let mut people = JoinSet::new();
    for n in 0..writers {
        people.spawn(writing::patient(Arc::clone(stage), n));
    }
    let each = slots.len() / bookers.max(1);
    for n in 0..bookers {
        let mut wanted: Vec<Slot> = slots[n * each..(n + 1) * each].to_vec();
        let neighbour = &slots[(n ^ 1).min(bookers - 1) * each..];
        for at in (3..wanted.len()).step_by(7) {
            wanted[at] = neighbour[at].clone();
        }
        people.spawn(booking::patient(Arc::clone(stage), n, wanted));
    }
    for (n, slot) in own.iter().enumerate() {
        let appointment = stage.world.put_appointment(slot, SOMEBODY).await?;
        people.spawn(confirming::patient(Arc::clone(stage), n, appointment));
    }
    for n in 0..guests {
        people.spawn(visiting::patient(Arc::clone(stage), n));
    }
    Ok(people)
}

/// Waits until nothing is left to do, or as long as a patient would.
async fn quiet(stage: &Stage) -> anyhow::Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < stage.patience {
        let pending = stage.world.webhooks_pending().await?;
        let outbox = stage.service.figure("fluxo_outbox").await?;
        let inbox = stage.service.figure("fluxo_inbox").await?;
        if pending + outbox + inbox == 0 {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

/// Messages of which the log says something.
fn told_of(log: &str, what: &str) -> BTreeSet<String> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines
        .filter(|line| line["message"].as_str().is_some_and(|text| text.contains(what)))
        .filter_map(|line| line["effect"].as_str().map(str::to_owned))
        .collect()
}

/// Doubts as the service told them in its log, and what the book says became of them.
fn doubts(log: &str, ledger: &Ledger) -> Doubts {
    /// A message in doubt is sent once more after half a minute, and not before, in milliseconds.
    const PAUSE: i64 = 29_000;
    let effects = told_of(log, "in doubt");
    let sent_again = |effect: &&String| {
        let sends = ledger.sends.get(*effect).map(Vec::as_slice).unwrap_or_default();
        // The first may never have left.
        sends.len() != 1 && sends.windows(2).all(|pair| pair[1].at_ms - pair[0].at_ms >= PAUSE)
    };
    let sent_once_more = effects.iter().filter(sent_again).count();
    Doubts { total: effects.len(), resolved_by_status: effects.len() - sent_once_more, sent_once_more }
}
