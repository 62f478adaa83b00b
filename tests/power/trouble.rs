//! A disk that is full, that may not be written to, or that fails: the real binary ends with an error that says what to do,
//! and once the disk is well again everything that was acknowledged is there.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use fluxo::store::{Options, SledStore};
use tokio::runtime::Handle;

use crate::book::Known;
use crate::disk::{Disk, Image};
use crate::machine::{Machine, Plugged};
use crate::phones::{Chat, Phones};
use crate::process::Process;
use crate::provider::{Provider, Taken};
use crate::verdict::Verdict;

const PATIENTS: usize = 16;
/// How long a service may take to notice that its disk is ill, and to end.
const PATIENCE: Duration = Duration::from_secs(40);

/// An illness of a disk.
#[derive(Debug, Clone, Copy)]
enum Illness {
    Full,
    ReadOnly,
    Failing,
}

impl Illness {
    const ALL: [Self; 3] = [Self::Full, Self::ReadOnly, Self::Failing];

    /// What the error must tell the operator to do, in one of the languages it may have.
    fn remedy(self) -> [&'static str; 2] {
        match self {
            Self::Full => ["libere espaço", "make room"],
            Self::ReadOnly => ["monte-o para gravação", "mount it writable"],
            Self::Failing => ["estado do disco", "after the disk"],
        }
    }
}

pub(crate) fn run(machine: &Machine, handle: &Handle) -> Result<Verdict, String> {
    let mut verdict = Verdict::new("trouble", Illness::ALL.len());
    let outcomes = std::thread::scope(|scope| {
        let ill = Illness::ALL.map(|illness| scope.spawn(move || fall_ill(machine, handle, illness)));
        ill.map(|ill| ill.join().expect("a scenario tells what it found"))
    });
    for (illness, outcome) in Illness::ALL.iter().zip(outcomes) {
        match outcome {
            Ok(told) => verdict.note(format!("{illness:?}: {told}")),
            Err(harm) => verdict.cut(&format!("{illness:?}"), Err(harm)),
        }
    }
    Ok(verdict)
}

/// What patients and provider know after a stretch of writing.
struct Heard {
    chats: Vec<Chat>,
    taken: Vec<Taken>,
}

fn fall_ill(machine: &Machine, handle: &Handle, illness: Illness) -> Result<String, String> {
    let bytes = match illness {
        Illness::Full => 64 << 20,
        Illness::ReadOnly | Illness::Failing => 256 << 20,
    };
    let disk = Disk::new(Image::new(bytes));
    let plugged = machine.plug_in(disk.clone())?;
    plugged.format()?;
    let first = falls_ill_while_running(handle, illness, &plugged)?;
    let restart = starts_on_an_ill_disk(handle, illness, &plugged)?;
    let recovered = handle.block_on(recovers(illness, &plugged, &first))?;
    Ok(format!(
        "{} messages acknowledged before, {recovered} after; the service said: {} | {}",
        first.heard.chats.iter().map(|chat| chat.acknowledged.len()).sum::<usize>(),
        last_line(&first.said),
        last_line(&restart),
    ))
}

struct First {
    heard: Heard,
    said: String,
}

/// Patients write until the service ends, which it must do of its own accord, with an error.
fn falls_ill_while_running(
    handle: &Handle,
    illness: Illness,
    plugged: &Plugged<'_>,
) -> Result<First, String> {
    let mounted = plugged.mount("noatime,errors=remount-ro")?;
    if matches!(illness, Illness::Full) {
        ballast(mounted.path())?;
    }
    let disk = plugged.disk.clone();
    let first = handle.block_on(async {
        let provider = Arc::new(Provider::start(disk.clone()).await?);
        let mut process = Process::start(&mounted.path().join("store"), &provider.base).await?;
        let stop = Arc::new(AtomicBool::new(false));
        let phones = phones(&disk, &process, &provider, illness, &stop);
        let writing = tokio::spawn(async move { phones.write(0, PATIENTS).await });
        match illness {
            Illness::Full => {}
            Illness::ReadOnly | Illness::Failing => {
                provider.takes(4 * PATIENTS).await?;
                match illness {
                    Illness::ReadOnly => mounted.remount("abort")?,
                    Illness::Full | Illness::Failing => disk.fails(true),
                }
            }
        }
        let ended = process.ends(PATIENCE).await?;
        let said = process.said();
        if ended.success() {
            return Err(format!("the service ended as if nothing were wrong: {said}"));
        }
        clear(illness, &said)?;
        let chats = writing.await.map_err(|error| error.to_string())?;
        Ok(First { heard: Heard { chats, taken: provider.taken() }, said })
    })?;
    drop(mounted);
    disk.fails(false);
    if first.heard.chats.iter().all(|chat| chat.acknowledged.is_empty()) {
        return Err(format!("nothing was ever acknowledged: {}", first.said));
    }
    Ok(first)
}

