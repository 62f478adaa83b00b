//! The books kept from outside: what became durable, in order, and what of it may and may not be.
//!
//! Everything here is judged from commits as the disk took them and from requests as the world got them, never from
//! what the process says of itself.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use fluxo_engine::ids::{ConversationId, EffectId, SessionId, WaitId};
use fluxo_engine::protocol::{Contact, Content, EffectKind, Inbound, TimerKind, Wake};
use jiff::{SignedDuration, Timestamp};

use super::replay;
use super::world::World;
use crate::channels::Told;
use crate::store::memory::Durable;
use crate::store::{
    Commit, Conversation, Fence, InboxEntry, Input, JournalEntry, Kept, Line, LineBody, Mode, Revision,
    SendState, Speaker,
};

/// A conversation as its commits tell it.
#[derive(Debug)]
pub(super) struct Followed {
    pub(super) revision: u64,
    pub(super) conversation: Conversation,
    pub(super) inbox: VecDeque<InboxEntry>,
    /// Effects not over, in the order of asking.
    pub(super) outbox: Vec<EffectId>,
    pub(super) timers: BTreeMap<(WaitId, TimerKind), Timestamp>,
    /// What was said to the contact, as text.
    pub(super) said: Vec<String>,
    /// What the staff was told.
    pub(super) notices: Vec<String>,
    /// Messages of the contact so far, and the last of them that was played, by place.
    heard: u64,
    played: u64,
}

/// An effect that was asked for.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) conversation: ConversationId,
    pub(super) sends: bool,
    pub(super) over: bool,
    pub(super) dead: bool,
    /// People let it go.
    pub(super) let_go: bool,
    /// How often it had been sent when people had it tried again: what follows is theirs to answer for.
    forgiven: usize,
}

/// A message of a contact that stands in a transcript.
#[derive(Debug)]
struct Heard {
    conversation: ConversationId,
    place: u64,
    played: bool,
}

#[derive(Debug, Default)]
pub(super) struct Audit {
    pub(super) followed: BTreeMap<ConversationId, Followed>,
    pub(super) asked: BTreeMap<EffectId, Asked>,
    heard: BTreeMap<String, Heard>,
    turns: BTreeMap<SessionId, u32>,
    /// The last lease given of each conversation.
    pub(super) leased: BTreeMap<ConversationId, Fence>,
    /// Contacts as the last turn of a session left them, for playing it again.
    contacts: BTreeMap<SessionId, Contact>,
    /// Whether turns are played again as they become durable.
    pub(super) replays: bool,
    /// Messages that arrived twice, each after a doubt.
    pub(super) doubled: u32,
    pub(super) played: u32,
    /// Conversations that became another contact's.
    pub(super) merged: u32,
}

/// The message that a turn was played for.
fn message_of(entry: &JournalEntry) -> Option<&str> {
    match input(entry)? {
        Input::Start { message, .. } => message.as_ref().map(|message| message.id.as_str()),
        Input::Wake(Wake::Message { message, .. }) => Some(&message.id),
        Input::Wake(
            Wake::Timer { .. }
            | Wake::Http { .. }
            | Wake::SendFailed { .. }
            | Wake::Desk { .. }
            | Wake::Ticket { .. }
            | Wake::Close { .. },
        ) => None,
    }
}

/// What a turn was played for.
fn input(entry: &JournalEntry) -> Option<&Input> {
    match &entry.kept {
        Kept::Whole(recorded) => Some(&recorded.input),
        Kept::Moved(_) | Kept::Cut | Kept::Erased | Kept::Older => None,
    }
}

impl World {
    /// A commit is durable.
    pub(super) fn became_durable(&mut self, durable: &Durable) {
        let commit = &durable.commit;
        let id = commit.conversation.id.clone();
        self.tell(|| summary(durable));
        let before = self.audit.followed.remove(&id);
        if let Err(wrong) = self.judge(before.as_ref(), durable) {
            self.breaks(format!("{id}: {wrong}"));
        }
        let was = before.as_ref().map(|before| &before.conversation.contact);
        self.audit.merged += u32::from(was.is_some_and(|was| *was != commit.conversation.contact));
        let after = follow(before, commit, durable.revision);
        for entry in &commit.outbox_push {
            let sends = matches!(entry.effect.kind, EffectKind::SendMessage { .. });
            let forgiven = self.network.attempts.get(&entry.effect.id).map_or(0, Vec::len);
            let conversation = id.clone();
            let asked = Asked { conversation, sends, over: false, dead: false, let_go: false, forgiven };
            self.audit.asked.insert(entry.effect.id.clone(), asked);
        }
        let asked_again =
            |effect: &EffectId| commit.outbox_push.iter().any(|entry| entry.effect.id == *effect);
        for effect in commit.dead_settled.iter().filter(|effect| !asked_again(effect)) {
            if let Some(asked) = self.audit.asked.get_mut(effect) {
                (asked.dead, asked.let_go) = (false, true);
            }
        }
        for effect in &commit.outbox_done {
            self.over(effect, false);
        }
        for letter in &commit.dead {
            self.over(&letter.entry.effect.id, true);
        }
        self.audit.followed.insert(id, after);
    }

