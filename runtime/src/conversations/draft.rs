//! A change of one conversation in the making: what was read, and the commit that grows from it.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use fluxo_engine::ids::{EffectId, QueueId, WaitId};
use fluxo_engine::protocol::{Contact, Effect, EffectKind, Handoff, Message, SendFailure, TimerKind, Wake};
use jiff::{SignedDuration, Timestamp};

use super::Conversations;
use super::names;
use super::words::Words;
use crate::releases::Release;
use crate::store::{
    Commit, ContactRecord, Conversation, DeadLetter, DedupeKey, Deferred, InboxEntry, Line, LineBody, Loaded,
    Mode, Notice, OutboxEntry, OutboxState, Revision, SendState, Speaker, TimerRow,
};

/// The release of the open session.
#[derive(Debug, Clone)]
pub(super) enum Pinned {
    /// No session is open.
    Nothing,
    /// This one.
    On(Arc<dyn Release>),
    /// The store has it no more, or it cannot be read.
    Gone,
}

/// A change in the making. Everything here is decided without waiting for anything.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(super) here: &'a Conversations,
    pub(super) now: Timestamp,
    /// The release that a new session begins on.
    pub(super) current: Arc<dyn Release>,
    pub(super) pinned: Pinned,
    /// The contact as the engine sees it, changes applied.
    pub(super) contact: Contact,
    pub(super) record: ContactRecord,
    /// What waits to be played and is not used up by this change.
    pub(super) inbox: VecDeque<InboxEntry>,
    /// Effects not over, those asked by this change included.
    pub(super) outbox: Vec<OutboxEntry>,
    /// What play led to before could not be stored: it is not tried again.
    pub(super) too_large: bool,
    /// A call's result came for a wait that is gone.
    pub(super) late_result: bool,
    /// The answer is claimed: it leaves with this commit.
    pub(super) claimed: bool,
    pub(super) commit: Commit,
    known: BTreeSet<EffectId>,
    touched: BTreeSet<EffectId>,
}

impl<'a> Draft<'a> {
    /// Of a conversation as it was read.
    pub(super) fn of(
        here: &'a Conversations,
        loaded: Loaded,
        current: Arc<dyn Release>,
        pinned: Pinned,
    ) -> Self {
        let Loaded { revision, conversation, contact, inbox, outbox } = loaded;
        Self {
            here,
            now: here.clock.now(),
            current,
            pinned,
            contact: contact.contact.clone(),
            record: contact,
            inbox: inbox.into(),
            known: outbox.iter().map(|entry| entry.effect.id.clone()).collect(),
            touched: BTreeSet::new(),
            outbox,
            too_large: false,
            late_result: false,
            claimed: false,
            commit: Commit::of(revision, conversation),
        }
    }

    /// Of a conversation that does not exist yet.
    pub(super) fn new(here: &'a Conversations, conversation: Conversation, contact: ContactRecord) -> Self {
        let current = here.releases.current();
        let loaded = Loaded {
            revision: Revision::default(),
            conversation,
            contact,
            inbox: Vec::new(),
            outbox: Vec::new(),
        };
        Self::of(here, loaded, current, Pinned::Nothing)
    }

    /// The commit, and whether something is left in the inbox.
    pub(super) fn finish(self) -> (Commit, bool) {
        let mut commit = self.commit;
        for entry in self.outbox {
            if !self.known.contains(&entry.effect.id) {
                commit.outbox_push.push(entry);
            } else if self.touched.contains(&entry.effect.id) {
                commit.outbox_update.push(entry);
            }
        }
        (commit, !self.inbox.is_empty())
    }

    /// Whether the first effect is a message that this change asks for and that nothing holds back.
    pub(super) fn answers_at_once(&self) -> bool {
        let first = self.outbox.first().filter(|_| self.known.is_empty());
        first.is_some_and(|entry| {
            matches!(entry.effect.kind, EffectKind::SendMessage { .. })
                && entry.state == OutboxState::Ready
                && entry.ready_at <= self.now
        })
    }

    /// Marks the attempt of the first effect as begun; if nothing comes of it, it is looked at again at a moment.
    pub(super) fn mark_answer(&mut self, again: Timestamp) {
        if let Some(entry) = self.outbox.first_mut() {
            entry.state = OutboxState::Started { at: self.now };
            entry.ready_at = again;
            self.claimed = true;
        }
    }

    /// The conversation as it will be read once this change is committed.
    pub(super) fn as_committed(&self) -> Loaded {
        let commit = &self.commit;
        let mut conversation = commit.conversation.clone();
        conversation.next_line = conversation.next_line.max(1) + commit.lines.len() as u64;
        let mut contact = self.record.clone();
        contact.contact = self.contact.clone();
        contact.revision +=
            u64::from(!commit.contacts.is_empty()) + u64::from(!commit.contact_changes.is_empty());
        Loaded {
            revision: Revision(commit.expected.0 + 1),
            conversation,
            contact,
            inbox: self.inbox.iter().cloned().collect(),
            outbox: self.outbox.clone(),
        }
    }

