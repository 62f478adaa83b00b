//! The bytes of a journal's entry: what may stay in the clear, and behind it what only the conversation's key opens.
//!
//! ```text
//! form:u8 state:u8 at:i64 turn:u32 backdrop:8 bytes pieces:u16
//! length:u8 session…  length:u32 path…  sealed…
//! ```
//! Numbers are big-endian. `session` is the session's id, without the conversation's at its beginning if bit 7 of
//! `state` says so. `path` is JSON: what stays of the events. `sealed` goes on in as many pieces as `pieces` says: a
//! call may answer more than a value holds. Cutting an entry leaves `sealed` out and needs no key.
//! An entry that begins with `{` is JSON of an older fluxo, which did not keep enough to play a turn again.

use fluxo_engine::ids::{ConversationId, SessionId};
use fluxo_engine::protocol::{Contact, Effect, Event};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::key;
use super::secret::Secret;
use super::tables;
use crate::store::trail::{self, Rest, Step};
use crate::store::{BackdropId, Input, JournalEntry, Kept, Moved, Prints, Recorded, StoreError};

const WHAT: &str = "a journal entry";
const FORM: u8 = 2;
/// First byte of an entry of an older fluxo.
const OLDER: u8 = b'{';
/// Bytes of sealed text in one value.
pub(super) const PIECE_BYTES: usize = 200 * 1024;
/// Set in `state`: the session's id begins with the conversation's.
const OWN: u8 = 0x80;

/// What an entry is: the numbers are stored and never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Whole,
    Cut,
    Erased,
    Moved,
    Older,
}

impl State {
    fn number(self) -> u8 {
        match self {
            Self::Whole => 0,
            Self::Cut => 1,
            Self::Erased => 2,
            Self::Moved => 3,
            Self::Older => 4,
        }
    }

    fn of(number: u8) -> Option<Self> {
        [Self::Whole, Self::Cut, Self::Erased, Self::Moved, Self::Older]
            .into_iter()
            .find(|state| state.number() == number)
    }
}

/// An entry as it is stored: the first value, and the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Packed {
    pub(super) head: Vec<u8>,
    pub(super) pieces: Vec<Vec<u8>>,
}

#[derive(Serialize)]
struct Sealing<'a> {
    #[serde(rename = "i")]
    input: &'a Input,
    #[serde(rename = "c", skip_serializing_if = "Option::is_none")]
    contact: Option<&'a Contact>,
    #[serde(rename = "w")]
    window_open: bool,
    #[serde(rename = "p")]
    prints: &'a Prints,
    #[serde(rename = "e")]
    rest: &'a [Rest],
    #[serde(rename = "x", skip_serializing_if = "<[Effect]>::is_empty")]
    asked: &'a [Effect],
}

#[derive(Deserialize)]
struct Sealed {
    #[serde(rename = "i")]
    input: Input,
    #[serde(rename = "c", default)]
    contact: Option<Contact>,
    #[serde(rename = "w")]
    window_open: bool,
    #[serde(rename = "p")]
    prints: Prints,
    #[serde(rename = "e")]
    rest: Vec<Rest>,
    #[serde(rename = "x", default)]
    asked: Vec<Effect>,
}

fn damaged(what: &str) -> StoreError {
    StoreError::Damaged(format!("{WHAT} {what}"))
}

fn json<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|error| damaged(&format!("cannot be written as JSON: {error}")))
}

/// What an entry's sealed text is about: it opens in no other place.
fn about(id: &ConversationId, session: &SessionId, turn: u32) -> Vec<u8> {
    format!("journal/{id}/{session}/{turn}").into_bytes()
}

/// An entry of which nothing is sealed.
pub(super) fn pack_path(id: &ConversationId, entry: &JournalEntry) -> Result<Packed, StoreError> {
    let (secret, _) = Secret::draw()?;
    pack(id, &entry.clone().erased(), &secret)
}

