//! The store under power cuts: 64 writers commit whole turns through the trait, the power goes, and every turn that was
//! acknowledged must be there with all that belongs to it. What is there beyond must be whole turns too.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fluxo::store::{Committed, Documents, Occasion, Options, Publication, SledStore, Store};
use fluxo_engine::ids::{ConversationId, ReleaseId};
use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::disk::{Disk, Image, Loss, Position, Recording};
use crate::machine::Machine;
use crate::random::Random;
use crate::turns::{Held, Talk};
use crate::verdict::Verdict;

const WRITERS: u64 = 64;
const TALKS_EACH: u64 = 6;
const DISK: u64 = 1 << 30;
/// How much is written to the disk before the power goes, unless time runs out first.
const WRITTEN: u64 = 160 << 20;
const LONGEST: Duration = Duration::from_secs(20);

/// What a conversation was told, turn by turn.
#[derive(Debug, Clone, Default)]
struct Known {
    begun: Vec<Position>,
    acknowledged: Vec<Position>,
}

/// What must be there of each conversation, and what may be: counts of turns.
#[derive(Debug, Clone)]
struct Bounds {
    least: Vec<u64>,
    most: Vec<u64>,
}

/// A stretch of writing without a cut.
#[derive(Debug)]
struct Life {
    talks: Vec<Talk>,
    /// How many turns each had before.
    before: Vec<u64>,
    known: Vec<Known>,
    /// When the release was acknowledged.
    release: Option<Position>,
}

impl Life {
    fn bounds(&self, at: Position) -> Bounds {
        let count = |of: fn(&Known) -> &Vec<Position>| {
            let counts = self.before.iter().zip(&self.known);
            counts.map(move |(before, known)| {
                before + of(known).partition_point(|position| *position <= at) as u64
            })
        };
        Bounds {
            least: count(|known| &known.acknowledged).collect(),
            most: count(|known| &known.begun).collect(),
        }
    }

    fn acknowledged(&self) -> usize {
        self.known.iter().map(|known| known.acknowledged.len()).sum()
    }
}

/// Cuts the power so many times and tells what became of the store.
pub(crate) fn run(machine: &Machine, handle: &Handle, seed: u64, cuts: usize) -> Result<Verdict, String> {
    let disk = Disk::new(Image::new(DISK));
    let plugged = machine.plug_in(disk.clone())?;
    plugged.format()?;
    let mounted = plugged.mount("")?;
    let from = disk.position();
    let life = handle.block_on(live(&mounted.path().join("store"), &disk, seed))?;
    let mut recording = disk.recording();
    drop(mounted);
    drop(plugged);

    let mut verdict = Verdict::new("store", cuts);
    verdict.wrote(&recording, from, life.acknowledged());
    let mut random = Random::of(seed, 0, cuts as u64);
    let moments = recording.moments(from, cuts, &mut random);
    let jobs: Vec<Job> =
        moments.iter().enumerate().map(|(n, at)| Job::new(n, *at, &mut recording, &mut random)).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let worker = || {
            let mut found = Vec::new();
            while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                found.push((job.name(), job.outcome(machine, handle, &life, seed)));
            }
            found
        };
        let other = scope.spawn(worker);
        let mut found = worker();
        found.extend(other.join().expect("a worker tells what it found"));
        for (name, outcome) in found {
            verdict.cut(&name, outcome);
        }
    });
    Ok(verdict)
}

/// Writes, closes, opens and writes again: the first opening, a clean close and a recovery are cut as well.
async fn live(path: &Path, disk: &Disk, seed: u64) -> Result<Life, String> {
    let begun = disk.written();
    let talks: Vec<Talk> = (0..WRITERS * TALKS_EACH).map(|number| Talk { seed, number }).collect();
    let mut life = Life {
        before: vec![0; talks.len()],
        known: vec![Known::default(); talks.len()],
        talks,
        release: None,
    };
    for half in 1..=2 {
        let store = open(path).await?;
        if life.release.is_none() {
            let published = store.publish(&publication(), &documents()).await;
            published.map_err(|error| error.to_string())?;
            life.release = Some(disk.position());
        }
        let until = begun + WRITTEN * half / 2;
        write(&store, disk, &mut life, until).await?;
    }
    Ok(life)
}

