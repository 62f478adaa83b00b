//! The accounts on WhatsApp and their chats with the hospital.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    entry::{Author, Entry, Stamp},
    number,
};
use crate::{journal::Journal, settings::Settings};

/// Somebody's account. The key of a chat is its `wa_id`, whatever else the person is known by.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) wa_id: String,
    /// Name on the profile.
    pub(crate) name: String,
    /// Business-scoped user id.
    pub(crate) bsuid: String,
    pub(crate) username: Option<String>,
    /// When the 24-hour window was last opened, in milliseconds.
    pub(crate) last_inbound_ms: Option<i64>,
}

/// An account with what was said.
pub(crate) struct Chat {
    pub(crate) account: Account,
    pub(crate) entries: Vec<Entry>,
    /// Until when the service's typing indicator shows.
    pub(crate) typing_until_ms: i64,
    /// The service's messages that failed and were never shown.
    pub(crate) failed: Vec<Entry>,
}

pub(crate) struct Phones {
    journal: Arc<Journal>,
    chats: Mutex<BTreeMap<String, Chat>>,
    /// Message id or business-scoped id → `wa_id` of the chat.
    owners: Mutex<HashMap<String, String>>,
}

impl Phones {
    pub(crate) fn new(journal: Arc<Journal>, held: &BTreeMap<String, Value>) -> Self {
        let mut chats = BTreeMap::new();
        let mut owners = HashMap::new();
        for (key, value) in held {
            if key.starts_with("account/")
                && let Ok(account) = serde_json::from_value::<Account>(value.clone())
            {
                owners.insert(account.bsuid.clone(), account.wa_id.clone());
                chats.insert(account.wa_id.clone(), Chat::new(account));
            }
        }
        // Keys are in order, so the entries of a chat are too.
        for (key, value) in held {
            if let Some(rest) = key.strip_prefix("chat/")
                && let Some((wa_id, _)) = rest.split_once('/')
                && let Some(chat) = chats.get_mut(wa_id)
                && let Ok(entry) = serde_json::from_value::<Entry>(value.clone())
            {
                owners.insert(entry.wamid.clone(), wa_id.to_owned());
                chat.entries.push(entry);
            }
        }
        Self { journal, chats: Mutex::new(chats), owners: Mutex::new(owners) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Chat>> {
        self.chats.lock().expect("no holder panics")
    }

    fn owners(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.owners.lock().expect("no holder panics")
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
        self.owners().clear();
    }

    /// The `wa_id` under which a number is known, opening an account where there is none. A number of the list
    /// `without_ninth_digit` gets the old form.
    pub(crate) fn open(&self, typed: &str, settings: &Settings) -> String {
        let mut chats = self.lock();
        let variants = number::variants(typed);
        if let Some(known) = variants.iter().find(|variant| chats.contains_key(*variant)) {
            return known.clone();
        }
        let wa_id = canonical(typed, settings);
        let account = Account {
            bsuid: bsuid(&wa_id),
            name: String::new(),
            username: None,
            last_inbound_ms: None,
            wa_id: wa_id.clone(),
        };
        self.journal.put(&format!("account/{wa_id}"), &account);
        self.owners().insert(account.bsuid.clone(), wa_id.clone());
        chats.insert(wa_id.clone(), Chat::new(account));
        wa_id
    }

    /// The account with a business-scoped id.
    pub(crate) fn by_bsuid(&self, bsuid: &str) -> Option<String> {
        self.owners().get(bsuid).cloned()
    }

    /// Changes an account; `None` if there is none.
    pub(crate) fn change(&self, wa_id: &str, change: impl FnOnce(&mut Account)) -> Option<Account> {
        let mut chats = self.lock();
        let account = &mut chats.get_mut(wa_id)?.account;
        change(account);
        self.owners().insert(account.bsuid.clone(), wa_id.to_owned());
        self.journal.put(&format!("account/{wa_id}"), account);
        Some(account.clone())
    }

    /// Adds a message at the end of a chat and gives its number there.
    pub(crate) fn add(&self, wa_id: &str, mut entry: Entry) -> u64 {
        let mut chats = self.lock();
        let Some(chat) = chats.get_mut(wa_id) else { return 0 };
        entry.n = chat.entries.last().map_or(1, |last| last.n + 1);
        if entry.from == Author::Service {
            chat.typing_until_ms = 0;
        }
        self.journal.put(&format!("chat/{wa_id}/{:08}", entry.n), &entry);
        self.owners().insert(entry.wamid.clone(), wa_id.to_owned());
        let n = entry.n;
        chat.entries.push(entry);
        n
    }

    /// Notes a message that was accepted and will fail: the phone never shows it.
    pub(crate) fn add_failed(&self, wa_id: &str, entry: Entry) {
        if let Some(chat) = self.lock().get_mut(wa_id) {
            chat.failed.push(entry);
        }
    }

    /// Notes a status of a message, once.
    pub(crate) fn stamp(&self, wa_id: &str, wamid: &str, stamp: Stamp) {
        let mut chats = self.lock();
        let Some(chat) = chats.get_mut(wa_id) else { return };
        if let Some(entry) = chat.entries.iter_mut().rev().find(|entry| entry.wamid == wamid) {
            if !entry.has(&stamp.status) {
                entry.statuses.push(stamp);
                self.journal.put(&format!("chat/{wa_id}/{:08}", entry.n), entry);
            }
        } else if let Some(entry) = chat.failed.iter_mut().find(|entry| entry.wamid == wamid)
            && !entry.has(&stamp.status)
        {
            entry.statuses.push(stamp);
        }
    }

    /// Changes a message of a chat.
    pub(crate) fn edit(&self, wa_id: &str, wamid: &str, change: impl FnOnce(&mut Entry)) {
        let mut chats = self.lock();
        let Some(chat) = chats.get_mut(wa_id) else { return };
        if let Some(entry) = chat.entries.iter_mut().rev().find(|entry| entry.wamid == wamid) {
            change(entry);
            self.journal.put(&format!("chat/{wa_id}/{:08}", entry.n), entry);
        }
    }

    /// Whose chat holds a message, and who wrote it.
    pub(crate) fn find(&self, wamid: &str) -> Option<(String, Entry)> {
        let wa_id = self.owners().get(wamid).cloned()?;
        let chats = self.lock();
        let entry = chats.get(&wa_id)?.entries.iter().rev().find(|entry| entry.wamid == wamid)?.clone();
        Some((wa_id, entry))
    }

    /// Empties one chat, as a person would on their phone; the account and its window stay.
    pub(crate) fn wipe(&self, wa_id: &str) {
        if let Some(chat) = self.lock().get_mut(wa_id) {
            for entry in chat.entries.drain(..) {
                self.journal.remove(&format!("chat/{wa_id}/{:08}", entry.n));
            }
        }
    }
}

impl Chat {
    fn new(account: Account) -> Self {
        Self { account, entries: Vec::new(), typing_until_ms: 0, failed: Vec::new() }
    }

    /// Whether free-form messages reach this person (whatsapp-cloud.md §7).
    pub(crate) fn window_open(&self, now_ms: i64) -> bool {
        self.account.last_inbound_ms.is_some_and(|last| now_ms - last < 24 * 60 * 60 * 1000)
    }
}

/// The `wa_id` of a number that is met for the first time.
fn canonical(typed: &str, settings: &Settings) -> String {
    let variants = number::variants(typed);
    let old =
        |number: &String| settings.without_ninth_digit.iter().any(|listed| number::digits(listed) == *number);
    if variants.iter().any(old) {
        return variants.into_iter().min_by_key(String::len).expect("a number has a form");
    }
    variants.into_iter().next().expect("a number has a form")
}

/// A business-scoped id, the same for the same account.
fn bsuid(wa_id: &str) -> String {
    let mut random = crate::seed::Random::of(&[wa_id.parse().unwrap_or(7), 0x0B51D]);
    format!("BR.{}", random.digits(20))
}
