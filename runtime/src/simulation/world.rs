//! Everything outside of the process, and the history of it: it goes on whatever becomes of the process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::agenda::{Agenda, Event};
use super::audit::Audit;
use super::chance::Chance;
use super::clock::beginning;
use super::contact::Person;
use super::hospital::Hospital;
use super::network::Network;
use super::plan::Plan;

/// The world, shared with what the process sees of it.
pub(super) type Shared = Arc<Mutex<World>>;

/// Nobody else is ever there: a simulation runs on one thread.
pub(super) fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) chance: Chance,
    pub(super) agenda: Agenda,
    pub(super) plan: Plan,
    pub(super) people: Vec<Person>,
    pub(super) network: Network,
    pub(super) hospital: Hospital,
    pub(super) audit: Audit,
    /// How far our clock is off, in milliseconds.
    pub(super) off: i64,
    /// How often it jumped.
    pub(super) jumped: u32,
    /// The number of the process that runs, from 1.
    pub(super) process: u32,
    /// Told as it happens, if somebody wants to read it.
    trace: Option<Vec<String>>,
    /// What must never happen and did: the first counts.
    pub(super) broken: Option<String>,
    /// How many things happened.
    pub(super) steps: u64,
    pub(super) crashes: u32,
}

impl World {
    pub(super) fn of(seed: u64, traced: bool) -> Self {
        let mut chance = Chance::of(seed);
        let plan = Plan::of(&mut chance);
        let people = (0..plan.contacts).map(|number| Person::of(number, plan.talk, &mut chance)).collect();
        Self {
            chance,
            agenda: Agenda::default(),
            plan,
            people,
            network: Network::default(),
            hospital: Hospital::default(),
            audit: Audit::default(),
            off: 0,
            jumped: 0,
            process: 0,
            trace: traced.then(Vec::new),
            broken: None,
            steps: 0,
            crashes: 0,
        }
    }

    /// The time by everybody else's clock.
    pub(super) fn true_time(&self) -> Timestamp {
        beginning() + SignedDuration::from_millis(i64::try_from(self.agenda.now()).unwrap_or(i64::MAX / 4))
    }

    /// The time by ours.
    pub(super) fn our_time(&self) -> Timestamp {
        self.true_time() + SignedDuration::from_millis(self.off)
    }

    /// While a request is under way, so long, our clock may jump.
    pub(super) fn may_jump(&mut self, wait: u64) {
        let often = self.plan.jumps * 20;
        if self.chance.per_mille(often) {
            let far = i64::try_from(self.chance.between(1_000, 3_600_000)).unwrap_or(0);
            let by = if self.chance.per_mille(600) { far } else { -far };
            let when = self.chance.between(0, wait);
            self.agenda.after(when, Event::Jump(by));
        }
    }

    /// Writes into the trace.
    pub(super) fn tell(&mut self, what: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            let ms = self.agenda.now();
            trace.push(format!("{:>9}.{:03} {}", ms / 1000, ms % 1000, what()));
        }
    }

    /// Something happened that must never happen.
    pub(super) fn breaks(&mut self, what: impl Into<String>) {
        let what = what.into();
        self.tell(|| format!("BROKEN {what}"));
        self.broken.get_or_insert(what);
    }

    /// What was told, so far.
    pub(super) fn trace(&mut self) -> Vec<String> {
        self.trace.as_mut().map(std::mem::take).unwrap_or_default()
    }
}
