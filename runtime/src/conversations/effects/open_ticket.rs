//! Opens a ticket at the console: a numbered notice that people see.
//!
//! Doubt: there is none, the ticket and the end of the effect are one commit.

use fluxo_engine::ids::EffectId;
use fluxo_engine::protocol::{TicketOutcome, TicketRequest, Wake};
use serde_json::json;

use super::Performing;
use crate::conversations::words::Words;
use crate::store::StoreError;

pub(super) async fn perform(at: &Performing<'_>, ticket: &TicketRequest) -> Result<(), StoreError> {
    at.commit(|draft| {
        let known = draft.here.surroundings.project().desks.contains(&ticket.desk);
        let Some(entry) = draft.over(at.id()) else { return };
        let outcome = if known {
            let key = key(at.id());
            draft.note(&Words::TicketOpened { key: &key });
            draft.tell_staff(
                None,
                format!("{key} · {}: {}\n{}", ticket.kind, ticket.summary, ticket.description),
            );
            TicketOutcome::Opened(json!({ "key": key }))
        } else {
            let reason = format!("desk {} is not in the project", ticket.desk);
            draft.notice(None, &Words::DeskRefused { reason: &reason });
            TicketOutcome::Refused(reason)
        };
        if let Some(wait) = entry.effect.wait.filter(|_| draft.is_of_open_session(at.id())) {
            draft.wake(Wake::Ticket { wait, outcome });
        }
    })
    .await
}

/// The same effect always opens the same ticket.
fn key(effect: &EffectId) -> String {
    let session = effect.session.as_str();
    let end = session.len().saturating_sub(8);
    let short = session.get(end..).unwrap_or(session).replace('.', "-");
    format!("T-{short}-{}-{}", effect.turn, effect.n).to_uppercase()
}
