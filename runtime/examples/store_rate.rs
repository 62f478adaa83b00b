//! Measures the embedded store on this machine's disk: turns per second, each of them durable, against what the disk and
//! sled give for the same bytes; then a million turns, what they leave, and how long it takes to open that again.
//!
//! `cargo run --release -p fluxo --example store_rate -- DIRECTORY [--turns 1000000] [--conversations 100000]`
//!
//! The directory must be on the disk that counts, and must not be there yet.

#![allow(clippy::print_stdout)] // the report is what it is for

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fluxo::store::{
    Account, Address, Asked, BackdropId, Commit, Committed, ContactRecord, Conversation, DedupeKey, Input,
    JournalEntry, Kept, Line, LineBody, Mode, Options, OutboxEntry, OutboxState, Prints, Recorded, Revision,
    SledStore, Speaker, Store,
};
use fluxo_engine::ids::EffectId;
use fluxo_engine::protocol::{Contact, Content, Effect, EffectKind, Event, Inbound, Message, Wake};
use jiff::Timestamp;

/// How long each rate is measured.
const MEASURED: Duration = Duration::from_secs(4);
/// A waiting session of the booking flow.
const SESSION_BYTES: usize = 2048;
/// How many commits wait together.
const COMPANY: [usize; 4] = [1, 16, 64, 256];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |name: &str, usual: u64| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1)).and_then(|value| value.parse().ok()).unwrap_or(usual)
    };
    if let (Some("--open"), Some(path)) = (arguments.get(1).map(String::as_str), arguments.get(2)) {
        return open_and_wait(Path::new(path)).await;
    }
    let directory = arguments.get(1).filter(|first| !first.starts_with("--"));
    let directory = directory.map_or_else(|| PathBuf::from("store_rate"), PathBuf::from);
    anyhow::ensure!(!directory.exists(), "{} is there already", directory.display());
    std::fs::create_dir_all(&directory)?;

    disk(&directory)?;
    let bytes = bytes_of_a_turn(&directory).await?;
    println!("a turn hands {bytes} bytes of keys and values to sled, in two commits");
    for company in COMPANY {
        let floor = sled_alone(&directory.join(format!("sled-{company}")), company, bytes)?;
        let (rate, p50, p99) = store(&directory.join(format!("store-{company}")), company).await?;
        println!(
            "{company:>4} at a time: {rate:>6.0} turns/s, a commit p50 {p50:.1?} p99 {p99:.1?}; \
             sled alone {floor:>6.0}/s, which is {:.2} times as many",
            floor / rate
        );
    }
    million(&directory.join("million"), number("--turns", 1_000_000), number("--conversations", 100_000))
        .await?;
    std::fs::remove_dir_all(&directory)?;
    Ok(())
}

/// What a sync costs, of a place that is written over and of a file that grows.
fn disk(directory: &Path) -> anyhow::Result<()> {
    let path = directory.join("disk");
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).open(&path)?;
    let page = [7; 4096];
    for (how, in_place) in [("growing", false), ("in place", true)] {
        let (begun, mut count) = (Instant::now(), 0_u32);
        while begun.elapsed() < Duration::from_secs(2) {
            if in_place {
                std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(0))?;
            }
            file.write_all(&page)?;
            file.sync_data()?;
            count += 1;
        }
        println!(
            "4 KiB and fdatasync, {how}: {:.0} µs",
            begun.elapsed().as_secs_f64() * 1e6 / f64::from(count)
        );
    }
    std::fs::remove_file(path)?;
    Ok(())
}

