//! What was said: `h/<conversation><number>`, oldest first, from 1. Sealed with the conversation's key, but for how a
//! message fares, which names nobody and is most of the lines.

use fluxo_engine::ids::ConversationId;

use super::super::fault::Fault;
use super::super::key::{Key, KeyRange, Parts};
use super::super::secret::Secret;
use super::super::transaction::Transaction;
use super::progress::{self, Progress};
use crate::store::{Line, LineBody, StoreError};

pub(in super::super) const TABLE: u8 = b'h';
const WHAT: &str = "a line";
/// First byte of a sealed line; one that is not is JSON.
const SEALED: u8 = 1;

fn about(id: &ConversationId) -> Vec<u8> {
    format!("line/{id}").into_bytes()
}

/// A line as it is stored.
pub(in super::super) fn pack(
    id: &ConversationId,
    line: &Line,
    secret: &Secret,
) -> Result<Vec<u8>, StoreError> {
    let text = super::encode(WHAT, line)?;
    match &line.body {
        LineBody::Sent { reason: None, .. } => Ok(text),
        LineBody::Inbound(_) | LineBody::Outbound { .. } | LineBody::Sent { .. } | LineBody::Note(_) => {
            let sealed = secret.seal(&about(id), text)?;
            let mut bytes = Vec::with_capacity(1 + sealed.len());
            bytes.push(SEALED);
            bytes.extend_from_slice(&sealed);
            super::fits(WHAT, bytes)
        }
    }
}

/// A line again.
pub(in super::super) fn unpack(
    id: &ConversationId,
    bytes: &[u8],
    secret: Option<&Secret>,
) -> Result<Line, StoreError> {
    match bytes.split_first() {
        Some((&SEALED, sealed)) => {
            let text = secret.and_then(|secret| secret.open(&about(id), sealed.to_vec()));
            let closed = || StoreError::Damaged(format!("{WHAT} does not open with its conversation's key"));
            super::decode(WHAT, &text.ok_or_else(closed)?)
        }
        Some(_) | None => super::decode(WHAT, bytes),
    }
}

fn key(id: &ConversationId, number: u64) -> Vec<u8> {
    Key::of(TABLE).text(id.as_str()).number(number).bytes()
}

/// The keys of a conversation's lines after a number.
pub(in super::super) fn after(id: &ConversationId, number: u64) -> KeyRange {
    let end = Key::of(TABLE).text(id.as_str()).after();
    KeyRange { start: number.checked_add(1).map_or_else(|| end.clone(), |first| key(id, first)), end }
}

/// The number of a line's key.
pub(in super::super) fn number(key: &[u8]) -> Result<u64, Fault> {
    let parse = || {
        let mut parts = Parts::of(TABLE, key)?;
        parts.text()?;
        parts.number()
    };
    parse().ok_or_else(|| Fault::damaged(key))
}

pub(in super::super) fn push(
    tx: &mut Transaction<'_>,
    id: &ConversationId,
    progress: &mut Progress,
    line: &[u8],
) -> Result<(), Fault> {
    tx.put_new(&key(id, progress::next(&mut progress.line)), 0, line)
}

#[cfg(test)]
mod tests {
    use fluxo_engine::ids::EffectId;

    use super::*;
    use crate::store::{SendState, Speaker};

    #[test]
    fn what_is_said_is_sealed_and_older_lines_are_read() {
        let id = ConversationId::from("c");
        let (secret, _) = Secret::draw().unwrap();
        let line = |body| Line { at: "2026-11-21T12:00:00Z".parse().unwrap(), by: Speaker::System, body };
        let effect = EffectId { epoch: 1, session: "s".into(), turn: 1, n: 0 };
        let sent = |reason| LineBody::Sent { effect: effect.clone(), state: SendState::Failed, reason };
        for (body, sealed) in [
            (LineBody::Note("Ana".to_owned()), true),
            (sent(Some("Ana".to_owned())), true),
            (sent(None), false),
        ] {
            let line = line(body);
            let bytes = pack(&id, &line, &secret).unwrap();
            assert_eq!(serde_json::from_slice::<Line>(&bytes).is_err(), sealed);
            assert!(!bytes.windows(3).any(|found| found == b"Ana"));
            assert_eq!(unpack(&id, &bytes, Some(&secret)).unwrap(), line);
            assert_eq!(unpack(&id, &bytes, None).is_err(), sealed);
            assert_eq!(unpack(&"d".into(), &bytes, Some(&secret)).is_err(), sealed);
            let older = serde_json::to_vec(&line).unwrap();
            assert_eq!(unpack(&id, &older, Some(&secret)).unwrap(), line);
        }
    }

    #[test]
    fn a_number_comes_back_and_what_comes_after_it_leaves_it_out() {
        let id = ConversationId::from("c");
        for of in [0, 1, 255, 256, u64::MAX] {
            assert_eq!(number(&key(&id, of)), Ok(of));
            assert!(!after(&id, of).as_range().contains(&key(&id, of).as_slice()));
        }
        assert!(after(&id, 0).as_range().contains(&key(&id, 1).as_slice()));
        assert!(!after(&id, 0).as_range().contains(&key(&ConversationId::from("c1"), 1).as_slice()));
    }
}
