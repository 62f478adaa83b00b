//! Two contacts found to be one: the most recently active survives, with all that is known of both.
//!
//! The other's session ends `merged`, and its outbox drains under its own id; what waited to be played there waits
//! with the survivor. A conversation that people have outranks one that they do not: nobody is cut off while talking.
//!
//! **Invariant:** two entries with different user ids on one account are two people and are never merged.

use fluxo_engine::ids::{ContactId, ConversationId};
use fluxo_engine::protocol::{Contact, Wake};

use super::draft::Draft;
use super::person::{address_on, merge_address};
use super::words::Words;
use super::{Conversations, TRIES, Tally};
use crate::store::{
    Account, Address, Committed, ContactRecord, InboxEntry, LineBody, Merge, Mode, Speaker, StoreError,
};

/// How the session of the one that goes ends.
const MERGED: &str = "merged";

impl Conversations {
    /// Makes one contact of two, after `told` has put into each what was learned of it. `true`: look again, they
    /// are one now, or were changed by somebody else. `false`: they stay two.
    pub(super) async fn merge(
        &self,
        account: &Account,
        one: &ContactId,
        other: &ContactId,
        told: impl Fn(&mut ContactRecord),
    ) -> Result<bool, StoreError> {
        for _ in 0..TRIES {
            let both = (self.store.contact(one).await?, self.store.contact(other).await?);
            let (Some(mut one), Some(mut other)) = both else { return Ok(true) };
            let mut ids: Vec<ConversationId> =
                one.conversations.iter().chain(&other.conversations).map(|(_, id)| id.clone()).collect();
            // Always in the same order, so that two who want the same doors do not wait for each other.
            ids.sort();
            ids.dedup();
            let mut inside = Vec::new();
            let mut drafts = Vec::new();
            for id in &ids {
                inside.push(self.doors.enter(id.as_str()).await);
                match self.open(id).await {
                    Ok(Some(draft)) => drafts.push(draft),
                    Ok(None) | Err(StoreError::Damaged(_)) => return Ok(false),
                    Err(error) => return Err(error),
                }
            }
            told(&mut one);
            told(&mut other);
            let (kept, gone) = match activity(&drafts, account, &other) > activity(&drafts, account, &one) {
                true => (other, one),
                false => (one, other),
            };
            let Some(whole) = together(&kept, &gone) else { return Ok(false) };
            let gone = (gone.contact.id, gone.revision);
            let drafts = merged(drafts, whole, &gone.0);
            let (commits, left): (Vec<_>, Vec<bool>) = drafts.into_iter().map(Draft::finish).unzip();
            let left = commits.iter().zip(left).filter(|(_, left)| *left);
            let left: Vec<ConversationId> = left.map(|(commit, _)| commit.conversation.id.clone()).collect();
            let tallies: Vec<Tally> = commits.iter().map(Tally::of).collect();
            for commit in &commits {
                self.keep_backdrop(commit).await?;
            }
            match self.store.merge(Merge { gone, commits }).await {
                Ok(Committed::Done(_)) => {
                    tallies.iter().for_each(|tally| self.tell_workers(tally));
                    tracing::info!(conversations = ids.len(), "two contacts were found to be one");
                    for id in &left {
                        self.settle(id).await?;
                    }
                    return Ok(true);
                }
                Ok(Committed::Duplicate) => return Ok(true),
                Err(StoreError::Conflict) => {}
                Err(StoreError::TooLarge { what, size, .. }) => {
                    tracing::error!(what, size, "two contacts are too large to be one");
                    return Ok(false);
                }
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Conflict)
    }
}

/// What decides who survives: whether people have the conversation, then when the contact last wrote in it.
fn activity(
    drafts: &[Draft<'_>],
    account: &Account,
    of: &ContactRecord,
) -> Option<(bool, Option<jiff::Timestamp>)> {
    let conversations = drafts.iter().map(Draft::conversation);
    let own = conversations.filter(|one| one.contact == of.contact.id && one.account == *account);
    own.map(|one| (one.mode != Mode::Bot, one.last_inbound)).max()
}

/// The changes of all conversations that change, the survivor's first.
fn merged<'a>(drafts: Vec<Draft<'a>>, mut whole: ContactRecord, gone: &ContactId) -> Vec<Draft<'a>> {
    let (going, mut staying): (Vec<_>, Vec<_>) =
        drafts.into_iter().partition(|draft| draft.conversation().contact == *gone);
    let mut changed = Vec::new();
    let mut gone = Vec::new();
    for mut draft in going {
        draft.conversation_mut().contact = whole.contact.id.clone();
        draft.conversation_mut().journaled = None;
        let account = draft.conversation().account.clone();
        match staying.iter().position(|kept| kept.conversation().account == account) {
            Some(at) => {
                let mut kept = staying.remove(at);
                retire(&mut draft, &mut kept);
                if let Some(address) = address_on(&whole, &account) {
                    merge_address(&mut kept.conversation_mut().address, address);
                }
                changed.push(kept);
            }
            None => {
                draft.note(&Words::Moved);
                whole.conversations.push((account, draft.conversation().id.clone()));
            }
        }
        gone.push(draft);
    }
    changed.append(&mut gone);
    if let Some(first) = changed.first_mut() {
        first.write_contact(whole);
    }
    changed
}