    fn over(&mut self, effect: &EffectId, dead: bool) {
        if let Some(asked) = self.audit.asked.get_mut(effect) {
            asked.over = true;
            asked.dead |= dead;
        }
    }

    fn judge(&mut self, before: Option<&Followed>, durable: &Durable) -> Result<(), String> {
        let commit = &durable.commit;
        let read = before.map_or(0, |before| before.revision);
        if commit.expected.0 != read || durable.revision.0 != read + 1 {
            return Err(format!("revision {} follows {read}", durable.revision.0));
        }
        if let Some(entry) = &commit.journal {
            self.judge_turn(before, commit, entry)?;
        }
        self.judge_messages(before, commit)?;
        judge_sides(before, commit)?;
        for entry in &commit.outbox_push {
            let again = self.audit.asked.get(&entry.effect.id);
            if again.is_some() && !commit.dead_settled.contains(&entry.effect.id) {
                return Err(format!("effect {} is asked for twice", entry.effect.id));
            }
        }
        Ok(())
    }

    fn judge_turn(
        &mut self,
        before: Option<&Followed>,
        commit: &Commit,
        entry: &JournalEntry,
    ) -> Result<(), String> {
        let last = self.audit.turns.insert(entry.session.clone(), entry.turn).unwrap_or(0);
        if entry.turn != last + 1 {
            return Err(format!("turn {} of {} follows turn {last}", entry.turn, entry.session));
        }
        self.audit.played += 1;
        if let Some(Input::Wake(Wake::Timer { wait, timer })) = input(entry) {
            let due = before.and_then(|before| before.timers.get(&(wait.clone(), *timer)));
            match due {
                Some(due) if *due <= entry.at => {}
                Some(due) => return Err(format!("{timer:?} fired at {}, due {due}", entry.at)),
                None => return Err(format!("{timer:?} fired and was not armed")),
            }
        }
        if self.audit.replays {
            let known = self.audit.contacts.get(&entry.session);
            let contact = replay::again(before.map(|before| &before.conversation), known, commit, entry)?;
            self.audit.contacts.insert(entry.session.clone(), contact);
        }
        Ok(())
    }

    /// Every message of the contact becomes a line once, and is played, held, or people's, once and in order.
    fn judge_messages(&mut self, before: Option<&Followed>, commit: &Commit) -> Result<(), String> {
        let id = &commit.conversation.id;
        let played = commit.journal.as_ref().and_then(message_of).map(str::to_owned);
        let with_people = commit.conversation.mode != Mode::Bot
            || before.is_some_and(|before| before.conversation.mode != Mode::Bot);
        let first = before.map_or(0, |before| before.heard) + 1;
        for (place, message) in (first..).zip(inbound(&commit.lines)) {
            let heard = Heard { conversation: id.clone(), place, played: false };
            let held = commit.inbox_push.iter().any(|entry| is_of(entry, &message.id));
            if let Some(before) = self.audit.heard.insert(message.id.clone(), heard) {
                // What a contact's other conversation held goes on with this one.
                let of_other = self.audit.followed.get(&before.conversation);
                let moves = held
                    && before.conversation != *id
                    && of_other
                        .is_some_and(|other| other.inbox.iter().any(|entry| is_of(entry, &message.id)));
                if !moves {
                    return Err(format!("{} stands in a transcript twice", message.id));
                }
            }
            let is_played = played.as_ref() == Some(&message.id);
            if !(held || is_played || with_people || is_no_input(message)) {
                return Err(format!("nothing became of {}", message.id));
            }
        }
        let waiting = before.into_iter().flat_map(|before| &before.inbox).chain(&commit.inbox_push);
        for entry in waiting.take(commit.inbox_consume) {
            if let InboxEntry::Message(message) = entry
                && played.as_ref() != Some(&message.id)
                && !with_people
                && !is_no_input(message)
                && self.audit.heard.get(&message.id).is_some_and(|heard| heard.conversation == *id)
            {
                return Err(format!("{} left the inbox and was not played", message.id));
            }
        }
        if let Some(message) = played {
            let last = before.map_or(0, |before| before.played);
            let heard = self.audit.heard.get_mut(&message).ok_or(format!("{message} is played unheard"))?;
            if heard.conversation != *id || std::mem::replace(&mut heard.played, true) {
                return Err(format!("{message} is played twice"));
            }
            if heard.place <= last {
                return Err(format!("{message} is played out of order"));
            }
        }
        Ok(())
    }

