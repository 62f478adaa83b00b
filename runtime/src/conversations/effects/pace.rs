//! How fast messages may leave, per account and per recipient (whatsapp-cloud.md §9). Kept in memory only: it spares
//! refusals, correctness does not rest on it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::foundation::clock;
use crate::store::Account;

/// One message per 6 seconds and recipient, 45 at once.
const RECIPIENT: Rate = Rate { every: Duration::from_secs(6), burst: 45 };
/// Recipients remembered at least before those who may be sent to freely are forgotten.
const REMEMBERED: usize = 4096;
/// Pauses closer together than this are one.
const STILL: Duration = Duration::from_secs(10 * 60);

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

/// What has left lately.
#[derive(Debug, Default)]
pub(crate) struct Pace(Mutex<State>);

/// For each, the moment at which it would be idle again (GCRA).
#[derive(Debug, Default)]
struct State {
    accounts: HashMap<Account, Timestamp>,
    recipients: HashMap<(Account, String), Timestamp>,
    /// How many recipients are remembered before the next clearing; twice what the last one left, so that a crowd
    /// does not cost a clearing for each message.
    clear_at: usize,
    paused: HashMap<Account, Timestamp>,
}

impl Pace {
    /// Lets one message leave now, or says when to ask again. `per_second` is the account's own rate.
    pub(super) fn ask(
        &self,
        account: &Account,
        per_second: u32,
        recipient: &str,
        now: Timestamp,
    ) -> Result<(), Wait> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = state.paused.get(account).copied()
            && until > now
        {
            return Err(Wait::Paused(until));
        }
        if state.recipients.len() >= state.clear_at.max(REMEMBERED) {
            state.recipients.retain(|_, idle| *idle > now);
            state.clear_at = state.recipients.len() * 2;
        }
        let pair = (account.clone(), recipient.to_owned());
        let account_next = Rate::per_second(per_second).next(state.accounts.get(account).copied(), now)?;
        let recipient_next = RECIPIENT.next(state.recipients.get(&pair).copied(), now)?;
        state.accounts.insert(account.clone(), account_next);
        state.recipients.insert(pair, recipient_next);
        Ok(())
    }

    /// The provider takes nothing of this account until a moment; says whether that is news.
    pub(super) fn pause(&self, account: &Account, until: Timestamp, now: Timestamp) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = state.paused.insert(account.clone(), until);
        before.is_none_or(|before| clock::after(before, STILL) <= now)
    }
}

impl Rate {
    /// So many a second, and a second's worth at once.
    fn per_second(messages: u32) -> Self {
        Self { every: Duration::from_secs(1) / messages.max(1), burst: messages.max(1) }
    }

    /// The new idle moment if one more may leave now.
    fn next(self, idle: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, Wait> {
        let next = clock::after(idle.filter(|idle| *idle > now).unwrap_or(now), self.every);
        let ahead = self.every * self.burst;
        let earliest = next.checked_sub(ahead).unwrap_or(now);
        if earliest > now { Err(Wait::Turn(earliest)) } else { Ok(next) }
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
}
