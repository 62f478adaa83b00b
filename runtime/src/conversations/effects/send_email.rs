//! Sends an e-mail. Without a mail server in the project each one goes to the dead letters, where people see it, and
//! never pretends to have left.
//!
//! Doubt: an attempt is marked before it leaves. When the server's answer to the text does not come (`Unclear`, or a
//! stop cut it off), the e-mail is sent once more at most: mail systems know no status to wait for, but the second
//! has the `Message-ID` of the first, by which mail readers and people recognise it. After a second doubt people
//! decide. A server that keeps failing holds back what follows for at most two minutes.

use std::time::Duration;

use super::{LIMIT, Performing, backoff};
use crate::conversations::words::Words;
use crate::foundation::clock;
use crate::mail::{Email, MailError, Refusal};
use crate::store::{OutboxState, StoreError};

/// How long a failing e-mail may hold back what follows.
const DEADLINE: Duration = Duration::from_secs(2 * 60);

pub(super) async fn perform(at: &Performing<'_>, email: &Email<'_>) -> Result<(), StoreError> {
    let repeat = match at.entry.state {
        OutboxState::Ready => false,
        OutboxState::InDoubt { repeated: false, .. } => true,
        // The attempt was cut off by a stop of the service.
        OutboxState::Started { .. } => return in_doubt(at).await,
        OutboxState::InDoubt { repeated: true, .. } => return give_up(at, &Words::MailUnclear).await,
    };
    let Some(mail) = at.here.outside.mail() else {
        let words = if repeat { Words::MailUnclear } else { Words::NoMail };
        return give_up(at, &words).await;
    };
    if repeat {
        // From here on it was sent once more, whatever happens.
        let since = at.here.now();
        at.commit(|draft| {
            if let Some(entry) = draft.entry_mut(at.id()) {
                entry.state = OutboxState::InDoubt { since, repeated: true };
            }
        })
        .await?;
    } else if !at.started().await? {
        return Ok(());
    }
    let sent = tokio::time::timeout(LIMIT, mail.send(email, at.id())).await;
    match sent.unwrap_or(Err(MailError::Unclear)) {
        Ok(()) => {
            at.commit(|draft| {
                draft.over(at.id());
            })
            .await
        }
        Err(MailError::Retry { said }) => failing(at, &said, repeat).await,
        Err(MailError::Unclear) if repeat => give_up(at, &Words::MailUnclear).await,
        Err(MailError::Unclear) => in_doubt(at).await,
        // The first of two may have arrived.
        Err(MailError::GiveUp { .. }) if repeat => give_up(at, &Words::MailUnclear).await,
        Err(MailError::GiveUp { refusal: Refusal::Address }) => give_up(at, &Words::MailAddress).await,
        Err(MailError::GiveUp { refusal: Refusal::Server(said) }) => {
            give_up(at, &Words::MailRefused { said: &said }).await
        }
    }
}

/// Not taken now: again later, until the deadline.
async fn failing(at: &Performing<'_>, said: &str, repeat: bool) -> Result<(), StoreError> {
    let now = at.here.now();
    let since = at.entry.failing_since.unwrap_or(now);
    let deadline = clock::after(since, DEADLINE);
    if now >= deadline {
        let words = if repeat { Words::MailUnclear } else { Words::MailLate { said } };
        return give_up(at, &words).await;
    }
    let attempt = at.entry.attempts + 1;
    // What was said is for the staff, not for the log.
    tracing::warn!(effect = %at.id(), attempt, "an e-mail was not taken");
    let until = clock::after(now, backoff::wait(attempt, at.id(), None));
    at.commit(|draft| {
        if let Some(entry) = draft.entry_mut(at.id()) {
            entry.attempts = attempt;
            entry.failing_since = Some(since);
            entry.ready_at = until.min(deadline);
            // This attempt certainly did not arrive; an earlier one still may have.
            entry.state = match repeat {
                true => OutboxState::InDoubt { since: now, repeated: false },
                false => OutboxState::Ready,
            };
        }
    })
    .await
}

/// It left and no answer came: once more, soon.
async fn in_doubt(at: &Performing<'_>) -> Result<(), StoreError> {
    tracing::warn!(effect = %at.id(), "an e-mail is in doubt");
    let since = at.here.now();
    let attempt = at.entry.attempts + 1;
    at.commit(|draft| {
        if let Some(entry) = draft.entry_mut(at.id()) {
            entry.attempts = attempt;
            entry.state = OutboxState::InDoubt { since, repeated: false };
            entry.ready_at = clock::after(since, backoff::wait(attempt, at.id(), None));
        }
    })
    .await
}

async fn give_up(at: &Performing<'_>, words: &Words<'_>) -> Result<(), StoreError> {
    tracing::warn!(effect = %at.id(), "an e-mail was given up");
    at.commit(|draft| {
        if *words != Words::MailUnclear {
            draft.certainly_not_done(at.id());
        }
        draft.dead(at.id(), words.text(draft.here.surroundings.language()));
        draft.notice(None, words);
    })
    .await
}
