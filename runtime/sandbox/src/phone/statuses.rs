//! What becomes of the service's messages: sent, delivered, read, or failed (whatsapp-cloud.md §5).

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{
    chat::Account,
    compose,
    delivery::{self, Webhook},
    entry::{Author, Stamp},
    signature::{self, Signature},
};
use crate::{
    live::Change,
    settings::{Escape, Settings, StatusFormat},
    shared::Shared,
};

/// A message whose fate is to be told.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) account: Account,
    pub(crate) wamid: String,
    pub(crate) callback_data: Option<String>,
    /// `utility` for templates, `service` for everything else.
    pub(crate) category: &'static str,
    /// It was sent to a business-scoped id.
    pub(crate) to_bsuid: bool,
}

/// How it ends.
#[derive(Clone, Copy)]
pub(crate) enum Fate {
    Read,
    Failed { code: i64, after_sent: bool },
}

/// Tells it, in the background and in its time. With `sent_before_response` the first status is told before this
/// returns, as can happen with Meta (§0.3).
pub(crate) async fn tell(shared: &Arc<Shared>, sent: Sent, fate: Fate) {
    let settings = shared.settings().clone();
    let mut plan = plan(&settings, fate);
    if settings.sent_before_response && plan.first().is_some_and(|(_, status, _)| *status == "sent") {
        plan.remove(0);
        post(shared, &settings, &sent, "sent", None, true).await;
    }
    follow(shared, settings, sent, plan);
}

/// Goes on where an earlier process stopped telling.
pub(crate) fn resume(shared: &Arc<Shared>) {
    let settings = shared.settings().clone();
    let untold: Vec<(Sent, Plan)> = {
        let chats = shared.phones.lock();
        let entries = chats.values().flat_map(|chat| chat.entries.iter().map(|entry| (&chat.account, entry)));
        entries
            .filter(|(_, entry)| entry.from == Author::Service && !entry.has("read"))
            .map(|(account, entry)| {
                let mut plan = plan(&settings, Fate::Read);
                plan.retain(|(_, status, _)| !entry.has(status));
                let sent = Sent {
                    account: account.clone(),
                    wamid: entry.wamid.clone(),
                    callback_data: entry.biz_opaque_callback_data.clone(),
                    category: if entry.template.is_some() { "utility" } else { "service" },
                    to_bsuid: entry.raw["to"].is_null(),
                };
                (sent, plan)
            })
            .collect()
    };
    for (sent, plan) in untold {
        follow(shared, settings.clone(), sent, plan);
    }
}