    /// The conversation as it is to be.
    pub(crate) fn conversation(&self) -> &Conversation {
        &self.commit.conversation
    }

    pub(super) fn conversation_mut(&mut self) -> &mut Conversation {
        &mut self.commit.conversation
    }

    /// Marks a message or status as seen.
    pub(super) fn seen(&mut self, message: String) {
        let account = self.conversation().account.clone();
        self.commit.seen.push((DedupeKey { account, message }, self.now));
    }

    /// Writes the contact whole with this commit.
    pub(super) fn write_contact(&mut self, record: ContactRecord) {
        self.contact.name.clone_from(&record.contact.name);
        self.contact.phone.clone_from(&record.contact.phone);
        self.record = record.clone();
        self.commit.contacts.push(record);
        if self.commit.journal.is_some() {
            // The turn has not seen it.
            self.conversation_mut().journaled = None;
        }
    }

    // ---- What people read ------------------------------------------------------------------------------------

    pub(crate) fn line(&mut self, by: Speaker, body: LineBody) {
        self.commit.lines.push(Line { at: self.now, by, body });
    }

    pub(crate) fn note(&mut self, words: &Words<'_>) {
        let text = words.text(self.here.surroundings.language());
        self.line(Speaker::System, LineBody::Note(text));
    }

    /// A note, and a notice for a queue or for everybody.
    pub(crate) fn notice(&mut self, queue: Option<QueueId>, words: &Words<'_>) {
        let text = words.text(self.here.surroundings.language());
        self.commit.notices.push(Notice {
            at: self.now,
            conversation: Some(self.conversation().id.clone()),
            queue,
            text: text.clone(),
        });
        self.line(Speaker::System, LineBody::Note(text));
    }

    /// A notice that stands nowhere else.
    pub(super) fn tell_staff(&mut self, queue: Option<QueueId>, text: String) {
        let conversation = Some(self.conversation().id.clone());
        self.commit.notices.push(Notice { at: self.now, conversation, queue, text });
    }

    // ---- Effects ---------------------------------------------------------------------------------------------

    /// Puts an effect at the end of the outbox; what is said stands in the transcript from now on.
    pub(super) fn ask(&mut self, effect: Effect, by: Speaker) {
        if let EffectKind::SendMessage { message } = &effect.kind {
            let body = LineBody::Outbound { effect: effect.id.clone(), message: message.clone() };
            self.line(by, body);
        }
        self.outbox.push(OutboxEntry {
            effect,
            asked_at: self.now,
            ready_at: self.now,
            attempts: 0,
            failing_since: None,
            state: OutboxState::Ready,
            on_accept: Vec::new(),
        });
    }

    /// Says something outside of play.
    pub(super) fn say(&mut self, message: Message, by: Speaker) -> EffectId {
        let line = self.conversation().next_line + self.commit.lines.len() as u64;
        let id = names::aside(self.here.store.epoch(), &self.conversation().id, line);
        self.ask(Effect { id: id.clone(), wait: None, kind: EffectKind::SendMessage { message } }, by);
        id
    }

    pub(crate) fn entry(&self, effect: &EffectId) -> Option<&OutboxEntry> {
        self.outbox.iter().find(|entry| entry.effect.id == *effect)
    }

    pub(super) fn entry_mut(&mut self, effect: &EffectId) -> Option<&mut OutboxEntry> {
        self.touched.insert(effect.clone());
        self.outbox.iter_mut().find(|entry| entry.effect.id == *effect)
    }

    /// Takes an effect out of the outbox: it is over.
    pub(crate) fn over(&mut self, effect: &EffectId) -> Option<OutboxEntry> {
        let at = self.outbox.iter().position(|entry| entry.effect.id == *effect)?;
        if self.known.contains(effect) {
            self.commit.outbox_done.push(effect.clone());
        }
        Some(self.outbox.remove(at))
    }

    /// The channel took a message, as far as we know at this moment or, where a status told it later, at that one: the
    /// clocks that wait for it start.
    pub(super) fn accepted(&mut self, effect: &EffectId, message: Option<&str>, at: Timestamp) {
        let Some(entry) = self.over(effect) else { return };
        if let Some(message) = message {
            self.commit.accepted.push((message.to_owned(), effect.clone()));
        }
        let at = at.min(self.now);
        if let Some(asked) = self.conversation_mut().asked.as_mut().filter(|asked| asked.effect == *effect) {
            asked.accepted_at.get_or_insert(at);
        }
        self.start_clocks(entry.on_accept);
    }

    /// No attempt of an effect has left a doubt: should it become a dead letter, it has not arrived.
    pub(crate) fn certainly_not_done(&mut self, effect: &EffectId) {
        if let Some(entry) = self.entry_mut(effect) {
            entry.state = OutboxState::Ready;
        }
    }

