//! How long to wait before trying again: doubling, capped, spread so that what failed together does not return together.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use fluxo_engine::ids::EffectId;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(20);

/// After so many failed attempts, at least one. The spread comes from the effect's id: no chance is needed.
pub(super) fn wait(attempts: u32, effect: &EffectId) -> Duration {
    let doubled = FIRST.saturating_mul(1 << attempts.saturating_sub(1).min(10)).min(LONGEST);
    let mut hasher = DefaultHasher::new();
    (effect, attempts).hash(&mut hasher);
    // Between three quarters and five quarters.
    let spread = 750 + hasher.finish() % 501;
    doubled.saturating_mul(u32::try_from(spread).unwrap_or(1000)) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_a_cap_and_spreads() {
        let id = |n| EffectId { epoch: 1, session: "c.1".into(), turn: 1, n };
        let expected = [500, 1000, 2000, 4000, 8000, 16000, 20000, 20000];
        for (attempts, middle) in (1u32..).zip(expected) {
            let waited = u64::try_from(wait(attempts, &id(0)).as_millis()).unwrap();
            assert!((middle * 3 / 4..=middle * 5 / 4).contains(&waited), "{attempts}: {waited}");
        }
        assert!((0..50).map(|n| wait(3, &id(n))).collect::<std::collections::BTreeSet<_>>().len() > 20);
        assert!(wait(u32::MAX, &id(0)) <= LONGEST * 5 / 4);
    }
}
