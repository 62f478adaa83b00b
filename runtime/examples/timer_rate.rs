//! Measures a million armed timers in the embedded store on this machine's disk: what arming, moving, finding and firing
//! one costs: `cargo run --release -p fluxo --example timer_rate -- [DIRECTORY]`. The directory must be on the disk that
//! counts.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fluxo::store::{
    Account, Address, Commit, Committed, ContactRecord, Conversation, Mode, Options, Revision, SledStore,
    Store, TimerRow,
};
use fluxo_engine::ids::{ConversationId, SessionId, WaitId};
use fluxo_engine::protocol::{Contact, TimerKind};
use jiff::{SignedDuration, Timestamp};

const CONVERSATIONS: u32 = 20_000;
/// Waits of each conversation, one timer each.
const WAITS: u32 = 50;
/// Timers fall due within so many seconds.
const SPREAD: u32 = 7 * 24 * 60 * 60;
/// Conversations written at the same time.
const AT_ONCE: u32 = 64;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let directory = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("timer_rate"), PathBuf::from);
    anyhow::ensure!(!directory.exists(), "{} is there already", directory.display());
    let start: Timestamp = "2026-11-22T00:00:00Z".parse()?;
    let store: Arc<dyn Store> = Arc::new(SledStore::open(&directory, &Options::default()).await?);
    arm_all(&store, start).await?;
    eprintln!("on disk {} MB, in memory {} MB", size(&directory)? >> 20, resident()? >> 20);

    let mut moved = Vec::new();
    for n in 0..500 {
        let began = Instant::now();
        // Another question: the old wait's timer goes, a new one comes, in the commit of a turn.
        let number = n * 37 % CONVERSATIONS;
        let mut commit = next(&*store, number).await?;
        commit.timers_disarm = vec![(wait(number, 0), TimerKind::NoAnswer)];
        commit.timers_arm = vec![timer(number, WAITS + n, start, SPREAD / 2)];
        done(&*store, commit).await?;
        moved.push(began.elapsed());
    }
    tell("a turn that moves a timer (with the load and the flush)", &mut moved);
    let mut plain = Vec::new();
    for n in 0..500 {
        let began = Instant::now();
        let commit = next(&*store, n * 37 % CONVERSATIONS).await?;
        done(&*store, commit).await?;
        plain.push(began.elapsed());
    }
    tell("a turn that moves none", &mut plain);

    let (mut found, mut none, mut page) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..2000 {
        let began = Instant::now();
        anyhow::ensure!(store.next_due().await?.is_some());
        found.push(began.elapsed());
        let began = Instant::now();
        anyhow::ensure!(store.due(start, None, 256).await?.is_empty());
        none.push(began.elapsed());
    }
    let middle = start + SignedDuration::from_secs(i64::from(SPREAD / 2));
    for _ in 0..200 {
        let began = Instant::now();
        anyhow::ensure!(store.due(middle, None, 256).await?.len() == 256);
        page.push(began.elapsed());
    }
    tell("when the next one is due", &mut found);
    tell("looking when none is due", &mut none);
    tell("the first 256 of half a million that are due", &mut page);

    let hour = start + SignedDuration::from_secs(60 * 60);
    let (began, mut fired) = (Instant::now(), 0);
    loop {
        let due = store.due(hour, None, 256).await?;
        if due.is_empty() {
            break;
        }
        fired += due.len();
        fire(&store, due).await?;
    }
    let rate = fired as f64 / began.elapsed().as_secs_f64();
    eprintln!("{fired} timers of one hour fired in {:?}: {rate:.0} durable commits/s", began.elapsed());
    drop(store);
    let began = Instant::now();
    let store = SledStore::open(&directory, &Options::default()).await?;
    eprintln!("opened again in {:?} with {} timers", began.elapsed(), store.counts().await?.timers);
    drop(store);
    std::fs::remove_dir_all(&directory)?;
    Ok(())
}

