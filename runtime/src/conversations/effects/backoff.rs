//! How long to wait before trying again: doubling, capped, spread so that what failed together does not return together.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use fluxo_engine::ids::EffectId;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(20);

/// After so many failed attempts, at least one; never less than whoever refused has asked for, which then is where the
/// doubling begins. The spread comes from the effect's id: no chance is needed.
pub(super) fn wait(attempts: u32, effect: &EffectId, asked: Option<Duration>) -> Duration {
    let (first, longest) = (asked.unwrap_or_default().max(FIRST), asked.unwrap_or_default().max(LONGEST));
    let doubled = first.saturating_mul(1 << attempts.saturating_sub(1).min(10)).min(longest);
    let mut hasher = DefaultHasher::new();
    (effect, attempts).hash(&mut hasher);
    // Up to a quarter more; up to a quarter less where nobody has asked for anything.
    let spread = if asked.is_some() { 1000 + hasher.finish() % 251 } else { 750 + hasher.finish() % 501 };
    doubled.saturating_mul(u32::try_from(spread).unwrap_or(1000)) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u32) -> EffectId {
        EffectId { epoch: 1, session: "c.1".into(), turn: 1, n }
    }

    #[test]
    fn doubles_up_to_a_cap_and_spreads() {
        let expected = [500, 1000, 2000, 4000, 8000, 16000, 20000, 20000];
        for (attempts, middle) in (1u32..).zip(expected) {
            let waited = u64::try_from(wait(attempts, &id(0), None).as_millis()).unwrap();
            assert!((middle * 3 / 4..=middle * 5 / 4).contains(&waited), "{attempts}: {waited}");
        }
        assert!((0..50).map(|n| wait(3, &id(n), None)).collect::<std::collections::BTreeSet<_>>().len() > 20);
        assert!(wait(u32::MAX, &id(0), None) <= LONGEST * 5 / 4);
        assert_eq!(wait(3, &id(1), None), wait(3, &id(1), None), "the same after a restart");
    }

    #[test]
    fn never_comes_back_before_it_was_asked_to() {
        let six = Duration::from_secs(6);
        for n in 0..100 {
            for (attempts, least) in [(1, six), (2, 2 * six), (3, LONGEST), (9, LONGEST)] {
                let waited = wait(attempts, &id(n), Some(six));
                assert!((least..=least * 5 / 4).contains(&waited), "{attempts}: {waited:?}");
            }
            let hour = Duration::from_secs(3600);
            assert!((hour..=hour * 5 / 4).contains(&wait(7, &id(n), Some(hour))));
        }
    }
}