/// sled with the same discipline and nothing of ours around it: as many bytes as a turn has, in two values under random
/// keys, so many turns in one batch, flushed and synced.
fn sled_alone(path: &Path, company: usize, bytes: usize) -> anyhow::Result<f64> {
    let database = open_sled(path)?;
    let data = OpenOptions::new().write(true).open(path.join("db"))?;
    let value = vec![b'x'; bytes / 2];
    let (begun, mut turns, mut state) = (Instant::now(), 0_usize, 88_172_645_463_325_252_u64);
    while begun.elapsed() < MEASURED {
        let mut batch = sled::Batch::default();
        for _ in 0..2 * company {
            // xorshift64: spread over ten thousand conversations.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            batch.insert(&(state % 20_000).to_be_bytes(), value.as_slice());
        }
        database.apply_batch(batch)?;
        database.flush()?;
        data.sync_data()?;
        turns += company;
    }
    let rate = turns as f64 / begun.elapsed().as_secs_f64();
    drop(database);
    std::fs::remove_dir_all(path)?;
    Ok(rate)
}

/// sled as the store opens it.
fn open_sled(path: &Path) -> sled::Result<sled::Db> {
    let config = sled::Config::new().path(path).segment_size(8 << 20).flush_every_ms(None);
    config.cache_capacity(Options::default().cache_bytes).open()
}

/// Turns per second through the store, and how long a commit took.
async fn store(path: &Path, company: usize) -> anyhow::Result<(f64, Duration, Duration)> {
    let store: Arc<dyn Store> = Arc::new(SledStore::open(path, &Options::default()).await?);
    let until = Instant::now() + MEASURED;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..company as u64 {
        let store = Arc::clone(&store);
        writers.spawn(async move {
            let mut patients: Vec<Patient> = (0..100).map(|n| Patient::new(writer * 100 + n)).collect();
            let mut latencies = Vec::new();
            while Instant::now() < until {
                let at = latencies.len() / 2 % patients.len();
                latencies.extend(patients[at].turn(&*store).await?);
            }
            anyhow::Ok(latencies)
        });
    }
    let begun = Instant::now();
    let mut latencies = Vec::new();
    while let Some(written) = writers.join_next().await {
        latencies.extend(written??);
    }
    let rate = (latencies.len() / 2) as f64 / begun.elapsed().as_secs_f64();
    latencies.sort_unstable();
    let share = |percent: usize| latencies[(latencies.len() - 1) * percent / 100];
    let figures = (rate, share(50), share(99));
    drop(store);
    std::fs::remove_dir_all(path)?;
    Ok(figures)
}

