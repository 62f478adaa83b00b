//! The desk's API: what waits, what was said, and what attendants do.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use fluxo_engine::ids::{ConversationId, QueueId};
use fluxo_engine::protocol::Message;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Web;
use super::access::Attendant;
use super::error::Failed;
use super::transcript::Shown;
use crate::store::{ContactRecord, Conversation, Mode};

/// Conversations in one list.
const LISTED: usize = 200;

/// Lines in one answer.
const LINES: usize = 500;

/// Notices in one list.
const NOTICES: usize = 100;

/// The longest reply, in characters (whatsapp-cloud.md §6.1).
const REPLY: usize = 4096;

#[derive(Debug, Deserialize)]
pub(super) struct After {
    #[serde(default)]
    after: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reply {
    text: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Leaving {
    outcome: Option<String>,
    note: Option<String>,
}

/// Who asks, and where.
pub(super) async fn me(State(web): State<Arc<Web>>, Attendant(attendant): Attendant) -> Json<Value> {
    Json(json!({ "attendant": attendant, "project": web.facts.project, "time_zone": web.facts.time_zone }))
}

/// What waits for people or is with them, oldest first.
pub(super) async fn list(State(web): State<Arc<Web>>, _: Attendant) -> Result<Json<Value>, Failed> {
    let store = web.conversations.store();
    let mut listed = Vec::new();
    for conversation in store.with_people(LISTED).await? {
        let contact = store.contact(&conversation.contact).await?;
        listed.extend(summary(&web, &conversation, contact.as_ref()));
    }
    Ok(Json(json!({ "conversations": listed })))
}

fn summary(web: &Web, conversation: &Conversation, contact: Option<&ContactRecord>) -> Option<Value> {
    let (mode, queue, since, attendant, handoff) = match &conversation.mode {
        Mode::Bot => return None,
        Mode::Queued { queue, since, handoff, .. } => ("queued", queue, since, None, handoff),
        Mode::People { queue, since, attendant, handoff, .. } => {
            ("people", queue, since, Some(attendant), handoff)
        }
    };
    let channel = web.conversations.outside().channel(&conversation.account.channel);
    let now = web.conversations.clock().now();
    let contact = contact.map(|record| &record.contact);
    Some(json!({
        "id": conversation.id,
        "mode": mode,
        "queue": queue,
        "queue_title": title(web, queue),
        "since": since,
        "attendant": attendant,
        "summary": handoff.summary,
        "name": contact.and_then(|contact| contact.name.as_ref()),
        "phone": contact.and_then(|contact| contact.phone.as_ref()),
        "tags": contact.map(|contact| &contact.tags),
        "last_inbound": conversation.last_inbound,
        "next_line": conversation.next_line,
        "window_open": channel.is_some_and(|channel| channel.window_open(conversation.last_inbound, now)),
    }))
}

fn title<'a>(web: &'a Web, queue: &'a QueueId) -> &'a str {
    web.facts.queues.get(queue).map_or(queue.as_str(), String::as_str)
}

/// What was said, oldest first, after a line's number.
pub(super) async fn lines(
    State(web): State<Arc<Web>>,
    _: Attendant,
    Path(id): Path<String>,
    after: Result<Query<After>, QueryRejection>,
) -> Result<Json<Value>, Failed> {
    let Query(After { after }) = after.map_err(|_| Failed::unusable("after is the number of a line"))?;
    let lines = web.conversations.store().lines(&ConversationId::from(id), after, LINES).await?;
    let shown: Vec<Shown> = lines.into_iter().map(|(n, line)| Shown::new(n, line)).collect();
    Ok(Json(json!({ "lines": shown })))
}

pub(super) async fn take(
    State(web): State<Arc<Web>>,
    Attendant(attendant): Attendant,
    Path(id): Path<String>,
) -> Result<StatusCode, Failed> {
    let conversations = Arc::clone(&web.conversations);
    web.carry_out(async move { conversations.take(&ConversationId::from(id), &attendant).await }).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// Says something to the contact. A repeated `Idempotency-Key` says it once.
pub(super) async fn reply(
    State(web): State<Arc<Web>>,
    Attendant(attendant): Attendant,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Json<Reply>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), Failed> {
    let Json(Reply { text }) = body.map_err(|_| Failed::unusable("the body is not {\"text\": …}"))?;
    let text = text.trim().to_owned();
    if text.is_empty() || text.chars().count() > REPLY {
        return Err(Failed::unusable("a reply has 1 to 4096 characters"));
    }
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
    let conversations = Arc::clone(&web.conversations);
    let effect = web
        .carry_out(async move {
            let (id, message) = (ConversationId::from(id), Message::Text { text });
            conversations.reply(&id, &attendant, message, key.as_deref()).await
        })
        .await??;
    Ok((StatusCode::ACCEPTED, Json(json!({ "effect": effect }))))
}

/// What was written on leaving; a body may be absent.
fn given(body: Result<Option<Json<Leaving>>, JsonRejection>) -> Result<Leaving, Failed> {
    let unusable = |_| Failed::unusable("the body is not {\"outcome\": …, \"note\": …}");
    Ok(body.map_err(unusable)?.map(|Json(leaving)| leaving).unwrap_or_default())
}

/// Gives the conversation back to its flow.
pub(super) async fn give_back(
    State(web): State<Arc<Web>>,
    Attendant(attendant): Attendant,
    Path(id): Path<String>,
    body: Result<Option<Json<Leaving>>, JsonRejection>,
) -> Result<StatusCode, Failed> {
    let leaving = given(body)?;
    let conversations = Arc::clone(&web.conversations);
    web.carry_out(async move {
        let (outcome, note) = (leaving.outcome.as_deref(), leaving.note.as_deref());
        conversations.give_back(&ConversationId::from(id), &attendant, outcome, note).await
    })
    .await??;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the conversation.
pub(super) async fn finish(
    State(web): State<Arc<Web>>,
    Attendant(attendant): Attendant,
    Path(id): Path<String>,
    body: Result<Option<Json<Leaving>>, JsonRejection>,
) -> Result<StatusCode, Failed> {
    let leaving = given(body)?;
    let conversations = Arc::clone(&web.conversations);
    web.carry_out(async move {
        let (outcome, note) = (leaving.outcome.as_deref(), leaving.note.as_deref());
        conversations.finish(&ConversationId::from(id), &attendant, outcome, note).await
    })
    .await??;
    Ok(StatusCode::NO_CONTENT)
}

/// What the staff is to hear, newest first.
pub(super) async fn notices(State(web): State<Arc<Web>>, _: Attendant) -> Result<Json<Value>, Failed> {
    let notices = web.conversations.store().notices(NOTICES).await?;
    let shown: Vec<Value> = notices
        .iter()
        .map(|notice| {
            json!({
                "at": notice.at,
                "conversation": notice.conversation,
                "queue_title": notice.queue.as_ref().map(|queue| title(&web, queue)),
                "text": notice.text,
            })
        })
        .collect();
    Ok(Json(json!({ "notices": shown })))
}
