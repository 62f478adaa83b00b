//! What is forgotten in time: messages seen, providers' message ids, statuses of what nobody knows.

use std::collections::{BTreeMap, BTreeSet};

use fluxo_engine::ids::{ConversationId, EffectId};
use jiff::{SignedDuration, Timestamp};

use crate::store::{Account, DedupeKey, KeptStatus};

const SEEN: SignedDuration = SignedDuration::from_hours(30 * 24);
const ACCEPTED: SignedDuration = SignedDuration::from_hours(35 * 24);
const STATUS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A status's own name: its message, its moment, and all it says.
type StatusKey = (Account, String, Timestamp, String);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Row {
    Seen(DedupeKey),
    Accepted(Account, String),
    Status(StatusKey),
}

#[derive(Debug, Clone, Default)]
pub(super) struct Expiry {
    seen: BTreeSet<DedupeKey>,
    accepted: BTreeMap<(Account, String), (ConversationId, EffectId)>,
    statuses: BTreeMap<StatusKey, KeptStatus>,
    rows: BTreeSet<(Timestamp, Row)>,
}

impl Expiry {
    pub(super) fn has_seen(&self, key: &DedupeKey) -> bool {
        self.seen.contains(key)
    }

    pub(super) fn see(&mut self, key: &DedupeKey, at: Timestamp) {
        self.seen.insert(key.clone());
        self.later(at, SEEN, Row::Seen(key.clone()));
    }

    pub(super) fn effect_of(&self, account: &Account, message: &str) -> Option<&(ConversationId, EffectId)> {
        self.accepted.get(&(account.clone(), message.to_owned()))
    }

    /// `asked` is when the effect was asked for; of one that is over, nobody knows and it stays.
    pub(super) fn accept(
        &mut self,
        account: &Account,
        message: &str,
        effect: (ConversationId, EffectId),
        asked: Option<Timestamp>,
    ) {
        let key = (account.clone(), message.to_owned());
        if let Some(asked) = asked {
            self.later(asked, ACCEPTED, Row::Accepted(key.0.clone(), key.1.clone()));
        }
        self.accepted.insert(key, effect);
    }

    pub(super) fn keep_status(&mut self, account: &Account, message: &str, status: &KeptStatus) {
        let all_it_says = format!("{status:?}");
        let key = (account.clone(), message.to_owned(), status.at, all_it_says);
        self.later(status.at, STATUS, Row::Status(key.clone()));
        self.statuses.insert(key, status.clone());
    }

    pub(super) fn statuses(&self, account: &Account, message: &str) -> Vec<KeptStatus> {
        let of = |key: &StatusKey| key.0 == *account && key.1 == message;
        self.statuses.iter().filter(|(key, _)| of(key)).map(|(_, status)| status.clone()).collect()
    }

    fn later(&mut self, at: Timestamp, kept: SignedDuration, row: Row) {
        self.rows.insert((at.checked_add(kept).unwrap_or(Timestamp::MAX), row));
    }

    /// Forgets what has expired; answers how much.
    pub(super) fn sweep(&mut self, now: Timestamp) -> u64 {
        let mut swept = 0;
        while self.rows.first().is_some_and(|(when, _)| *when <= now)
            && let Some((_, row)) = self.rows.pop_first()
        {
            match row {
                Row::Seen(key) => drop(self.seen.remove(&key)),
                Row::Accepted(account, message) => drop(self.accepted.remove(&(account, message))),
                Row::Status(key) => drop(self.statuses.remove(&key)),
            }
            swept += 1;
        }
        swept
    }
}
