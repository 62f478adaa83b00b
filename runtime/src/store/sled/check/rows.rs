//! Each table's rows, and what must be there because of one.

use std::sync::Arc;

use fluxo_engine::ids::{ConversationId, EffectId};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::super::fault::Fault;
use super::super::journaled;
use super::super::key::{self, Key, Parts};
use super::super::keyspace::GROUP;
use super::super::secret::Secret;
use super::super::tables::format::Format;
use super::super::tables::progress::Progress;
use super::super::tables::totals::Totals;
use super::super::tables::{
    self, accepted, address, backdrop, backlog, contact, conversation, dead_letter, epoch, expiry, format,
    inbox, journal, line, notice, outbox, progress, publication, ready, release, secret, seen, status, timer,
    totals, with_people,
};
use super::super::view::{Stored, View};
use super::{Check, subject};
use crate::store::upkeep::Invariant;
use crate::store::{
    Backdrop, ContactRecord, Conversation, DeadLetter, Documents, InboxEntry, Kept, KeptStatus, Notice,
    Publication, TimerRow,
};

impl Check<'_> {
    /// A row that can be read as bytes. A table that is not named here is found by a test.
    pub(super) fn row(
        &mut self,
        view: &View<'_>,
        table: u8,
        key: &[u8],
        stored: &Stored,
    ) -> Result<(), Fault> {
        match table {
            conversation::TABLE => self.conversation(view, key, stored),
            progress::TABLE => {
                self.read::<Progress>(table, key, stored);
                self.owned(view, table, key)
            }
            inbox::TABLE => {
                self.read::<InboxEntry>(table, key, stored);
                self.owned(view, table, key)
            }
            outbox::TABLE => self.outbox(view, key, stored),
            line::TABLE => self.line(view, key, stored),
            journal::TABLE => self.turn(view, key, stored),
            journal::PIECES => self.piece(view, key),
            journal::UNCUT => self.leads(view, Invariant::UncutAgrees, table, key, journal::target(key)),
            timer::TABLE => self.timer(view, key, stored),
            timer::BY_WAIT => self.timer_by_wait(view, key, stored),
            dead_letter::TABLE => self.dead_letter(view, key, stored),
            dead_letter::BY_EFFECT => self.dead_letter_by_effect(view, key, stored),
            ready::TABLE => {
                let row = ready::parse(key, &stored.bytes).ok();
                let truth = |id: &ConversationId| outbox::head(view, id);
                let place = row.as_ref().map(|(when, id)| (key::nanoseconds(*when), id));
                self.listed(Invariant::ReadyAgrees, table, key, place, truth)
            }
            with_people::TABLE => {
                let when = Parts::of(table, key).and_then(|mut parts| parts.time());
                let id = std::str::from_utf8(&stored.bytes).ok().map(ConversationId::from);
                let truth = |id: &ConversationId| {
                    let key = conversation::key(id);
                    let Some(stored) = view.get(&key)? else { return Ok(None) };
                    let found: Conversation = tables::read(&key, &stored.bytes)?;
                    Ok(with_people::since(&found.mode))
                };
                let place = when.map(key::nanoseconds).zip(id.as_ref());
                self.listed(Invariant::WithPeopleAgrees, table, key, place, truth)
            }
            backlog::TABLE => {
                let id = std::str::from_utf8(&stored.bytes).ok().map(ConversationId::from);
                let truth = |id: &ConversationId| {
                    let first = view.scan(inbox::of(id).as_range()).records().next().transpose()?;
                    Ok(first.map(|_| 0))
                };
                self.listed(Invariant::BacklogAgrees, table, key, id.as_ref().map(|id| (0, id)), truth)
            }
            contact::TABLE => self.contact(view, key, stored),
            address::TABLE => self.address(view, key, stored),
            seen::TABLE => Ok(()),
            accepted::TABLE => {
                // Its conversation may be gone: it says nothing of anybody, and expires by itself.
                self.read::<(ConversationId, EffectId)>(table, key, stored);
                Ok(())
            }
            status::TABLE => self.status(view, key, stored),
            expiry::TABLE => self.expiring(view, key),
            notice::TABLE => {
                self.read::<Notice>(table, key, stored);
                Ok(())
            }
            release::TABLE => self.release(view, key, stored),
            backdrop::TABLE => {
                let agrees = |found: Backdrop| key.get(1..) == Some(&found.id().0[..]);
                if !self.read::<Backdrop>(table, key, stored).is_none_or(agrees) {
                    self.findings.add(Invariant::KeyAgrees, table, None, "its hash is another".into());
                }
                Ok(())
            }
            secret::TABLE => self.secret(view, key),
            epoch::TABLE => {
                if epoch::get(view).is_err() {
                    self.unreadable(table, key);
                }
                Ok(())
            }
            format::TABLE => {
                self.read::<Format>(table, key, stored);
                Ok(())
            }
            publication::TABLE => {
                let found = self.read::<Publication>(table, key, stored);
                let Some(Publication { release, .. }) = found else { return Ok(()) };
                let first = view.scan(release::of(&release).as_range()).records().next().transpose()?;
                if first.is_none() {
                    let id = Some(release.as_str().to_owned());
                    self.findings.add(Invariant::ReleaseKept, table, id, String::new());
                }
                Ok(())
            }
            totals::TABLE => {
                self.read::<Totals>(table, key, stored);
                Ok(())
            }
            _ if key == GROUP => Ok(()),
            _ => {
                self.findings.stray(Invariant::Known, table, None, key);
                Ok(())
            }
        }
    }

    /// A value of ours; one that does not read back is told.
    pub(super) fn read<T: DeserializeOwned>(&mut self, table: u8, key: &[u8], stored: &Stored) -> Option<T> {
        let found = tables::read(key, &stored.bytes).ok();
        if found.is_none() {
            self.unreadable(table, key);
        }
        found
    }

    fn unreadable(&mut self, table: u8, key: &[u8]) {
        self.findings.add(Invariant::Readable, table, subject(key), "its form".to_owned());
    }

    /// The row's conversation is there. Rows of one conversation stand together, so that it is looked for once.
    fn owned(&mut self, view: &View<'_>, table: u8, key: &[u8]) -> Result<(), Fault> {
        let Some(name) = Parts::of(table, key).and_then(|mut parts| parts.text_bytes()) else {
            self.unreadable(table, key);
            return Ok(());
        };
        let there = match &self.last_conversation {
            Some((last, there)) if last == name => *there,
            Some(_) | None => {
                let there = view.record(&Key::of(conversation::TABLE).key(name).bytes())?.is_some();
                self.last_conversation = Some((name.to_vec(), there));
                there
            }
        };
        if !there {
            self.findings.add(Invariant::RowHasConversation, table, subject(key), String::new());
        }
        Ok(())
    }

    /// A row of an index leads to a row that is there.
    fn leads(
        &mut self,
        view: &View<'_>,
        invariant: Invariant,
        table: u8,
        key: &[u8],
        target: Option<&[u8]>,
    ) -> Result<(), Fault> {
        self.leads_named(view, invariant, (table, key), target, target.and_then(subject))
    }

    fn leads_named(
        &mut self,
        view: &View<'_>,
        invariant: Invariant,
        (table, key): (u8, &[u8]),
        target: Option<&[u8]>,
        id: Option<String>,
    ) -> Result<(), Fault> {
        let there = match target {
            Some(target) => view.record(target)?.is_some(),
            None => false,
        };
        if !there {
            self.findings.stray(invariant, table, id, key);
        }
        Ok(())
    }

    /// A conversation on a list stands there at the moment that its own rows say.
    fn listed(
        &mut self,
        invariant: Invariant,
        table: u8,
        key: &[u8],
        place: Option<(i64, &ConversationId)>,
        truth: impl FnOnce(&ConversationId) -> Result<Option<i64>, Fault>,
    ) -> Result<(), Fault> {
        let Some((at, id)) = place else {
            self.unreadable(table, key);
            return Ok(());
        };
        if truth(id)? != Some(at) {
            self.findings.stray(invariant, table, Some(id.as_str().to_owned()), key);
        }
        Ok(())
    }

    fn outbox(&mut self, view: &View<'_>, key: &[u8], stored: &Stored) -> Result<(), Fault> {
        let table = outbox::TABLE;
        match outbox::unpack(&stored.bytes) {
            Err(_) => self.unreadable(table, key),
            Ok(entry) => {
                let again = outbox::pack(&entry).map(|packed| packed.bytes);
                let named = key.ends_with(&outbox::ending(&entry.effect.id));
                if !named || again.ok().as_ref() != Some(&stored.bytes) {
                    let id = Some(entry.effect.id.to_string());
                    self.findings.add(Invariant::KeyAgrees, table, id, "its effect or its moments".into());
                }
            }
        }
        self.owned(view, table, key)
    }

    fn line(&mut self, view: &View<'_>, key: &[u8], stored: &Stored) -> Result<(), Fault> {
        if let Some(id) = named(line::TABLE, key) {
            let secret = self.secret_of(view, &id)?;
            if line::unpack(&id, &stored.bytes, secret.as_deref()).is_err() {
                self.unreadable(line::TABLE, key);
            }
        }
        self.owned(view, line::TABLE, key)
    }

    fn turn(&mut self, view: &View<'_>, key: &[u8], stored: &Stored) -> Result<(), Fault> {
        let table = journal::TABLE;
        let Some(id) = named(table, key) else { return self.owned(view, table, key) };
        let secret = self.secret_of(view, &id)?;
        let entry = journal::pieces_of(view, &id, key, &stored.bytes)?
            .and_then(|pieces| journaled::unpack(&id, &stored.bytes, &pieces, secret.as_deref()).ok());
        match entry {
            None => self.unreadable(table, key),
            Some(entry) => {
                let row = journal::uncut(entry.at, key);
                let to_be_cut = match entry.kept {
                    Kept::Whole(_) | Kept::Older => true,
                    Kept::Moved(_) | Kept::Cut | Kept::Erased => false,
                };
                if to_be_cut && view.record(&row)?.is_none() {
                    let row = (row, Vec::new());
                    self.findings.missing(Invariant::UncutAgrees, table, subject(key), row);
                }
            }
        }
        // A turn outlives its conversation where a contact was erased.
        Ok(())
    }

    fn piece(&mut self, view: &View<'_>, key: &[u8]) -> Result<(), Fault> {
        let turn = key.get(1..key.len().saturating_sub(8)).unwrap_or_default();
        let turn = Key::of(journal::TABLE).key(turn).bytes();
        self.leads(view, Invariant::Known, journal::PIECES, key, Some(&turn))
    }

    fn timer(&mut self, view: &View<'_>, key: &[u8], stored: &Stored) -> Result<(), Fault> {
        let table = timer::TABLE;
        let Some(found) = self.read::<TimerRow>(table, key, stored) else { return Ok(()) };
        let TimerRow { due, conversation, wait, kind } = &found;
        let id = Some(wait.to_string());
        if timer::row(*due, conversation, wait, *kind) != key {
            self.findings.add(Invariant::KeyAgrees, table, id, "its moment or its wait".into());
            return Ok(());
        }
        let by_wait = timer::by_wait(conversation, wait, *kind);
        let moment = key::nanoseconds(*due).to_be_bytes();
        match view.get(&by_wait)? {
            Some(stored) if stored.bytes == moment => {}
            Some(_) => self.findings.stray(Invariant::TimerIndexed, table, id.clone(), key),
            None => {
                let row = (by_wait, moment.to_vec());
                self.findings.missing(Invariant::TimerIndexed, table, id.clone(), row);
            }
        }
        if view.record(&conversation::key(conversation))?.is_none() {
            self.findings.add(Invariant::RowHasConversation, table, id, String::new());
            return Ok(());
        }
        // One of a session that is over does nothing when it is due: that is allowed. Sessions are named after their
        // conversation.
        let own = wait.session.as_str().strip_prefix(conversation.as_str());
        if !own.is_some_and(|number| number.starts_with('.')) {
            self.findings.add(Invariant::TimerHasSession, table, id, String::new());
        }
        Ok(())
    }

    fn timer_by_wait(&mut self, view: &View<'_>, key: &[u8], stored: &Stored) -> Result<(), Fault> {
        let target = moment(stored).map(|due| Key::of(timer::TABLE).time(due).key(&key[1..]).bytes());
        self.leads(view, Invariant::TimerIndexed, timer::BY_WAIT, key, target.as_deref())
    }

    fn dead_letter(&mut self, view: &View<'_>, key: &[u8], stored: &Stored) -> Result<(), Fault> {
        let table = dead_letter::TABLE;
        let Some(letter) = self.read::<DeadLetter>(table, key, stored) else { return Ok(()) };
        let effect = &letter.entry.effect.id;
        let id = Some(effect.to_string());
        if dead_letter::row(letter.at, effect).bytes() != key {
            self.findings.add(Invariant::KeyAgrees, table, id, "its moment or its effect".into());
            return Ok(());
        }
        let by_effect = dead_letter::by_effect(effect);
        let at = key::nanoseconds(letter.at).to_be_bytes();
        match view.get(&by_effect)? {
            Some(stored) if stored.bytes == at => {}
            Some(_) => {
                let detail = "its effect has another letter".to_owned();
                self.findings.add(Invariant::DeadLetterIndexed, table, id.clone(), detail);
            }
            None => {
                let row = (by_effect, at.to_vec());
                self.findings.missing(Invariant::DeadLetterIndexed, table, id.clone(), row);
            }
        }
        if view.record(&conversation::key(&letter.conversation))?.is_none() {
            self.findings.add(Invariant::RowHasConversation, table, id, String::new());
        }
        Ok(())
    }

    fn dead_letter_by_effect(&mut self, view: &View<'_>, key: &[u8], stored: &Stored) -> Result<(), Fault> {
        let target =
            moment(stored).map(|at| Key::of(dead_letter::TABLE).newest_first(at).key(&key[1..]).bytes());
        let table = dead_letter::BY_EFFECT;
        self.leads_named(view, Invariant::DeadLetterIndexed, (table, key), target.as_deref(), subject(key))
    }

    fn contact(&mut self, view: &View<'_>, key: &[u8], stored: &Stored) -> Result<(), Fault> {
        let table = contact::TABLE;
        let Some(record) = self.read::<ContactRecord>(table, key, stored) else { return Ok(()) };
        let own = &record.contact.id;
        let id = Some(own.as_str().to_owned());
        if contact::key(own) != key || stored.version != record.revision {
            self.findings.add(Invariant::KeyAgrees, table, id, "its id or revision".into());
            return Ok(());
        }
        for address in address::keys_of(&record) {
            match address::owner(view, &address)? {
                Some(owner) if owner == *own => {}
                // The one who told a username last has it.
                Some(_) if address::is_username(&address) => {}
                Some(_) => {
                    let detail = "one of its addresses leads to somebody else".to_owned();
                    self.findings.add(Invariant::AddressLeadsToContact, table, id.clone(), detail);
                }
                None => {
                    let row = (address, own.as_str().as_bytes().to_vec());
                    self.findings.missing(Invariant::AddressLeadsToContact, table, id.clone(), row);
                }
            }
        }
        for (account, conversation) in &record.conversations {
            let key = conversation::key(conversation);
            let found = view.get(&key)?;
            let found = found.map(|stored| tables::read::<Conversation>(&key, &stored.bytes)).transpose()?;
            let theirs = found.is_some_and(|found| found.contact == *own && found.account == *account);
            if !theirs {
                let detail = format!("conversation {conversation}");
                self.findings.add(Invariant::ContactHasConversations, table, id.clone(), detail);
            }
        }
        Ok(())
    }

    fn address(&mut self, view: &View<'_>, key: &[u8], stored: &Stored) -> Result<(), Fault> {
        let owner = String::from_utf8_lossy(&stored.bytes);
        let record = contact::get(view, &owner.as_ref().into())?;
        if !record.is_some_and(|record| address::keys_of(&record).contains(key)) {
            let id = Some(owner.into_owned());
            self.findings.stray(Invariant::AddressLeadsToContact, address::TABLE, id, key);
        }
        Ok(())
    }

    fn status(&mut self, view: &View<'_>, key: &[u8], stored: &Stored) -> Result<(), Fault> {
        let table = status::TABLE;
        let Some(found) = self.read::<KeptStatus>(table, key, stored) else { return Ok(()) };
        let row = expiry::row(found.at, status::KEPT, key);
        if view.record(&row)?.is_none() {
            self.findings.missing(Invariant::ExpiryAgrees, table, None, (row, Vec::new()));
        }
        Ok(())
    }

    /// What is to be forgotten is there. An accepted id may be gone before its second row: it was told twice.
    fn expiring(&mut self, view: &View<'_>, key: &[u8]) -> Result<(), Fault> {
        match expiry::target(key) {
            Some(target) if target.first() == Some(&accepted::TABLE) => Ok(()),
            target => self.leads(view, Invariant::ExpiryAgrees, expiry::TABLE, key, target),
        }
    }

    /// A release has all its pieces, and together they can be read: asked of its first one.
    fn release(&mut self, view: &View<'_>, key: &[u8], stored: &Stored) -> Result<(), Fault> {
        let table = release::TABLE;
        let parts = Parts::of(table, key).and_then(|mut parts| {
            let name = parts.text()?;
            Some((name, parts.number()?))
        });
        let Some((name, number)) = parts else {
            self.unreadable(table, key);
            return Ok(());
        };
        let whole = if number == 0 {
            let bytes = match release::get(view, &name.as_str().into()) {
                Err(Fault::Damaged { .. }) => None,
                found => found?,
            };
            bytes.is_some_and(|bytes| tables::decode::<Documents>("a release", &bytes).is_ok())
        } else {
            let first = release::of(&name.as_str().into()).start;
            let first = Key::of(table).key(&first[1..]).number(0).bytes();
            number < stored.version && view.record(&first)?.is_some()
        };
        if !whole {
            let detail = "it is not whole".to_owned();
            self.findings.add(Invariant::ReleaseKept, table, Some(name), detail);
        }
        Ok(())
    }

    /// The key of the conversation whose rows are read now.
    fn secret_of(&mut self, view: &View<'_>, id: &ConversationId) -> Result<Option<Arc<Secret>>, Fault> {
        if let Some((last, secret)) = &self.last_secret
            && last == id
        {
            return Ok(secret.clone());
        }
        let secret = secret::get(view, id)?.map(Arc::new);
        self.last_secret = Some((id.clone(), secret.clone()));
        Ok(secret)
    }

    fn secret(&mut self, view: &View<'_>, key: &[u8]) -> Result<(), Fault> {
        if let Some(id) = named(secret::TABLE, key)
            && secret::get(view, &id).is_err()
        {
            self.unreadable(secret::TABLE, key);
        }
        self.owned(view, secret::TABLE, key)
    }
}

/// The conversation that a row's key begins with; `None` where a long id stands by its digest.
fn named(table: u8, key: &[u8]) -> Option<ConversationId> {
    let name = Parts::of(table, key)?.text()?;
    (name.len() < key::TEXT_BYTES).then_some(ConversationId(name))
}

/// The moment that a row of an index holds.
fn moment(stored: &Stored) -> Option<Timestamp> {
    stored.bytes.first_chunk().copied().map(i64::from_be_bytes).and_then(key::moment)
}
