//! What kind of weather a seed brings: how often what goes wrong, so that some histories are calm and some are storms.

use super::chance::Chance;

/// How often things go wrong, in a thousand.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// A send is not taken, refused, or left in doubt.
    pub(super) sends: u64,
    /// A call of the hospital's system goes wrong.
    pub(super) calls: u64,
    /// A delivery comes again, late, or beside others.
    pub(super) deliveries: u64,
    /// A commit meets another that was never there.
    pub(super) conflicts: u64,
    /// The process dies, at each step.
    pub(super) crashes: u64,
    /// Our clock jumps while a request is under way, in fiftieths.
    pub(super) jumps: u64,
    /// Releases are published, how many times.
    pub(super) publishes: u64,
    /// Flows are started through the API, how many times.
    pub(super) starts: u64,
    /// Contacts.
    pub(super) contacts: u64,
    /// Messages that one contact may write in all.
    pub(super) talk: u64,
}

impl Plan {
    pub(super) fn of(chance: &mut Chance) -> Self {
        let mut rate = |most: u64| match chance.below(4) {
            0 => 0,
            1 => most / 8,
            2 => most / 2,
            _ => most,
        };
        let (sends, calls, deliveries, conflicts) = (rate(400), rate(500), rate(400), rate(120));
        let crashes = rate(24);
        Self {
            sends,
            calls,
            deliveries,
            conflicts,
            crashes,
            jumps: if chance.per_mille(250) { chance.between(1, 2) } else { 0 },
            publishes: if chance.per_mille(300) { chance.between(1, 2) } else { 0 },
            starts: if chance.per_mille(300) { chance.between(1, 3) } else { 0 },
            contacts: chance.between(1, 3),
            talk: chance.between(5, 16),
        }
    }

    /// Nothing goes wrong any more.
    pub(super) fn calm(&mut self) {
        (self.sends, self.calls, self.deliveries) = (0, 0, 0);
        (self.conflicts, self.crashes, self.jumps) = (0, 0, 0);
    }
}