async fn arm_all(store: &Arc<dyn Store>, start: Timestamp) -> anyhow::Result<()> {
    let began = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for writer in 0..AT_ONCE {
        let store = Arc::clone(store);
        running.spawn(async move {
            for number in (writer..CONVERSATIONS).step_by(AT_ONCE as usize) {
                let mut commit = birth(number);
                // Spread like the moments at which people write: nothing is in order.
                let due = |n: u32| (number.wrapping_mul(2_654_435_761) ^ n.wrapping_mul(40_503)) % SPREAD;
                commit.timers_arm = (0..WAITS).map(|n| timer(number, n, start, due(n) + 1)).collect();
                done(&*store, commit).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(written) = running.join_next().await {
        written??;
    }
    let timers = store.counts().await?.timers;
    let rate = timers as f64 / began.elapsed().as_secs_f64();
    eprintln!("{timers} timers of {CONVERSATIONS} conversations armed: {rate:.0}/s");
    Ok(())
}

/// Takes away what is due, each in a commit of its conversation, as its turn would.
async fn fire(store: &Arc<dyn Store>, due: Vec<TimerRow>) -> anyhow::Result<()> {
    let mut by_conversation: std::collections::BTreeMap<ConversationId, Vec<TimerRow>> = Default::default();
    for row in due {
        by_conversation.entry(row.conversation.clone()).or_default().push(row);
    }
    let mut running = tokio::task::JoinSet::new();
    for (_, rows) in by_conversation {
        let store = Arc::clone(store);
        running.spawn(async move {
            for row in rows {
                let loaded = store.load(&row.conversation).await?.expect("it was armed for one");
                let mut commit = Commit::of(loaded.revision, loaded.conversation);
                commit.timers_disarm = vec![(row.wait, row.kind)];
                done(&*store, commit).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(fired) = running.join_next().await {
        fired??;
    }
    Ok(())
}

fn tell(what: &str, took: &mut [Duration]) {
    took.sort();
    let share = |share: usize| took[took.len() * share / 100];
    eprintln!("{what}: p50 {:?}, p99 {:?}", share(50), share(99));
}

async fn done(store: &dyn Store, commit: Commit) -> anyhow::Result<()> {
    match store.commit(commit).await? {
        Committed::Done(_) => Ok(()),
        Committed::Duplicate => anyhow::bail!("nothing was seen before"),
    }
}

async fn next(store: &dyn Store, number: u32) -> anyhow::Result<Commit> {
    let loaded = store.load(&id(number)).await?.expect("it was born");
    Ok(Commit::of(loaded.revision, loaded.conversation))
}

fn id(number: u32) -> ConversationId {
    ConversationId(format!("c{number:06}"))
}

fn wait(number: u32, visit: u32) -> WaitId {
    WaitId { session: SessionId(format!("c{number:06}.1")), visit }
}

fn timer(number: u32, visit: u32, start: Timestamp, seconds: u32) -> TimerRow {
    let due = start + SignedDuration::from_secs(i64::from(seconds));
    TimerRow { due, conversation: id(number), wait: wait(number, visit), kind: TimerKind::NoAnswer }
}

fn birth(number: u32) -> Commit {
    let id = id(number);
    let account = Account { channel: "measured".to_owned(), id: "1".to_owned() };
    let address = Address { user: Some(id.0.clone()), ..Address::default() };
    let mut commit = Commit::of(
        Revision(0),
        Conversation {
            id: id.clone(),
            contact: id.as_str().into(),
            account: account.clone(),
            address: address.clone(),
            mode: Mode::Bot,
            session: Some(vec![b'a'; 1024]),
            session_id: None,
            release: None,
            sessions: 1,
            asked: None,
            last_inbound: None,
            last_message: None,
            journaled: None,
            closing: false,
            next_line: 0,
        },
    );
    commit.contacts = vec![ContactRecord {
        revision: 0,
        contact: Contact::new(id.as_str().into()),
        addresses: vec![(account.clone(), address)],
        conversations: vec![(account, id)],
    }];
    commit
}

/// The bytes of a directory's files.
fn size(directory: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() { size(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(bytes)
}

/// The bytes this process has in memory.
fn resident() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: u64 = line.and_then(|line| line.trim().strip_suffix(" kB")).unwrap_or("0").parse()?;
    Ok(kib << 10)
}
