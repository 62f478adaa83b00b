//! One history, from a seed to its end: the next event happens, the process goes on until it can go no further, the
//! books are read, and so on; in between, the process may die.

use std::sync::{Arc, Mutex};
use std::task::Waker;

use fluxo_engine::ids::{ConversationId, EffectId};
use fluxo_engine::protocol::{Message, Object};
use futures_util::FutureExt;
use jiff::SignedDuration;

use super::agenda::Event;
use super::flows::on_disk;
use super::network::CHANNEL;
use super::panics;
use super::process::Process;
use super::weather::Mistake;
use super::world::{Shared, World, lock};
use crate::conversations::Conversations;
use crate::releases::Announcement;
use crate::store::memory::Disk;
use crate::store::{Mode, Occasion};
use crate::workers::clock_watch;

/// A history is cut after so many events: it cannot be told any more what went wrong in it.
const LONGEST: u64 = 20_000;
const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

/// How a history is run.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct How {
    /// Everything is told.
    pub(super) traced: bool,
    /// With a mistake.
    pub(super) mistake: Option<Mistake>,
}

/// What came of a history.
#[derive(Debug)]
pub(super) struct History {
    /// What must never happen and did.
    pub(super) broken: Option<String>,
    pub(super) trace: Vec<String>,
    pub(super) steps: u64,
    pub(super) turns: u32,
    pub(super) crashes: u32,
    pub(super) doubled: u32,
    pub(super) merged: u32,
    pub(super) booked: usize,
}

/// A delivery that the process has done with.
type Done = Arc<Mutex<Vec<(usize, bool)>>>;

struct Run {
    world: Shared,
    disk: Disk,
    process: Option<Process>,
    mistake: Option<Mistake>,
    /// Which of the releases the analysts have published last.
    release: usize,
    done: Done,
    writing: bool,
    telling: bool,
    /// Contacts say nothing more.
    silent: bool,
}

/// Runs the history of a seed.
pub(super) fn history(seed: u64, how: How) -> History {
    crate::conversations::names::draw_from(Some(seed));
    panics::listen();
    let mut world = World::of(seed, how.traced);
    world.audit.replays = seed.is_multiple_of(4) || how.traced;
    let mut run = Run {
        world: Arc::new(Mutex::new(world)),
        disk: Disk::told(),
        process: None,
        mistake: how.mistake,
        release: 0,
        done: Done::default(),
        writing: false,
        telling: false,
        silent: false,
    };
    run.plan();
    run.storm();
    run.calm();
    run.silence();
    run.process = None;
    let mut world = lock(&run.world);
    History {
        broken: world.broken.clone(),
        trace: world.trace(),
        steps: world.steps,
        turns: world.audit.played,
        crashes: world.crashes,
        doubled: world.audit.doubled,
        merged: world.audit.merged,
        booked: world.hospital.booked.len(),
    }
}

impl Run {
    /// Puts down what the seed wants to happen.
    fn plan(&mut self) {
        let mut world = lock(&self.world);
        let world = &mut *world;
        world.agenda.after(0, Event::Boot);
        for who in 0..world.people.len() {
            let wait = world.chance.between(100, 20_000);
            world.agenda.after(wait, Event::Think(who));
        }
        world.agenda.after(30_000, Event::Staff);
        for _ in 0..world.plan.starts {
            let wait = world.chance.between(1_000, 10 * MINUTE);
            world.agenda.after(wait, Event::Start);
        }
        for _ in 0..world.plan.publishes {
            let wait = world.chance.between(1_000, 20 * MINUTE);
            world.agenda.after(wait, Event::Publish);
        }
    }

    /// As bad as the seed wants it, for an hour or two, or until all has been said.
    fn storm(&mut self) {
        let end = lock(&self.world).chance.between(30 * MINUTE, 2 * HOUR);
        self.until(end);
    }

    /// Nothing goes wrong any more, and contacts only answer: soon everything is at rest.
    fn calm(&mut self) {
        {
            let mut world = lock(&self.world);
            world.plan.calm();
            world.agenda.hurry_deliveries();
            world.tell(|| "-- calm".to_owned());
        }
        if self.process.is_none() {
            self.boot();
        }
        let now = lock(&self.world).agenda.now();
        self.until(now + 12 * MINUTE);
    }

    /// Contacts say nothing more for days: all that waits for them ends.
    fn silence(&mut self) {
        self.silent = true;
        {
            let mut world = lock(&self.world);
            for person in &mut world.people {
                person.falls_silent();
            }
            world.agenda.hurry_deliveries();
            world.tell(|| "-- silence".to_owned());
        }
        let now = lock(&self.world).agenda.now();
        self.until(now + 5 * MINUTE);
        self.look(false);
        let now = lock(&self.world).agenda.now();
        self.until(now + 4 * 24 * HOUR);
        self.look(true);
    }