/// An entry as it is to be stored.
pub(super) fn pack(id: &ConversationId, entry: &JournalEntry, secret: &Secret) -> Result<Packed, StoreError> {
    let (stay, rest) = trail::pack(&entry.events, &entry.session);
    let (state, backdrop, path) = match &entry.kept {
        Kept::Whole(recorded) => (State::Whole, recorded.backdrop, json(&stay)?),
        Kept::Cut => (State::Cut, BackdropId([0; 8]), json(&stay)?),
        Kept::Erased => (State::Erased, BackdropId([0; 8]), json(&stay)?),
        Kept::Older => (State::Older, BackdropId([0; 8]), json(&stay)?),
        Kept::Moved(moved) => (State::Moved, BackdropId([0; 8]), json(moved)?),
    };
    let sealed = match &entry.kept {
        Kept::Whole(recorded) => {
            let text = json(&Sealing {
                input: &recorded.input,
                contact: recorded.contact.as_ref(),
                window_open: recorded.window_open,
                prints: &recorded.prints,
                rest: &rest,
                asked: &recorded.asked,
            })?;
            secret.seal(&about(id, &entry.session, entry.turn), text)?
        }
        Kept::Cut | Kept::Erased | Kept::Older | Kept::Moved(_) => Vec::new(),
    };
    let (first, others) = sealed.split_at(sealed.len().min(PIECE_BYTES));
    let pieces: Vec<Vec<u8>> = others.chunks(PIECE_BYTES).map(<[u8]>::to_vec).collect();
    let head = Head {
        state,
        at: entry.at,
        turn: entry.turn,
        backdrop,
        pieces: u16::try_from(pieces.len()).map_err(|_| damaged("is too long"))?,
        session: entry.session.clone(),
        path: &path,
        sealed: first,
    };
    Ok(Packed { head: tables::fits(WHAT, head.write(id)?)?, pieces })
}

/// The first value of an entry, taken apart.
#[derive(Debug)]
pub(super) struct Head<'a> {
    state: State,
    at: Timestamp,
    turn: u32,
    backdrop: BackdropId,
    /// How many values follow.
    pub(super) pieces: u16,
    session: SessionId,
    path: &'a [u8],
    sealed: &'a [u8],
}

impl<'a> Head<'a> {
    fn write(&self, id: &ConversationId) -> Result<Vec<u8>, StoreError> {
        let own = self.session.as_str().strip_prefix(id.as_str());
        let session = own.unwrap_or(self.session.as_str()).as_bytes();
        let flag = if own.is_some() { OWN } else { 0 };
        let mut bytes = Vec::with_capacity(32 + session.len() + self.path.len() + self.sealed.len());
        bytes.extend_from_slice(&[FORM, self.state.number() | flag]);
        bytes.extend_from_slice(&key::nanoseconds(self.at).to_be_bytes());
        bytes.extend_from_slice(&self.turn.to_be_bytes());
        bytes.extend_from_slice(&self.backdrop.0);
        bytes.extend_from_slice(&self.pieces.to_be_bytes());
        bytes
            .push(u8::try_from(session.len()).map_err(|_| damaged("has a session's name that is too long"))?);
        bytes.extend_from_slice(session);
        let length = u32::try_from(self.path.len()).map_err(|_| damaged("is too long"))?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(self.path);
        bytes.extend_from_slice(self.sealed);
        Ok(bytes)
    }

