//! Whether all is as it must be: every record is read, what depends on each other is compared, and what all records come
//! to is compared with what the writer has noted.
//!
//! It runs while the service does. What is counted is counted as of one moment (see [`super::snapshot`]); rows are
//! compared with their neighbours as they stand, which is exact because nothing changes while a step is under way.

mod conversations;
mod findings;
mod repair;
mod rows;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use fluxo_engine::ids::{ConversationId, ReleaseId};
use jiff::Timestamp;

use self::findings::Findings;
use super::digest::Digest;
use super::envelope::{self, CHUNK_PREFIX};
use super::fault::Fault;
use super::key::{Key, Parts};
use super::keyspace::{GROUP, Keyspace};
use super::secret::Secret;
use super::snapshot::Found;
use super::tables::totals::{self, Totals};
use super::tables::{
    backlog, contact, conversation, dead_letter, expiry, inbox, journal, line, notice, outbox, progress,
    ready, release, secret, seen, timer, with_people,
};
use super::view::View;
use super::{tables, upgrade};
use crate::store::Documents;
use crate::store::upkeep::{CheckError, Checkup, Invariant};

/// The longest rest between two steps.
const PAUSE: Duration = Duration::from_millis(20);

/// Says why the documents of a release cannot be played.
pub(super) type Readable<'a> = &'a (dyn Fn(&Documents) -> Result<(), String> + Send + Sync);

/// How a check is run.
pub(super) struct Run<'a> {
    /// Says why the documents of a release cannot be played.
    pub(super) readable: Readable<'a>,
    /// Whether what can be put right is put right. Nobody else may have the store then.
    pub(super) repair: bool,
    /// Hears how many records were read so far; says whether the check is still wanted.
    pub(super) progress: &'a mut dyn FnMut(u64) -> bool,
}

/// What one check knows.
struct Check<'a> {
    findings: Findings,
    readable: Readable<'a>,
    /// Releases that open sessions are pinned to.
    pinned: BTreeMap<ReleaseId, Pinned>,
    /// The conversation that the last row belonged to, as keys name it, and whether it is there.
    last_conversation: Option<(Vec<u8>, bool)>,
    /// The key of the last conversation that sealed rows were of.
    last_secret: Option<(ConversationId, Option<Arc<Secret>>)>,
}

/// The conversations whose open session is pinned to a release.
#[derive(Default)]
struct Pinned {
    count: u64,
    /// The first of them.
    ids: Vec<ConversationId>,
}

/// What is counted as of the moment at which the check began.
#[derive(Default)]
struct Tally {
    records: u64,
    digest: Digest,
    tables: BTreeMap<u8, u64>,
    /// Rows of what is to be forgotten, by the table of what they name.
    expiring: BTreeMap<u8, u64>,
    /// What the writer counted; absent when it cannot be read.
    totals: Option<Totals>,
}

/// Checks a store. Blocks.
pub(super) fn run(
    keyspace: &Keyspace,
    epoch: u32,
    at: Timestamp,
    run: Run<'_>,
) -> Result<Checkup, CheckError> {
    let begun = Instant::now();
    let mut check = Check {
        findings: Findings::default(),
        readable: run.readable,
        pinned: BTreeMap::new(),
        last_conversation: None,
        last_secret: None,
    };
    let mut snapshot = keyspace.snapshot().map_err(fault)?;
    let noted = snapshot.digest();
    let mut tally = Tally::default();
    let mut read = 0;
    loop {
        let began = Instant::now();
        // What was looked up a step ago may have changed since.
        (check.last_conversation, check.last_secret) = (None, None);
        let more = snapshot.step(|view, found, key, record| {
            read += 1;
            match found {
                Found::Unchanged => {
                    tally.count(key, record);
                    check.record(view, key, record)
                }
                Found::Was => {
                    tally.count(key, record);
                    Ok(())
                }
                Found::Is => check.record(view, key, record),
            }
        });
        let more = more.map_err(fault)?;
        if !(run.progress)(read) {
            return Err(CheckError::GivenUp);
        }
        if !more {
            break;
        }
        if !run.repair {
            thread::sleep(began.elapsed().min(PAUSE));
        }
    }
    snapshot.in_service().map_err(fault)?;
    let longest = snapshot.longest_step();
    drop(snapshot);
    check.compare(&tally, noted);
    check.releases(keyspace).map_err(fault)?;
    let mut findings = check.findings;
    if run.repair {
        repair::repair(keyspace, &mut findings).map_err(fault)?;
    }
    let (findings, found, left) = findings.told();
    Ok(Checkup {
        at,
        format: upgrade::CURRENT,
        epoch,
        records: tally.records,
        tables: tally.tables.iter().map(|(table, count)| (name(*table), *count)).collect(),
        findings,
        found,
        left,
        longest_pause_us: u64::try_from(longest.as_micros()).unwrap_or(u64::MAX),
        took_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
    })
}

