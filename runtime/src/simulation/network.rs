//! The provider: it takes our messages or does not, tells how they fare, and delivers what contacts write.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use fluxo_engine::ids::EffectId;
use fluxo_engine::protocol::{ChannelLimits, Content, Inbound, Message, SendFailure};
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use super::agenda::Event;
use super::clock::pause;
use super::world::{Shared, World, lock};
use crate::channels::{Channel, Receipt, Rejected, Request, SendError, Told};
use crate::store::{Address, SendState};

pub(super) const CHANNEL: &str = "whatsapp";
pub(super) const ACCOUNT: &str = "our-number";

/// One request to send a message.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    /// When it left.
    pub(super) at: u64,
    /// Which process sent it, and how often our clock had jumped.
    pub(super) by: (u32, u32),
    /// Whether the message is on the phone.
    pub(super) arrived: bool,
    /// When the process heard of it, if it did.
    pub(super) heard: Option<u64>,
    /// Whether what it heard, or will hear, is that it was taken.
    pub(super) taken: bool,
}

/// A webhook request.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    pub(super) parts: Vec<Told>,
    pub(super) tries: u64,
    pub(super) acknowledged: bool,
    /// The process that has it now.
    pub(super) with: Option<u32>,
}

#[derive(Debug, Default)]
pub(super) struct Network {
    pub(super) attempts: BTreeMap<EffectId, Vec<Attempt>>,
    pub(super) deliveries: Vec<Delivery>,
    accepted: u64,
}

/// What a request to send will come to.
struct Fate {
    arrives: bool,
    /// When the answer comes.
    wait: u64,
    answer: Result<Receipt, SendError>,
}

impl World {
    /// A request to send leaves the process.
    fn leaves(&mut self, to: &Address, message: &Message, effect: &EffectId) -> Fate {
        self.may_be_sent(effect);
        let fate = self.fate_of_a_send();
        let attempt = Attempt {
            at: self.agenda.now(),
            by: (self.process, self.jumped),
            arrived: fate.arrives,
            heard: None,
            taken: fate.answer.is_ok(),
        };
        self.tell(|| {
            format!("send {effect}: {} {:?}", if fate.arrives { "arrives," } else { "lost," }, fate.answer)
        });
        self.network.attempts.entry(effect.clone()).or_default().push(attempt);
        self.may_jump(fate.wait);
        if fate.arrives {
            self.arrives(to, message);
            let id = match &fate.answer {
                Ok(receipt) => receipt.message.clone(),
                Err(_) => self.message_id(),
            };
            self.tells_how_it_fares(&id, effect, fate.wait);
        }
        fate
    }

    fn message_id(&mut self) -> String {
        self.network.accepted += 1;
        format!("out-{}", self.network.accepted)
    }

    fn fate_of_a_send(&mut self) -> Fate {
        let bad = self.plan.sends;
        if !self.chance.per_mille(bad) {
            let message = self.message_id();
            let wait = if self.chance.per_mille(bad / 4) {
                self.chance.between(2_000, 90_000)
            } else {
                self.chance.between(20, 700)
            };
            return Fate { arrives: true, wait, answer: Ok(Receipt { message, address: None }) };
        }
        let wait = self.chance.between(20, 20_000);
        let unclear = |arrives| Fate { arrives, wait, answer: Err(SendError::Unclear) };
        match self.chance.below(100) {
            0..40 => {
                let after =
                    self.chance.per_mille(300).then(|| Duration::from_millis(self.chance.between(1, 60_000)));
                let account_wide = self.chance.per_mille(150);
                let retry = SendError::Retry { after, reason: "busy".to_owned(), account_wide };
                Fate { arrives: false, wait: self.chance.between(5, 3_000), answer: Err(retry) }
            }
            40..50 => {
                let failure = SendFailure::NotReachable;
                Fate { arrives: false, wait, answer: Err(SendError::GiveUp { failure }) }
            }
            50..75 => unclear(false),
            _ => unclear(true),
        }
    }

    /// Statuses of a message: in any order, late, twice, before the answer to its request, or never.
    fn tells_how_it_fares(&mut self, message: &str, effect: &EffectId, answered: u64) {
        let bad = self.plan.deliveries;
        let mut states = vec![SendState::Sent, SendState::Delivered];
        if self.chance.per_mille(400) {
            states.push(SendState::Read);
        }
        if self.chance.per_mille(bad / 12) {
            states = vec![SendState::Sent, SendState::Failed];
        }
        let echoed = !self.chance.per_mille(bad / 8);
        for (place, state) in (1..).zip(states) {
            if self.chance.per_mille(bad / 4) {
                continue;
            }
            let failure = (state == SendState::Failed).then_some(SendFailure::NotReachable);
            let told = Told::Status {
                account: ACCOUNT.to_owned(),
                message: message.to_owned(),
                effect: echoed.then(|| effect.clone()),
                state,
                at: self.true_time(),
                failure,
            };
            let usual = answered + place * self.chance.between(50, 4_000);
            let wait = if self.chance.per_mille(bad) { self.chance.between(1, 60_000) } else { usual };
            self.will_deliver(vec![told], wait);
        }
    }

