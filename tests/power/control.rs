//! The control: sled as it is documented to be used, `flush` after each batch and no `fdatasync` of ours. The same cuts must
//! hurt it, or the disk of this test forgets nothing and proves nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::disk::{Disk, Image, Loss, Position};
use crate::machine::Machine;
use crate::random::Random;
use crate::verdict::Verdict;

const KEYS: usize = 5_000;
const BATCH: usize = 64;
const VALUE_BYTES: usize = 2_000;
/// Longer than ext4 waits before it writes its journal of its own accord: then parts of the store are flushed, by chance.
const LENGTH: Duration = Duration::from_secs(7);
const WRITTEN: u64 = 96 << 20;

/// The batches, and when each was taken for durable.
struct Batches {
    seed: u64,
    acknowledged: Vec<Position>,
}

/// The keys of a batch.
fn keys(seed: u64, batch: usize) -> impl Iterator<Item = usize> {
    let mut random = Random::of(seed, 2, batch as u64);
    (0..BATCH).map(move |_| random.below(KEYS))
}

pub(crate) fn run(machine: &Machine, seed: u64, cuts: usize) -> Result<Verdict, String> {
    let disk = Disk::new(Image::new(1 << 30));
    let plugged = machine.plug_in(disk.clone())?;
    plugged.format()?;
    let mounted = plugged.mount("")?;
    let from = disk.position();
    let batches = write(&mounted.path().join("sled"), &disk, seed).map_err(|error| error.to_string())?;
    let mut recording = disk.recording();
    drop(mounted);
    drop(plugged);

    let mut verdict = Verdict::new("control, sled without our fdatasync", cuts);
    verdict.wrote(&recording, from, batches.acknowledged.len() * BATCH);
    let from = batches.acknowledged.first().copied().unwrap_or(from);
    let mut random = Random::of(seed, 3, 0);
    for at in recording.moments(from, cuts, &mut random) {
        let loss = Loss::ALL[random.below(Loss::ALL.len())];
        let cut = recording.cut(at, loss, &mut random);
        let plugged = machine.plug_in(Disk::new(cut.image))?;
        let outcome = plugged.mount("").and_then(|mounted| batches.check(&mounted.path().join("sled"), at));
        verdict.cut(&format!("{at} {loss:?}"), outcome);
    }
    Ok(verdict)
}

/// As the store does it, but for the sync.
fn write(path: &Path, disk: &Disk, seed: u64) -> sled::Result<Batches> {
    let database = sled::Config::new().path(path).flush_every_ms(None).open()?;
    let (begun, before) = (Instant::now(), disk.written());
    let mut acknowledged = Vec::new();
    while begun.elapsed() < LENGTH {
        // The disk is fast, and what matters is the time between two journal writes of ext4.
        if disk.written() - before > WRITTEN / 7 * (begun.elapsed().as_secs() + 1) {
            std::thread::sleep(Duration::from_millis(5));
            continue;
        }
        let number = acknowledged.len();
        let mut batch = sled::Batch::default();
        for key in keys(seed, number) {
            let mut value = (number as u64).to_be_bytes().to_vec();
            value.resize(VALUE_BYTES, (key % 251) as u8);
            batch.insert(format!("key {key:05}").into_bytes(), value);
        }
        database.apply_batch(batch)?;
        database.flush()?;
        acknowledged.push(disk.position());
    }
    Ok(Batches { seed, acknowledged })
}

impl Batches {
    /// Every key holds at least what was last taken for durable.
    fn check(&self, path: &Path, at: Position) -> Result<(), String> {
        let known = self.acknowledged.partition_point(|position| *position <= at);
        let mut least = vec![None; KEYS];
        for batch in 0..known {
            for key in keys(self.seed, batch) {
                least[key] = Some(batch as u64);
            }
        }
        let opened = catch_unwind(AssertUnwindSafe(|| -> sled::Result<usize> {
            let database = sled::Config::new().path(path).flush_every_ms(None).open()?;
            let mut lost = 0;
            for (key, least) in least.iter().enumerate().filter_map(|(key, least)| Some((key, (*least)?))) {
                let found = database.get(format!("key {key:05}"))?;
                let batch = found.and_then(|value| value.first_chunk().copied().map(u64::from_be_bytes));
                lost += usize::from(batch.is_none_or(|batch| batch < least));
            }
            Ok(lost)
        }));
        match opened {
            Ok(Ok(0)) => Ok(()),
            Ok(Ok(lost)) => Err(format!("{lost} keys lost what was taken for durable")),
            Ok(Err(error)) => Err(format!("would not open: {error}")),
            Err(_) => Err("would not open: panic".to_owned()),
        }
    }
}
