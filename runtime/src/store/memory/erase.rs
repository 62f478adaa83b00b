//! A contact erased.

use std::cmp::Reverse;

use fluxo_engine::ids::ConversationId;

use super::tables::Tables;
use crate::store::erasure::end;
use crate::store::{Erased, Erasure, JournalEntry, Kept, StoreError};

impl Tables {
    pub(super) fn erase(&mut self, erasure: &Erasure) -> Result<Erased, StoreError> {
        let record = self.people.get(&erasure.contact).ok_or(StoreError::Conflict)?;
        if record.conversations.iter().any(|(_, id)| !erasure.conversations.contains(id)) {
            return Err(StoreError::Conflict);
        }
        let mut books = erasure.conversations.iter().filter_map(|id| self.books.get(id));
        if books.any(|book| book.conversation.contact != erasure.contact) {
            return Err(StoreError::Conflict);
        }
        let revision = record.revision;
        self.people.remove(&erasure.contact, revision)?;
        let mut erased = Erased::default();
        for id in &erasure.conversations {
            let Some(book) = self.books.remove(id) else { continue };
            erased.conversations += 1;
            erased.keys += u64::from(!book.journal.is_empty() || !book.lines.is_empty());
            erased.lines += book.lines.len() as u64;
            erased.inbox += book.inbox.len() as u64;
            erased.outbox += book.outbox.len() as u64;
            let turns = book.journal.iter().filter(|(entry, _)| !matches!(entry.kept, Kept::Moved(_)));
            erased.turns += turns.count() as u64;
            let last = book.journal.last().map(|(entry, _)| entry.turn);
            let mut left: Vec<JournalEntry> =
                book.journal.into_iter().map(|(entry, _)| entry.erased()).collect();
            if let Some(end) = end(&book.conversation, erasure.at, last) {
                left.push(end);
                erased.sessions += 1;
            }
            if !left.is_empty() {
                self.erased.insert(id.clone(), left);
            }
        }
        let ours = |id: &ConversationId| erasure.conversations.contains(id);
        erased.timers += removed(&mut self.timers, |(id, _, _), _| ours(id));
        erased.dead_letters += removed(&mut self.letters, |_, letter| ours(&letter.conversation));
        erased.notices += removed(&mut self.notices, |(_, id, _, _), notice| {
            notice.conversation.as_ref().map_or_else(|| ours(id), ours)
        });
        if let Some(id) = erasure.conversations.first() {
            for (place, notice) in erasure.notices.iter().enumerate() {
                self.notices.insert((Reverse(notice.at), id.clone(), u64::MAX, place), notice.clone());
            }
        }
        Ok(erased)
    }
}

fn removed<K: Ord, V>(map: &mut std::collections::BTreeMap<K, V>, which: impl Fn(&K, &V) -> bool) -> u64 {
    let before = map.len();
    map.retain(|key, value| !which(key, value));
    (before - map.len()) as u64
}
