//! How long to wait before an attempt is repeated.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use fluxo_engine::ids::EffectId;

/// The longest pause. Whoever asks for more is told that the call failed: a patient is waiting.
const LONGEST: Duration = Duration::from_secs(30);

/// The pauses of one call: doubling, and spread by the call's own id, so that the same call waits the same.
pub(super) struct Pauses<'a> {
    next: Duration,
    count: u32,
    key: &'a EffectId,
}

impl<'a> Pauses<'a> {
    pub(super) fn new(first: Duration, key: &'a EffectId) -> Self {
        Self { next: first, count: 0, key }
    }

    /// The next pause: what the other side asked for, or else ours, spread over its upper half. [`None`] when
    /// the other side asks for longer than a patient can wait.
    pub(super) fn next(&mut self, asked: Option<Duration>) -> Option<Duration> {
        let own = self.next.min(LONGEST);
        self.next = own * 2;
        self.count += 1;
        match asked {
            Some(asked) => (asked <= LONGEST).then_some(asked),
            None => {
                let mut hasher = DefaultHasher::new();
                (self.key, self.count).hash(&mut hasher);
                // 16 bits of it as a share of the half.
                let share = (hasher.finish() & 0xffff) as u32;
                Some(own / 2 + own / 2 * share / 0xffff)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_within_their_upper_half_and_are_the_same_for_the_same_call() {
        let key: EffectId = "1:s:1:0".parse().unwrap();
        let all = |key: &EffectId| {
            let mut pauses = Pauses::new(Duration::from_secs(1), key);
            (0..8).filter_map(|_| pauses.next(None)).collect::<Vec<_>>()
        };
        let first = all(&key);
        for (index, pause) in first.iter().enumerate() {
            let whole = Duration::from_secs(1 << index).min(LONGEST);
            assert!(*pause >= whole / 2 && *pause <= whole, "{index}: {pause:?}");
        }
        assert_eq!(first, all(&key));
        assert_ne!(first, all(&"1:s:1:1".parse().unwrap()));
    }

    #[test]
    fn what_is_asked_for_counts_up_to_what_a_patient_can_wait() {
        let key: EffectId = "1:s:1:0".parse().unwrap();
        let mut pauses = Pauses::new(Duration::from_secs(1), &key);
        assert_eq!(pauses.next(Some(Duration::from_secs(7))), Some(Duration::from_secs(7)));
        assert_eq!(pauses.next(Some(Duration::ZERO)), Some(Duration::ZERO));
        assert_eq!(pauses.next(Some(Duration::from_secs(31))), None);
    }
}
