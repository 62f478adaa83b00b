//! Puts right what can be, while nobody else has the store.

use fluxo_engine::ids::ConversationId;

use super::super::digest::Digest;
use super::super::fault::Fault;
use super::super::keyspace::{GROUP, Keyspace};
use super::super::tables::progress::Progress;
use super::super::tables::totals::{self, Totals};
use super::super::tables::{
    self, backlog, conversation, inbox, journal, line, outbox, progress, ready, with_people,
};
use super::super::transaction::Transaction;
use super::findings::{Findings, Repair};
use super::numbers;
use crate::store::Conversation;

/// How much one commit puts right.
const AT_ONCE: usize = 100;

/// Puts right what was found. Blocks.
pub(super) fn repair(keyspace: &Keyspace, findings: &mut Findings) -> Result<(), Fault> {
    let repairs = findings.take_repairs();
    if repairs.is_empty() {
        return Ok(());
    }
    // What all records come to is noted last: the other repairs move it on by themselves.
    let (last, rows): (Vec<Repair>, Vec<Repair>) =
        repairs.into_iter().partition(|repair| *repair == Repair::Digest);
    for some in rows.chunks(AT_ONCE) {
        let some = some.to_vec();
        keyspace.commit_blocking(move |tx| some.iter().try_for_each(|repair| put_right(tx, repair)))?;
    }
    if !last.is_empty() {
        keyspace.commit_blocking(note_what_is_there)?;
    }
    findings.repaired();
    Ok(())
}

fn put_right(tx: &mut Transaction<'_>, repair: &Repair) -> Result<(), Fault> {
    match repair {
        Repair::Delete(key) => {
            // A value goes with its chunks; a chunk that belongs to nothing, or what cannot be read, as it is.
            tx.delete_record(key)
        }
        Repair::Put(key, value) => tx.put(key, 0, value),
        Repair::Reindex(id) => reindex(tx, id),
        Repair::Totals(counted) => totals::put(tx, counted),
        Repair::Digest => Ok(()),
    }
}

/// Notes what is there as what all records come to.
fn note_what_is_there(tx: &mut Transaction<'_>) -> Result<(), Fault> {
    let noted = tx.get(GROUP)?.and_then(|stored| Digest::from_bytes(&stored.bytes)).unwrap_or_default();
    let mut change = tx.view().counted()?;
    change.part(noted);
    tx.correct(change);
    // Something has to be written for the group to be; it comes to what it came to.
    let totals: Totals = totals::get(&tx.view())?;
    totals::put(tx, &totals)
}

/// Puts a conversation where its inbox, its outbox and its mode say, and its numbers above all that were given.
fn reindex(tx: &mut Transaction<'_>, id: &ConversationId) -> Result<(), Fault> {
    let key = conversation::key(id);
    let Some(stored) = tx.get(&key)? else { return Ok(()) };
    let conversation: Conversation = tables::read(&key, &stored.bytes)?;
    let known = match progress::get(&tx.view(), id) {
        Err(Fault::Damaged { .. }) => Progress::default(),
        known => known?,
    };
    let after = |table, known: u64| {
        let last = numbers(&tx.view(), table, id)?.pop();
        Ok::<_, Fault>(last.map_or(known, |last| known.max(last.saturating_add(1))))
    };
    let numbered = Progress {
        inbox: after(inbox::TABLE, known.inbox)?,
        outbox: after(outbox::TABLE, known.outbox)?,
        journal: after(journal::TABLE, known.journal)?,
        line: after(line::TABLE, known.line)?,
        ..known.clone()
    };
    // Wherever it stands and whatever it believed of itself: its rows are put anew.
    tx.delete(&backlog::key(id))?;
    let head = outbox::head(&tx.view(), id)?;
    for place in [known.ready, head].into_iter().flatten() {
        tx.delete(&ready::row(place, id))?;
    }
    let since = with_people::since(&conversation.mode);
    for place in [known.with_people, since].into_iter().flatten() {
        tx.delete(&with_people::row(place, id))?;
    }
    let mut fresh = Progress { waiting: false, ready: None, with_people: None, ..numbered };
    backlog::update(tx, id, &mut fresh)?;
    ready::place(tx, id, &mut fresh, head)?;
    with_people::update(tx, id, &mut fresh, since)?;
    progress::put(tx, id, &fresh)
}