    /// `None` when it is not of this form.
    fn read(id: &ConversationId, bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes;
        let [form, state] = take(&mut rest)?;
        if form != FORM {
            return None;
        }
        let at = key::moment(i64::from_be_bytes(take(&mut rest)?))?;
        let turn = u32::from_be_bytes(take(&mut rest)?);
        let backdrop = BackdropId(take(&mut rest)?);
        let pieces = u16::from_be_bytes(take(&mut rest)?);
        let [length] = take(&mut rest)?;
        let (session, rest) = rest.split_at_checked(length.into())?;
        let session = std::str::from_utf8(session).ok()?;
        let session =
            if state & OWN == 0 { SessionId::from(session) } else { format!("{id}{session}").into() };
        let mut rest = rest;
        let length = usize::try_from(u32::from_be_bytes(take(&mut rest)?)).ok()?;
        let (path, sealed) = rest.split_at_checked(length)?;
        Some(Self { state: State::of(state & !OWN)?, at, turn, backdrop, pieces, session, path, sealed })
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}

/// How many values follow an entry's first.
pub(super) fn pieces(id: &ConversationId, head: &[u8]) -> Result<u16, StoreError> {
    if head.first() == Some(&OLDER) {
        return Ok(0);
    }
    Head::read(id, head).map(|head| head.pieces).ok_or_else(|| damaged("does not read back"))
}

/// Whether an entry was erased already, or has nothing that could be.
pub(super) fn is_erased(id: &ConversationId, head: &[u8]) -> bool {
    Head::read(id, head).is_some_and(|head| match head.state {
        State::Erased | State::Moved => true,
        State::Whole | State::Cut | State::Older => false,
    })
}

/// The turn that an entry is of.
pub(super) fn turn(id: &ConversationId, head: &[u8]) -> Option<u32> {
    Head::read(id, head).map(|head| head.turn)
}

/// An entry again. Without its key, what was sealed is as if it were erased.
pub(super) fn unpack(
    id: &ConversationId,
    head: &[u8],
    pieces: &[Vec<u8>],
    secret: Option<&Secret>,
) -> Result<JournalEntry, StoreError> {
    if head.first() == Some(&OLDER) {
        return older(head);
    }
    let head = Head::read(id, head).ok_or_else(|| damaged("does not read back"))?;
    let entry = |events: Vec<Event>, kept: Kept| JournalEntry {
        at: head.at,
        session: head.session.clone(),
        turn: head.turn,
        events,
        kept,
    };
    if head.state == State::Moved {
        let moved: Moved = tables::decode(WHAT, head.path)?;
        return Ok(entry(Vec::new(), Kept::Moved(moved)));
    }
    let stay: Vec<Step> = tables::decode(WHAT, head.path)?;
    let stay = trail::unpack(stay, &head.session).ok_or_else(|| damaged("has a path with a gap"))?;
    let kept = match head.state {
        State::Whole => None,
        State::Cut => Some(Kept::Cut),
        State::Erased | State::Moved => Some(Kept::Erased),
        State::Older => Some(Kept::Older),
    };
    let secret = match (kept, secret) {
        (Some(kept), _) => return Ok(entry(stay, kept)),
        (None, None) => return Ok(entry(stay, Kept::Erased)),
        (None, Some(secret)) => secret,
    };
    let mut sealed = head.sealed.to_vec();
    pieces.iter().for_each(|piece| sealed.extend_from_slice(piece));
    let text = secret.open(&about(id, &head.session, head.turn), sealed);
    let text = text.ok_or_else(|| damaged("does not open with its conversation's key"))?;
    let sealed: Sealed = tables::decode(WHAT, &text)?;
    let events = trail::merge(stay, sealed.rest, &head.session);
    let recorded = Recorded {
        backdrop: head.backdrop,
        input: sealed.input,
        contact: sealed.contact,
        window_open: sealed.window_open,
        prints: sealed.prints,
        asked: sealed.asked,
    };
    let events = events.ok_or_else(|| damaged("has a path with a gap"))?;
    Ok(entry(events, Kept::Whole(Box::new(recorded))))
}

/// What is left of an entry's first value once the others and what was sealed are gone; `None` if it cannot be read.
pub(super) fn cut(id: &ConversationId, head: &[u8], erased: bool) -> Option<Vec<u8>> {
    if head.first() == Some(&OLDER) {
        let entry = older(head).ok()?;
        let entry = if erased { entry.erased() } else { entry.cut() };
        let state = if erased { State::Erased } else { State::Cut };
        let path = json(&trail::pack(&entry.events, &entry.session).0).ok()?;
        let head = Head {
            state,
            at: entry.at,
            turn: entry.turn,
            backdrop: BackdropId([0; 8]),
            pieces: 0,
            session: entry.session,
            path: &path,
            sealed: &[],
        };
        return head.write(id).ok();
    }
    let head = Head::read(id, head)?;
    let state = match head.state {
        State::Whole | State::Cut | State::Older if !erased => State::Cut,
        State::Whole | State::Cut | State::Older | State::Erased => State::Erased,
        State::Moved => State::Moved,
    };
    Head { state, pieces: 0, sealed: &[], ..head }.write(id).ok()
}

/// An entry of an older fluxo.
fn older(json: &[u8]) -> Result<JournalEntry, StoreError> {
    #[derive(Deserialize)]
    struct Older {
        at: Timestamp,
        session: SessionId,
        turn: u32,
        #[serde(default)]
        input: Value,
        #[serde(default)]
        events: Value,
        #[serde(default)]
        moved: Option<Moved>,
    }
    let Older { at, session, turn, input, events, moved } = tables::decode(WHAT, json)?;
    if let Some(moved) = moved {
        return Ok(JournalEntry::moved(at, session, turn, moved));
    }
    // Events that this fluxo does not know say nothing that is worth the risk.
    let events: Vec<Value> = serde_json::from_value(events).unwrap_or_default();
    let events = events.into_iter().filter_map(|event| serde_json::from_value(event).ok()).collect();
    let kept = if input.is_null() { Kept::Cut } else { Kept::Older };
    Ok(JournalEntry { at, session, turn, events, kept })
}

#[cfg(test)]
mod tests {
    use fluxo_engine::protocol::Wake;