/// Ends a conversation in favour of another on the same account.
fn retire(gone: &mut Draft<'_>, kept: &mut Draft<'_>) {
    let into = kept.conversation().id.clone();
    let words = Words::MergedInto { conversation: into.as_str() };
    match std::mem::replace(&mut gone.conversation_mut().mode, Mode::Bot) {
        Mode::Bot => gone.note(&words),
        Mode::Queued { queue, .. } | Mode::People { queue, .. } => gone.notice(Some(queue), &words),
    }
    let from = gone.conversation().id.clone();
    kept.note(&Words::MergedFrom { conversation: from.as_str() });
    while let Some(entry) = gone.consume() {
        if let InboxEntry::Message(message) = &entry {
            kept.line(Speaker::Contact, LineBody::Inbound((**message).clone()));
        }
        kept.hold(entry);
    }
    gone.conversation_mut().closing = gone.conversation().session.is_some();
    gone.wake(Wake::Close { outcome: MERGED.to_owned() });
    // Should that have failed: nobody can answer to a conversation that nothing reaches any more.
    gone.conversation_mut().mode = Mode::Bot;
    let wrote = gone.conversation().last_inbound;
    let last = &mut kept.conversation_mut().last_inbound;
    *last = (*last).max(wrote);
}

/// Both as one; `None` when they have different user ids somewhere.
fn together(kept: &ContactRecord, gone: &ContactRecord) -> Option<ContactRecord> {
    let mut whole = kept.clone();
    for (account, address) in &gone.addresses {
        match whole.addresses.iter_mut().find(|(on, _)| on == account) {
            Some((_, own)) => fill_address(own, address)?,
            None => whole.addresses.push((account.clone(), address.clone())),
        }
    }
    fill_contact(&mut whole.contact, &gone.contact);
    Some(whole)
}

fn fill_address(own: &mut Address, other: &Address) -> Option<()> {
    if own.user.is_some() && other.user.is_some() && own.user != other.user {
        return None;
    }
    for (own, other) in
        [(&mut own.user, &other.user), (&mut own.phone, &other.phone), (&mut own.username, &other.username)]
    {
        if own.is_none() {
            own.clone_from(other);
        }
    }
    Some(())
}

/// What is known of the survivor stands; of the other comes what is not. The later word on a consent counts.
fn fill_contact(own: &mut Contact, other: &Contact) {
    for (own, other) in [(&mut own.name, &other.name), (&mut own.phone, &other.phone)] {
        if own.is_none() {
            own.clone_from(other);
        }
    }
    own.tags.extend(other.tags.iter().cloned());
    for (purpose, consent) in &other.consents {
        let kept = own.consents.entry(purpose.clone()).or_insert_with(|| consent.clone());
        if consent.at > kept.at {
            *kept = consent.clone();
        }
    }
    for (name, value) in &other.fields {
        if !own.fields.contains_key(name) {
            own.fields.insert(name.clone(), value.clone());
        }
    }
    // Being two must not have given anybody twice the tries.
    own.identity_failures = match (own.identity_failures, other.identity_failures) {
        (Some(mut own), Some(other)) if own.day == other.day => {
            own.count = own.count.saturating_add(other.count);
            Some(own)
        }
        (Some(own), Some(other)) => Some(if own.day > other.day { own } else { other }),
        (own, other) => own.or(other),
    };
}

#[cfg(test)]
mod tests {
    use fluxo_engine::protocol::{Consent, IdentityFailures};
    use serde_json::json;

    use super::*;

    fn contact(at: &str, granted: bool, field: &str, day: &str, count: u32) -> Contact {
        let consent = Consent { granted, at: at.parse().unwrap(), words: None, message: None };
        let mut contact = Contact::new("p".into());
        contact.tags.insert(field.to_owned());
        contact.consents.insert("avisos".to_owned(), consent);
        contact.fields.insert(field.to_owned(), json!(field));
        contact.fields.insert("nome".to_owned(), json!(field));
        contact.identity_failures = Some(IdentityFailures { day: day.parse().unwrap(), count });
        contact
    }

    #[test]
    fn what_is_known_of_both_is_known_of_the_one() {
        let (early, late) = ("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z");
        let mut own = contact(early, true, "a", "2026-03-12", 3);
        let mut other = contact(late, false, "b", "2026-03-12", 4);
        other.phone = Some("+5511987654321".to_owned());
        fill_contact(&mut own, &other);
        assert_eq!(own.tags.iter().collect::<Vec<_>>(), ["a", "b"]);
        assert!(!own.consents["avisos"].granted, "the later word counts");
        assert_eq!((&own.fields["nome"], &own.fields["b"]), (&json!("a"), &json!("b")));
        assert_eq!(own.identity_failures.unwrap().count, 7);
        assert_eq!(own.phone, other.phone);
        let mut own = contact(late, true, "a", "2026-03-11", 5);
        fill_contact(&mut own, &contact(early, false, "b", "2026-03-12", 1));
        assert!(own.consents["avisos"].granted);
        assert_eq!(own.identity_failures.unwrap().count, 1, "yesterday's do not count today");
    }

    #[test]
    fn different_user_ids_are_different_people() {
        let address = |user: Option<&str>| Address { user: user.map(str::to_owned), ..Address::default() };
        for (one, other, same) in [
            (Some("BR.1"), Some("BR.2"), false),
            (Some("BR.1"), Some("BR.1"), true),
            (Some("BR.1"), None, true),
            (None, Some("BR.2"), true),
        ] {
            let mut own = address(one);
            assert_eq!(fill_address(&mut own, &address(other)).is_some(), same, "{one:?} {other:?}");
            assert_eq!(own, address(one.or(other)));
        }
    }
}