    /// Looks at everything at rest.
    fn look(&mut self, silent: bool) {
        if lock(&self.world).broken.is_some() {
            return;
        }
        let here = self.process.as_ref().and_then(Process::here);
        let Some(here) = here else { return lock(&self.world).breaks("the process does not come up") };
        let counts = here.store().counts().now_or_never().and_then(Result::ok);
        let Some(counts) = counts else { return lock(&self.world).breaks("the store does not count") };
        lock(&self.world).rests(counts, silent);
    }

    /// Lets everything happen until then.
    fn until(&mut self, end: u64) {
        loop {
            self.settle();
            let event = {
                let mut world = lock(&self.world);
                if world.broken.is_some() {
                    return;
                }
                world.steps += 1;
                if world.steps > LONGEST {
                    return world.breaks("the history does not end");
                }
                match world.agenda.next(end) {
                    Some(event) => event,
                    None => return world.agenda.pass(end),
                }
            };
            self.happens(event);
        }
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Wake(waker) | Event::Look(waker) => waker.wake(),
            Event::LookAgain => {
                let lookers = lock(&self.world).agenda.lookers();
                lookers.into_iter().for_each(Waker::wake);
            }
            Event::Notice(by) => {
                let here = self.process.as_ref().and_then(Process::here);
                if let (Some(process), Some(here)) = (&self.process, here) {
                    let jump = SignedDuration::from_millis(by);
                    process.begin(async move { clock_watch::tell(&here, jump).await });
                }
            }
            Event::Write => {
                self.writing = false;
                let line = self.disk.waiting();
                let group = {
                    let mut world = lock(&self.world);
                    if world.chance.per_mille(700) { line } else { 1 + world.chance.place(line.max(1)) }
                };
                self.disk.write(group);
                self.telling = true;
                let mut world = lock(&self.world);
                let wait = world.chance.between(0, 4);
                world.agenda.after(wait, Event::Tell);
            }
            Event::Tell => {
                self.telling = false;
                self.disk.tell();
            }
            Event::Deliver(number) => self.deliver(number),
            Event::Think(who) => lock(&self.world).thinks(who),
            Event::Staff => self.staff(),
            Event::Start => self.start(),
            Event::Publish => self.publish(),
            Event::Jump(by) => {
                let mut world = lock(&self.world);
                world.off += by;
                world.jumped += 1;
                world.tell(|| format!("our clock jumps by {by} ms"));
                let (again, noticed) = (world.chance.below(15_000), world.chance.below(10_000));
                world.agenda.after(again, Event::LookAgain);
                world.agenda.after(noticed, Event::Notice(by));
            }
            Event::Boot => self.boot(),
        }
    }

    /// The process goes on until it can go no further, or dies.
    fn settle(&mut self) {
        if let Some(process) = &self.process {
            process.settle();
        }
        let durable = self.disk.log();
        let mut world = lock(&self.world);
        for commit in &durable {
            world.became_durable(commit);
        }
        if let Some(panic) = panics::heard() {
            world.breaks(format!("panic: {panic}"));
        }
        let done = std::mem::take(&mut *self.done.lock().unwrap());
        for (number, taken) in done {
            world.network.deliveries[number].with = None;
            if taken {
                world.network.deliveries[number].acknowledged = true;
                world.tell(|| format!("delivery {number} is acknowledged"));
                let parts = world.network.deliveries[number].parts.clone();
                world.was_acknowledged(&parts);
            } else {
                world.will_deliver_again(number);
            }
        }
        let busy = self.disk.untold() > 0 || world.network.deliveries.iter().any(|one| one.with.is_some());
        let often = if busy { world.plan.crashes * 2 } else { world.plan.crashes / 4 };
        let dies = self.process.is_some() && world.chance.per_mille(often);
        drop(world);
        if dies {
            return self.crash();
        }
        if self.disk.waiting() > 0 && !self.writing && !self.telling {
            self.writing = true;
            let mut world = lock(&self.world);
            let wait = world.chance.below(4);
            world.agenda.after(wait, Event::Write);
        }
    }

    fn crash(&mut self) {
        lock(&self.world).tell(|| "the process is killed".to_owned());
        self.disk.crash();
        self.process = None;
        self.done.lock().unwrap().clear();
        (self.writing, self.telling) = (false, false);
        let mut world = lock(&self.world);
        world.crashes += 1;
        world.audit.leased.clear();
        let cut: Vec<usize> = (0..world.network.deliveries.len())
            .filter(|number| world.network.deliveries[*number].with.take().is_some())
            .collect();
        for number in cut {
            world.will_deliver_again(number);
        }
        let down = match world.chance.below(10) {
            0..8 => world.chance.between(50, 5_000),
            _ => world.chance.between(5_000, 3 * MINUTE),
        };
        world.agenda.after(down, Event::Boot);
    }

    fn boot(&mut self) {
        if self.process.is_some() {
            return;
        }
        {
            let mut world = lock(&self.world);
            world.process += 1;
            let number = world.process;
            world.tell(|| format!("process {number} starts"));
        }
        self.process = Some(Process::boot(&self.world, &self.disk, on_disk(self.release), self.mistake));
    }

    /// A webhook request reaches us, or nobody.
    fn deliver(&mut self, number: usize) {
        let here = self.process.as_ref().and_then(Process::here);
        let mut world = lock(&self.world);
        world.network.deliveries[number].tries += 1;
        let (Some(process), Some(here)) = (&self.process, here) else {
            return world.will_deliver_again(number);
        };
        let parts = world.received(number);
        world.network.deliveries[number].with = Some(world.process);
        world.tell(|| format!("delivery {number} of {} parts", parts.len()));
        let done = Arc::clone(&self.done);
        process.begin(async move {
            let taken = here.intake(CHANNEL, parts).await.is_ok();
            done.lock().unwrap().push((number, taken));
        });
    }

    /// The staff takes a conversation, answers, gives it back or ends it.
    fn staff(&mut self) {
        let here = self.process.as_ref().and_then(Process::here);
        let mut world = lock(&self.world);
        let with_people: Vec<(ConversationId, Mode)> = world
            .audit
            .followed
            .values()
            .filter(|found| found.conversation.mode != Mode::Bot)
            .map(|found| (found.conversation.id.clone(), found.conversation.mode.clone()))
            .collect();
        let wait = match (with_people.is_empty(), self.silent) {
            (false, _) => world.chance.between(5_000, 3 * MINUTE),
            (true, false) => world.chance.between(MINUTE, 6 * MINUTE),
            (true, true) => 6 * HOUR,
        };
        world.agenda.after(wait, Event::Staff);
        let (Some(process), Some(here)) = (&self.process, here) else { return };
        let letters = world.chance.per_mille(200);
        if (letters && self.settle_a_letter(&mut world, process, &here)) || with_people.is_empty() {
            return;
        }
        let (id, mode) = world.chance.pick(&with_people).clone();
        let act = world.chance.below(4);
        let key = world.chance.draw().to_string();
        world.tell(|| format!("the staff does {act} with {id}"));
        process.begin(async move {
            // Who comes too late is told so, and nothing happens: that is no mistake.
            let _ = match (mode, act) {
                (Mode::Queued { .. }, _) => here.take(&id, "Rita").await,
                (_, 0 | 1) => here.give_back(&id, "Rita", None, None).await,
                (_, 2) => here.finish(&id, "Rita", Some("ok"), None).await,
                _ => {
                    let text = Message::Text { text: "Um momento.".to_owned() };
                    here.reply(&id, "Rita", text, Some(&key)).await.map(|_| ())
                }
            };
        });
    }

    /// Tries again what was given up, or lets it go; `false` when there is nothing of the kind.
    fn settle_a_letter(&self, world: &mut World, process: &Process, here: &Arc<Conversations>) -> bool {
        let dead = world.audit.asked.iter().filter(|(_, asked)| asked.dead);
        let dead: Vec<EffectId> = dead.map(|(effect, _)| effect.clone()).collect();
        if dead.is_empty() {
            return false;
        }
        let effect = world.chance.pick(&dead).clone();
        let again = world.chance.per_mille(600);
        world.tell(|| format!("the staff {} {effect}", if again { "tries again" } else { "lets go" }));
        let here = Arc::clone(here);
        process.begin(async move {
            // Settled by somebody else meanwhile: nothing happens.
            let _ = match again {
                true => here.retry_dead_letter(&effect).await,
                false => here.discard_dead_letter(&effect).await,
            };
        });
        true
    }

    /// Another system starts a flow with a contact.
    fn start(&mut self) {
        let here = self.process.as_ref().and_then(Process::here);
        let mut world = lock(&self.world);
        let (Some(process), Some(here)) = (&self.process, here) else { return };
        let who = {
            let many = world.people.len();
            world.chance.place(many)
        };
        let world = &mut *world;
        let to = world.people[who].told(&mut world.chance);
        let key = world.chance.below(3).to_string();
        world.tell(|| format!("a flow is started with {who}"));
        process.begin(async move {
            let flow = "entrada".into();
            // Refused while people have it.
            let _ = here.start_session(CHANNEL, &to, None, &flow, &Object::new(), Some(&key)).await;
        });
    }

    fn publish(&mut self) {
        self.release = 1 - self.release;
        lock(&self.world).tell(|| "the other release is published".to_owned());
        let here = self.process.as_ref().and_then(Process::here);
        if let (Some(process), Some(here)) = (&self.process, here) {
            let flows = on_disk(self.release);
            let announcement = Announcement::of_ours(Occasion::Start, here.clock().now());
            process.begin(async move {
                // What a crash cuts off, the next start publishes.
                let _ = here.releases().publish(&flows, &announcement).await;
            });
        }
    }
}