async fn open(path: &Path) -> Result<Arc<dyn Store>, String> {
    let opened = SledStore::open(path, &Options::default()).await;
    Ok(Arc::new(opened.map_err(|error| format!("would not open: {error}"))?))
}

fn publication() -> Publication {
    Publication {
        release: ReleaseId::from("r1"),
        at: Timestamp::UNIX_EPOCH,
        by: "fluxo".to_owned(),
        occasion: Occasion::Start,
        reason: None,
        disk: "d".to_owned(),
    }
}

/// Larger than one stored value may be.
fn documents() -> Documents {
    (0..4).map(|n| (format!("flow-{n}.json"), format!("{n} ").repeat(60_000))).collect()
}

/// 64 writers, each with conversations of its own, until so much was written.
async fn write(store: &Arc<dyn Store>, disk: &Disk, life: &mut Life, until: u64) -> Result<(), String> {
    let begun = Instant::now();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS as usize {
        let each = TALKS_EACH as usize;
        let mine: Vec<(usize, Talk, u64, Known)> = (writer * each..(writer + 1) * each)
            .map(|at| (at, life.talks[at], life.before[at], life.known[at].clone()))
            .collect();
        let (store, disk) = (Arc::clone(store), disk.clone());
        writers.spawn(async move {
            let mut mine = mine;
            while disk.written() < until && begun.elapsed() < LONGEST {
                for (_, talk, before, known) in &mut mine {
                    let turn = *before + known.acknowledged.len() as u64 + 1;
                    let commit = talk.turn(turn);
                    known.begun.push(disk.position());
                    match store.commit(commit).await {
                        Ok(Committed::Done(_)) => known.acknowledged.push(disk.position()),
                        other => return Err(format!("turn {turn} of {}: {other:?}", talk.id())),
                    }
                }
            }
            Ok(mine)
        });
    }
    while let Some(writer) = writers.join_next().await {
        for (at, _, _, known) in writer.map_err(|error| error.to_string())?? {
            life.known[at] = known;
        }
    }
    Ok(())
}

/// One cut.
#[derive(Debug)]
struct Job {
    number: usize,
    at: Position,
    loss: Loss,
    image: Image,
    in_doubt: (usize, usize),
}

impl Job {
    fn new(number: usize, at: Position, recording: &mut Recording, random: &mut Random) -> Self {
        let loss = Loss::ALL[random.below(Loss::ALL.len())];
        let cut = recording.cut(at, loss, random);
        Self { number, at, loss, image: cut.image, in_doubt: cut.in_doubt }
    }

    fn name(&self) -> String {
        let (open, kept) = self.in_doubt;
        format!("{:>6} {:?}: {kept} of {open} unflushed writes kept", self.at, self.loss)
    }

    fn outcome(&self, machine: &Machine, handle: &Handle, life: &Life, seed: u64) -> Result<(), String> {
        self.recovered(machine, handle, life, seed).map_err(|harm| machine.kept(&self.image, &harm))
    }