    /// The process acknowledged a delivery.
    pub(super) fn was_acknowledged(&mut self, parts: &[Told]) {
        let mut last = BTreeMap::new();
        for part in parts {
            match part {
                Told::Message { message, .. } => match self.audit.heard.get(&message.id) {
                    None => self.breaks(format!("{} was acknowledged and is nowhere", message.id)),
                    Some(heard) => {
                        let (conversation, place) = (heard.conversation.clone(), heard.place);
                        if last.insert(conversation, place).is_some_and(|before| before > place) {
                            self.breaks(format!("{} stands before what was written before it", message.id));
                        }
                    }
                },
                Told::Status { effect: Some(effect), state, .. } => {
                    if self.audit.asked.get(effect).is_some_and(|asked| !asked.over) {
                        self.breaks(format!("{effect} is {state:?} and still to be sent"));
                    }
                }
                Told::Status { effect: None, .. }
                | Told::AddressChanged { .. }
                | Told::OtherAccount { .. }
                | Told::Ignored { .. } => {}
            }
        }
    }

    /// Whether an effect may be performed now: its asking is durable, it is not over, and nothing comes before it.
    fn may_be_performed(&mut self, effect: &EffectId) {
        let Some(asked) = self.audit.asked.get(effect) else {
            return self.breaks(format!("{effect} is performed before its asking is durable"));
        };
        if asked.over {
            return self.breaks(format!("{effect} is over and is performed"));
        }
        let first = self.audit.followed.get(&asked.conversation).and_then(|found| found.outbox.first());
        if first != Some(effect) {
            let first = first.map(ToString::to_string);
            self.breaks(format!("{effect} overtakes {first:?}"));
        }
    }

    /// A call leaves the process.
    pub(super) fn may_be_called(&mut self, effect: &EffectId) {
        self.may_be_performed(effect);
    }

    /// A message leaves the process: again only if it did not arrive, or once if there was a doubt.
    pub(super) fn may_be_sent(&mut self, effect: &EffectId) {
        self.may_be_performed(effect);
        let (now, by) = (self.agenda.now(), (self.process, self.jumped));
        let earlier = self.network.attempts.get(effect).map_or(&[][..], |attempts| attempts);
        let forgiven = self.audit.asked.get(effect).map_or(0, |asked| asked.forgiven);
        let arrived: Vec<_> = earlier.iter().skip(forgiven).filter(|attempt| attempt.arrived).collect();
        let wrong = match arrived.as_slice() {
            [] => None,
            [_, _, ..] => Some("arrives a third time".to_owned()),
            [once] => {
                let in_doubt = once.heard.is_none() || !once.taken || once.by != by;
                let waited = now - once.at;
                if !in_doubt {
                    Some("was taken and is sent again".to_owned())
                } else if waited < 30_000 && once.by.1 == by.1 {
                    Some(format!("is sent again {waited} ms after a doubt"))
                } else {
                    None
                }
            }
        };
        self.audit.doubled += u32::from(!arrived.is_empty());
        if let Some(wrong) = wrong {
            self.breaks(format!("{effect} {wrong}"));
        }
    }

    /// Whether a message is on the phone.
    pub(super) fn has_arrived(&self, effect: &EffectId) -> bool {
        self.network
            .attempts
            .get(effect)
            .is_some_and(|attempts| attempts.iter().any(|attempt| attempt.arrived))
    }
}

fn inbound(lines: &[Line]) -> impl Iterator<Item = &Inbound> {
    lines.iter().filter_map(|line| match &line.body {
        LineBody::Inbound(message) => Some(message),
        LineBody::Outbound { .. } | LineBody::Sent { .. } | LineBody::Note(_) => None,
    })
}

fn is_of(entry: &InboxEntry, id: &str) -> bool {
    matches!(entry, InboxEntry::Message(message) if message.id == id)
}

/// What is no input by the rules: a reaction to nothing, a tap on what is long gone, and what is over a day late.
fn is_no_input(message: &Inbound) -> bool {
    let late = message.received_at.duration_since(message.written_at) > SignedDuration::from_hours(24);
    late || matches!(message.content, Content::Reaction { .. })
}

