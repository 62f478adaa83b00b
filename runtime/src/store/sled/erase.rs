//! A contact erased: what is long goes in pieces first, and then all the rest, the keys and what leads to the contact in
//! one commit. Whoever is stopped between begins again and finds less to do; until the last commit the contact is there.

use fluxo_engine::ids::ConversationId;

use super::fault::Fault;
use super::journaled;
use super::key::KeyRange;
use super::keyspace::Keyspace;
use super::tables::totals::Totals;
use super::tables::{
    self, backlog, contact, conversation, dead_letter, inbox, journal, line, notice, outbox, progress, ready,
    secret, timer, totals, with_people,
};
use super::transaction::Transaction;
use super::view::View;
use crate::store::erasure::end;
use crate::store::{Conversation, DeadLetter, Erased, Erasure, Notice, Revision, StoreError};

/// How many rows one commit takes away or looks at: nobody waits long for theirs.
const AT_ONCE: usize = 256;

/// Rows of what is about a conversation and does not stand under its id.
#[derive(Debug, Default)]
struct About {
    notices: Vec<Vec<u8>>,
    letters: Vec<DeadLetter>,
}

/// Takes a contact out; says how much that was.
pub(super) async fn erase(keyspace: &Keyspace, erasure: Erasure) -> Result<Erased, StoreError> {
    keyspace.read(|view| allowed(view, &erasure)).await?;
    let mut erased = Erased::default();
    for id in &erasure.conversations {
        erased.lines += lines(keyspace, id).await?;
        erased.turns += turns(keyspace, id).await?;
    }
    let about = about(keyspace, &erasure).await?;
    let bytes = |notice: Notice| tables::encode("a notice", &notice).map(|bytes| (notice, bytes));
    let notices = erasure.notices.iter().cloned().map(bytes).collect::<Result<Vec<_>, _>>()?;
    let last = keyspace.commit(move |tx| rest(tx, &erasure, &about, &notices)).await?;
    Ok(erased.and(last))
}

/// The contact's revision, if what is to be erased is all of theirs and nobody else's.
fn allowed(view: &View<'_>, erasure: &Erasure) -> Result<u64, Fault> {
    let record = contact::get(view, &erasure.contact)?.ok_or(Fault::Conflict)?;
    if record.conversations.iter().any(|(_, id)| !erasure.conversations.contains(id)) {
        return Err(Fault::Conflict);
    }
    for id in &erasure.conversations {
        let key = conversation::key(id);
        let Some(stored) = view.get(&key)? else { continue };
        // One that cannot be read is theirs if their record says so.
        let owner = tables::read::<Conversation>(&key, &stored.bytes).map(|read| read.contact);
        let named = || record.conversations.iter().any(|(_, own)| own == id);
        if !owner.map_or_else(|_| named(), |owner| owner == erasure.contact) {
            return Err(Fault::Conflict);
        }
    }
    Ok(record.revision)
}

/// Takes lines away, the oldest first, until few are left.
async fn lines(keyspace: &Keyspace, id: &ConversationId) -> Result<u64, StoreError> {
    let mut gone = 0;
    loop {
        let of = id.clone();
        let count = keyspace.commit(move |tx| remove(tx, &line::after(&of, 0), AT_ONCE)).await?;
        gone += count as u64;
        if count < AT_ONCE {
            return Ok(gone);
        }
    }
}

/// Leaves of turns what says nothing of the contact.
async fn turns(keyspace: &Keyspace, id: &ConversationId) -> Result<u64, StoreError> {
    let mut cut = 0;
    loop {
        let of = id.clone();
        let count = keyspace.commit(move |tx| journal::erase(tx, &of, AT_ONCE)).await?;
        cut += count as u64;
        if count < AT_ONCE {
            return Ok(cut);
        }
    }
}

/// Notices and dead letters of the conversations. Nobody writes others meanwhile: whoever erases has their doors.
async fn about(keyspace: &Keyspace, erasure: &Erasure) -> Result<About, StoreError> {
    let ours = |id: &ConversationId| erasure.conversations.contains(id);
    let mut about = About::default();
    each(keyspace, notice::all(), |key, value| {
        // One that cannot be read is taken away if its key says whose it is.
        let told = tables::read::<Notice>(&key, value).ok().and_then(|notice| notice.conversation);
        if told.or_else(|| notice::conversation(&key)).is_some_and(|id| ours(&id)) {
            about.notices.push(key);
        }
    })
    .await?;
    each(keyspace, dead_letter::all(None), |key, value| {
        if let Ok(letter) = tables::read::<DeadLetter>(&key, value)
            && ours(&letter.conversation)
        {
            about.letters.push(letter);
        }
    })
    .await?;
    Ok(about)
}