/// The service must end, or at least acknowledge nothing it cannot keep.
fn starts_on_an_ill_disk(handle: &Handle, illness: Illness, plugged: &Plugged<'_>) -> Result<String, String> {
    let options = match illness {
        Illness::Full => "noatime",
        Illness::ReadOnly => "noatime,ro",
        // It fails from the first write on; what was written before can be read.
        Illness::Failing => "noatime,errors=remount-ro",
    };
    let mounted = plugged.mount(options)?;
    plugged.disk.fails(matches!(illness, Illness::Failing));
    let outcome = handle.block_on(async {
        let provider = Arc::new(Provider::start(plugged.disk.clone()).await?);
        let mut process = match Process::start(&mounted.path().join("store"), &provider.base).await {
            Ok(process) => process,
            Err(said) => return clear(illness, &said).map(|()| said),
        };
        // A full disk may have room for a start. Strangers write: what they wrote is not in the books.
        let stop = Arc::new(AtomicBool::new(false));
        let phones = phones(&plugged.disk, &process, &provider, illness, &stop);
        let writing = tokio::spawn(async move { phones.write(PATIENTS, PATIENTS).await });
        process.ends(PATIENCE).await?;
        writing.await.map_err(|error| error.to_string())?;
        clear(illness, &process.said()).map(|()| process.said())
    });
    drop(mounted);
    plugged.disk.fails(false);
    outcome
}

/// The disk is well again: all that was acknowledged is there, and the service takes more. Answers how much more.
async fn recovers(illness: Illness, plugged: &Plugged<'_>, first: &First) -> Result<usize, String> {
    let mounted = plugged.mount("")?;
    if matches!(illness, Illness::Full) {
        std::fs::remove_file(mounted.path().join("ballast")).map_err(|error| error.to_string())?;
    }
    let path = mounted.path().join("store");
    let known = Known { chats: &first.heard.chats, taken: &first.heard.taken, at: usize::MAX };
    {
        let store = SledStore::open(&path, &Options::default()).await;
        let store = store.map_err(|error| format!("would not open again: {error}"))?;
        known.holds(&store).await?;
    }
    let provider = Arc::new(Provider::start(plugged.disk.clone()).await?);
    let process = Process::start(&path, &provider.base).await?;
    let stop = Arc::new(AtomicBool::new(false));
    let phones = phones(&plugged.disk, &process, &provider, Illness::Failing, &stop);
    let writing = tokio::spawn(async move { phones.write(2 * PATIENTS, 2).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let chats = writing.await.map_err(|error| error.to_string())?;
    let taken = chats.iter().map(|chat| chat.acknowledged.len()).sum();
    if taken == 0 { Err("it takes nothing more".to_owned()) } else { Ok(taken) }
}

fn phones(
    disk: &Disk,
    process: &Process,
    provider: &Arc<Provider>,
    illness: Illness,
    stop: &Arc<AtomicBool>,
) -> Phones {
    Phones {
        disk: disk.clone(),
        webhook: format!("{}/webhooks/whatsapp", process.base),
        provider: Arc::clone(provider),
        stop: Arc::clone(stop),
        padding: if matches!(illness, Illness::Full) { 3_000 } else { 40 },
    }
}

/// What takes the place that is given back later.
fn ballast(folder: &Path) -> Result<(), String> {
    std::fs::write(folder.join("ballast"), vec![1; 24 << 20]).map_err(|error| error.to_string())
}

fn clear(illness: Illness, said: &str) -> Result<(), String> {
    if !illness.remedy().iter().any(|words| said.contains(words)) {
        return Err(format!("the error does not tell what to do: {said}"));
    }
    if said.contains("panicked") {
        return Err(format!("the operator reads of a panic: {said}"));
    }
    Ok(())
}

fn last_line(said: &str) -> String {
    said.lines().last().unwrap_or_default().chars().take(220).collect()
}