/// Many turns over many conversations, and what is left of them.
async fn million(path: &Path, turns: u64, conversations: u64) -> anyhow::Result<()> {
    const WRITERS: u64 = 128;
    let store: Arc<dyn Store> = Arc::new(SledStore::open(path, &Options::default()).await?);
    let (begun, written) = (Instant::now(), figure("self", "io", "wchar:"));
    let done = Arc::new(AtomicU64::new(0));
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let (store, done) = (Arc::clone(&store), Arc::clone(&done));
        let mut patients: Vec<Patient> =
            (writer..conversations).step_by(WRITERS as usize).map(Patient::new).collect();
        writers.spawn(async move {
            for at in (0..patients.len()).cycle() {
                if done.fetch_add(1, Ordering::Relaxed) >= turns {
                    break;
                }
                patients[at].turn(&*store).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(written) = writers.join_next().await {
        written??;
    }
    let took = begun.elapsed();
    println!(
        "{turns} turns over {conversations} conversations: {:.0} turns/s, {:.1} KB written per turn, \
         store {} MiB, memory {} MiB",
        turns as f64 / took.as_secs_f64(),
        (figure("self", "io", "wchar:") - written) as f64 / turns as f64 / 1e3,
        size(path)? >> 20,
        figure("self", "status", "VmRSS:") >> 10,
    );
    drop(store);
    for how in ["a clean close", "SIGKILL"] {
        let mut command = Command::new(std::env::current_exe()?);
        let (mut child, told) = child_of(command.arg("--open").arg(path))?;
        println!("  opened after {how} {}", told.trim_end());
        // Long enough to be in the middle of something.
        std::thread::sleep(Duration::from_secs(1));
        child.kill()?;
        child.wait()?;
    }
    Ok(())
}

/// Starts a process that opens the store, and hears how that went.
fn child_of(command: &mut Command) -> anyhow::Result<(std::process::Child, String)> {
    let mut child = command.stdout(std::process::Stdio::piped()).spawn()?;
    let mut line = String::new();
    let output = child.stdout.take().ok_or_else(|| anyhow::anyhow!("no output"))?;
    std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut line)?;
    Ok((child, line))
}

/// Opens a store, tells how long that took, writes to it and waits for its end, which is a kill.
async fn open_and_wait(path: &Path) -> anyhow::Result<()> {
    let begun = Instant::now();
    let store = SledStore::open(path, &Options::default()).await?;
    let took = begun.elapsed();
    let counts = store.counts().await?;
    println!(
        "in {took:.0?}: {} conversations, memory {} MiB",
        counts.conversations,
        figure("self", "status", "VmRSS:") >> 10
    );
    let mut patients: Vec<Patient> = (0..1000).map(|n| Patient::new(1_000_000_000 + n)).collect();
    for at in (0..patients.len()).cycle() {
        patients[at].turn(&store).await?;
    }
    Ok(())
}

/// The bytes of keys and values that a turn's two commits hand to sled: what stays of it, what both write over (the
/// conversation and how far it is), and what the first puts and the second takes away (the effect and its place).
async fn bytes_of_a_turn(directory: &Path) -> anyhow::Result<usize> {
    const TURNS: usize = 64;
    let path = directory.join("bytes");
    let mut patient = Patient::new(0);
    let mut contents = Vec::new();
    for turns in [1, TURNS] {
        let store = SledStore::open(&path, &Options::default()).await?;
        for _ in 0..turns {
            patient.turn(&store).await?;
        }
        drop(store);
        contents.push(content(&path)?);
    }
    let store = SledStore::open(&path, &Options::default()).await?;
    let effect = patient.effect(&store);
    store.commit(patient.heard(&effect)).await?;
    drop(store);
    let asked = content(&path)?;
    std::fs::remove_dir_all(&path)?;
    let of = |content: &BTreeMap<u8, usize>, table: u8| content.get(&table).copied().unwrap_or_default();
    let lasting = |content: &BTreeMap<u8, usize>| {
        content.values().sum::<usize>() - of(content, b'c') - of(content, b'k')
    };
    let stays = (lasting(&contents[1]) - lasting(&contents[0])) / TURNS;
    Ok(stays + 2 * (of(&asked, b'c') + of(&asked, b'k')) + of(&asked, b'o') + of(&asked, b'r'))
}

/// The bytes of keys and values, by the first byte of the key: its table.
fn content(path: &Path) -> anyhow::Result<BTreeMap<u8, usize>> {
    let database = open_sled(path)?;
    let mut bytes = BTreeMap::new();
    for found in database.iter() {
        let (key, value) = found?;
        *bytes.entry(key[0]).or_default() += key.len() + value.len();
    }
    Ok(bytes)
}

fn size(path: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(path)? {
        let entry = entry?.metadata()?;
        bytes += if entry.is_file() { entry.len() } else { 0 };
    }
    Ok(bytes)
}

/// A number of the kernel's about a process.
fn figure(process: &str, file: &str, name: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/{file}")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

/// A contact who writes and is answered.
struct Patient {
    id: String,
    turns: u32,
    revision: u64,
}

impl Patient {
    fn new(number: u64) -> Self {
        Self { id: format!("c{number:027}"), turns: 0, revision: 0 }
    }

    /// A turn as the service makes one: a commit with the message, the session and the answer, marked as begun; and one
    /// that says that the channel took the answer. Answers how long each took to be durable.
    async fn turn(&mut self, store: &dyn Store) -> anyhow::Result<[Duration; 2]> {
        let effect = self.effect(store);
        let mut took = [Duration::ZERO; 2];
        for (took, commit) in took.iter_mut().zip([Self::heard, Self::answered]) {
            let commit = commit(self, &effect);
            let begun = Instant::now();
            let Committed::Done(revision) = store.commit(commit).await? else {
                anyhow::bail!("a new message was taken for a known one")
            };
            self.revision = revision.0;
            *took = begun.elapsed();
        }
        self.turns += 1;
        Ok(took)
    }

    fn effect(&self, store: &dyn Store) -> EffectId {
        let session = format!("{}.1", self.id).as_str().into();
        EffectId { epoch: store.epoch(), session, turn: self.turns, n: 0 }
    }

    fn heard(&self, effect: &EffectId) -> Commit {
        let now = Timestamp::now();
        let (account, address) = (account(), self.address());
        let mut commit = self.commit(effect, None);
        let id = format!("inbound.{}-{}", self.id, self.turns);
        let said = Inbound {
            id: id.clone(),
            written_at: now,
            received_at: now,
            content: Content::Text { text: "quero marcar para a semana que vem".to_owned() },
            quoted: None,
            referral: None,
        };
        let answer = Message::Text { text: "Certo. Qual dia da semana fica melhor para você?".to_owned() };
        commit.seen = vec![(DedupeKey { account: account.clone(), message: id }, now)];
        commit.lines = vec![
            Line { at: now, by: Speaker::Contact, body: LineBody::Inbound(said.clone()) },
            Line {
                at: now,
                by: Speaker::Bot,
                body: LineBody::Outbound { effect: effect.clone(), message: answer.clone() },
            },
        ];
        commit.outbox_push = vec![OutboxEntry {
            effect: Effect {
                id: effect.clone(),
                wait: None,
                kind: EffectKind::SendMessage { message: answer },
            },
            asked_at: now,
            ready_at: now,
            attempts: 0,
            failing_since: None,
            state: OutboxState::Started { at: now },
            on_accept: Vec::new(),
        }];
        commit.journal = Some(JournalEntry {
            at: now,
            session: effect.session.clone(),
            turn: self.turns,
            events: vec![
                Event::PortTaken { flow: "agendar".into(), node: "quando".into(), port: "next".into() },
                Event::NodeEntered { flow: "agendar".into(), node: "dia".into(), visit: self.turns + 1 },
            ],
            kept: Kept::Whole(Box::new(Recorded {
                backdrop: BackdropId([7; 8]),
                input: Input::Wake(Wake::Message { message: said.clone(), asked_at: Some(now) }),
                contact: None,
                window_open: true,
                prints: Prints { session: 7, effects: vec![7], timers: 7, contact: 0 },
                asked: Vec::new(),
            })),
        });
        if self.revision == 0 {
            commit.contacts = vec![ContactRecord {
                revision: 0,
                contact: Contact::new(self.id.as_str().into()),
                addresses: vec![(account.clone(), address)],
                conversations: vec![(account, self.id.as_str().into())],
            }];
        }
        commit
    }

    fn answered(&self, effect: &EffectId) -> Commit {
        let mut commit = self.commit(effect, Some(Timestamp::now()));
        commit.outbox_done = vec![effect.clone()];
        commit.accepted = vec![(format!("outbound.{}-{}", self.id, self.turns), effect.clone())];
        commit
    }

    fn address(&self) -> Address {
        Address { user: Some(self.id.clone()), ..Address::default() }
    }

    fn commit(&self, effect: &EffectId, accepted_at: Option<Timestamp>) -> Commit {
        let session = vec![b'a' + (self.turns % 26) as u8; SESSION_BYTES];
        Commit::of(
            Revision(self.revision),
            Conversation {
                id: self.id.as_str().into(),
                contact: self.id.as_str().into(),
                account: account(),
                address: self.address(),
                mode: Mode::Bot,
                session: Some(session),
                session_id: Some(effect.session.clone()),
                release: None,
                sessions: 1,
                asked: Some(Asked { effect: effect.clone(), accepted_at }),
                last_inbound: Some(Timestamp::now()),
                last_message: None,
                journaled: None,
                closing: false,
                next_line: 0,
            },
        )
    }
}

fn account() -> Account {
    Account { channel: "whatsapp".to_owned(), id: "106540352242922".to_owned() }
}