    /// An effect can never succeed: people see it from now on.
    pub(crate) fn dead(&mut self, effect: &EffectId, reason: String) -> Option<OutboxEntry> {
        let entry = self.over(effect)?;
        // The store moves it in one step; it is not over.
        self.commit.outbox_done.retain(|done| done != effect);
        let conversation = self.conversation().id.clone();
        self.commit.dead.push(DeadLetter { conversation, entry: entry.clone(), at: self.now, reason });
        Some(entry)
    }

    /// A message will not arrive: people see it, and the session hears of it once.
    pub(crate) fn not_sent(&mut self, effect: &EffectId, failure: SendFailure) {
        let words = Words::NotSent { failure: &failure };
        let reason = words.text(self.here.surroundings.language());
        if let Some(entry) = self.dead(effect, reason.clone()) {
            // A wait must end even if its question never arrives.
            self.start_clocks(entry.on_accept);
        }
        self.line(
            Speaker::System,
            LineBody::Sent { effect: effect.clone(), state: SendState::Failed, reason: Some(reason) },
        );
        self.notice(None, &words);
        if self.is_of_open_session(effect) {
            self.wake(Wake::SendFailed { effect: effect.clone(), failure });
        }
    }

    /// Whether the open session asked for an effect.
    pub(crate) fn is_of_open_session(&self, effect: &EffectId) -> bool {
        let conversation = self.conversation();
        conversation.session.is_some() && conversation.session_id.as_ref() == Some(&effect.session)
    }

    // ---- Timers ----------------------------------------------------------------------------------------------

    /// Arms or moves a timer.
    pub(super) fn arm(&mut self, wait: WaitId, kind: TimerKind, due: Timestamp) {
        self.forget_timer(&wait, kind);
        let conversation = self.conversation().id.clone();
        self.commit.timers_arm.push(TimerRow { due, conversation, wait, kind });
    }

    /// Disarms a timer, also one whose clock has not started.
    pub(super) fn disarm(&mut self, wait: WaitId, kind: TimerKind) {
        self.forget_timer(&wait, kind);
        self.commit.timers_disarm.push((wait, kind));
    }

    /// Arms a timer whose clock starts when a message is accepted, which may have happened.
    pub(super) fn arm_after(&mut self, wait: WaitId, kind: TimerKind, effect: &EffectId, ms: i64) {
        if self.entry(effect).is_some() {
            self.disarm(wait.clone(), kind);
            if let Some(entry) = self.entry_mut(effect) {
                entry.on_accept.push(Deferred { wait, kind, ms });
            }
            return;
        }
        let asked = self.conversation().asked.as_ref().filter(|asked| asked.effect == *effect);
        let from = asked.and_then(|asked| asked.accepted_at).unwrap_or(self.now);
        self.arm(wait, kind, later(from, ms));
    }

    fn start_clocks(&mut self, deferred: Vec<Deferred>) {
        for Deferred { wait, kind, ms } in deferred {
            self.arm(wait, kind, later(self.now, ms));
        }
    }

    fn forget_timer(&mut self, wait: &WaitId, kind: TimerKind) {
        self.commit.timers_arm.retain(|row| (&row.wait, row.kind) != (wait, kind));
        self.commit.timers_disarm.retain(|(w, k)| (w, *k) != (wait, kind));
        for entry in &mut self.outbox {
            let before = entry.on_accept.len();
            entry.on_accept.retain(|deferred| (&deferred.wait, deferred.kind) != (wait, kind));
            if entry.on_accept.len() != before {
                self.touched.insert(entry.effect.id.clone());
            }
        }
    }

    // ---- People ----------------------------------------------------------------------------------------------

    /// Gives the conversation to the default queue because play cannot go on: with the wait at which the session
    /// stands still, if it goes on after people. Never silence.
    pub(super) fn give_to_people(&mut self, wait: Option<WaitId>, words: &Words<'_>) {
        let project = self.here.surroundings.project();
        let queue = project.default_queue.clone().or_else(|| project.queues.keys().next().cloned());
        if let (Some(queue), Mode::Bot) = (&queue, &self.conversation().mode) {
            let handoff = Handoff {
                queue: queue.clone(),
                summary: words.text(self.here.surroundings.language()),
                ticket: None,
                assign: Default::default(),
                prefer_last_attendant: false,
            };
            let since = self.now;
            self.conversation_mut().mode = Mode::Queued { queue: queue.clone(), since, wait, handoff };
        }
        self.notice(queue, words);
    }

    /// The oldest inbox entry is used up.
    pub(super) fn consume(&mut self) -> Option<InboxEntry> {
        let entry = self.inbox.pop_front()?;
        self.commit.inbox_consume += 1;
        Some(entry)
    }
}

fn later(from: Timestamp, ms: i64) -> Timestamp {
    from.checked_add(SignedDuration::from_millis(ms)).unwrap_or(Timestamp::MAX)
}
