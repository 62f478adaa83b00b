//! A commit of a conversation, in two halves: prepared by its caller, played by the writer.

use std::sync::Arc;

use fluxo_engine::ids::{ContactId, ConversationId, EffectId};
use jiff::Timestamp;

use super::fault::Fault;
use super::journaled;
use super::key;
use super::leases::Leases;
use super::secret::{KEY_BYTES, Secret};
use super::tables::outbox::Packed;
use super::tables::totals::Totals;
use super::tables::{
    self, accepted, backlog, contact, conversation, dead_letter, inbox, journal, line, notice, outbox,
    progress, ready, secret, seen, timer, totals, with_people,
};
use super::transaction::Transaction;
use crate::store::{
    Commit, Committed, ContactRecord, DeadLetter, Notice, OutboxEntry, OutboxState, Revision, StoreError,
    TimerRow,
};

/// A commit with all its values in the form in which they are stored: the writer is to do as little as it can.
pub(super) struct Prepared {
    commit: Commit,
    conversation: Vec<u8>,
    contacts: Vec<(ContactRecord, Vec<u8>)>,
    inbox: Vec<Vec<u8>>,
    outbox: Vec<Packed>,
    updated: Vec<Packed>,
    dead: Vec<(DeadLetter, Vec<u8>)>,
    timers: Vec<(TimerRow, Vec<u8>)>,
    journal: Option<journaled::Packed>,
    lines: Vec<Vec<u8>>,
    /// The conversation's first key.
    key: Option<[u8; KEY_BYTES]>,
    notices: Vec<(Notice, Vec<u8>)>,
}

/// What seals a commit's lines and its turn.
pub(super) struct Seal {
    pub(super) secret: Arc<Secret>,
    /// It is new, and is kept with the commit.
    pub(super) new: Option<[u8; KEY_BYTES]>,
}

/// Plays a merge: a contact goes, and every conversation it had belongs to another by one of the commits.
pub(super) fn merge(
    tx: &mut Transaction<'_>,
    gone: &(ContactId, u64),
    commits: &[Prepared],
    leases: &Leases,
) -> Result<Committed, Fault> {
    // All before anything is written: a message that is known undoes nothing.
    for (message, _) in commits.iter().flat_map(|prepared| &prepared.commit.seen) {
        if seen::contains(&tx.view(), message)? {
            return Ok(Committed::Duplicate);
        }
    }
    let (id, revision) = gone;
    let record = contact::remove(tx, id, *revision)?;
    let orphan = record.conversations.iter().any(|(_, conversation)| {
        let kept = |prepared: &Prepared| {
            let after = &prepared.commit.conversation;
            after.id == *conversation && after.contact != *id
        };
        !commits.iter().any(kept)
    });
    if orphan {
        return Err(Fault::Conflict);
    }
    totals::add(tx, &Totals { contacts: -1, ..Totals::default() })?;
    let mut last = Revision::default();
    for prepared in commits {
        match prepared.play(tx, leases)? {
            Committed::Done(revision) => last = revision,
            // Two of the commits have seen the same message: nothing of it may stay.
            Committed::Duplicate => return Err(Fault::Conflict),
        }
    }
    Ok(Committed::Done(last))
}

/// Values with what they are stored as.
fn with_bytes<T: serde::Serialize>(
    what: &'static str,
    values: Vec<T>,
) -> Result<Vec<(T, Vec<u8>)>, StoreError> {
    let encode = |value| tables::encode(what, &value).map(|bytes| (value, bytes));
    values.into_iter().map(encode).collect()
}

fn bytes<T: serde::Serialize>(what: &'static str, values: &[T]) -> Result<Vec<Vec<u8>>, StoreError> {
    values.iter().map(|value| tables::encode(what, value)).collect()
}

impl Prepared {
    /// Whether there is anything to be sealed.
    pub(super) fn seals(commit: &Commit) -> bool {
        commit.journal.is_some() || !commit.lines.is_empty()
    }

    /// Its conversation.
    pub(super) fn id(&self) -> &ConversationId {
        &self.commit.conversation.id
    }

    /// A commit with something to be sealed needs a seal.
    pub(super) fn of(mut commit: Commit, seal: Option<&Seal>) -> Result<Self, StoreError> {
        for record in &mut commit.contacts {
            record.revision += 1;
        }
        let id = &commit.conversation.id;
        let secret = || {
            let seal = seal.ok_or_else(|| StoreError::Down("a commit came without its seal".to_owned()));
            seal.map(|seal| &*seal.secret)
        };
        let pack = |line| line::pack(id, line, secret()?);
        let lines = commit.lines.iter().map(pack).collect::<Result<_, StoreError>>()?;
        let pack = |entry| journaled::pack(id, entry, secret()?);
        let journal = commit.journal.as_ref().map(pack).transpose()?;
        Ok(Self {
            conversation: tables::encode("a conversation", &commit.conversation)?,
            contacts: with_bytes("a contact", std::mem::take(&mut commit.contacts))?,
            inbox: bytes("an inbox entry", &commit.inbox_push)?,
            outbox: commit.outbox_push.iter().map(outbox::pack).collect::<Result<_, _>>()?,
            updated: commit.outbox_update.iter().map(outbox::pack).collect::<Result<_, _>>()?,
            dead: with_bytes("a dead letter", std::mem::take(&mut commit.dead))?,
            timers: with_bytes("a timer", std::mem::take(&mut commit.timers_arm))?,
            journal,
            lines,
            key: seal.and_then(|seal| seal.new),
            notices: with_bytes("a notice", std::mem::take(&mut commit.notices))?,
            commit,
        })
    }

