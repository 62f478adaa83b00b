//! A store made of a backup: read whole before anything is believed, built beside its place, and put there in one step.
//!
//! What was pending when the backup was taken may have been done since, by the store that was lost. So it is put before
//! people as dead letters and nothing of it is sent by itself; ids of effects begin with another epoch from here on.

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use fluxo_engine::ids::ConversationId;
use jiff::{SignedDuration, Timestamp};

use super::backup::missing;
use super::build::build;
use super::digest::Digest;
use super::directory::{Directory, make, sync_entries};
use super::envelope;
use super::fault::Fault;
use super::handle::SledStore;
use super::keyspace::{GROUP, OpenError, Options};
use super::stream::{Header, StreamReader};
use super::tables::{self, conversation, epoch, outbox};
use super::transaction::Transaction;
use super::upgrade;
use super::view::View;
use crate::store::upkeep::{RestoreError, Restored, Review, StreamError};
use crate::store::{
    Commit, Conversation, DeadLetter, Notice, OutboxEntry, OutboxState, Store, StoreError, TimerRow,
};

/// What the directory of a store in the making ends with.
const UNFINISHED: &str = "restoring";

/// Numbers of sessions that each conversation leaves out: the lost store may have begun some since the backup, and what
/// it asked in them is not what this one will ask.
const LEFT_OUT: u32 = 1000;

/// How many conversations are looked at at once.
const PAGE: usize = 500;

/// What a first reading of a backup has found.
struct Verified {
    header: Header,
    records: u64,
    unsound: u64,
}

/// Makes a store in a directory that is empty or not there; see [`SledStore::restore`].
pub(super) async fn restore(
    file: &Path,
    directory: &Path,
    now: Timestamp,
    review: &Review,
) -> Result<Restored, RestoreError> {
    if fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some()) || directory.is_file() {
        return Err(RestoreError::Occupied(directory.to_owned()));
    }
    let (from, beside) = (file.to_owned(), beside(directory)?);
    let unfinished = beside.clone();
    let built = tokio::task::spawn_blocking(move || {
        let verified = verify(&from)?;
        prepare(&unfinished)?;
        fill(&from, &unfinished, &verified)?;
        Ok::<_, RestoreError>(verified)
    });
    let verified = built.await.map_err(|error| StoreError::Down(error.to_string()))??;
    let old = verified.header.epoch;
    // Seconds since 1970, which no store of this house has had, nor will have when the clock is wrong.
    let new = u32::try_from(now.as_second()).unwrap_or(u32::MAX).max(old.saturating_add(1));
    let (for_review, unreadable) = {
        let store = SledStore::open(&beside, &super::Options::default()).await?;
        store.keyspace().commit(move |tx| epoch::put(tx, new)).await.map_err(StoreError::from)?;
        put_before_people(&store, (verified.header.at, now), review).await?
    };
    let place =
        |source| StoreError::from(OpenError::Io { what: "could not put the store in its place", source });
    fs::rename(&beside, directory).map_err(place)?;
    let folder = directory.parent().filter(|folder| !folder.as_os_str().is_empty());
    sync_entries(folder.unwrap_or(Path::new("."))).map_err(place)?;
    Ok(Restored {
        directory: directory.to_owned(),
        at: verified.header.at,
        records: verified.records,
        epochs: (old, new),
        for_review,
        unreadable,
        unsound: verified.unsound,
    })
}

/// Where the store is built: on the same disk, so that one step puts it in its place.
fn beside(directory: &Path) -> Result<PathBuf, RestoreError> {
    let directory = std::path::absolute(directory).map_err(io("could not find the store's place"))?;
    let mut name = directory.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(UNFINISHED);
    Ok(directory.with_file_name(name))
}

fn io(what: &'static str) -> impl Fn(io::Error) -> StoreError {
    move |source| OpenError::Io { what, source }.into()
}

/// Reads all of a backup: nothing is built of one that is not whole.
fn verify(file: &Path) -> Result<Verified, RestoreError> {
    let wrong = |source| RestoreError::Stream { file: file.to_owned(), source };
    let (mut reader, header) = open(file).map_err(wrong)?;
    if header.format > upgrade::CURRENT {
        let directory = file.display().to_string();
        let newer = StoreError::Newer { directory, found: header.format, known: upgrade::CURRENT };
        return Err(newer.into());
    }
    let (mut records, mut unreadable, mut digest, mut noted) = (0, 0, Digest::default(), None);
    while let Some((key, record)) = reader.record().map_err(wrong)? {
        records += 1;
        unreadable += u64::from(!envelope::is_sound(&key, &record));
        if key == GROUP {
            noted = envelope::open(&key, &record).ok().and_then(|head| Digest::from_bytes(head.bytes()));
        } else {
            digest.add(&record);
        }
    }
    // Format 1 notes none.
    let lost = noted.map_or(0, |noted| missing(noted, digest));
    Ok(Verified { header, records, unsound: lost.max(unreadable) })
}

fn open(file: &Path) -> Result<(StreamReader<BufReader<File>>, Header), StreamError> {
    StreamReader::begin(BufReader::with_capacity(1 << 20, File::open(file)?))
}

