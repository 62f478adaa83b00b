//! Chance that repeats: what is drawn depends on the seed and on who draws, never on the order in which tasks run.

use std::ops::RangeInclusive;
use std::time::Duration;

/// A generator (SplitMix64) of one drawer.
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    /// The drawer's own sequence under a seed.
    pub(super) fn of(seed: u64, drawer: &str) -> Self {
        // FNV-1a: the same on every machine and with every compiler.
        let mixed = drawer.bytes().fold(seed ^ 0xCBF2_9CE4_8422_2325, |mixed, byte| {
            (mixed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        });
        Self(mixed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number within bounds.
    pub(super) fn within(&mut self, bounds: RangeInclusive<u64>) -> u64 {
        bounds.start() + self.next() % (bounds.end() - bounds.start() + 1)
    }

    /// A time within bounds of milliseconds.
    pub(super) fn millis(&mut self, bounds: RangeInclusive<u64>) -> Duration {
        Duration::from_millis(self.within(bounds))
    }

    /// A part of a whole: from 0 to 1.
    pub(super) fn share(&mut self) -> f64 {
        f64::from(u32::try_from(self.next() % 10_001).unwrap_or_default()) / 10_000.0
    }

    /// True in so many of a hundred cases.
    pub(super) fn percent(&mut self, cases: u64) -> bool {
        self.next() % 100 < cases
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_drawer_draws_the_same_again_and_another_does_not() {
        let draws = |seed, drawer| -> Vec<u64> {
            let mut chance = Chance::of(seed, drawer);
            (0..20).map(|_| chance.within(5..=900)).collect()
        };
        assert_eq!(draws(1, "kills"), draws(1, "kills"));
        assert_ne!(draws(1, "kills"), draws(2, "kills"));
        assert_ne!(draws(1, "kills"), draws(1, "trouble"));
        assert!(draws(3, "x").iter().all(|drawn| (5..=900).contains(drawn)));
    }
}
