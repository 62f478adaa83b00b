//! What outlives a process, and the moment at which something is durable.
//!
//! A commit waits in line until the disk writes its group, in the order of asking; nobody sees anything of it before,
//! and its caller hears of it only after. A crash takes away whatever still waits in line and whoever waits to hear:
//! what was written stays, always a beginning of the line, exactly as in the embedded store.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::leases::Leases;
use super::tables::Tables;
use crate::store::{Commit, Fence, Revision};

/// Tells one caller what came of its work.
pub(super) type Tell = Box<dyn FnOnce() + Send>;

/// Work that waits in line.
pub(super) type Work = Box<dyn FnOnce(&mut Tables, &mut Leases, &mut Vec<Durable>) -> Tell + Send>;

/// A commit that became durable, in the order of becoming so.
#[derive(Debug, Clone)]
pub(crate) struct Durable {
    /// As it was asked for.
    pub(crate) commit: Commit,
    /// What the conversation came to.
    pub(crate) revision: Revision,
    /// The lease under which it was accepted, if it came with one.
    pub(crate) fence: Option<Fence>,
}

/// When the line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writing {
    AtOnce,
    WhenTold,
}

struct State {
    writing: Writing,
    tables: Tables,
    leases: Leases,
    line: VecDeque<Work>,
    untold: Vec<Tell>,
    /// Filled only when the disk is told when to write: somebody then reads it.
    log: Vec<Durable>,
    /// Which process has it, counted from 1.
    process: u64,
}

/// A disk. Clones are the same disk.
#[derive(Clone)]
pub(crate) struct Disk(Arc<Mutex<State>>);

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk").field("waiting", &self.waiting()).finish_non_exhaustive()
    }
}

impl Disk {
    /// One that writes whatever it is given, at once.
    pub(crate) fn prompt() -> Self {
        Self::new(Writing::AtOnce)
    }

    /// One that writes when it is told to.
    pub(crate) fn told() -> Self {
        Self::new(Writing::WhenTold)
    }

    fn new(writing: Writing) -> Self {
        Self(Arc::new(Mutex::new(State {
            writing,
            tables: Tables::default(),
            leases: Leases::default(),
            line: VecDeque::new(),
            untold: Vec::new(),
            log: Vec::new(),
            process: 0,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The process dies: what waits in line is lost, and nobody hears any more.
    pub(crate) fn crash(&self) {
        let (line, untold) = {
            let mut state = self.state();
            state.process += 1;
            state.leases = Leases::default();
            (std::mem::take(&mut state.line), std::mem::take(&mut state.untold))
        };
        drop((line, untold));
    }

    /// A process takes the disk; the one before is dead. The epoch is given if there is none.
    pub(super) fn take(&self, epoch: u32) -> (u64, u32) {
        self.crash();
        let mut state = self.state();
        let epoch = *state.tables.epoch.get_or_insert(epoch);
        (state.process, epoch)
    }

    /// How much waits in line.
    pub(crate) fn waiting(&self) -> usize {
        self.state().line.len()
    }

    /// How many wait to hear of what is durable.
    pub(crate) fn untold(&self) -> usize {
        self.state().untold.len()
    }

    /// Writes up to so many of the line as one group.
    pub(crate) fn write(&self, group: usize) {
        let mut state = self.state();
        let state = &mut *state;
        for work in state.line.drain(..group.min(state.line.len())) {
            state.untold.push(work(&mut state.tables, &mut state.leases, &mut state.log));
        }
    }

    /// Tells all whose work is durable.
    pub(crate) fn tell(&self) {
        let untold = std::mem::take(&mut self.state().untold);
        untold.into_iter().for_each(|tell| tell());
    }

    /// The commits that became durable since this was last asked.
    pub(crate) fn log(&self) -> Vec<Durable> {
        std::mem::take(&mut self.state().log)
    }

    /// Puts work at the end of the line; `false` if the process that asks is dead.
    pub(super) fn push(&self, process: u64, work: Work) -> bool {
        let at_once = {
            let mut state = self.state();
            if state.process != process {
                return false;
            }
            state.line.push_back(work);
            state.writing == Writing::AtOnce
        };
        if at_once {
            self.write(usize::MAX);
            self.state().log.clear();
            self.tell();
        }
        true
    }

    /// Lets a process look at what is durable, and change who has a lease; `None` if it is dead.
    pub(super) fn look<T>(&self, process: u64, look: impl FnOnce(&Tables, &mut Leases) -> T) -> Option<T> {
        let mut state = self.state();
        let state = &mut *state;
        (state.process == process).then(|| look(&state.tables, &mut state.leases))
    }
}
