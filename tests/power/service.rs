//! The whole service under power cuts: patients write to the real binary, whose store is on the disk that forgets. Every
//! message that was answered with 200 must be in the store after the cut; some of the cuts are followed by a new start of
//! the binary, after which every one of them must have been answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fluxo::store::{Options, SledStore};
use tokio::runtime::Handle;

use crate::book::Known;
use crate::disk::{Cut, Disk, Image, Loss, Position};
use crate::machine::{Machine, Plugged};
use crate::phones::{Chat, Phones};
use crate::process::Process;
use crate::provider::{Provider, Taken};
use crate::random::Random;
use crate::verdict::Verdict;

const PATIENTS: usize = 48;
/// The power goes after so many replies.
const REPLIES: usize = 1_000;
/// After so many of the cuts the service is started again.
const STARTED_AGAIN: usize = 3;
/// A send that was under way is looked for during 30 s and then sent once more (docs/operating.md).
const PATIENCE: Duration = Duration::from_secs(75);

/// What happened before the cut.
struct Life {
    chats: Vec<Chat>,
    taken: Vec<Taken>,
}

pub(crate) fn run(machine: &Machine, handle: &Handle, seed: u64, cuts: usize) -> Result<Verdict, String> {
    let disk = Disk::new(Image::new(1 << 30));
    let plugged = machine.plug_in(disk.clone())?;
    plugged.format()?;
    let from = disk.position();
    let life = handle.block_on(live(&plugged, &disk))?;
    let mut recording = disk.recording();
    drop(plugged);

    let mut verdict = Verdict::new("service", cuts);
    verdict.wrote(&recording, from, life.chats.iter().map(|chat| chat.acknowledged.len()).sum());
    let mut random = Random::of(seed, 4, cuts as u64);
    let jobs: Vec<(Position, Loss, Cut)> = recording
        .moments(from, cuts, &mut random)
        .into_iter()
        .map(|at| {
            let loss = Loss::ALL[random.below(Loss::ALL.len())];
            (at, loss, recording.cut(at, loss, &mut random))
        })
        .collect();
    let next = AtomicUsize::new(0);
    let doubled = AtomicUsize::new(0);
    // Those that start the service again mostly wait.
    let every = (cuts / STARTED_AGAIN).max(1);
    let judge = |(at, loss, cut): &(Position, Loss, Cut), again: bool| {
        let outcome = life.outcome(machine, handle, *at, &cut.image, again);
        let outcome = outcome.map_err(|harm| machine.kept(&cut.image, &harm));
        doubled.fetch_add(*outcome.as_ref().unwrap_or(&0), Ordering::Relaxed);
        (format!("{at:>6} {loss:?}"), outcome.map(drop))
    };
    std::thread::scope(|scope| {
        let judge = &judge;
        let again: Vec<_> = (jobs.iter().enumerate())
            .filter(|(n, _)| n % every == every - 1)
            .map(|(_, job)| scope.spawn(move || judge(job, true)))
            .collect();
        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (name, outcome) = judge(job, false);
            verdict.cut(&name, outcome);
        }
        for again in again {
            let (name, outcome) = again.join().expect("a worker tells what it found");
            verdict.cut(&format!("{name}, started again"), outcome);
        }
    });
    let started = jobs.len() / every;
    verdict.note(format!("started again {started} times, {} replies sent twice", doubled.into_inner()));
    Ok(verdict)
}

/// Starts the service on an empty disk and lets patients write. It is killed in the end: a cut is not announced.
async fn live(plugged: &Plugged<'_>, disk: &Disk) -> Result<Life, String> {
    let mounted = plugged.mount("")?;
    let provider = Arc::new(Provider::start(disk.clone()).await?);
    let process = Process::start(&mounted.path().join("store"), &provider.base).await?;
    let phones = Phones {
        disk: disk.clone(),
        webhook: format!("{}/webhooks/whatsapp", process.base),
        provider: Arc::clone(&provider),
        stop: Arc::new(AtomicBool::new(false)),
        padding: 40,
    };
    let stop = Arc::clone(&phones.stop);
    let writing = tokio::spawn(async move { phones.write(0, PATIENTS).await });
    let taken = provider.takes(REPLIES).await;
    stop.store(true, Ordering::Relaxed);
    let chats = writing.await.map_err(|error| error.to_string())?;
    taken?;
    drop(process);
    drop(mounted);
    Ok(Life { chats, taken: provider.taken() })
}

impl Life {
    fn known(&self, at: Position) -> Known<'_> {
        Known { chats: &self.chats, taken: &self.taken, at }
    }

    /// Answers how many replies were sent twice.
    fn outcome(
        &self,
        machine: &Machine,
        handle: &Handle,
        at: Position,
        image: &Image,
        again: bool,
    ) -> Result<usize, String> {
        let known = self.known(at);
        let disk = Disk::new(image.clone());
        let plugged = machine.plug_in(disk.clone())?;
        let mounted = plugged.mount("")?;
        let path = mounted.path().join("store");
        if !again {
            return handle.block_on(async {
                let store = SledStore::open(&path, &Options::default()).await;
                let store = store.map_err(|error| format!("would not open: {error}"))?;
                known.holds(&store).await.map(|()| 0)
            });
        }
        handle.block_on(async {
            let provider = Provider::start(disk).await?;
            let process = Process::start(&path, &provider.base).await?;
            let begun = Instant::now();
            let answered = loop {
                let answered = known.answered(&provider.taken());
                if answered.is_ok() || begun.elapsed() > PATIENCE {
                    break answered;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            };
            drop(process);
            answered
        })
    }
}