fn fault(fault: Fault) -> CheckError {
    CheckError::Store(fault.into())
}

/// A table's name.
fn name(table: u8) -> String {
    let known = tables::PREFIXES.iter().find(|(byte, _)| *byte == table);
    known.map_or_else(|| format!("'{}'", table.escape_ascii()), |(_, name)| (*name).to_owned())
}

impl Tally {
    fn count(&mut self, key: &[u8], record: &[u8]) {
        self.records += 1;
        if key == GROUP {
            return;
        }
        self.digest.add(record);
        let Some(table) = key.first() else { return };
        *self.tables.entry(*table).or_default() += 1;
        if *table == totals::TABLE {
            let noted = envelope::open(key, record).ok();
            self.totals = noted.and_then(|head| tables::read(key, head.bytes()).ok());
        }
        if *table == expiry::TABLE
            && let Some(of) = expiry::target(key).and_then(|target| target.first())
        {
            *self.expiring.entry(*of).or_default() += 1;
        }
    }

    fn of(&self, table: u8) -> i64 {
        self.tables.get(&table).map_or(0, |count| i64::try_from(*count).unwrap_or(i64::MAX))
    }

    fn totals(&self) -> Totals {
        Totals {
            conversations: self.of(conversation::TABLE),
            contacts: self.of(contact::TABLE),
            outbox: self.of(outbox::TABLE),
            timers: self.of(timer::TABLE),
            inbox: self.of(inbox::TABLE),
            dead_letters: self.of(dead_letter::TABLE),
        }
    }
}

