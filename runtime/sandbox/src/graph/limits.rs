//! How fast messages may come: per recipient and in all (whatsapp-cloud.md §9).

use std::{
    collections::{HashMap, VecDeque},
    sync::Mutex,
};

use super::error::GraphError;
use crate::settings::Settings;

/// One message in so many milliseconds per recipient, in the long run.
const PAIR_MS: i64 = 6_000;
/// So many may be borrowed from the future.
const PAIR_BURST: i64 = 45;

#[derive(Default)]
pub(crate) struct Buckets {
    /// Per recipient, the moment up to which the future is used.
    pairs: Mutex<HashMap<String, i64>>,
    /// When the messages of the last second were accepted.
    second: Mutex<VecDeque<i64>>,
}

impl Buckets {
    pub(crate) fn admit(&self, settings: &Settings, recipient: &str, now_ms: i64) -> Result<(), GraphError> {
        if let Some(limit) = settings.throughput {
            let mut second = self.second.lock().expect("no holder panics");
            while second.front().is_some_and(|first| now_ms - first >= 1000) {
                second.pop_front();
            }
            if second.len() >= limit as usize {
                return Err(GraphError::new(429, 130_429, "Rate limit hit").details(
                    "Message failed to send because there were too many messages sent from this phone number in a \
                     short period of time",
                ));
            }
            second.push_back(now_ms);
        }
        if settings.pair_limit {
            let mut pairs = self.pairs.lock().expect("no holder panics");
            let used = pairs.get(recipient).copied().unwrap_or(0).max(now_ms);
            if used - now_ms > PAIR_MS * (PAIR_BURST - 1) {
                return Err(GraphError::new(
                    400,
                    131_056,
                    "(Business Account, Consumer Account) pair rate limit hit",
                )
                .details(
                    "Message failed to send because there were too many messages sent from this phone number to the \
                     same phone number in a short period of time.",
                ));
            }
            pairs.insert(recipient.to_owned(), used + PAIR_MS);
        }
        Ok(())
    }

    pub(crate) fn clear(&self) {
        self.pairs.lock().expect("no holder panics").clear();
        self.second.lock().expect("no holder panics").clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_has_45_at_once_and_then_one_every_six_seconds() {
        let buckets = Buckets::default();
        let settings = Settings { pair_limit: true, ..Settings::default() };
        for _ in 0..45 {
            buckets.admit(&settings, "a", 1_000).unwrap();
        }
        assert_eq!(buckets.admit(&settings, "a", 1_000).unwrap_err().code, 131_056);
        buckets.admit(&settings, "b", 1_000).unwrap();
        assert!(buckets.admit(&settings, "a", 6_999).is_err());
        buckets.admit(&settings, "a", 7_000).unwrap();
        assert!(buckets.admit(&settings, "a", 7_000).is_err());
    }

    #[test]
    fn a_number_has_so_many_a_second() {
        let buckets = Buckets::default();
        let settings = Settings { throughput: Some(80), ..Settings::default() };
        for at in 0..80 {
            buckets.admit(&settings, "a", at).unwrap();
        }
        assert_eq!(buckets.admit(&settings, "a", 500).unwrap_err().code, 130_429);
        buckets.admit(&settings, "a", 1_000).unwrap();
    }
}
