//! Measures durable turns per second of the embedded store on this machine's disk, alone and in company:
//! `cargo run --release -p fluxo --example store_rate -- [DIRECTORY]`. The directory must be on the disk that counts.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fluxo::store::{
    Account, Address, Commit, Committed, ContactRecord, Conversation, DedupeKey, Line, LineBody, Mode,
    Options, Revision, SledStore, Speaker, Store,
};
use fluxo_engine::protocol::Contact;
use jiff::Timestamp;

const MEASURED: Duration = Duration::from_secs(4);
const SESSION_BYTES: usize = 2048;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let directory = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("store_rate"), PathBuf::from);
    for writers in [1, 16, 64, 256] {
        let path = directory.join(writers.to_string());
        anyhow::ensure!(!path.exists(), "{} is there already", path.display());
        measure(&path, writers).await?;
        std::fs::remove_dir_all(&path)?;
    }
    Ok(())
}

/// Each writer commits turns of its own conversations: a message seen, a session of 2 KB, a line.
async fn measure(path: &Path, writers: u32) -> anyhow::Result<()> {
    let store: Arc<dyn Store> = Arc::new(SledStore::open(path, &Options::default()).await?);
    let began = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for writer in 0..writers {
        let store = Arc::clone(&store);
        running.spawn(async move { write(&*store, writer, began + MEASURED).await });
    }
    let mut latencies = Vec::new();
    while let Some(written) = running.join_next().await {
        latencies.extend(written??);
    }
    let rate = latencies.len() as f64 / began.elapsed().as_secs_f64();
    latencies.sort();
    let share = |share: f64| latencies[(latencies.len() as f64 * share) as usize];
    eprintln!(
        "{writers:>4} writers: {rate:>7.0} durable turns/s, p50 {:?}, p99 {:?}",
        share(0.5),
        share(0.99)
    );
    Ok(())
}

async fn write(store: &dyn Store, writer: u32, until: Instant) -> anyhow::Result<Vec<Duration>> {
    const CONVERSATIONS: usize = 100;
    let mut revisions = [0; CONVERSATIONS];
    let mut latencies = Vec::new();
    while Instant::now() < until {
        let turn = latencies.len();
        let at = turn % CONVERSATIONS;
        let commit = turn_of(writer, at, turn, revisions[at]);
        let began = Instant::now();
        let Committed::Done(revision) = store.commit(commit).await? else {
            anyhow::bail!("a new message was taken for a known one")
        };
        revisions[at] = revision.0;
        latencies.push(began.elapsed());
    }
    Ok(latencies)
}

fn turn_of(writer: u32, conversation: usize, turn: usize, revision: u64) -> Commit {
    let now = Timestamp::now();
    let id = format!("c{writer:03}-{conversation:03}");
    let account = Account { channel: "measured".to_owned(), id: "1".to_owned() };
    let address = Address { user: Some(id.clone()), ..Address::default() };
    let mut commit = Commit::of(
        Revision(revision),
        Conversation {
            id: id.as_str().into(),
            contact: id.as_str().into(),
            account: account.clone(),
            address: address.clone(),
            mode: Mode::Bot,
            session: Some(vec![b'a' + (turn % 26) as u8; SESSION_BYTES]),
            session_id: None,
            release: None,
            sessions: 1,
            asked: None,
            last_inbound: Some(now),
            last_message: None,
            journaled: None,
            closing: false,
            next_line: 0,
        },
    );
    commit.seen = vec![(DedupeKey { account: account.clone(), message: format!("{id}-{turn}") }, now)];
    commit.lines = vec![Line {
        at: now,
        by: Speaker::System,
        body: LineBody::Note("a line of the transcript".to_owned()),
    }];
    if revision == 0 {
        commit.contacts = vec![ContactRecord {
            revision: 0,
            contact: Contact::new(id.as_str().into()),
            addresses: vec![(account.clone(), address)],
            conversations: vec![(account, id.as_str().into())],
        }];
    }
    commit
}
