//! Faults as mistakes of ours would make them: each is planted in a sound store by a test, and must be found.

use fluxo_engine::ids::{ConversationId, ReleaseId};
use fluxo_engine::protocol::TimerKind;

use super::everything::{account, at, timer};
use crate::store::sled::fault::Fault;
use crate::store::sled::key::Key;
use crate::store::sled::tables::totals::{self, Totals};
use crate::store::sled::tables::{
    self, address, backdrop, backlog, contact, conversation, dead_letter, expiry, inbox, journal,
    line as lines, notice, outbox, progress, publication, ready, release, secret, seen, status,
    timer as timers, with_people,
};
use crate::store::sled::transaction::Transaction;
use crate::store::upkeep::Invariant;
use crate::store::{ContactRecord, Conversation, KeptStatus, Occasion, Publication, TimerRow};

fn busy() -> ConversationId {
    "busy".into()
}

/// Changes a table's rows as a mistake of ours would: what all records come to stays right.
pub(super) type Plant = fn(&mut Transaction<'_>) -> Result<(), Fault>;

/// The first key of a table, after a prefix.
fn first(tx: &Transaction<'_>, table: u8, prefix: &[u8]) -> Vec<u8> {
    let start = [&[table], prefix].concat();
    let end = [table + 1];
    let found = tx.view().scan(&start..&end).next();
    found.expect("the table has a row").unwrap().0
}

fn conversation_of(tx: &Transaction<'_>, id: &str) -> (Vec<u8>, u64, Conversation) {
    let key = conversation::key(&id.into());
    let stored = tx.get(&key).unwrap().unwrap();
    let found = tables::read(&key, &stored.bytes).unwrap();
    (key, stored.version, found)
}

fn put_conversation(tx: &mut Transaction<'_>, change: fn(&mut Conversation)) -> Result<(), Fault> {
    let (key, version, mut found) = conversation_of(tx, "busy");
    change(&mut found);
    let bytes = tables::write(&key, &found)?;
    tx.put(&key, version, &bytes)
}

fn put_contact(tx: &mut Transaction<'_>, change: fn(&mut ContactRecord)) -> Result<(), Fault> {
    let key = contact::key(&"p-busy".into());
    let mut record = contact::get(&tx.view(), &"p-busy".into())?.unwrap();
    change(&mut record);
    let (revision, bytes) = (record.revision, tables::write(&key, &record)?);
    tx.put(&key, revision, &bytes)
}

fn put_progress(tx: &mut Transaction<'_>, change: fn(&mut progress::Progress)) -> Result<(), Fault> {
    let mut known = progress::get(&tx.view(), &busy())?;
    change(&mut known);
    progress::put(tx, &busy(), &known)
}

/// Takes the first row of a table away.
fn drop_first(tx: &mut Transaction<'_>, table: u8) -> Result<(), Fault> {
    let key = first(tx, table, b"");
    tx.delete(&key)
}

fn address_row(tx: &Transaction<'_>, id: &str) -> Vec<u8> {
    let record = contact::get(&tx.view(), &id.into()).unwrap().unwrap();
    address::keys_of(&record).into_iter().find(|key| !address::is_username(key)).unwrap()
}

/// Every fault: its name, how it is made, what must find it, and whether it can be put right.
pub(super) const FAULTS: &[(&str, Plant, Invariant, bool)] = &[
    (
        "a conversation that is not JSON",
        |tx| tx.put(&conversation::key(&busy()), 2, b"{"),
        Invariant::Readable,
        false,
    ),
    (
        "a turn sealed with another key",
        |tx| {
            let key = Key::of(secret::TABLE).text("busy").bytes();
            tx.put(&key, 0, &[&[1u8][..], &[9; 32]].concat())
        },
        Invariant::Readable,
        false,
    ),
    ("a turn with a piece missing", |tx| drop_first(tx, journal::PIECES), Invariant::Readable, false),
    (
        "a secret that is too short",
        |tx| {
            let key = first(tx, secret::TABLE, b"");
            tx.put(&key, 0, b"short")
        },
        Invariant::Readable,
        false,
    ),
    (
        "a piece without its turn",
        |tx| {
            let key = first(tx, journal::TABLE, b"busy");
            let piece = Key::of(journal::PIECES).key(&key[1..key.len() - 8]).number(99).number(0).bytes();
            tx.put(&piece, 0, b"x")
        },
        Invariant::Known,
        true,
    ),
    ("a table that there is not", |tx| tx.put(b"~stray", 0, b"x"), Invariant::Known, true),
    (
        "a conversation under another's key",
        |tx| {
            let (_, version, found) = conversation_of(tx, "busy");
            let bytes = tables::write(b"c", &found)?;
            tx.put(&conversation::key(&"bust".into()), version, &bytes)
        },
        Invariant::KeyAgrees,
        false,
    ),
    (
        "a contact at another revision",
        |tx| {
            let key = contact::key(&"p-busy".into());
            let stored = tx.get(&key)?.unwrap();
            tx.put(&key, 77, &stored.bytes)
        },
        Invariant::KeyAgrees,
        false,
    ),
    (
        "an effect whose moments are another's",
        |tx| {
            let key = first(tx, outbox::TABLE, b"busy");
            let mut stored = tx.get(&key)?.unwrap();
            stored.bytes[15] ^= 1;
            tx.put(&key, 0, &stored.bytes)
        },
        Invariant::KeyAgrees,
        false,
    ),
    (
        "a timer under another moment",
        |tx| {
            let key = first(tx, timers::TABLE, b"");
            let stored = tx.get(&key)?.unwrap();
            let mut other = key.clone();
            other[8] ^= 1;
            tx.put(&other, 0, &stored.bytes)
        },
        Invariant::KeyAgrees,
        false,
    ),
    (
        "a dead letter under another moment",
        |tx| {
            let key = first(tx, dead_letter::TABLE, b"");
            let stored = tx.get(&key)?.unwrap();
            let mut other = key.clone();
            other[8] ^= 1;
            tx.put(&other, 0, &stored.bytes)
        },
        Invariant::KeyAgrees,
        false,
    ),
    (
        "a backdrop under another hash",
        |tx| {
            let key = first(tx, backdrop::TABLE, b"");
            let stored = tx.get(&key)?.unwrap();
            tx.put(&Key::of(backdrop::TABLE).key(&[7; 8]).bytes(), 0, &stored.bytes)
        },
        Invariant::KeyAgrees,
        false,
    ),
    (
        "a wrong count",
        |tx| totals::add(tx, &Totals { timers: 5, ..Totals::default() }),
        Invariant::Totals,
        true,
    ),
    ("counts that are gone", |tx| tx.delete(&[totals::TABLE]), Invariant::Totals, true),
    (
        "a conversation without its contact",
        |tx| tx.delete(&contact::key(&"p-busy".into())),
        Invariant::ConversationHasContact,
        false,
    ),
    (
        "rows without their conversation",
        |tx| tx.delete(&conversation::key(&"over".into())),
        Invariant::RowHasConversation,
        false,
    ),
    (
        "lines without their conversation",
        |tx| tx.put(&Key::of(lines::TABLE).text("nobody").number(1).bytes(), 0, b"{}"),
        Invariant::RowHasConversation,
        false,
    ),
    (
        "a contact that names another's conversation",
        |tx| put_contact(tx, |record| record.conversations[0].1 = "over".into()),
        Invariant::ContactHasConversations,
        false,
    ),
    (
        "a contact that names no conversation that is there",
        |tx| put_contact(tx, |record| record.conversations[0].1 = "nobody".into()),
        Invariant::ContactHasConversations,
        false,
    ),
    (
        "an address that leads nowhere",
        |tx| {
            let row = address_row(tx, "p-busy");
            tx.delete(&row)
        },
        Invariant::AddressLeadsToContact,
        true,
    ),
    (
        "an address that its contact does not have",
        |tx| {
            let row = address::key(&account(), address::Kind::Phone, "5511900000000");
            tx.put(&row, 0, b"p-busy")
        },
        Invariant::AddressLeadsToContact,
        true,
    ),
    (
        "an address that leads to somebody else",
        |tx| {
            let row = address_row(tx, "p-busy");
            tx.put(&row, 0, b"p-over")
        },
        Invariant::AddressLeadsToContact,
        false,
    ),
    ("numbers that went back", |tx| put_progress(tx, |known| known.line = 1), Invariant::NumbersGoOn, true),
    ("numbers that are gone", |tx| tx.delete(&progress::key(&busy())), Invariant::NumbersGoOn, true),
    (
        "a line that is missing",
        |tx| tx.delete(&Key::of(lines::TABLE).text("busy").number(2).bytes()),
        Invariant::LinesComplete,
        false,
    ),
    (
        "the last line missing",
        |tx| tx.delete(&Key::of(lines::TABLE).text("busy").number(4).bytes()),
        Invariant::LinesComplete,
        false,
    ),
    (
        "a turn that is missing",
        |tx| {
            let key = first(tx, journal::TABLE, b"busy");
            tx.delete(&key)
        },
        Invariant::JournalComplete,
        false,
    ),
    (
        "a message missing between others",
        |tx| {
            let waiting = first(tx, inbox::TABLE, b"busy");
            let stored = tx.get(&waiting)?.unwrap();
            tx.put(&Key::of(inbox::TABLE).text("busy").number(3).bytes(), 0, &stored.bytes)?;
            put_progress(tx, |known| known.inbox = 4)
        },
        Invariant::InboxComplete,
        false,
    ),
    ("effects that are not on the list", |tx| drop_first(tx, ready::TABLE), Invariant::ReadyAgrees, true),
    (
        "a place on the list that is not its own",
        |tx| tx.put(&ready::row(77, &"over".into()), 0, b"over"),
        Invariant::ReadyAgrees,
        true,
    ),
    (
        "a conversation that believes to be elsewhere on the list",
        |tx| put_progress(tx, |known| known.ready = Some(77)),
        Invariant::ReadyAgrees,
        true,
    ),
    (
        "messages that are not on the list",
        |tx| drop_first(tx, backlog::TABLE),
        Invariant::BacklogAgrees,
        true,
    ),
    (
        "a conversation on the list without messages",
        |tx| tx.put(&backlog::key(&"over".into()), 0, b"over"),
        Invariant::BacklogAgrees,
        true,
    ),
    (
        "a conversation with people that is not shown",
        |tx| drop_first(tx, with_people::TABLE),
        Invariant::WithPeopleAgrees,
        true,
    ),
    (
        "a conversation shown that nobody has",
        |tx| tx.put(&with_people::row(77, &"over".into()), 0, b"over"),
        Invariant::WithPeopleAgrees,
        true,
    ),
    ("a timer that cannot be disarmed", |tx| drop_first(tx, timers::BY_WAIT), Invariant::TimerIndexed, true),
    ("a timer that does not fire", |tx| drop_first(tx, timers::TABLE), Invariant::TimerIndexed, true),
    (
        "a timer of nobody",
        |tx| {
            let row = timer("nobody", TimerKind::Idle, 9);
            let bytes = tables::write(b"t", &row)?;
            timers::arm(tx, &"nobody".into(), &row, &bytes).map(drop)
        },
        Invariant::RowHasConversation,
        false,
    ),
    (
        "a timer of another conversation's session",
        |tx| {
            let other = timer("over", TimerKind::Idle, 9);
            let row = TimerRow { conversation: busy(), ..other };
            let bytes = tables::write(b"t", &row)?;
            timers::arm(tx, &busy(), &row, &bytes).map(drop)
        },
        Invariant::TimerHasSession,
        false,
    ),
    (
        "a dead letter that cannot be found",
        |tx| drop_first(tx, dead_letter::BY_EFFECT),
        Invariant::DeadLetterIndexed,
        true,
    ),
    (
        "a dead letter that is gone",
        |tx| drop_first(tx, dead_letter::TABLE),
        Invariant::DeadLetterIndexed,
        true,
    ),
    ("a turn that would stay", |tx| drop_first(tx, journal::UNCUT), Invariant::UncutAgrees, true),
    (
        "a turn to be cut that is not there",
        |tx| {
            let nobody = Key::of(journal::TABLE).text("busy").number(99).bytes();
            tx.put(&journal::uncut(at(1), &nobody), 0, b"")
        },
        Invariant::UncutAgrees,
        true,
    ),
    (
        "a status that would stay",
        |tx| {
            let key = first(tx, status::TABLE, b"");
            let stored = tx.get(&key)?.unwrap();
            let found: KeptStatus = tables::read(&key, &stored.bytes)?;
            tx.delete(&expiry::row(found.at, status::KEPT, &key))
        },
        Invariant::ExpiryAgrees,
        true,
    ),
    (
        "a message known for ever",
        |tx| {
            let key = first(tx, seen::TABLE, b"");
            tx.delete(&expiry::row(at(0), seen::KEPT, &key))
        },
        Invariant::ExpiryAgrees,
        false,
    ),
    ("a message known no more", |tx| drop_first(tx, seen::TABLE), Invariant::ExpiryAgrees, true),
    (
        "a session that cannot be read",
        |tx| put_conversation(tx, |found| found.session = Some(b"?".to_vec())),
        Invariant::SessionReadable,
        false,
    ),
    (
        "a session of another name",
        |tx| put_conversation(tx, |found| found.session_id = Some("busy.2".into())),
        Invariant::SessionReadable,
        false,
    ),
    (
        "a session of another release",
        |tx| put_conversation(tx, |found| found.release = Some("long".into())),
        Invariant::SessionReadable,
        false,
    ),
    (
        "a release that is gone",
        |tx| {
            let (_, _, found) = conversation_of(tx, "busy");
            let key = first(tx, release::TABLE, found.release.unwrap().as_str().as_bytes());
            tx.delete(&key)
        },
        Invariant::ReleaseKept,
        false,
    ),
    (
        "a release with a piece missing",
        |tx| {
            let last = Key::of(release::TABLE).text("long").number(2).bytes();
            tx.delete(&last)
        },
        Invariant::ReleaseKept,
        false,
    ),
    (
        "a publication of a release that is gone",
        |tx| {
            let id = ReleaseId::from("gone");
            let row = Publication {
                release: id,
                at: at(1),
                by: "fluxo".to_owned(),
                occasion: Occasion::Start,
                reason: None,
                disk: "0".to_owned(),
            };
            let bytes = tables::write(b"f", &row)?;
            publication::push(tx, &bytes)
        },
        Invariant::ReleaseKept,
        false,
    ),
    (
        "a release that cannot be played",
        |tx| {
            let (_, _, found) = conversation_of(tx, "busy");
            let id = found.release.unwrap();
            let key = first(tx, release::TABLE, id.as_str().as_bytes());
            tx.delete(&key)?;
            release::put(tx, &id, br#"[["poison.json",""]]"#)
        },
        Invariant::ReleaseKept,
        false,
    ),
    (
        "a notice that is not JSON",
        |tx| {
            let key = first(tx, notice::TABLE, b"");
            tx.put(&key, 0, b"?")
        },
        Invariant::Readable,
        false,
    ),
];