/// Makes the place to build in; what an interrupted restore has left there goes.
fn prepare(unfinished: &Path) -> Result<(), RestoreError> {
    if unfinished.exists() {
        // Another restore that is under way keeps it.
        drop(Directory::claim(unfinished, Duration::ZERO).map_err(StoreError::from)?);
        let known = |name: &str| {
            ["lock", "db", "conf", "blobs", "acknowledged"].contains(&name) || name.starts_with("snap.")
        };
        for entry in fs::read_dir(unfinished).map_err(io("could not look into an unfinished restore"))? {
            let entry = entry.map_err(io("could not look into an unfinished restore"))?;
            if !known(&entry.file_name().to_string_lossy()) {
                return Err(RestoreError::Occupied(unfinished.to_owned()));
            }
        }
        fs::remove_dir_all(unfinished).map_err(io("could not remove an unfinished restore"))?;
    }
    make(unfinished).map_err(io("could not make the store's directory"))?;
    Ok(())
}

/// What ends the building of a store.
enum Unbuilt {
    Stream(StreamError),
    Store(StoreError),
}

impl From<OpenError> for Unbuilt {
    fn from(error: OpenError) -> Self {
        Self::Store(error.into())
    }
}

fn fill(file: &Path, unfinished: &Path, verified: &Verified) -> Result<(), RestoreError> {
    let wrong = |source| RestoreError::Stream { file: file.to_owned(), source };
    let (mut reader, header) = open(file).map_err(wrong)?;
    let built =
        build(unfinished, &Options::default(), header.group, || reader.record().map_err(Unbuilt::Stream));
    built.map_err(|unbuilt| match unbuilt {
        Unbuilt::Stream(source) => wrong(source),
        Unbuilt::Store(error) => error.into(),
    })?;
    if header != verified.header {
        return Err(wrong(StreamError::Damaged { records: 0 }));
    }
    Ok(())
}

/// Goes through all conversations: makes a dead letter of every pending effect, and has sessions that begin from now on
/// be numbered as no other was; says how many effects there were, and in how many conversations that could not be read.
/// Sessions are not woken: they go on when people have retried or discarded what they wait for.
async fn put_before_people(
    store: &SledStore,
    (taken, now): (Timestamp, Timestamp),
    review: &Review,
) -> Result<(u64, u64), StoreError> {
    let (mut moved, mut unreadable) = (0, 0);
    let mut after = None;
    let mut told = false;
    loop {
        let page = store.keyspace().read(|view| page(view, after.as_deref())).await?;
        let Some(last) = page.last else { return Ok((moved, unreadable)) };
        after = Some(last);
        unreadable += page.unreadable;
        let rows = page.renumbered;
        let renumber = move |tx: &mut Transaction<'_>| {
            rows.iter().try_for_each(|(key, version, bytes)| tx.put(key, *version, bytes))
        };
        store.keyspace().commit(renumber).await?;
        for id in &page.pending {
            let loaded = match store.load(id).await {
                Ok(Some(loaded)) => loaded,
                Ok(None) | Err(StoreError::Damaged(_)) => {
                    unreadable += 1;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let mut commit = Commit::of(loaded.revision, loaded.conversation);
            commit.timers_arm = clocks(&commit.conversation, &loaded.outbox, now);
            let letter = |mut entry: OutboxEntry| {
                // The store that was lost may have sent it since.
                if entry.state == OutboxState::Ready {
                    entry.state = OutboxState::Started { at: taken };
                }
                DeadLetter { conversation: id.clone(), entry, at: now, reason: review.reason.clone() }
            };
            commit.dead = loaded.outbox.into_iter().map(letter).collect();
            moved += commit.dead.len() as u64;
            if !std::mem::replace(&mut told, true) {
                let text = review.notice.clone();
                commit.notices = vec![Notice { at: now, conversation: None, queue: None, text }];
            }
            store.commit(commit).await?;
        }
    }
}

/// A wait must end even if people never send its question: the clocks that its acceptance would start, start now.
fn clocks(conversation: &Conversation, outbox: &[OutboxEntry], now: Timestamp) -> Vec<TimerRow> {
    let open = conversation.session_id.as_ref().filter(|_| conversation.session.is_some());
    let deferred = outbox.iter().flat_map(|entry| &entry.on_accept);
    deferred
        .filter(|deferred| open == Some(&deferred.wait.session))
        .map(|deferred| TimerRow {
            due: now.checked_add(SignedDuration::from_millis(deferred.ms)).unwrap_or(Timestamp::MAX),
            conversation: conversation.id.clone(),
            wait: deferred.wait.clone(),
            kind: deferred.kind,
        })
        .collect()
}

/// Some conversations, in the order of their keys.
#[derive(Default)]
struct Page {
    /// Those that have pending effects.
    pending: Vec<ConversationId>,
    /// All of them, with their version, as they go on.
    renumbered: Vec<(Vec<u8>, u64, Vec<u8>)>,
    unreadable: u64,
    /// The last key.
    last: Option<Vec<u8>>,
}

fn page(view: &View<'_>, after: Option<&[u8]>) -> Result<Page, Fault> {
    let mut range = conversation::after(None);
    if let Some(after) = after {
        range.start = [after, &[0]].concat();
    }
    let mut page = Page::default();
    for row in view.scan(range.as_range()).records().take(PAGE) {
        let (key, record) = row?;
        let read = view.value(&key, &record).and_then(|stored| {
            let conversation: Conversation = tables::read(&key, &stored.bytes)?;
            Ok((stored.version, conversation))
        });
        match read {
            Ok((version, mut conversation)) => {
                let id = &conversation.id;
                if view.scan(outbox::of(id).as_range()).records().next().transpose()?.is_some() {
                    page.pending.push(id.clone());
                }
                conversation.sessions = conversation.sessions.saturating_add(LEFT_OUT);
                page.renumbered.push((key.clone(), version, tables::write(&key, &conversation)?));
            }
            Err(Fault::Damaged { .. }) => page.unreadable += 1,
            Err(fault) => return Err(fault),
        }
        page.last = Some(key);
    }
    Ok(page)
}
