//! One turn: the engine is asked, and what it answers becomes part of the commit. Pure, microseconds.

use std::panic::{AssertUnwindSafe, catch_unwind};

use fluxo_engine::error::Error;
use fluxo_engine::ids::FlowId;
use fluxo_engine::protocol::{
    self, Contact, DeskEvent, Due, EffectKind, Event, Inbound, NotPlayed, Object, Origin, Resume,
    TimerChange, Trigger, Wake, World,
};

use super::draft::{Draft, Pinned};
use super::names;
use super::words::Words;
use crate::releases::{Played, Standing};
use crate::store::{
    Asked, BackdropId, InboxEntry, Input, JournalEntry, Kept, Mode, Prints, Recorded, Speaker, not_said,
};

/// What a turn is fed, as the journal keeps it.
struct Fed {
    input: Input,
    backdrop: BackdropId,
    contact: Option<Contact>,
    window_open: bool,
}

/// Why play failed, in a word that is safe to log: what the engine says may quote a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Poison {
    /// The engine refused.
    Refused(&'static str),
    /// The engine panicked.
    Panic,
    /// The release of the session is not there.
    ReleaseGone,
    /// What it led to is over the store's cap.
    TooLarge,
}

impl Draft<'_> {
    /// Where the open session stands; absent when none is open.
    pub(super) fn standing(&self) -> Result<Option<Standing>, Poison> {
        let Some(session) = &self.conversation().session else { return Ok(None) };
        match &self.pinned {
            Pinned::On(release) => guarded(|| release.standing(session)).map(Some),
            Pinned::Gone | Pinned::Nothing => Err(Poison::ReleaseGone),
        }
    }

    /// Begins a session. None may be open.
    pub(super) fn begin(&mut self, flow: FlowId, origin: Origin, message: Option<Inbound>, inputs: Object) {
        if self.too_large {
            return self.quarantine(Poison::TooLarge);
        }
        let number = self.conversation().sessions + 1;
        let session = names::session(&self.conversation().id, number);
        let trigger = Trigger { session, world: self.world(), flow, origin, message, inputs };
        let release = self.current.clone();
        match twice(|| release.start(&trigger)) {
            Ok(played) => {
                let conversation = self.conversation_mut();
                conversation.sessions = number;
                conversation.session_id = Some(trigger.session.clone());
                conversation.release = Some(release.id().clone());
                conversation.asked = None;
                conversation.closing = false;
                let backdrop = self.here.backdrops.of(release.id(), &trigger.world);
                self.pinned = Pinned::On(release);
                let Trigger { session: _, world, flow, origin, message, inputs } = trigger;
                let fed = Fed {
                    input: Input::Start { flow, origin, message, inputs },
                    backdrop,
                    window_open: world.conversation.window_open,
                    contact: Some(world.contact),
                };
                self.apply(played, fed);
            }
            Err(poison) => self.quarantine(poison),
        }
    }

    /// Wakes the open session; with none open, nothing happens.
    pub(super) fn wake(&mut self, wake: Wake) {
        let Some(session) = self.conversation().session.clone() else { return };
        if self.too_large {
            return self.quarantine(Poison::TooLarge);
        }
        let resume = Resume { world: self.world(), wake };
        let played = match &self.pinned {
            Pinned::On(release) => twice(|| release.resume(&session, &resume)).map(|played| {
                let backdrop = self.here.backdrops.of(release.id(), &resume.world);
                (played, backdrop)
            }),
            Pinned::Gone | Pinned::Nothing => Err(Poison::ReleaseGone),
        };
        match played {
            Ok((played, backdrop)) => {
                let Resume { world, wake } = resume;
                let told = self.conversation().journaled == Some(self.record.revision)
                    && self.commit.contacts.is_empty();
                let fed = Fed {
                    input: Input::Wake(wake),
                    backdrop,
                    window_open: world.conversation.window_open,
                    contact: (!told).then_some(world.contact),
                };
                self.apply(played, fed);
            }
            Err(poison) => self.quarantine(poison),
        }
    }

    /// Tells the session what people did.
    pub(super) fn wake_from_desk(&mut self, wait: fluxo_engine::ids::WaitId, event: DeskEvent) {
        self.wake(Wake::Desk { wait, event });
    }

    fn world(&self) -> World {
        let conversation = self.conversation();
        let channel = self.here.outside.channel(&conversation.account.channel);
        World {
            now: self.now,
            epoch: self.here.store.epoch(),
            contact: self.contact.clone(),
            conversation: protocol::Conversation {
                id: conversation.id.clone(),
                channel: conversation.account.channel.clone(),
                window_open: channel
                    .is_some_and(|channel| channel.window_open(conversation.last_inbound, self.now)),
                limits: channel.map(|channel| channel.limits()).unwrap_or_default(),
            },
            open_queues: self.here.surroundings.open_queues(self.now),
            project: self.here.surroundings.project(),
        }
    }

    fn apply(&mut self, played: Played, fed: Fed) {
        debug_assert!(self.commit.journal.is_none(), "one turn is one commit");
        self.journal(&played, fed);
        let Played { session, standing, turn } = played;
        let handed_over = turn.effects.iter().find_map(|effect| match &effect.kind {
            EffectKind::OpenHandoff { handoff } => Some((effect.wait.clone(), handoff.clone())),
            EffectKind::SendMessage { .. }
            | EffectKind::CallHttp { .. }
            | EffectKind::OpenTicket { .. }
            | EffectKind::Notify { .. }
            | EffectKind::SendEmail { .. } => None,
        });
        for effect in turn.effects {
            self.ask(effect, Speaker::Bot);
        }
        for change in turn.timers {
            match change {
                TimerChange::Arm(timer) => match timer.due {
                    Due::At(due) => self.arm(timer.wait, timer.kind, due),
                    Due::AfterAccepted { effect, ms } => self.arm_after(timer.wait, timer.kind, &effect, ms),
                },
                TimerChange::Disarm { wait, kind } => self.disarm(wait, kind),
            }
        }
        for change in turn.contact {
            self.contact.apply(&change);
            self.commit.contact_changes.push(change);
        }
        self.tell(&turn.events);
        let ended = turn.ended.is_some();
        // The store counts a contact written whole as one change, and a turn's changes together as another.
        let written = u64::from(!self.commit.contacts.is_empty());
        let changed = u64::from(!self.commit.contact_changes.is_empty());
        let contact = self.record.revision + written + changed;
        let conversation = self.conversation_mut();
        conversation.journaled = (!ended).then_some(contact);
        conversation.session = (!ended).then_some(session);
        conversation.closing &= !ended;
        conversation.asked = match (&standing.question, conversation.asked.take()) {
            (Some(question), Some(asked)) if asked.effect == *question => Some(asked),
            (Some(question), _) => Some(Asked { effect: question.clone(), accepted_at: None }),
            (None, _) => None,
        };
        if ended {
            self.pinned = Pinned::Nothing;
        }
        self.settle_mode(handed_over, &standing);
    }

    /// People have it from the commit that asks for them, and as long as the session waits for them.
    fn settle_mode(
        &mut self,
        handed_over: Option<(Option<fluxo_engine::ids::WaitId>, protocol::Handoff)>,
        standing: &Standing,
    ) {
        if let Some((wait, handoff)) = handed_over
            && (wait.is_none() || wait == standing.wait)
        {
            let queue = handoff.queue.clone();
            let title = self.here.surroundings.queue_title(&queue);
            self.notice(Some(queue.clone()), &Words::Queued { queue: &title, summary: &handoff.summary });
            let since = self.now;
            self.conversation_mut().mode = Mode::Queued { queue, since, wait, handoff };
            return;
        }
        let left = match &self.conversation().mode {
            Mode::Queued { wait: Some(wait), .. } | Mode::People { wait: Some(wait), .. } => {
                standing.wait.as_ref() != Some(wait)
            }
            Mode::Bot | Mode::Queued { wait: None, .. } | Mode::People { wait: None, .. } => false,
        };
        if left {
            let had = std::mem::replace(&mut self.conversation_mut().mode, Mode::Bot);
            match had {
                // Whoever was talking to the contact must know why they no longer can.
                Mode::People { queue, .. } => self.notice(Some(queue), &Words::TakenBack),
                Mode::Queued { .. } => self.note(&Words::TakenBack),
                Mode::Bot => {}
            }
        }
    }

    /// Writes into the transcript what people should see of the events.
    fn tell(&mut self, events: &[Event]) {
        for event in events {
            match event {
                Event::Trouble(trouble) => {
                    let conversation = self.conversation().id.clone();
                    let code = trouble.code.as_str();
                    tracing::warn!(%conversation, code, flow = %trouble.flow, node = %trouble.node, "trouble in play");
                    self.note(&Words::Trouble {
                        code,
                        flow: trouble.flow.as_str(),
                        node: trouble.node.as_str(),
                    });
                }
                Event::NotPlayed { reason: reason @ NotPlayed::TooOld } => {
                    self.notice(None, &Words::NotPlayed(*reason));
                }
                Event::NotPlayed { reason } => self.note(&Words::NotPlayed(*reason)),
                Event::ResultTooLate { .. } => self.late_result = true,
                Event::SessionEnded { outcome } => self.note(&Words::Ended { outcome }),
                Event::SessionStarted { .. }
                | Event::NodeEntered { .. }
                | Event::PortTaken { .. }
                | Event::WaitBegan { .. }
                | Event::Answered { .. }
                | Event::AnswerInvalid { .. }
                | Event::Interrupted { .. }
                | Event::FlowEntered { .. }
                | Event::FlowEnded { .. }
                | Event::WentTo { .. } => {}
            }
        }
    }

    fn journal(&mut self, played: &Played, fed: Fed) {
        let Some(session) = self.conversation().session_id.clone() else { return };
        let Fed { input, backdrop, contact, window_open } = fed;
        let recorded = Recorded {
            backdrop,
            input,
            contact,
            window_open,
            prints: Prints::of(&played.session, &played.turn),
            asked: not_said(&played.turn.effects),
        };
        self.commit.journal = Some(JournalEntry {
            at: self.now,
            session,
            turn: played.turn.number,
            events: played.turn.events.clone(),
            kept: Kept::Whole(Box::new(recorded)),
        });
    }

    /// Play failed twice: the session ends here and people get the conversation, with what still waits.
    pub(super) fn quarantine(&mut self, poison: Poison) {
        let conversation = self.conversation().id.clone();
        tracing::error!(%conversation, ?poison, "play failed twice; the conversation goes to people");
        let state = self.conversation_mut();
        state.session = None;
        state.asked = None;
        state.closing = false;
        // A handoff of the session that is gone is nobody's to return to.
        match &mut state.mode {
            Mode::Queued { wait, .. } | Mode::People { wait, .. } => *wait = None,
            Mode::Bot => {}
        }
        self.pinned = Pinned::Nothing;
        // Should this be about a call's result, nobody has heard it.
        self.late_result = true;
        self.give_to_people(None, &Words::Quarantined);
        self.people_have_the_rest();
    }

    /// People have the conversation: what waited to be played stands in the transcript for them.
    pub(super) fn people_have_the_rest(&mut self) {
        if self.conversation().mode == Mode::Bot {
            return;
        }
        while let Some(entry) = self.consume() {
            match entry {
                InboxEntry::Message(_) => {}
                InboxEntry::Start(start) => {
                    self.notice(None, &Words::NotStarted { flow: start.flow.as_str() });
                }
            }
        }
    }
}

/// What fails once is tried once more.
fn twice<T>(play: impl Fn() -> Result<T, Error>) -> Result<T, Poison> {
    guarded(&play).or_else(|_| guarded(&play))
}

/// A panic of the engine must not take the neighbours with it: the engine is a function, so nothing is left half done.
fn guarded<T>(play: impl Fn() -> Result<T, Error>) -> Result<T, Poison> {
    match catch_unwind(AssertUnwindSafe(play)) {
        Ok(Ok(played)) => Ok(played),
        Ok(Err(error)) => Err(Poison::Refused(match error {
            Error::UnknownFlow(_) => "unknown flow",
            Error::UnknownNode { .. } => "unknown node",
            Error::WrongRelease { .. } => "wrong release",
            Error::NotHearing(_) => "not hearing",
            Error::Ended => "ended",
            Error::Stored(_) => "damaged session",
            Error::Invariant(_) => "invariant",
        })),
        Err(_) => Err(Poison::Panic),
    }
}