/// Milliseconds from acceptance, status, and the error of a failure.
type Plan = Vec<(u64, &'static str, Option<i64>)>;

fn follow(shared: &Arc<Shared>, settings: Settings, sent: Sent, plan: Plan) {
    let shared_too = Arc::clone(shared);
    shared.spawn(async move {
        let mut waited = 0;
        for (at, status, code) in plan {
            tokio::time::sleep(Duration::from_millis(at.saturating_sub(waited))).await;
            waited = waited.max(at);
            post(&shared_too, &settings, &sent, status, code, false).await;
        }
    });
}

fn plan(settings: &Settings, fate: Fate) -> Plan {
    let sent = settings.sent_ms.map(|at| (at, "sent", None));
    match fate {
        Fate::Failed { code, after_sent } => {
            let at = settings.sent_ms.unwrap_or(0);
            sent.filter(|_| after_sent).into_iter().chain([(at, "failed", Some(code))]).collect()
        }
        Fate::Read => {
            let delivered = settings.delivered_ms.map(|at| (at, "delivered", None));
            let read = settings.read_ms.map(|at| (at, "read", None));
            let mut plan: Vec<_> = [sent, delivered, read].into_iter().flatten().collect();
            if settings.reorder_statuses && plan.len() > 1 {
                plan.swap(0, 1);
            }
            plan
        }
    }
}

async fn post(
    shared: &Arc<Shared>,
    settings: &Settings,
    sent: &Sent,
    status: &'static str,
    code: Option<i64>,
    now: bool,
) {
    let now_ms = shared.clock.now_ms();
    let webhook = Webhook {
        seq: 0,
        lane: format!("status/{}", sent.wamid),
        body: body(shared, settings, sent, status, code, now_ms / 1000),
        signature: Signature::Valid,
        copies: settings.status_copies,
        parallel: false,
        retry: true,
        delay_ms: 0,
        created_ms: now_ms,
        messages: Vec::new(),
        phone: Some(sent.account.wa_id.clone()),
    };
    let stamp = Stamp { status: status.into(), time: shared.clock.stamp(now_ms), code };
    shared.phones.stamp(&sent.account.wa_id, &sent.wamid, stamp);
    shared.live.tell(Change::Chat { phone: sent.account.wa_id.clone() });
    if now {
        delivery::deliver(shared, webhook).await;
    } else {
        delivery::post(shared, webhook);
    }
}

fn body(
    shared: &Shared,
    settings: &Settings,
    sent: &Sent,
    status: &str,
    code: Option<i64>,
    now: i64,
) -> String {
    let mut told = json!({ "id": sent.wamid, "status": status, "timestamp": now.to_string() });
    if !sent.to_bsuid {
        told["recipient_id"] = json!(sent.account.wa_id);
    }
    told["recipient_user_id"] = json!(sent.account.bsuid);
    if let Some(data) = &sent.callback_data {
        told["biz_opaque_callback_data"] = json!(data);
    }
    if matches!(settings.status_format, StatusFormat::V23) && code.is_none() {
        let mut conversation = json!({ "id": signature::hex(sent.account.bsuid.as_bytes()), "origin": { "type": sent.category } });
        if status == "sent" {
            conversation["expiration_timestamp"] = json!((now + 86_400).to_string());
        }
        told["conversation"] = conversation;
    }
    // With `sent` and with one of the two that follow.
    if matches!(status, "sent" | "delivered") {
        let free = sent.category == "service";
        told["pricing"] = json!({
            "billable": !free,
            "pricing_model": "PMP",
            "type": if free { "free_customer_service" } else { "regular" },
            "category": sent.category,
        });
    }
    let mut members = json!({});
    if let Some(code) = code {
        told["errors"] = json!([error(code)]);
    } else {
        let identity = compose::Identity { no_wa_id: sent.to_bsuid, no_bsuid: false };
        let mut contact = compose::contact(&sent.account, identity);
        // A username is told with what reached the person, never with `sent` (§4.1).
        if status == "sent"
            && let Some(profile) = contact["profile"].as_object_mut()
        {
            profile.remove("username");
        }
        members["contacts"] = json!([contact]);
    }
    members["statuses"] = json!([told]);
    let text =
        compose::envelope(&shared.options, vec![compose::change(&shared.options, members)]).to_string();
    match settings.escape {
        Escape::Never => text,
        Escape::Always | Escape::Half => signature::escape(&text),
    }
}

/// The element of `errors[]` for a code (§10).
fn error(code: i64) -> Value {
    let (title, details) = match code {
        130472 => (
            "User's number is part of an experiment",
            "Failed to send message because this user's phone number is part of an experiment",
        ),
        131026 => ("Message undeliverable", "Message Undeliverable."),
        131047 => (
            "Re-engagement message",
            "Message failed to send because more than 24 hours have passed since the customer last replied to this number.",
        ),
        131049 => (
            "This message was not delivered to maintain healthy ecosystem engagement.",
            "In order to maintain a healthy ecosystem engagement, the message failed to be delivered.",
        ),
        131053 => ("Media upload error", "Downloading media from weblink failed."),
        130429 => (
            "Rate limit hit",
            "Message failed to send because there were too many messages sent from this phone number in a short period of time.",
        ),
        131056 => (
            "(Business Account, Consumer Account) pair rate limit hit",
            "Message failed to send because there were too many messages sent from this phone number to the same phone number in a short period of time.",
        ),
        _ => ("Something went wrong", "Message failed to send due to an unknown error."),
    };
    json!({
        "code": code,
        "title": title,
        "message": title,
        "error_data": { "details": details },
        "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
    })
}