    /// A contact has written: each message gets to us by itself or with others, in any order.
    pub(super) fn is_written(&mut self, from: &Address, messages: Vec<(String, Content, u64)>) {
        let together = self.chance.per_mille(300);
        let mut parts = Vec::new();
        let mut moment = 0;
        for (id, content, pause) in messages {
            moment += pause;
            self.tell(|| format!("{id} is written: {content:?}"));
            let written = self.true_time() + SignedDuration::from_millis(i64::try_from(moment).unwrap_or(0));
            // The provider's clock has seconds.
            let written_at = Timestamp::from_second(written.as_second()).unwrap_or(written);
            let told = Told::Message {
                account: ACCOUNT.to_owned(),
                from: from.clone(),
                profile_name: Some("Ana".to_owned()),
                message: Box::new(Inbound {
                    id,
                    written_at,
                    received_at: written,
                    content,
                    quoted: None,
                    referral: None,
                }),
            };
            parts.push(told);
            if !together {
                let wait = moment + self.way();
                self.will_deliver(std::mem::take(&mut parts), wait);
            }
        }
        if !parts.is_empty() {
            let wait = moment + self.way();
            self.will_deliver(parts, wait);
        }
    }

    /// How long something is on its way to us.
    fn way(&mut self) -> u64 {
        let bad = self.plan.deliveries;
        if !self.chance.per_mille(bad / 2) {
            return self.chance.between(100, 900);
        }
        match self.chance.below(100) {
            0..80 => self.chance.between(1, 30_000),
            80..97 => self.chance.between(60_000, 40 * 60_000),
            _ => self.chance.between(20 * 3_600_000, 28 * 3_600_000),
        }
    }

    fn will_deliver(&mut self, parts: Vec<Told>, wait: u64) {
        let number = self.network.deliveries.len();
        self.network.deliveries.push(Delivery { parts, tries: 0, acknowledged: false, with: None });
        self.agenda.after(wait, Event::Deliver(number));
        let bad = self.plan.deliveries;
        while self.chance.per_mille(bad / 3) {
            let more = self.chance.between(0, 3_000) * self.chance.between(0, 20);
            self.agenda.after(wait + more, Event::Deliver(number));
        }
    }

    /// A delivery was not acknowledged: again later, and later still.
    pub(super) fn will_deliver_again(&mut self, number: usize) {
        let tries = self.network.deliveries[number].tries.min(8);
        let wait = self.chance.between(500, 2_000) * tries.max(1);
        self.agenda.after(wait, Event::Deliver(number));
    }

    /// What the process gets of a delivery: it notes itself when that was.
    pub(super) fn received(&self, number: usize) -> Vec<Told> {
        let mut parts = self.network.deliveries[number].parts.clone();
        for part in &mut parts {
            if let Told::Message { message, .. } = part {
                message.received_at = self.our_time();
            }
        }
        parts
    }
}

/// The provider as the process sees it.
pub(super) struct Phones(pub(super) Shared);

impl fmt::Debug for Phones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phones")
    }
}

impl Channel for Phones {
    fn name(&self) -> &str {
        CHANNEL
    }

    fn account(&self) -> &str {
        ACCOUNT
    }

    fn messages_per_second(&self) -> u32 {
        70
    }

    fn limits(&self) -> ChannelLimits {
        ChannelLimits::default()
    }

    fn challenge(&self, _query: &[(String, String)]) -> Result<String, Rejected> {
        Err(Rejected::Signature)
    }

    fn verify(&self, _request: &Request<'_>) -> Result<(), Rejected> {
        Ok(())
    }

    fn parse(&self, _request: &Request<'_>) -> Result<Vec<Told>, Rejected> {
        Ok(Vec::new())
    }

    fn send<'a>(
        &'a self,
        to: &'a Address,
        message: &'a Message,
        key: &'a EffectId,
    ) -> BoxFuture<'a, Result<Receipt, SendError>> {
        Box::pin(async move {
            let (fate, place) = {
                let mut world = lock(&self.0);
                let fate = world.leaves(to, message, key);
                (fate, world.network.attempts[key].len() - 1)
            };
            pause(&self.0, fate.wait).await;
            let mut world = lock(&self.0);
            let now = world.agenda.now();
            if let Some(attempts) = world.network.attempts.get_mut(key) {
                attempts[place].heard = Some(now);
            }
            fate.answer
        })
    }

    fn acknowledge<'a>(&'a self, _message: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(pause(&self.0, 100))
    }

    fn window_open(&self, last: Option<Timestamp>, now: Timestamp) -> bool {
        last.is_some_and(|last| now.duration_since(last) < SignedDuration::from_hours(24))
    }
}
