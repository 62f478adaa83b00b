//! Who may perform the effects of which conversation, and until when: the process's own, gone with it.

use std::collections::BTreeMap;

use fluxo_engine::ids::ConversationId;
use jiff::Timestamp;

use crate::store::Fence;

#[derive(Debug, Default)]
pub(super) struct Leases {
    last: u64,
    held: BTreeMap<ConversationId, (Fence, Timestamp)>,
}

impl Leases {
    /// Gives a lease, unless there is one that has not ended.
    pub(super) fn take(&mut self, id: &ConversationId, now: Timestamp, until: Timestamp) -> Option<Fence> {
        if self.held.get(id).is_some_and(|(_, ends)| *ends > now) {
            return None;
        }
        self.last += 1;
        let fence = Fence(self.last);
        self.held.insert(id.clone(), (fence, until));
        Some(fence)
    }

    /// Whether this is the last lease that was given, and was not given back.
    pub(super) fn holds(&self, id: &ConversationId, fence: Fence) -> bool {
        self.held.get(id).is_some_and(|(held, _)| *held == fence)
    }

    /// When the last lease ends.
    pub(super) fn ends(&self, id: &ConversationId) -> Option<Timestamp> {
        self.held.get(id).map(|(_, ends)| *ends)
    }

    /// Gives a lease back, if it is still the last one.
    pub(super) fn release(&mut self, id: &ConversationId, fence: Fence) {
        if self.holds(id, fence) {
            self.held.remove(id);
        }
    }
}