impl Check<'_> {
    /// One record, as it stands now.
    fn record(&mut self, view: &View<'_>, key: &[u8], record: &[u8]) -> Result<(), Fault> {
        let Some(table) = key.first().copied() else { return Ok(()) };
        if table == CHUNK_PREFIX {
            return self.chunk(view, key, record);
        }
        match view.value(key, record) {
            Ok(stored) => match self.row(view, table, key, &stored) {
                // A neighbour cannot be read: it is told when its own turn comes.
                Err(Fault::Damaged { .. }) => Ok(()),
                outcome => outcome,
            },
            Err(Fault::Damaged { .. }) => {
                self.findings.add(Invariant::Readable, table, subject(key), "its checksum or a chunk".into());
                Ok(())
            }
            Err(fault) => Err(fault),
        }
    }

    /// A chunk belongs to a value that has so many.
    fn chunk(&mut self, view: &View<'_>, key: &[u8], record: &[u8]) -> Result<(), Fault> {
        let parts = key.get(1..key.len().saturating_sub(2)).zip(key.last_chunk::<2>());
        let Some((of, number)) = parts.filter(|(of, _)| !of.is_empty()) else {
            self.findings.stray(Invariant::Known, CHUNK_PREFIX, None, key);
            return Ok(());
        };
        if !envelope::is_sound(key, record) {
            self.findings.add(Invariant::Readable, of[0], subject(of), "a chunk's checksum".into());
        }
        let head = view.record(of)?;
        let owned = match head.as_deref().map(|head| envelope::open(of, head)) {
            Some(Ok(head)) => u16::from_be_bytes(*number) < head.chunks,
            // A head that cannot be read is told by itself, and may still be looked at by somebody who knows.
            Some(Err(_)) => true,
            None => false,
        };
        if !owned {
            self.findings.stray(Invariant::Known, of[0], subject(of), key);
        }
        Ok(())
    }

    /// What only all records together can tell.
    fn compare(&mut self, tally: &Tally, noted: Option<Digest>) {
        if noted != Some(tally.digest) {
            let (expected, found) = (noted.map_or(0, Digest::records), tally.digest.records());
            let detail = format!("{expected} records noted, {found} found");
            self.findings.lost(GROUP[0], detail);
        }
        let counted = tally.totals();
        let noted = tally.totals.unwrap_or_default();
        if noted != counted {
            let detail = format!("noted {noted:?}, counted {counted:?}");
            self.findings.totals(totals::TABLE, detail, counted);
        }
        // A message that was seen does not say when, so that its row cannot be looked for.
        let seen = |tables: &BTreeMap<u8, u64>| tables.get(&seen::TABLE).copied().unwrap_or_default();
        let (rows, expiring) = (seen(&tally.tables), seen(&tally.expiring));
        if rows > expiring {
            let detail = format!("{rows} rows, {expiring} to be forgotten");
            self.findings.add(Invariant::ExpiryAgrees, seen::TABLE, None, detail);
        }
    }

    /// The releases that open sessions are pinned to are kept and can be played: asked outside of the steps, since it
    /// takes its time.
    fn releases(&mut self, keyspace: &Keyspace) -> Result<(), Fault> {
        for (release, pinned) in std::mem::take(&mut self.pinned) {
            let documents = match keyspace.look(|view| release::get(view, &release)) {
                Err(Fault::Damaged { .. }) => None,
                found => found?.and_then(|bytes| tables::decode::<Documents>("a release", &bytes).ok()),
            };
            if documents.is_some_and(|documents| (self.readable)(&documents).is_ok()) {
                continue;
            }
            let listed = pinned.ids.len() as u64;
            for id in pinned.ids {
                let id = Some(id.as_str().to_owned());
                let (invariant, table) = (Invariant::ReleaseKept, conversation::TABLE);
                self.findings.add(invariant, table, id, format!("release {release}"));
            }
            if pinned.count > listed {
                let detail = format!("{} more conversations", pinned.count - listed);
                let id = Some(release.as_str().to_owned());
                self.findings.add(Invariant::ReleaseKept, release::TABLE, id, detail);
            }
        }
        Ok(())
    }
}

/// What a row is about, where its key says so and no person is named by it.
fn subject(key: &[u8]) -> Option<String> {
    let table = *key.first()?;
    let mut parts = Parts::of(table, key)?;
    match table {
        conversation::TABLE | contact::TABLE | release::TABLE | secret::TABLE | progress::TABLE => {
            parts.text()
        }
        inbox::TABLE | outbox::TABLE | line::TABLE | journal::TABLE | journal::PIECES => parts.text(),
        backlog::TABLE | timer::BY_WAIT | dead_letter::BY_EFFECT => parts.text(),
        timer::TABLE | ready::TABLE | with_people::TABLE | dead_letter::TABLE | notice::TABLE => {
            parts.number()?;
            parts.text()
        }
        // The others are named by what is a person's.
        _ => None,
    }
}

/// The numbers of a conversation's rows in a table, in order.
fn numbers(view: &View<'_>, table: u8, id: &ConversationId) -> Result<Vec<u64>, Fault> {
    let mut found = Vec::new();
    for row in view.scan(Key::of(table).text(id.as_str()).range().as_range()).records() {
        let (key, _) = row?;
        let number = Parts::of(table, &key).and_then(|mut parts| {
            parts.text()?;
            parts.number()
        });
        found.extend(number);
    }
    Ok(found)
}
