//! The sandbox's clock: the real one, moved forward on demand so that tests need not sleep.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{
    Timestamp, Zoned,
    civil::{Date, DateTime},
    tz::TimeZone,
};

/// Tells the time in America/Sao_Paulo, where the hospital stands.
pub(crate) struct Clock {
    zone: TimeZone,
    fixed_today: Option<Date>,
    advanced_ms: AtomicI64,
}

impl Clock {
    pub(crate) fn new(fixed_today: Option<Date>) -> Self {
        let zone = TimeZone::get("America/Sao_Paulo").expect("the time zone database is bundled");
        Self { zone, fixed_today, advanced_ms: AtomicI64::new(0) }
    }

    /// Moves the clock forward. Tokens, the 24-hour window, media and rate limits feel it; timers that run do not.
    pub(crate) fn advance(&self, ms: i64) {
        self.advanced_ms.fetch_add(ms, Ordering::Relaxed);
    }

    pub(crate) fn advanced_ms(&self) -> i64 {
        self.advanced_ms.load(Ordering::Relaxed)
    }

    /// Milliseconds since the Unix epoch.
    pub(crate) fn now_ms(&self) -> i64 {
        Timestamp::now().as_millisecond() + self.advanced_ms()
    }

    /// The hospital's wall clock. With a fixed `today` the day is that one (plus what the clock was advanced) and the
    /// hour is midnight, so that every slot of the day is still ahead.
    pub(crate) fn local(&self) -> DateTime {
        match self.fixed_today {
            Some(day) => {
                day.at(0, 0, 0, 0).saturating_add(jiff::SignedDuration::from_millis(self.advanced_ms()))
            }
            None => self.zoned(self.now_ms()).datetime(),
        }
    }

    pub(crate) fn today(&self) -> Date {
        self.local().date()
    }

    /// An instant as the hospital's wall clock shows it.
    pub(crate) fn zoned(&self, ms: i64) -> Zoned {
        Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(self.zone.clone())
    }

    /// An instant for people and logs, with the offset.
    pub(crate) fn stamp(&self, ms: i64) -> String {
        self.zoned(ms).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
    }
}
