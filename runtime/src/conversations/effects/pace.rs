//! How fast messages may leave, per account and per recipient (whatsapp-cloud.md §9). Kept in memory only: it spares
//! refusals, correctness does not rest on it.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fluxo_engine::ids::EffectId;
use jiff::Timestamp;

use crate::foundation::clock;
use crate::store::Account;

/// One message per 6 seconds and recipient, 45 at once.
const RECIPIENT: Rate = Rate { every: Duration::from_secs(6), burst: 45 };
/// Recipients remembered at least before those who may be sent to freely are forgotten.
const REMEMBERED: usize = 4096;
/// Pauses closer together than this are one.
const STILL: Duration = Duration::from_secs(10 * 60);
/// A clock may be behind itself by so much between two who ask: they read it one after the other.
const BACK: Duration = Duration::from_secs(2);

/// So many at once, then one each so often.
#[derive(Debug, Clone, Copy)]
struct Rate {
    every: Duration,
    burst: u32,
}

/// Why a message may not leave now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// Others go first.
    Turn(Timestamp),
    /// The provider takes nothing of this account until then.
    Paused(Timestamp),
}

/// What has left lately, and what has a place in the queue.
#[derive(Debug, Default)]
pub(crate) struct Pace(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    accounts: HashMap<Account, Line>,
    /// For each, the moment at which it would be idle again (GCRA).
    recipients: HashMap<(Account, String), Timestamp>,
    /// How many recipients are remembered before the next clearing; twice what the last one left, so that a crowd
    /// does not cost a clearing for each message.
    clear_at: usize,
    /// The latest moment seen: a clock that goes back leaves nothing here that means anything.
    latest: Option<Timestamp>,
}

/// The queue of an account.
#[derive(Debug, Default)]
struct Line {
    /// When it would be idle again, all those with places having left (GCRA).
    idle: Option<Timestamp>,
    /// Nothing is taken until then.
    paused: Option<Timestamp>,
    /// The moment from which each may leave, by a digest of its effect's id: there may be very many.
    places: HashMap<u64, Timestamp>,
}

impl Pace {
    /// Lets one message leave now, or says when others will have left; it keeps no place. `per_second` is the account's
    /// own rate.
    pub(super) fn ask(
        &self,
        account: &Account,
        per_second: u32,
        recipient: &str,
        now: Timestamp,
    ) -> Result<(), Wait> {
        self.state(now).admit(account, per_second, recipient, now, None)
    }

    /// Lets one message leave now, or keeps a place for it: it may leave from the moment it is told, and asks again
    /// then. So a crowd waits without asking all the time, and nobody has to be in a worker's hands to keep its turn.
    ///
    /// A recipient who had too much lately takes no place of the account's: it asks again later.
    pub(super) fn queue(
        &self,
        effect: &EffectId,
        account: &Account,
        per_second: u32,
        recipient: &str,
        now: Timestamp,
    ) -> Result<(), Wait> {
        let mut hasher = DefaultHasher::new();
        effect.hash(&mut hasher);
        self.state(now).admit(account, per_second, recipient, now, Some(hasher.finish()))
    }

    /// The provider takes nothing of this account until a moment; says whether that is news.
    pub(super) fn pause(&self, account: &Account, until: Timestamp, now: Timestamp) -> bool {
        let mut state = self.state(now);
        let line = state.accounts.entry(account.clone()).or_default();
        let before = line.paused.replace(until);
        // Nobody leaves at their place now: who comes after the pause gets another.
        line.places.clear();
        line.idle = None;
        before.is_none_or(|before| clock::after(before, STILL) <= now)
    }

    fn state(&self, now: Timestamp) -> MutexGuard<'_, State> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.latest.is_some_and(|latest| clock::after(now, BACK) < latest) {
            *state = State::default();
        }
        state.latest = Some(now);
        state
    }
}

impl State {
    fn admit(
        &mut self,
        account: &Account,
        per_second: u32,
        recipient: &str,
        now: Timestamp,
        place: Option<u64>,
    ) -> Result<(), Wait> {
        if self.recipients.len() >= self.clear_at.max(REMEMBERED) {
            self.recipients.retain(|_, idle| *idle > now);
            self.clear_at = self.recipients.len() * 2;
        }
        let line = self.accounts.entry(account.clone()).or_default();
        if let Some(until) = line.paused.filter(|until| *until > now) {
            return Err(Wait::Paused(until));
        }
        if let Some(place) = place
            && let Some(from) = line.places.get(&place).copied()
        {
            if from > now {
                return Err(Wait::Turn(from));
            }
            line.places.remove(&place);
            return Ok(());
        }
        let (leaves, line_idle) = Rate::per_second(per_second).next(line.idle, now);
        let pair = (account.clone(), recipient.to_owned());
        let (may, pair_idle) = RECIPIENT.next(self.recipients.get(&pair).copied(), leaves);
        if may > leaves {
            return Err(Wait::Turn(may));
        }
        if leaves > now && place.is_none() {
            return Err(Wait::Turn(leaves));
        }
        line.idle = Some(line_idle);
        self.recipients.insert(pair, pair_idle);
        match place.filter(|_| leaves > now) {
            Some(place) => {
                line.places.insert(place, leaves);
                Err(Wait::Turn(leaves))
            }
            None => Ok(()),
        }
    }
}

impl Rate {
    /// So many a second, and a second's worth at once.
    fn per_second(messages: u32) -> Self {
        Self { every: Duration::from_secs(1) / messages.max(1), burst: messages.max(1) }
    }