    use super::*;

    fn entry(outcome: &str) -> JournalEntry {
        let recorded = Recorded {
            backdrop: BackdropId([1, 2, 3, 4, 5, 6, 7, 8]),
            input: Input::Wake(Wake::Close { outcome: outcome.to_owned() }),
            contact: Some(Contact::new("p1".into())),
            window_open: true,
            prints: Prints { session: 7, effects: vec![1, 2], timers: 0, contact: 9 },
            asked: Vec::new(),
        };
        JournalEntry {
            at: "2026-11-21T12:00:00.000000001Z".parse().unwrap(),
            session: "c1.12".into(),
            turn: 3,
            events: vec![
                Event::NodeEntered { flow: "menu".into(), node: "qual".into(), visit: 1 },
                Event::PortTaken { flow: "menu".into(), node: "qual".into(), port: "options/ana".into() },
                Event::SessionEnded { outcome: "ok".into() },
            ],
            kept: Kept::Whole(Box::new(recorded)),
        }
    }

    #[test]
    fn an_entry_comes_back_also_in_pieces_and_without_its_key_only_its_path() {
        let id = ConversationId::from("c1");
        let (secret, _) = Secret::draw().unwrap();
        for length in [3, PIECE_BYTES, 3 * PIECE_BYTES] {
            let entry = entry(&"x".repeat(length));
            let packed = pack(&id, &entry, &secret).unwrap();
            assert_eq!(packed.pieces.len(), length / PIECE_BYTES);
            assert_eq!(usize::from(pieces(&id, &packed.head).unwrap()), packed.pieces.len());
            let again = |secret: Option<&Secret>| unpack(&id, &packed.head, &packed.pieces, secret);
            assert_eq!(again(Some(&secret)).unwrap(), entry);
            assert_eq!(again(None).unwrap(), entry.clone().erased());
            assert!(again(Some(&Secret::draw().unwrap().0)).is_err(), "a wrong key is no erasure");
            for (erased, left) in [(false, entry.clone().cut()), (true, entry.clone().erased())] {
                let head = cut(&id, &packed.head, erased).unwrap();
                assert_eq!(unpack(&id, &head, &[], Some(&secret)).unwrap(), left);
                assert!(head.len() < 200);
            }
        }
        let small = pack(&id, &entry("x"), &secret).unwrap();
        assert!(unpack(&"c2".into(), &small.head, &[], Some(&secret)).is_err(), "it is another's");
        for short in 0..small.head.len() {
            assert!(unpack(&id, &small.head[..short], &[], Some(&secret)).is_err(), "{short}");
        }
    }

    #[test]
    fn a_move_and_what_an_older_fluxo_wrote_come_back() {
        let id = ConversationId::from("c1");
        let (secret, _) = Secret::draw().unwrap();
        let moved = Moved { from: "r1".into(), to: "r2".into() };
        let moved = JournalEntry::moved(entry("x").at, "other.1".into(), 2, moved);
        let packed = pack(&id, &moved, &secret).unwrap();
        assert_eq!(unpack(&id, &packed.head, &[], None).unwrap(), moved);
        assert_eq!(unpack(&id, &cut(&id, &packed.head, true).unwrap(), &[], None).unwrap(), moved);

        let older = br#"{"at":"2026-11-21T12:00:00Z","session":"c1.1","turn":1,"input":{"wake":"x"},"events":
            [{"event":"port_taken","flow":"f","node":"n","port":"options/ana"},{"event":"unheard_of"},
             {"event":"session_ended","outcome":"ok"}]}"#;
        let read = unpack(&id, older, &[], None).unwrap();
        assert_eq!((read.turn, read.events.len(), &read.kept), (1, 2, &Kept::Older));
        let left = cut(&id, older, false).unwrap();
        assert_eq!(unpack(&id, &left, &[], None).unwrap(), read.clone().cut());
        assert!(!String::from_utf8_lossy(&left).contains("ana"));
    }
}
