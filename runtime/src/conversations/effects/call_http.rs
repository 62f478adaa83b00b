//! Calls a connection for an `http` node.
//!
//! Doubt: a request that is not safe to repeat is marked before it leaves. Once the mark stands, only its own answer
//! ends it; after a stop of the service it leaves by `unknown` and is never made again.

use fluxo_engine::protocol::{HttpOutcome, HttpRequest, Wake};

use super::{LIMIT, Performing};
use crate::conversations::words::Words;
use crate::store::{OutboxState, StoreError};

pub(super) async fn perform(at: &Performing<'_>, request: &HttpRequest) -> Result<(), StoreError> {
    let calls = at.here.outside.calls();
    let safe = calls.is_safe_to_repeat(request);
    match at.entry.state {
        OutboxState::Ready => {}
        OutboxState::Started { .. } | OutboxState::InDoubt { .. } => {
            return finish(at, request, safe, HttpOutcome::Unknown).await;
        }
    }
    if !safe && !at.started().await? {
        return Ok(());
    }
    let outcome = tokio::time::timeout(LIMIT, calls.call(request, at.id())).await;
    let outcome = outcome.unwrap_or(if safe { HttpOutcome::Timeout } else { HttpOutcome::Unknown });
    finish(at, request, safe, outcome).await
}

async fn finish(
    at: &Performing<'_>,
    request: &HttpRequest,
    safe: bool,
    outcome: HttpOutcome,
) -> Result<(), StoreError> {
    let unknown = outcome == HttpOutcome::Unknown;
    at.commit(|draft| {
        let Some(entry) = draft.over(at.id()) else { return };
        let awaited = draft.is_of_open_session(at.id());
        // A session that was told to end ends with this answer and tells nobody of it.
        let closing = draft.conversation().closing;
        if let Some(wait) = entry.effect.wait.filter(|_| awaited) {
            draft.wake(Wake::Http { wait, effect: at.id().clone(), outcome: outcome.clone() });
        }
        // Nobody waits for it any more; if it may have changed something outside, people must know.
        if !safe && (!awaited || closing || draft.late_result) {
            let connection = request.connection.as_str();
            draft.notice(
                None,
                &match unknown {
                    true => Words::Unknown { connection },
                    false => Words::LateResult { connection },
                },
            );
        }
    })
    .await
}
