//! What is to happen, in virtual milliseconds since the beginning: nothing happens that does not stand here.

use std::collections::BTreeMap;
use std::task::Waker;

/// Something that is to happen.
#[derive(Debug)]
pub(super) enum Event {
    /// Somebody in the process has waited long enough.
    Wake(Waker),
    /// The disk writes a group.
    Write,
    /// Those who wait for the disk hear of it.
    Tell,
    /// The provider delivers a webhook request.
    Deliver(usize),
    /// A contact may write.
    Think(usize),
    /// The staff does something.
    Staff,
    /// Somebody starts a flow through the API.
    Start,
    /// The analysts publish the other release.
    Publish,
    /// Our clock jumps by so many milliseconds.
    Jump(i64),
    /// The process is started again.
    Boot,
}

/// A place in the agenda.
pub(super) type Key = (u64, u64);

#[derive(Debug, Default)]
pub(super) struct Agenda {
    now: u64,
    given: u64,
    events: BTreeMap<Key, Event>,
}

impl Agenda {
    /// Milliseconds since the beginning.
    pub(super) fn now(&self) -> u64 {
        self.now
    }

    /// Has something happen so much later; what was put down first comes first.
    pub(super) fn after(&mut self, wait: u64, event: Event) -> Key {
        self.given += 1;
        let key = (self.now + wait, self.given);
        self.events.insert(key, event);
        key
    }

    pub(super) fn cancel(&mut self, key: Key) {
        self.events.remove(&key);
    }

    /// The next event, if it comes by then; time goes on to it.
    pub(super) fn next(&mut self, until: u64) -> Option<Event> {
        let first = self.events.first_entry().filter(|first| first.key().0 <= until)?;
        self.now = first.key().0;
        Some(first.remove())
    }

    /// Nothing happens until then.
    pub(super) fn pass(&mut self, until: u64) {
        self.now = self.now.max(until);
    }

    /// Has all deliveries happen soon.
    pub(super) fn hurry_deliveries(&mut self) {
        let late: Vec<Key> = self
            .events
            .iter()
            .filter(|(_, event)| matches!(event, Event::Deliver(_)))
            .map(|(key, _)| *key)
            .collect();
        for key in late {
            if let Some(event) = self.events.remove(&key) {
                self.after(10, event);
            }
        }
    }
}
