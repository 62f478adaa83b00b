//! Figures of this process since its start, as Prometheus reads them.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

/// Something counted.
#[derive(Debug)]
pub struct Counter {
    name: &'static str,
    help: &'static str,
    count: AtomicU64,
}

impl Counter {
    const fn new(name: &'static str, help: &'static str) -> Self {
        Self { name, help, count: AtomicU64::new(0) }
    }

    /// Counts so many more.
    pub fn add(&self, more: usize) {
        self.count.fetch_add(more as u64, Ordering::Relaxed);
    }

    /// How many so far.
    pub fn get(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

macro_rules! counters {
    ($($name:ident $text:literal $help:literal;)*) => {
        $(#[doc = $help] pub static $name: Counter = Counter::new($text, $help);)*
        /// All of them.
        static ALL: &[&Counter] = &[$(&$name,)*];
    };
}

counters! {
    WEBHOOKS "fluxo_webhooks_total" "Webhook requests acknowledged.";
    WEBHOOKS_REFUSED "fluxo_webhooks_refused_total" "Webhook requests without a good signature.";
    WEBHOOKS_MALFORMED "fluxo_webhooks_malformed_total" "Signed webhook requests that could not be read: look at the log.";
    WEBHOOKS_DEFERRED "fluxo_webhooks_deferred_total" "Webhook requests that the store could not take; the provider delivers them again.";
    MESSAGES "fluxo_messages_total" "Messages of contacts taken in.";
    DUPLICATES "fluxo_duplicate_messages_total" "Messages that had been taken in before.";
    OTHER_ACCOUNTS "fluxo_webhooks_other_account_total" "Parts of webhook requests for an account that the project does not have: look at the log.";
    COMMITS "fluxo_commits_total" "Changes of conversations committed.";
    TURNS "fluxo_turns_total" "Turns played and committed.";
    EFFECTS "fluxo_effects_total" "Effects asked for.";
    SENDS "fluxo_sends_total" "Messages to contacts that a channel has accepted.";
    DEAD_LETTERS "fluxo_dead_letters_total" "Effects given up.";
}

/// A figure that goes up and down.
#[derive(Debug, Clone, Copy)]
pub struct Gauge {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub help: &'static str,
    /// How much it is now.
    pub value: u64,
}

/// All counters and some gauges in Prometheus' text format 0.0.4.
pub fn text(gauges: &[Gauge]) -> String {
    let mut text = String::new();
    let mut one = |name: &str, help: &str, kind: &str, value: u64| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
    };
    for counter in ALL {
        one(counter.name, counter.help, "counter", counter.get());
    }
    for gauge in gauges {
        one(gauge.name, gauge.help, "gauge", gauge.value);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_one_that_prometheus_reads() {
        let text = text(&[Gauge { name: "fluxo_outbox", help: "Effects not over.", value: 3 }]);
        assert!(
            text.ends_with(
                "# HELP fluxo_outbox Effects not over.\n# TYPE fluxo_outbox gauge\nfluxo_outbox 3\n"
            )
        );
        for line in text.lines() {
            let shape =
                line.starts_with("# HELP ") || line.starts_with("# TYPE ") || line.split(' ').count() == 2;
            assert!(shape, "{line}");
        }
    }
}
