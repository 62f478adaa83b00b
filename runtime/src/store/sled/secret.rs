//! A conversation's own key: what is sealed with it is worth nothing once it is destroyed.
//!
//! AES-256-GCM with a nonce drawn for each value, by the library that does our TLS. A contact's keys are those of its
//! conversations: a merge of contacts moves conversations and needs to touch no key.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use fluxo_engine::ids::ConversationId;

use super::commit::Seal;
use super::fault::Fault;

/// Bytes of a key.
pub(super) const KEY_BYTES: usize = 32;

/// Keys kept in memory, ready for use: some kilobyte each.
const KNOWN: usize = 2048;

/// A key, ready for use.
pub(super) struct Secret {
    key: RandomizedNonceKey,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// A new one, with the bytes to be kept.
    pub(super) fn draw() -> Result<(Self, [u8; KEY_BYTES]), Fault> {
        let mut bytes = [0; KEY_BYTES];
        getrandom::fill(&mut bytes).map_err(|error| Fault::down(format!("no random bytes: {error}")))?;
        Ok((Self::of(&bytes)?, bytes))
    }

    pub(super) fn of(bytes: &[u8; KEY_BYTES]) -> Result<Self, Fault> {
        let key = RandomizedNonceKey::new(&AES_256_GCM, bytes);
        Ok(Self { key: key.map_err(|_| Fault::down("a key cannot be used"))? })
    }

    /// The text sealed: nobody without the key reads it, or puts it in another place than `about`.
    pub(super) fn seal(&self, about: &[u8], mut text: Vec<u8>) -> Result<Vec<u8>, Fault> {
        let nonce = self.key.seal_in_place_append_tag(Aad::from(about), &mut text);
        let nonce = nonce.map_err(|_| Fault::down("a value cannot be sealed"))?;
        text.extend_from_slice(nonce.as_ref());
        Ok(text)
    }

    /// The text again; `None` when it was sealed with another key, about something else, or was changed.
    pub(super) fn open(&self, about: &[u8], mut sealed: Vec<u8>) -> Option<Vec<u8>> {
        let nonce = sealed.split_off(sealed.len().checked_sub(NONCE_LEN)?);
        let nonce = Nonce::try_assume_unique_for_key(&nonce).ok()?;
        let length = self.key.open_in_place(nonce, Aad::from(about), &mut sealed).ok()?.len();
        sealed.truncate(length);
        Some(sealed)
    }
}

/// Keys in memory. More than a few thousand are forgotten all at once, and read again as they are needed.
#[derive(Debug, Default)]
pub(super) struct Secrets(Mutex<HashMap<ConversationId, Arc<Secret>>>);

impl Secrets {
    pub(super) fn get(&self, id: &ConversationId) -> Option<Arc<Secret>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    pub(super) fn put(&self, id: ConversationId, secret: Arc<Secret>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN {
            known.clear();
        }
        known.insert(id, secret);
    }

    /// A new key of a commit that is durable.
    pub(super) fn remember(&self, id: ConversationId, seal: Option<Seal>) {
        if let Some(Seal { secret, new: Some(_) }) = seal {
            self.put(id, secret);
        }
    }

    pub(super) fn forget(&self, id: &ConversationId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_key_opens_a_value_and_only_in_its_place() {
        let (secret, bytes) = Secret::draw().unwrap();
        let text = b"Ana, 52998224725".to_vec();
        let sealed = secret.seal(b"c1", text.clone()).unwrap();
        assert!(!sealed.windows(3).any(|found| found == b"Ana"));
        assert_ne!(sealed, secret.seal(b"c1", text.clone()).unwrap(), "a nonce is used once");
        let same = Secret::of(&bytes).unwrap();
        assert_eq!(same.open(b"c1", sealed.clone()), Some(text));
        assert_eq!(same.open(b"c2", sealed.clone()), None);
        assert_eq!(Secret::draw().unwrap().0.open(b"c1", sealed.clone()), None);
        for place in 0..sealed.len() {
            let mut torn = sealed.clone();
            torn[place] ^= 1;
            assert_eq!(same.open(b"c1", torn), None, "{place}");
        }
        for short in 0..sealed.len() {
            assert_eq!(same.open(b"c1", sealed[..short].to_vec()), None, "{short}");
        }
    }

    #[test]
    fn no_more_than_a_few_are_kept_in_memory() {
        let secrets = Secrets::default();
        for n in 0..KNOWN + 2 {
            secrets.put(n.to_string().into(), Arc::new(Secret::draw().unwrap().0));
        }
        assert!(secrets.get(&"0".into()).is_none());
        let last = ConversationId::from((KNOWN + 1).to_string());
        assert!(secrets.get(&last).is_some());
        secrets.forget(&last);
        assert!(secrets.get(&last).is_none());
    }
}