/// Looks at all rows of a range, a few at a time.
async fn each(
    keyspace: &Keyspace,
    mut range: KeyRange,
    mut look: impl FnMut(Vec<u8>, &[u8]),
) -> Result<(), StoreError> {
    loop {
        let page = keyspace
            .read(|view| view.scan(range.as_range()).take(AT_ONCE).collect::<Result<Vec<_>, Fault>>())
            .await?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        // The first key after the last one.
        range.start = [last.as_slice(), &[0]].concat();
        page.into_iter().for_each(|(key, stored)| look(key, &stored.bytes));
    }
}

fn remove(tx: &mut Transaction<'_>, range: &KeyRange, limit: usize) -> Result<usize, Fault> {
    let keys: Result<Vec<Vec<u8>>, Fault> =
        tx.scan(range.as_range()).take(limit).map(|row| Ok(row?.0)).collect();
    let keys = keys?;
    keys.iter().try_for_each(|key| tx.delete(key))?;
    Ok(keys.len())
}

/// All that is left, in one commit.
fn rest(
    tx: &mut Transaction<'_>,
    erasure: &Erasure,
    about: &About,
    notices: &[(Notice, Vec<u8>)],
) -> Result<Erased, Fault> {
    let revision = allowed(&tx.view(), erasure)?;
    contact::remove(tx, &erasure.contact, revision)?;
    let mut erased = Erased::default();
    for id in &erasure.conversations {
        erased = erased.and(one(tx, erasure, id)?);
    }
    for key in &about.notices {
        tx.delete(key)?;
        erased.notices += 1;
    }
    for letter in &about.letters {
        erased.dead_letters += u64::from(dead_letter::settle(tx, &letter.entry.effect.id)?);
    }
    if let Some(id) = erasure.conversations.first() {
        // A revision that no commit has.
        notice::put(tx, id, Revision(u64::MAX), notices)?;
    }
    let less = |count: u64| -i64::try_from(count).unwrap_or(i64::MAX);
    let change = Totals {
        conversations: less(erased.conversations),
        contacts: -1,
        outbox: less(erased.outbox),
        timers: less(erased.timers),
        inbox: less(erased.inbox),
        dead_letters: less(erased.dead_letters),
    };
    totals::add(tx, &change)?;
    Ok(erased)
}

/// A conversation, but for its journal's path.
fn one(tx: &mut Transaction<'_>, erasure: &Erasure, id: &ConversationId) -> Result<Erased, Fault> {
    let key = conversation::key(id);
    let Some(stored) = tx.get(&key)? else { return Ok(Erased::default()) };
    let mut progress = progress::get(&tx.view(), id)?;
    let mut erased = Erased { conversations: 1, ..Erased::default() };
    erased.lines += remove(tx, &line::after(id, 0), usize::MAX)? as u64;
    erased.turns += journal::erase(tx, id, usize::MAX)? as u64;
    erased.inbox += remove(tx, &inbox::of(id), usize::MAX)? as u64;
    backlog::update(tx, id, &mut progress)?;
    erased.outbox += remove(tx, &outbox::of(id), usize::MAX)? as u64;
    ready::update(tx, id, &mut progress)?;
    erased.timers += timer::disarm_all(tx, id)? as u64;
    with_people::update(tx, id, &mut progress, None)?;
    // One that cannot be read goes as well, without an end in the journal.
    if let Ok(conversation) = tables::read::<Conversation>(&key, &stored.bytes) {
        let last = journal::last_turn(&tx.view(), id)?;
        if let Some(entry) = end(&conversation, erasure.at, last) {
            let packed = journaled::pack_path(id, &entry).map_err(|_| Fault::damaged(&key))?;
            journal::push(tx, id, &mut progress, entry.at, &packed)?;
            erased.sessions += 1;
        }
    }
    progress::delete(tx, id)?;
    erased.keys += u64::from(secret::destroy(tx, id)?);
    tx.delete(&key)?;
    Ok(erased)
}
