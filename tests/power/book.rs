//! What a store tells of the patients' conversations, held against what patients and provider know.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fluxo::store::upkeep::Check;
use fluxo::store::{Conversation, InboxEntry, LineBody, Store};
use fluxo_engine::protocol::{Content, Message};
use jiff::Timestamp;

use crate::disk::Position;
use crate::phones::{Chat, said};
use crate::provider::Taken;

/// What was known to whom when the power went.
#[derive(Debug)]
pub(crate) struct Known<'a> {
    pub(crate) chats: &'a [Chat],
    pub(crate) taken: &'a [Taken],
    pub(crate) at: Position,
}

impl Known<'_> {
    /// Every message that was acknowledged is there once, in order, with its content; it has been played or waits to be;
    /// what was said to it is on its way or has been taken. Nothing is there that nobody wrote.
    pub(crate) async fn holds(&self, store: &dyn Store) -> Result<(), String> {
        let told = |error: fluxo::store::StoreError| error.to_string();
        let taken: BTreeSet<&str> = self
            .taken
            .iter()
            .filter(|taken| taken.at <= self.at)
            .map(|taken| taken.effect.as_str())
            .collect();
        let all: BTreeMap<String, Conversation> = store
            .conversations(None, usize::MAX)
            .await
            .map_err(told)?
            .into_iter()
            .map(|conversation| (conversation.address.phone.clone().unwrap_or_default(), conversation))
            .collect();
        let counts = store.counts().await.map_err(told)?;
        if counts.conversations != all.len() as u64 {
            return Err(format!(
                "{} conversations are counted, {} are there",
                counts.conversations,
                all.len()
            ));
        }
        let mut outbox = 0;
        for chat in self.chats {
            let least = chat.acknowledged_by(self.at);
            let Some(conversation) = all.get(&chat.phone) else {
                if least > 0 {
                    return Err(format!("LOST: {least} messages and their conversation"));
                }
                continue;
            };
            let loaded = store.load(&conversation.id).await.map_err(told)?;
            let loaded = loaded.ok_or_else(|| format!("{} is listed and not there", conversation.id))?;
            outbox += loaded.outbox.len() as u64;
            let waiting = loaded.inbox.iter().filter(|entry| matches!(entry, InboxEntry::Message(_))).count();
            let pending: BTreeSet<String> =
                loaded.outbox.iter().map(|entry| entry.effect.id.to_string()).collect();
            let (mut heard, mut replies) = (Vec::new(), Vec::new());
            for (_, line) in store.lines(&conversation.id, 0, usize::MAX).await.map_err(told)? {
                match line.body {
                    LineBody::Inbound(inbound) => {
                        if let Content::Text { text } = inbound.content {
                            heard.push(text);
                        }
                    }
                    LineBody::Outbound { effect, message: Message::Text { text } } => {
                        replies.push((effect.to_string(), text));
                    }
                    LineBody::Outbound { .. } | LineBody::Sent { .. } | LineBody::Note(_) => {}
                }
            }
            if heard.len() < least {
                return Err(format!("LOST: {} of {least} acknowledged messages are there", heard.len()));
            }
            if heard.len() > chat.begun_by(self.at) {
                return Err(format!("{} messages are there, {} were written", heard.len(), chat.begun.len()));
            }
            if let Some(n) =
                (1..).zip(&heard).find_map(|(n, text)| (!text.starts_with(&said(n))).then_some(n))
            {
                return Err(format!("message {n} is another: {:?}", heard[n - 1]));
            }
            let played = heard.len() - waiting;
            for n in 1..=played {
                let of_it = |reply: &&(String, String)| reply.1.contains(&format!("disse: {}", said(n)));
                let found: Vec<_> = replies.iter().filter(of_it).collect();
                match found.as_slice() {
                    [(effect, _)] if pending.contains(effect) || taken.contains(effect.as_str()) => {}
                    [(effect, _)] => {
                        return Err(format!("the reply {effect} is neither taken nor on its way"));
                    }
                    [] => return Err(format!("message {n} of {played} was played and not answered")),
                    [_, _, ..] => return Err(format!("message {n} was played {} times", found.len())),
                }
            }
        }
        if counts.outbox != outbox {
            return Err(format!("{} effects are counted, {outbox} are there", counts.outbox));
        }
        is_clean(store).await
    }

    /// Every message that was acknowledged has been answered, by what the provider took before the cut and after it;
    /// answers how many replies it took twice.
    pub(crate) fn answered(&self, after: &[Taken]) -> Result<usize, String> {
        let before = self.taken.iter().filter(|taken| taken.at <= self.at);
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        let mut said_to: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for taken in before.chain(after) {
            *times.entry(&taken.effect).or_default() += 1;
            said_to.entry(&taken.to).or_default().push(&taken.text);
        }
        for chat in self.chats {
            let heard = said_to.get(chat.phone.as_str()).map_or(&[][..], Vec::as_slice);
            for n in 1..=chat.acknowledged_by(self.at) {
                if !heard.iter().any(|text| text.contains(&format!("disse: {}", said(n)))) {
                    return Err(format!("LOST: message {n} was acknowledged and never answered"));
                }
            }
        }
        match times.values().max() {
            Some(most) if *most > 2 => Err(format!("a reply was sent {most} times")),
            _ => Ok(times.values().filter(|times| **times == 2).count()),
        }
    }
}

/// All that `fluxo store check` looks at is as it must be.
async fn is_clean(store: &dyn Store) -> Result<(), String> {
    let Some(upkeep) = store.upkeep() else { return Err("the store cannot be checked".to_owned()) };
    let check = Check { now: Timestamp::now(), readable: Arc::new(|_| Ok(())), repair: false };
    let checkup = upkeep.check(check, Box::new(|_| true)).await.map_err(|error| error.to_string())?;
    match checkup.findings.first() {
        Some(finding) => Err(format!("the check finds {} things: {finding:?}", checkup.findings.len())),
        None => Ok(()),
    }
}