    /// Checks what the commit requires, and does all of it or nothing.
    pub(super) fn play(&self, tx: &mut Transaction<'_>, leases: &Leases) -> Result<Committed, Fault> {
        let id = &self.commit.conversation.id;
        // Before the revision: that a message is known stands, whatever became of its conversation.
        for (message, _) in &self.commit.seen {
            if seen::contains(&tx.view(), message)? {
                return Ok(Committed::Duplicate);
            }
        }
        conversation::expect(tx, id, self.commit.expected)?;
        if self.commit.fence.is_some_and(|fence| !leases.holds(id, fence)) {
            return Err(Fault::Fenced);
        }
        self.keep_marks(tx)?;

        if let Some(bytes) = &self.key {
            secret::put(tx, id, bytes)?;
        }
        let mut progress = progress::get(&tx.view(), id)?;
        let before = progress.clone();
        let mut change = Totals::default();
        for (message, at) in &self.commit.seen {
            seen::put(tx, message, *at)?;
        }
        change.contacts += contact::put(tx, &self.contacts)?;
        contact::change(tx, &self.commit.conversation.contact, &self.commit.contact_changes)?;
        self.say(tx, &mut progress, &mut change)?;
        self.ask(tx, &mut progress, &mut change)?;
        self.wait(tx, &mut change)?;
        let since = with_people::since(&self.commit.conversation.mode);
        with_people::update(tx, id, &mut progress, since)?;
        if progress != before {
            progress::put(tx, id, &progress)?;
        }
        let revision = Revision(self.commit.expected.0 + 1);
        change.conversations += i64::from(self.commit.expected.0 == 0);
        tx.put(&conversation::key(id), revision.0, &self.conversation)?;
        notice::put(tx, id, revision, &self.notices)?;
        totals::add(tx, &change)?;
        Ok(Committed::Done(revision))
    }

    /// The mark of an attempt does not move the revision: what was decided without a lease and read before the mark
    /// would take it back, and a stop would leave an effect to be performed again that was performed.
    fn keep_marks(&self, tx: &Transaction<'_>) -> Result<(), Fault> {
        let is_marked = |entry: &OutboxEntry| matches!(entry.state, OutboxState::Started { .. });
        let unmarked = self.commit.outbox_update.iter().filter(|entry| !is_marked(entry));
        for update in unmarked.filter(|_| self.commit.fence.is_none()) {
            let id = &self.commit.conversation.id;
            let Some((key, _)) = outbox::find(&tx.view(), id, &update.effect.id)? else { continue };
            let stored = tx.get(&key)?.ok_or(Fault::Conflict)?;
            let entry = outbox::unpack(&stored.bytes).map_err(|_| Fault::damaged(&key))?;
            if is_marked(&entry) {
                return Err(Fault::Conflict);
            }
        }
        Ok(())
    }

    /// The inbox, the journal and the transcript.
    fn say(
        &self,
        tx: &mut Transaction<'_>,
        progress: &mut progress::Progress,
        change: &mut Totals,
    ) -> Result<(), Fault> {
        let id = &self.commit.conversation.id;
        for entry in &self.inbox {
            inbox::push(tx, id, progress, entry)?;
            change.inbox += 1;
        }
        let consumed = inbox::consume(tx, id, self.commit.inbox_consume)?;
        change.inbox -= i64::try_from(consumed).unwrap_or(i64::MAX);
        if !self.inbox.is_empty() || consumed > 0 {
            backlog::update(tx, id, progress)?;
        }
        if let (Some(entry), Some(turn)) = (&self.journal, &self.commit.journal) {
            journal::push(tx, id, progress, turn.at, entry)?;
        }
        for line in &self.lines {
            line::push(tx, id, progress, line)?;
        }
        Ok(())
    }

    /// The outbox and what becomes of effects.
    fn ask(
        &self,
        tx: &mut Transaction<'_>,
        progress: &mut progress::Progress,
        change: &mut Totals,
    ) -> Result<(), Fault> {
        let id = &self.commit.conversation.id;
        // Without a place among those that have something to do there is nothing to be read.
        let mut standing = match progress.ready {
            Some(_) => outbox::Standing::read(&tx.view(), id)?,
            None => outbox::Standing::default(),
        };
        for entry in &self.outbox {
            standing.push(tx, id, progress, entry)?;
            change.outbox += 1;
        }
        for (message, effect) in &self.commit.accepted {
            let asked: Option<Timestamp> = standing.asked(effect).and_then(key::moment);
            accepted::put(tx, &self.commit.conversation.account, message, (id, effect), asked)?;
        }
        for entry in &self.updated {
            standing.update(tx, entry)?;
        }
        let dead: Vec<&EffectId> = self.dead.iter().map(|(letter, _)| &letter.entry.effect.id).collect();
        for effect in self.commit.outbox_done.iter().chain(dead) {
            change.outbox -= i64::from(standing.over(tx, effect)?);
        }
        for (letter, bytes) in &self.dead {
            change.dead_letters += i64::from(dead_letter::put(tx, letter, bytes)?);
        }
        for effect in &self.commit.dead_settled {
            change.dead_letters -= i64::from(dead_letter::settle(tx, effect)?);
        }
        ready::place(tx, id, progress, standing.head())
    }

    /// The timers.
    fn wait(&self, tx: &mut Transaction<'_>, change: &mut Totals) -> Result<(), Fault> {
        let id = &self.commit.conversation.id;
        for (wait, kind) in &self.commit.timers_disarm {
            change.timers -= i64::from(timer::disarm(tx, id, wait, *kind)?);
        }
        for (row, bytes) in &self.timers {
            change.timers += i64::from(timer::arm(tx, id, row, bytes)?);
        }
        Ok(())
    }
}
