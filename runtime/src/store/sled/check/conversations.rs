//! A conversation with all that is numbered within it, and its places in the lists.

use fluxo_engine::Session;

use super::super::fault::Fault;
use super::super::tables::progress::Progress;
use super::super::tables::{
    backlog, contact, conversation, inbox, journal, line, outbox, progress, ready, with_people,
};
use super::super::view::{Stored, View};
use super::{Check, numbers};
use crate::store::Conversation;
use crate::store::upkeep::{Checkup, Invariant};

const TABLE: u8 = conversation::TABLE;

impl Check<'_> {
    pub(super) fn conversation(&mut self, view: &View<'_>, key: &[u8], stored: &Stored) -> Result<(), Fault> {
        let Some(found) = self.read::<Conversation>(TABLE, key, stored) else { return Ok(()) };
        let id = Some(found.id.as_str().to_owned());
        if conversation::key(&found.id) != key || stored.version == 0 {
            self.findings.add(Invariant::KeyAgrees, TABLE, id.clone(), "its id or revision".into());
            return Ok(());
        }
        if view.record(&contact::key(&found.contact))?.is_none() {
            self.findings.add(Invariant::ConversationHasContact, TABLE, id, String::new());
        }
        self.session(&found);
        self.numbers_and_places(view, &found)
    }

    /// The open session can be read; whether it can be played is asked of its release, once for all.
    fn session(&mut self, found: &Conversation) {
        let Some(bytes) = &found.session else { return };
        let id = Some(found.id.as_str().to_owned());
        let mut wrong = |detail: &str| {
            self.findings.add(Invariant::SessionReadable, TABLE, id.clone(), detail.to_owned());
        };
        match Session::decode(bytes) {
            Err(_) => wrong("the engine does not read it"),
            Ok(session) if found.session_id.as_ref() != Some(session.id()) => wrong("its name is another"),
            Ok(session) if found.release.as_ref() != Some(session.release()) => {
                wrong("its release is another");
            }
            Ok(_) => {}
        }
        if let Some(release) = &found.release {
            let pinned = self.pinned.entry(release.clone()).or_default();
            pinned.count += 1;
            if pinned.count <= Checkup::LISTED {
                pinned.ids.push(found.id.clone());
            }
        }
    }

    fn numbers_and_places(&mut self, view: &View<'_>, found: &Conversation) -> Result<(), Fault> {
        let id = &found.id;
        let known = progress::get(view, id)?;
        let lines = numbers(view, line::TABLE, id)?;
        let turns = numbers(view, journal::TABLE, id)?;
        let waiting = numbers(view, inbox::TABLE, id)?;
        let asked = numbers(view, outbox::TABLE, id)?;
        let below = |numbers: &[u64], next: u64| numbers.last().is_none_or(|last| *last < next);
        let going_on = below(&lines, known.line)
            && below(&turns, known.journal)
            && below(&waiting, known.inbox)
            && below(&asked, known.outbox);
        if !going_on {
            let invariant = Invariant::NumbersGoOn;
            self.findings.misplaced(
                invariant,
                progress::TABLE,
                id,
                "rows have numbers that are not given yet",
            );
        }
        let told = Some(id.as_str().to_owned());
        // Who erases a contact takes the oldest lines first, and may be stopped in between.
        let first = lines.first().copied().unwrap_or(known.line);
        for (invariant, table, numbers, first, next) in [
            (Invariant::LinesComplete, line::TABLE, &lines, first, known.line),
            (Invariant::JournalComplete, journal::TABLE, &turns, 0, known.journal),
        ] {
            let there = numbers.iter().filter(|number| (first..next).contains(number)).count() as u64;
            let gone = next.saturating_sub(first).saturating_sub(there);
            if gone > 0 {
                let detail = format!("{gone} of {} are missing", next - first);
                self.findings.add(invariant, table, told.clone(), detail);
            }
        }
        // The oldest are used up first, so that those that wait follow each other up to the last one given.
        let first = waiting.first().copied().unwrap_or(known.inbox);
        let gone = known.inbox.saturating_sub(first).saturating_sub(waiting.len() as u64);
        if gone > 0 {
            let detail = format!("{gone} are missing");
            self.findings.add(Invariant::InboxComplete, inbox::TABLE, told, detail);
        }
        self.places(view, found, &known, !waiting.is_empty())
    }

    /// Its rows in the lists of what is to be done, and what it knows of them itself.
    fn places(
        &mut self,
        view: &View<'_>,
        found: &Conversation,
        known: &Progress,
        waiting: bool,
    ) -> Result<(), Fault> {
        let id = &found.id;
        let listed = view.record(&backlog::key(id))?.is_some();
        if (known.waiting, listed) != (waiting, waiting) {
            let detail = "its waiting messages, the list and its own note disagree";
            self.findings.misplaced(Invariant::BacklogAgrees, backlog::TABLE, id, detail);
        }
        let head = match outbox::head(view, id) {
            Err(Fault::Damaged { .. }) => return Ok(()),
            head => head?,
        };
        let at_head = head.map_or(Ok(true), |head| is_there(view, &ready::row(head, id)))?;
        if known.ready != head || !at_head {
            let detail = "its first effect, the list and its own note disagree";
            self.findings.misplaced(Invariant::ReadyAgrees, ready::TABLE, id, detail);
        }
        let since = with_people::since(&found.mode);
        let at_since = since.map_or(Ok(true), |since| is_there(view, &with_people::row(since, id)))?;
        if known.with_people != since || !at_since {
            let detail = "its mode, the list and its own note disagree";
            self.findings.misplaced(Invariant::WithPeopleAgrees, with_people::TABLE, id, detail);
        }
        Ok(())
    }
}

fn is_there(view: &View<'_>, key: &[u8]) -> Result<bool, Fault> {
    Ok(view.record(key)?.is_some())
}
