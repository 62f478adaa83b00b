//! Takes in what a webhook request tells: in order per person, in parallel across people, each message once.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use fluxo_engine::protocol::{Content, Inbound, NotPlayed};
use futures_util::StreamExt;
use futures_util::stream;

use super::words::Words;
use super::{Closed, Conversations, TRIES, phone};
use crate::channels::Told;
use crate::foundation::{clock, metrics};
use crate::store::{Account, Address, Committed, LineBody, Mode, Speaker, StoreError};

/// People of one request taken in at the same time.
const AT_ONCE: usize = 16;

/// The most bytes of a message that are kept: WhatsApp's longest text has 4096 characters.
const MESSAGE: usize = 64 * 1024;

/// Accounts of others that are told once; more are only counted.
const OTHER_ACCOUNTS: usize = 32;

/// The most characters of a name that are kept: WhatsApp's longest has 25.
const NAME: usize = 200;

/// A message first seen later than this after it was written is not played.
const TOO_OLD: Duration = Duration::from_secs(24 * 60 * 60);

/// What became of a request's parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Intaken {
    /// Messages taken in now.
    pub messages: usize,
    /// Messages seen before.
    pub duplicates: usize,
    /// Statuses and changes of address.
    pub others: usize,
}

impl Conversations {
    /// Takes in all that a request of a channel tells. When it returns, everything is durable and the request may
    /// be acknowledged.
    ///
    /// # Errors
    /// The store's: the request must not be acknowledged, the provider delivers it again.
    pub async fn intake(&self, channel: &str, told: Vec<Told>) -> Result<Intaken, StoreError> {
        let mut people: BTreeMap<String, Vec<Told>> = BTreeMap::new();
        for part in told {
            people.entry(whose(&part)).or_default().push(part);
        }
        let in_order = people.into_values().map(|parts| async move {
            let mut sum = Intaken::default();
            for part in parts {
                self.take_in(channel, part, &mut sum).await?;
            }
            Ok::<Intaken, StoreError>(sum)
        });
        // All are tried even if one fails: what is durable now is a cheap duplicate when it is delivered again.
        let done: Vec<_> = stream::iter(in_order).buffer_unordered(AT_ONCE).collect().await;
        done.into_iter().try_fold(Intaken::default(), |sum, next| {
            let next = next?;
            Ok(Intaken {
                messages: sum.messages + next.messages,
                duplicates: sum.duplicates + next.duplicates,
                others: sum.others + next.others,
            })
        })
    }

    async fn take_in(&self, channel: &str, part: Told, sum: &mut Intaken) -> Result<(), StoreError> {
        let on = |id: String| Account { channel: channel.to_owned(), id };
        match part {
            Told::Message { account, from, profile_name, message } => {
                match self.message(&on(account), &from, profile_name.as_deref(), &message).await? {
                    Committed::Done(_) => sum.messages += 1,
                    Committed::Duplicate => sum.duplicates += 1,
                }
            }
            Told::Status { account, message, effect, state, at, failure } => {
                readable(self.status(&on(account), &message, effect, state, at, failure).await)?;
                sum.others += 1;
            }
            Told::AddressChanged { account, from, to, id } => {
                readable(self.address_changed(&on(account), &from, &to, &id).await)?;
                sum.others += 1;
            }
            Told::OtherAccount { account } => {
                metrics::OTHER_ACCOUNTS.add(1);
                self.tell_other_account(channel, account);
            }
            Told::Ignored { what } => tracing::info!(channel, what, "kept nothing of a webhook part"),
        }
        Ok(())
    }

