//! What is to happen, in virtual milliseconds since the beginning: nothing happens that does not stand here.

use std::collections::BTreeMap;
use std::task::Waker;

/// Something that is to happen.
#[derive(Debug)]
pub(super) enum Event {
    /// Somebody in the process has waited long enough.
    Wake(Waker),
    /// The same by the clock on the wall, which may have been wrong.
    Look(Waker),
    /// Everybody who waits for the clock on the wall looks at it again.
    LookAgain,
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
    /// The process notices that its clock has jumped.
    Notice(i64),
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

    /// Takes out all who wait for the clock on the wall.
    pub(super) fn lookers(&mut self) -> Vec<Waker> {
        let looks: Vec<Key> = self.keys(|event| matches!(event, Event::Look(_)));
        let taken = looks.into_iter().filter_map(|key| self.events.remove(&key));
        let waker = |event| if let Event::Look(waker) = event { Some(waker) } else { None };
        taken.filter_map(waker).collect()
    }

    fn keys(&self, of: impl Fn(&Event) -> bool) -> Vec<Key> {
        self.events.iter().filter(|(_, event)| of(event)).map(|(key, _)| *key).collect()
    }

    /// Has all deliveries happen soon.
    pub(super) fn hurry_deliveries(&mut self) {
        let late = self.keys(|event| matches!(event, Event::Deliver(_)));
        for key in late {
            if let Some(event) = self.events.remove(&key) {
                self.after(10, event);
            }
        }
    }
}