    /// Every fourth time the recovered store writes on and its power goes as well.
    fn recovered(&self, machine: &Machine, handle: &Handle, life: &Life, seed: u64) -> Result<(), String> {
        let disk = Disk::new(self.image.clone());
        let bounds = life.bounds(self.at);
        let release = life.release.is_some_and(|position| position <= self.at);
        let again = self.number % 4 == 3;
        let plugged = machine.plug_in(disk.clone())?;
        let mounted = plugged.mount("")?;
        let path = mounted.path().join("store");
        let (there, examined, second) = handle.block_on(async {
            let store = open(&path).await?;
            let there = examine(&*store, &life.talks, &bounds, release).await?;
            let examined = disk.position();
            let mut second = Life {
                talks: life.talks.clone(),
                before: there.clone(),
                known: vec![Known::default(); life.talks.len()],
                release: None,
            };
            if again {
                let until = disk.written() + (4 << 20);
                write(&store, &disk, &mut second, until).await?;
            }
            Ok::<_, String>((there, examined, second))
        })?;
        let mut recording = disk.recording();
        drop(mounted);
        drop(plugged);
        if !again {
            return Ok(());
        }
        let mut random = Random::of(seed, 1, self.number as u64);
        let at = recording.moments(0, 1, &mut random)[0];
        let loss = Loss::ALL[random.below(Loss::ALL.len())];
        let cut = recording.cut(at, loss, &mut random);
        // Until it was looked at, nothing more than before was known to be there.
        let bounds =
            if at < examined { Bounds { least: bounds.least, most: there } } else { second.bounds(at) };
        let plugged = machine.plug_in(Disk::new(cut.image.clone()))?;
        let mounted = plugged.mount("")?;
        let path = mounted.path().join("store");
        let outcome = handle.block_on(async {
            let store = open(&path).await?;
            examine(&*store, &life.talks, &bounds, release).await
        });
        outcome
            .map(drop)
            .map_err(|harm| machine.kept(&cut.image, &format!("cut again at {at} {loss:?}: {harm}")))
    }
}

/// Looks at all the store holds; answers how many turns each conversation has.
async fn examine(
    store: &dyn Store,
    talks: &[Talk],
    bounds: &Bounds,
    release: bool,
) -> Result<Vec<u64>, String> {
    let told = |error: fluxo::store::StoreError| error.to_string();
    let mut there = Vec::with_capacity(talks.len());
    let mut all: BTreeMap<String, Held> = BTreeMap::new();
    for (talk, (least, most)) in talks.iter().zip(bounds.least.iter().zip(&bounds.most)) {
        let id = ConversationId::from(talk.id());
        let turns = match store.load(&id).await.map_err(told)? {
            None => 0,
            Some(loaded) => {
                let turns = loaded.revision.0;
                let held = talk.after(turns.max(1));
                same(talk, "the conversation", &loaded.conversation, &held.conversation)?;
                same(talk, "the contact", &loaded.contact.contact, &held.contact)?;
                same(talk, "the inbox", &loaded.inbox, &held.inbox.iter().cloned().collect())?;
                same(talk, "the outbox", &loaded.outbox, &held.outbox)?;
                all.insert(talk.id(), held);
                turns
            }
        };
        if turns < *least {
            return Err(format!("LOST: {} has {turns} turns, {least} were acknowledged", talk.id()));
        }
        if turns > *most {
            return Err(format!("{} has {turns} turns, only {most} were begun", talk.id()));
        }
        if store.seen(&talk.message(turns + 1)).await.map_err(told)? {
            return Err(format!("{} knows the message of a turn that it has not", talk.id()));
        }
        there.push(turns);
    }
    for (talk, held) in talks.iter().filter_map(|talk| Some((talk, all.get(&talk.id())?))) {
        rows(store, *talk, held).await?;
    }
    indexes(store, &all).await?;
    if release {
        let kept = store.release_documents(&ReleaseId::from("r1")).await.map_err(told)?;
        if kept.as_ref() != Some(&documents()) {
            return Err("the release is not as it was published".to_owned());
        }
        equal("the publications", &store.publications(2).await.map_err(told)?, &vec![publication()])?;
    }
    Ok(there)
}

