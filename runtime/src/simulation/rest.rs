//! What must be true once everything has come to rest: nobody waits in vain, and the books agree.

use fluxo_engine::Hearing;
use fluxo_engine::ids::EffectId;

use super::audit::Followed;
use super::flows::{IN_DOUBT, release};
use super::network::Delivery;
use super::world::World;
use crate::store::{Counts, Mode};

impl World {
    /// Looks at everything. `silent`: contacts have been silent for days, so that every question is over.
    pub(super) fn rests(&mut self, counts: Counts, silent: bool) {
        let mut wrong: Vec<String> = Vec::new();
        for (id, followed) in &self.audit.followed {
            wrong.extend(in_vain(followed, &self.audit, silent).map(|what| format!("{id}: {what}")));
            wrong.extend(self.untold(followed));
        }
        for (effect, asked) in &self.audit.asked {
            if asked.sends && asked.over && !asked.dead && !asked.let_go && !self.has_arrived(effect) {
                wrong.push(format!("{effect} is over, never arrived, and nobody knows"));
            }
        }
        // One that is still on its way has not been tried.
        let missed = |delivery: &Delivery| !delivery.acknowledged && (silent || delivery.tries > 0);
        if let Some(late) = self.network.deliveries.iter().position(missed) {
            wrong.push(format!("delivery {late} was never acknowledged"));
        }
        let followed = self.audit.followed.values();
        let sum = |of: fn(&Followed) -> usize| followed.clone().map(of).sum::<usize>() as u64;
        let dead = self.audit.asked.values().filter(|asked| asked.dead).count() as u64;
        let expected = Counts {
            conversations: self.audit.followed.len() as u64,
            contacts: counts.contacts,
            outbox: sum(|found| found.outbox.len()),
            timers: sum(|found| found.timers.len()),
            inbox: sum(|found| found.inbox.len()),
            dead_letters: dead,
        };
        if counts != expected {
            wrong.push(format!("the store counts {counts:?}, the books {expected:?}"));
        }
        for what in wrong {
            self.breaks(format!("at rest, {what}"));
        }
    }

    /// Bookings that were made and that nobody was told of, and those that were told and never made.
    fn untold(&self, followed: &Followed) -> Option<String> {
        let of_here = |effect: &&EffectId| {
            self.audit.asked.get(*effect).is_some_and(|asked| asked.conversation == followed.conversation.id)
        };
        let told = |code: &str| followed.said.iter().any(|text| text.contains(&format!("<{code}>")));
        let booked: Vec<&String> =
            self.hospital.booked.iter().filter(|(effect, _)| of_here(effect)).map(|(_, code)| code).collect();
        let untold = booked.iter().filter(|code| !told(code)).count();
        let to_the_contact = followed.said.iter().filter(|text| text.contains(IN_DOUBT)).count();
        let staff = ["is not known: check", "nobody waited any more"];
        let to_the_staff =
            followed.notices.iter().filter(|text| staff.iter().any(|part| text.contains(part))).count();
        if untold > to_the_contact + to_the_staff {
            return Some(format!("{untold} bookings were made and nobody was told"));
        }
        let codes = followed.said.iter().filter_map(|text| Some(text.split_once('<')?.1.split_once('>')?.0));
        codes
            .into_iter()
            .find(|code| !booked.iter().any(|made| made == code))
            .map(|code| format!("booking {code} was told and never made"))
    }
}

/// What of a conversation waits for nothing that will come.
fn in_vain(followed: &Followed, audit: &super::audit::Audit, silent: bool) -> Option<String> {
    if let Some(effect) = followed.outbox.first() {
        return Some(format!("{effect} is still to be performed"));
    }
    let conversation = &followed.conversation;
    if conversation.mode != Mode::Bot {
        let waits = followed.inbox.len();
        return (waits > 0).then(|| format!("{waits} messages wait although people have it"));
    }
    let Some(session) = &conversation.session else {
        if let Some((_, kind)) = followed.timers.keys().next() {
            return Some(format!("{kind:?} is armed and no session is open"));
        }
        return (!followed.inbox.is_empty()).then(|| "messages wait and no session is open".to_owned());
    };
    let release = conversation.release.as_ref().and_then(release);
    let standing = release.and_then(|release| release.standing(session).ok());
    let Some(standing) = standing else { return Some("the session cannot be read".to_owned()) };
    if let Some((_, kind)) = followed.timers.keys().find(|(wait, _)| Some(wait) != standing.wait.as_ref()) {
        return Some(format!("{kind:?} is armed for a wait that is over"));
    }
    if followed.timers.is_empty() {
        return Some(format!("it stands at {:?} and no timer will ever end that", standing.hearing));
    }
    if silent {
        return Some("days of silence have not ended the session".to_owned());
    }
    match standing.hearing {
        Hearing::People => Some("the session waits for people who do not have it".to_owned()),
        Hearing::Held => None,
        Hearing::Plays if !followed.inbox.is_empty() => {
            Some("messages wait although the session hears".to_owned())
        }
        Hearing::Plays => {
            let asked = conversation.asked.as_ref().filter(|asked| asked.accepted_at.is_none())?;
            let dead = audit.asked.get(&asked.effect).is_some_and(|effect| effect.dead);
            (!dead).then(|| format!("the question {} was never accepted", asked.effect))
        }
    }
}