    /// When one more may leave, not before `from`; and when all would be idle again then.
    fn next(self, idle: Option<Timestamp>, from: Timestamp) -> (Timestamp, Timestamp) {
        let idle = clock::after(idle.filter(|idle| *idle > from).unwrap_or(from), self.every);
        let earliest = idle.checked_sub(self.every * self.burst).unwrap_or(from);
        (earliest.max(from), idle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Account {
        Account { channel: "whatsapp".into(), id: "1".into() }
    }

    #[test]
    fn a_recipient_gets_a_burst_and_then_one_each_six_seconds() {
        let pace = Pace::default();
        let start: Timestamp = "2026-03-12T12:00:00Z".parse().unwrap();
        for _ in 0..45 {
            assert_eq!(pace.ask(&account(), 70, "a", start), Ok(()));
        }
        let Err(Wait::Turn(next)) = pace.ask(&account(), 70, "a", start) else { panic!("the burst is over") };
        assert_eq!(next, clock::after(start, Duration::from_secs(6)));
        assert_eq!(pace.ask(&account(), 70, "b", start), Ok(()), "another recipient has a burst of its own");
        assert_eq!(pace.ask(&account(), 70, "a", next), Ok(()));
        assert!(pace.ask(&account(), 70, "a", next).is_err());
    }

    #[test]
    fn an_account_sends_seventy_a_second() {
        let pace = Pace::default();
        let start: Timestamp = "2026-03-12T12:00:00Z".parse().unwrap();
        let mut now = start;
        let mut sent = 0;
        for recipient in 0..1000 {
            match pace.ask(&account(), 70, &recipient.to_string(), now) {
                Ok(()) => sent += 1,
                Err(Wait::Turn(next)) => now = next,
                Err(Wait::Paused(_)) => panic!("nobody paused it"),
            }
            if now > clock::after(start, Duration::from_secs(5)) {
                break;
            }
        }
        assert!((70 + 340..=70 + 360).contains(&sent), "{sent}");
    }

    #[test]
    fn a_pause_holds_the_whole_account() {
        let pace = Pace::default();
        let start: Timestamp = "2026-03-12T12:00:00Z".parse().unwrap();
        let until = clock::after(start, Duration::from_secs(60));
        assert!(pace.pause(&account(), until, start));
        assert!(!pace.pause(&account(), until, start), "told once");
        assert_eq!(pace.ask(&account(), 70, "a", start), Err(Wait::Paused(until)));
        assert_eq!(pace.ask(&account(), 70, "a", until), Ok(()));
    }

    fn effect(n: u32) -> EffectId {
        EffectId { epoch: 1, session: "c.1".into(), turn: n, n: 0 }
    }

    #[test]
    fn a_crowd_gets_places_one_after_the_other_and_leaves_at_them() {
        let pace = Pace::default();
        let start: Timestamp = "2026-03-12T12:00:00Z".parse().unwrap();
        let ask = |n: u32, now| pace.queue(&effect(n), &account(), 70, &n.to_string(), now);
        let mut places = Vec::new();
        for n in 0..1000 {
            match ask(n, start) {
                Ok(()) => assert!(n < 70),
                Err(Wait::Turn(from)) => places.push((n, from)),
                Err(Wait::Paused(_)) => panic!("nobody paused it"),
            }
        }
        assert_eq!(places.len(), 930);
        assert!(places.is_sorted_by(|one, next| one.1 < next.1), "no two at the same moment");
        let last = places.last().unwrap().1;
        assert!((13..=14).contains(&last.duration_since(start).as_secs()), "930 at 70 a second: {last}");
        for (n, from) in &places {
            assert_eq!(ask(*n, start), Err(Wait::Turn(*from)), "who asks early keeps the place");
        }
        for (n, from) in places {
            assert_eq!(ask(n, from), Ok(()));
        }
        // A message of another account, or of this one by now, does not wait for anybody.
        let other = Account { id: "2".into(), ..account() };
        assert_eq!(pace.queue(&effect(5000), &other, 70, "5000", start), Ok(()));
        assert_eq!(ask(5001, clock::after(last, Duration::from_secs(1))), Ok(()));
    }

    #[test]
    fn a_recipient_who_had_too_much_takes_no_place_of_the_account() {
        let pace = Pace::default();
        let start: Timestamp = "2026-03-12T12:00:00Z".parse().unwrap();
        for n in 0..45 {
            assert_eq!(pace.queue(&effect(n), &account(), 46, "a", start), Ok(()));
        }
        for n in 45..500 {
            let next = clock::after(start, Duration::from_secs(6));
            assert_eq!(pace.queue(&effect(n), &account(), 46, "a", start), Err(Wait::Turn(next)));
        }
        assert_eq!(
            pace.queue(&effect(500), &account(), 46, "b", start),
            Ok(()),
            "the forty-sixth of the account"
        );
    }

    #[test]
    fn a_pause_takes_the_places_away_and_a_clock_that_went_back_takes_everything() {
        let pace = Pace::default();
        let start: Timestamp = "2026-03-12T12:00:00Z".parse().unwrap();
        let at = |seconds| clock::after(start, Duration::from_secs(seconds));
        let ask = |n: u32, now| pace.queue(&effect(n), &account(), 1, &n.to_string(), now);
        assert_eq!(ask(0, start), Ok(()));
        for n in 1..100 {
            assert_eq!(ask(n, start), Err(Wait::Turn(at(u64::from(n)))));
        }
        pace.pause(&account(), at(60), start);
        assert_eq!(ask(50, at(50)), Err(Wait::Paused(at(60))));
        assert_eq!(ask(99, at(60)), Ok(()), "after the pause the first who comes is the first");

        pace.pause(&account(), at(3600), at(61));
        assert_eq!(ask(7, at(59)), Err(Wait::Paused(at(3600))), "two seconds are no jump");
        assert_eq!(ask(7, start), Ok(()), "the clock was set back by a minute");
    }
}