/// What has a row of its own for each turn.
async fn rows(store: &dyn Store, talk: Talk, held: &Held) -> Result<(), String> {
    let told = |error: fluxo::store::StoreError| error.to_string();
    let id = ConversationId::from(talk.id());
    let lines = store.lines(&id, 0, usize::MAX).await.map_err(told)?;
    let numbered = (1..).zip(held.lines.iter().cloned()).collect();
    same(&talk, "the transcript", &lines, &numbered)?;
    same(&talk, "the journal", &store.journal(&id, usize::MAX).await.map_err(told)?, &held.journal)?;
    for key in &held.seen {
        if !store.seen(key).await.map_err(told)? {
            return Err(format!("LOST: {} would play {} again", talk.id(), key.message));
        }
    }
    for (message, effect) in &held.accepted {
        let found = store.effect_of(&Talk::account(), message).await.map_err(told)?;
        same(&talk, "the effect of a message", &found, &Some((id.clone(), effect.clone())))?;
    }
    Ok(())
}

/// What is found without knowing the conversation.
async fn indexes(store: &dyn Store, all: &BTreeMap<String, Held>) -> Result<(), String> {
    let told = |error: fluxo::store::StoreError| error.to_string();
    let listed = store.conversations(None, usize::MAX).await.map_err(told)?;
    let expected: Vec<_> = all.values().map(|held| held.conversation.clone()).collect();
    equal("the list of conversations", &listed, &expected)?;

    let mut timers: Vec<_> = all.values().flat_map(|held| held.timers.iter().cloned()).collect();
    let mut due = store.due(Timestamp::MAX, None, usize::MAX).await.map_err(told)?;
    timers.sort_by_key(|row| (row.due, row.wait.clone()));
    due.sort_by_key(|row| (row.due, row.wait.clone()));
    equal("the timers", &due, &timers)?;

    let mut dead: Vec<_> = all.values().flat_map(|held| held.dead.iter().cloned()).collect();
    let mut letters = store.dead_letters(None, usize::MAX).await.map_err(told)?;
    dead.sort_by_key(|letter| letter.entry.effect.id.to_string());
    letters.sort_by_key(|letter| letter.entry.effect.id.to_string());
    equal("the dead letters", &letters, &dead)?;

    let mut notices: Vec<_> = all.values().flat_map(|held| held.notices.iter().cloned()).collect();
    let mut told_to_staff = store.notices(usize::MAX).await.map_err(told)?;
    notices.sort_by(|one, other| one.text.cmp(&other.text));
    told_to_staff.sort_by(|one, other| one.text.cmp(&other.text));
    equal("the notices", &told_to_staff, &notices)?;

    let people = store.with_people(usize::MAX).await.map_err(told)?;
    let waiting = all.values().filter(|held| held.conversation.mode != fluxo::store::Mode::Bot).count();
    equal("the conversations with people", &people.len(), &waiting)?;
    let backlog = store.with_inbox(None, usize::MAX).await.map_err(told)?;
    let waiting: Vec<ConversationId> =
        all.iter().filter(|(_, held)| !held.inbox.is_empty()).map(|(id, _)| id.as_str().into()).collect();
    equal("the conversations with messages waiting", &backlog, &waiting)?;

    let sum = |of: fn(&Held) -> usize| all.values().map(of).sum::<usize>() as u64;
    let counts = fluxo::store::Counts {
        conversations: all.len() as u64,
        contacts: all.len() as u64,
        outbox: sum(|held| held.outbox.len()),
        timers: sum(|held| held.timers.len()),
        inbox: sum(|held| held.inbox.len()),
        dead_letters: sum(|held| held.dead.len()),
    };
    equal("the counts", &store.counts().await.map_err(told)?, &counts)
}

fn same<T: PartialEq + std::fmt::Debug>(
    talk: &Talk,
    what: &str,
    found: &T,
    wanted: &T,
) -> Result<(), String> {
    equal(&format!("{what} of {}", talk.id()), found, wanted)
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, wanted: &T) -> Result<(), String> {
    if found == wanted {
        return Ok(());
    }
    let short = |value: &T| format!("{value:?}").chars().take(400).collect::<String>();
    Err(format!("{what} is not what was committed:\n  found  {}\n  wanted {}", short(found), short(wanted)))
}