    async fn message(
        &self,
        account: &Account,
        from: &Address,
        profile_name: Option<&str>,
        message: &Inbound,
    ) -> Result<Committed, StoreError> {
        // A stranger's first messages stand at the door of the address, until they are a conversation.
        let _first = self.doors.enter(&door(account, from)).await;
        let message = kept(message);
        let mut too_large = false;
        for _ in 0..TRIES {
            let known = self.who(account, from).await?;
            let of_old = known.as_ref().map_or(&[][..], |person| &person.record.conversations);
            let id = of_old.iter().find(|(on, _)| on == account).map(|(_, id)| id.clone());
            let _inside = match &id {
                Some(id) => Some(self.doors.enter(id.as_str()).await),
                None => None,
            };
            let mut draft = self.conversation_with(account, from, known).await?;
            draft.too_large = too_large;
            if draft.contact.name.is_none()
                && let Some(name) = profile_name
            {
                let mut record = draft.record.clone();
                record.contact.name = Some(name.chars().take(NAME).collect());
                draft.commit.contacts.clear();
                draft.write_contact(record);
            }
            let id = draft.conversation().id.clone();
            draft.seen(message.id.clone());
            let conversation = draft.conversation_mut();
            conversation.last_inbound = conversation.last_inbound.max(Some(message.written_at));
            conversation.last_message = Some(message.id.clone());
            draft.line(Speaker::Contact, LineBody::Inbound(message.clone().into_owned()));
            if message.received_at > clock::after(message.written_at, TOO_OLD) {
                draft.notice(None, &Words::NotPlayed(NotPlayed::TooOld));
            } else {
                draft.receive(message.clone().into_owned());
            }
            let to_the_flow = draft.conversation().mode == Mode::Bot;
            let claimed = self.claim(&mut draft).await?;
            let closed = self.close(draft).await;
            match &closed {
                Ok(Closed { committed: Committed::Done(_), .. }) => self.hand(claimed),
                Ok(Closed { committed: Committed::Duplicate, .. }) | Err(_) => {
                    self.give_up_claim(claimed).await?;
                }
            }
            match closed {
                Ok(Closed { left, committed }) => {
                    if to_the_flow && matches!(committed, Committed::Done(_)) {
                        self.show_heard(account, &message.id);
                    }
                    if left {
                        self.settle(&id).await?;
                    }
                    return Ok(committed);
                }
                Err(StoreError::Conflict) => {}
                // What play leads to cannot be stored: people get the message, it must not be delivered for days.
                Err(StoreError::TooLarge { .. }) if !too_large => too_large = true,
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Conflict)
    }

    /// Acknowledged, because it will never be for us; an error once for each account, because nobody gets an answer
    /// if the project file names the wrong one.
    pub(super) fn tell_other_account(&self, channel: &str, account: String) {
        let mut told = self.other_accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < OTHER_ACCOUNTS && !told.contains(&account) {
            let ours = self.outside.channel(channel).map(|channel| channel.account());
            tracing::error!(channel, account, ours, "a delivery is for an account that is not ours");
            told.insert(account);
        }
    }

    /// Shows the contact that an answer is on its way. Best effort: nothing is kept of it, nobody waits for it.
    fn show_heard(&self, account: &Account, message: &str) {
        let Some(channel) = self.outside.channel(&account.channel).map(Arc::clone) else { return };
        let Ok(one_of_few) = Arc::clone(&self.courtesies).try_acquire_owned() else { return };
        let message = message.to_owned();
        tokio::spawn(async move {
            channel.acknowledge(&message).await;
            drop(one_of_few);
        });
    }
}

/// What cannot be read is told and acknowledged: delivered again it would find the same, and hold up its neighbours.
fn readable(done: Result<(), StoreError>) -> Result<(), StoreError> {
    match done {
        Err(StoreError::Damaged(what)) => {
            tracing::error!(what, "a status or a change of address found a damaged conversation");
            Ok(())
        }
        Ok(()) | Err(_) => done,
    }
}

/// A message as it is kept: of one that no store takes only that it came. It must not be refused, or it would be
/// delivered again for days.
fn kept(message: &Inbound) -> Cow<'_, Inbound> {
    let size = serde_json::to_vec(message).map_or(usize::MAX, |bytes| bytes.len());
    if size <= MESSAGE {
        return Cow::Borrowed(message);
    }
    let content = Content::Other { name: "too large to keep".to_owned() };
    Cow::Owned(Inbound {
        id: message.id.clone(),
        written_at: message.written_at,
        received_at: message.received_at,
        content,
        quoted: None,
        referral: None,
    })
}

/// Parts with the same name are taken in one after the other.
fn whose(part: &Told) -> String {
    match part {
        Told::Message { account, from, .. } | Told::AddressChanged { account, from, .. } => {
            person(account, from)
        }
        Told::Status { account, message, effect, .. } => match effect {
            Some(effect) => format!("e/{}", effect.session),
            None => format!("m/{account}/{message}"),
        },
        Told::OtherAccount { .. } | Told::Ignored { .. } => String::new(),
    }
}

fn person(account: &str, address: &Address) -> String {
    // The longer form stands for both.
    let phone = address.phone.as_deref().map(phone::shown);
    let name = phone.or_else(|| address.user.clone()).or_else(|| address.username.clone());
    format!("p/{account}/{}", name.unwrap_or_default())
}

/// The door at which strangers of one address wait for each other.
pub(super) fn door(account: &Account, address: &Address) -> String {
    format!("{}/{}", account.channel, person(&account.id, address))
}