/// Exactly one side speaks.
fn judge_sides(before: Option<&Followed>, commit: &Commit) -> Result<(), String> {
    let with_people = |mode: &Mode| *mode != Mode::Bot;
    let people_before = before.is_some_and(|before| with_people(&before.conversation.mode));
    let people_after = with_people(&commit.conversation.mode);
    for line in &commit.lines {
        let LineBody::Outbound { effect, .. } = &line.body else { continue };
        match &line.by {
            Speaker::Bot if people_before && people_after => {
                return Err(format!("the flow says {effect} while people have the conversation"));
            }
            Speaker::Attendant(_) if !people_before => {
                return Err(format!("people say {effect} while the flow has the conversation"));
            }
            Speaker::Bot | Speaker::Attendant(_) | Speaker::Contact | Speaker::System => {}
        }
    }
    Ok(())
}

fn follow(before: Option<Followed>, commit: &Commit, revision: Revision) -> Followed {
    let conversation = commit.conversation.clone();
    let mut after = before.unwrap_or_else(|| Followed {
        revision: 0,
        conversation: conversation.clone(),
        inbox: VecDeque::new(),
        outbox: Vec::new(),
        timers: BTreeMap::new(),
        said: Vec::new(),
        notices: Vec::new(),
        heard: 0,
        played: 0,
    });
    (after.revision, after.conversation) = (revision.0, conversation);
    after.inbox.extend(commit.inbox_push.iter().cloned());
    after.inbox.drain(..commit.inbox_consume.min(after.inbox.len()));
    after.outbox.extend(commit.outbox_push.iter().map(|entry| entry.effect.id.clone()));
    let dead = commit.dead.iter().map(|letter| &letter.entry.effect.id);
    let over: BTreeSet<&EffectId> = commit.outbox_done.iter().chain(dead).collect();
    after.outbox.retain(|effect| !over.contains(effect));
    for gone in &commit.timers_disarm {
        after.timers.remove(gone);
    }
    for row in &commit.timers_arm {
        after.timers.insert((row.wait.clone(), row.kind), row.due);
    }
    after.notices.extend(commit.notices.iter().map(|notice| notice.text.clone()));
    let base = after.heard;
    for line in &commit.lines {
        match &line.body {
            LineBody::Inbound(_) => after.heard += 1,
            LineBody::Outbound { message, .. } => after.said.push(format!("{message:?}")),
            LineBody::Sent { .. } | LineBody::Note(_) => {}
        }
    }
    if let Some(played) = commit.journal.as_ref().and_then(message_of) {
        let new = inbound(&commit.lines).position(|message| message.id == played);
        after.played = match new {
            Some(place) => base + place as u64 + 1,
            // It was held: those that are still held came after it.
            None => {
                after.heard
                    - after.inbox.iter().filter(|entry| matches!(entry, InboxEntry::Message(_))).count()
                        as u64
            }
        };
    }
    after
}

/// A commit in words.
fn summary(durable: &Durable) -> String {
    let commit = &durable.commit;
    let mut words = format!("commit {} r{}", commit.conversation.id, durable.revision.0);
    if let Some(entry) = &commit.journal {
        let wake = match input(entry) {
            Some(Input::Start { flow, .. }) => format!("starts {flow}"),
            Some(Input::Wake(wake)) => format!("{wake:?}").chars().take(90).collect(),
            None => "moved".to_owned(),
        };
        words += &format!(" turn {}.{} ({wake})", entry.session, entry.turn);
    }
    for message in inbound(&commit.lines) {
        words += &format!(" hears {}", message.id);
    }
    if !commit.inbox_push.is_empty() || commit.inbox_consume > 0 {
        words += &format!(" inbox +{} -{}", commit.inbox_push.len(), commit.inbox_consume);
    }
    for entry in &commit.outbox_push {
        words += &format!(" asks {}", entry.effect.id);
    }
    for entry in &commit.outbox_update {
        words += &format!(" {} is {:?}", entry.effect.id, entry.state);
    }
    for effect in &commit.outbox_done {
        words += &format!(" over {effect}");
    }
    for letter in &commit.dead {
        words += &format!(" dead {}", letter.entry.effect.id);
    }
    for row in &commit.timers_arm {
        words += &format!(" arms {:?}@{}", row.kind, row.due);
    }
    for (_, kind) in &commit.timers_disarm {
        words += &format!(" disarms {kind:?}");
    }
    for line in &commit.lines {
        if let LineBody::Sent { effect, state, .. } = &line.body
            && *state != SendState::Read
        {
            words += &format!(" {effect} {state:?}");
        }
    }
    let mode = match &commit.conversation.mode {
        Mode::Bot => "bot",
        Mode::Queued { .. } => "queued",
        Mode::People { .. } => "people",
    };
    let open = if commit.conversation.session.is_some() { "open" } else { "no session" };
    words + &format!(" [{mode}, {open}]")
}
