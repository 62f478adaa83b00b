//! Turns what a phone does into a webhook and sees it off.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Refusal, phones};
use crate::{
    graph::messages::new_wamid,
    live::Change,
    phone::{
        chat::Account,
        compose::{self, Identity},
        delivery::{self, Webhook},
        entry::{Author, Choice, Entry, Media, Stamp},
        signature::{self, Signature},
    },
    settings::Escape,
    shared::Shared,
};

/// How a delivery is made; see [`crate::control`].
#[derive(Deserialize)]
#[serde(default)]
pub(super) struct Sending {
    times: usize,
    parallel: bool,
    delay_ms: u64,
    name: Option<String>,
    bsuid: Option<Value>,
    username: Option<String>,
    no_wa_id: bool,
    timestamp: Option<i64>,
    wamid: Option<String>,
    context: Option<String>,
    forwarded: bool,
    referral: Option<Value>,
    signature: Signature,
    escape: Option<bool>,
    retry: Option<bool>,
    wait: bool,
}

impl Default for Sending {
    fn default() -> Self {
        Self {
            times: 1,
            parallel: false,
            delay_ms: 0,
            name: None,
            bsuid: None,
            username: None,
            no_wa_id: false,
            timestamp: None,
            wamid: None,
            context: None,
            forwarded: false,
            referral: None,
            signature: Signature::Valid,
            escape: None,
            retry: None,
            wait: true,
        }
    }
}

impl Sending {
    pub(super) fn parse(body: &Value) -> Result<Self, Refusal> {
        serde_json::from_value(body.clone()).map_err(|error| Refusal::bad(error.to_string()))
    }

    pub(super) fn with_context(mut self, context: Option<String>) -> Self {
        self.context = self.context.or(context);
        self
    }
}

/// What the chat shows of a message that a patient sends.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) kind: String,
    pub(super) text: Option<String>,
    pub(super) choice: Option<String>,
    pub(super) media: Option<Media>,
    pub(super) location: Option<Value>,
}

/// A message that was written into its chat and waits for its webhook.
pub(super) struct Written {
    wa_id: String,
    wamid: String,
    message: Value,
    contact: Value,
}

/// Writes a message into its author's chat.
pub(super) fn write(
    shared: &Shared,
    phone: &str,
    sending: &Sending,
    mut content: Value,
    shown: Shown,
) -> Written {
    let account = author(shared, phone, sending);
    let wa_id = account.wa_id.clone();
    let identity =
        Identity { no_wa_id: sending.no_wa_id, no_bsuid: sending.bsuid == Some(Value::Bool(false)) };
    let wamid = sending.wamid.clone().unwrap_or_else(|| new_wamid(shared, &wa_id));
    let now_ms = shared.clock.now_ms();
    let timestamp = sending.timestamp.unwrap_or(now_ms / 1000);
    if let Some(context) = &sending.context {
        content["context"] = json!({ "from": shared.options.display_phone, "id": context });
    }
    if sending.forwarded {
        content["context"] = json!({ "forwarded": true });
    }
    if let Some(referral) = &sending.referral {
        content["referral"] = referral.clone();
    }
    let message = compose::message(&account, identity, &wamid, timestamp, content);
    let contact = compose::contact(&account, identity);
    let time = shared.clock.stamp(timestamp * 1000);
    shared.phones.add(
        &wa_id,
        Entry {
            n: 0,
            from: Author::Patient,
            wamid: wamid.clone(),
            kind: shown.kind,
            text: shown.text,
            header: None,
            footer: None,
            buttons: Vec::<Choice>::new(),
            rows: Vec::new(),
            list_button: None,
            template: None,
            media: shown.media,
            location: shown.location,
            context: sending.context.clone(),
            choice: shown.choice,
            reaction: None,
            statuses: vec![Stamp { status: "sent".into(), time: shared.clock.stamp(now_ms), code: None }],
            time,
            biz_opaque_callback_data: None,
            raw: message.clone(),
        },
    );
    // Any message of the user opens the window again (§7).
    shared.phones.change(&wa_id, |account| {
        let at = timestamp * 1000;
        account.last_inbound_ms = Some(account.last_inbound_ms.map_or(at, |last| last.max(at)));
    });
    shared.live.tell(Change::Chat { phone: wa_id.clone() });
    Written { wa_id, wamid, message, contact }
}

/// The account that sends, as the options want it.
fn author(shared: &Shared, phone: &str, sending: &Sending) -> Account {
    let settings = shared.settings().clone();
    let wa_id = shared.phones.open(phone, &settings);
    let account = shared.phones.change(&wa_id, |account| {
        if let Some(name) = &sending.name {
            account.name.clone_from(name);
        } else if account.name.is_empty() {
            account.name = phones::demo_name(&account.wa_id).unwrap_or("Paciente").to_owned();
        }
        if let Some(Value::String(bsuid)) = &sending.bsuid {
            account.bsuid.clone_from(bsuid);
        }
        if let Some(username) = &sending.username {
            account.username = Some(username.clone());
        }
    });
    account.expect("the account was opened")
}

/// Sends one message in a webhook of its own.
pub(super) async fn send_one(shared: &Arc<Shared>, sending: &Sending, written: Written) -> Json<Value> {
    let members = json!({ "contacts": [written.contact], "messages": [written.message] });
    let body = compose::envelope(&shared.options, vec![compose::change(&shared.options, members)]);
    let lane = format!("say/{}", written.wa_id);
    let ids = vec![(written.wa_id, written.wamid)];
    see_off(shared, sending, &body.to_string(), ids, lane).await
}

async fn see_off(
    shared: &Arc<Shared>,
    sending: &Sending,
    text: &str,
    messages: Vec<(String, String)>,
    lane: String,
) -> Json<Value> {
    let created_ms = shared.clock.now_ms();
    let escape = match (sending.escape, shared.settings().escape) {
        (Some(escape), _) => escape,
        (None, Escape::Always) => true,
        (None, Escape::Never) => false,
        (None, Escape::Half) => created_ms % 2 == 0,
    };
    let wamids: Vec<String> = messages.iter().map(|(_, wamid)| wamid.clone()).collect();
    let webhook = Webhook {
        seq: 0,
        lane: if sending.parallel {
            format!("{lane}/{}", wamids.first().map_or("", String::as_str))
        } else {
            lane
        },
        body: if escape { signature::escape(text) } else { text.to_owned() },
        signature: sending.signature,
        copies: sending.times.max(1),
        parallel: sending.parallel,
        retry: sending.retry.unwrap_or(sending.signature == Signature::Valid),
        delay_ms: sending.delay_ms,
        created_ms,
        phone: messages.first().map(|(wa_id, _)| wa_id.clone()),
        messages,
    };
    let deliveries = if sending.wait {
        delivery::deliver(shared, webhook).await
    } else {
        delivery::post(shared, webhook);
        Vec::new()
    };
    Json(
        json!({ "wamid": wamids.first(), "wamids": wamids, "queued": sending.wait && deliveries.is_empty(), "deliveries": deliveries }),
    )
}

/// `POST /control/deliver`.
pub(super) async fn deliver(
    State(shared): State<Arc<Shared>>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, Refusal> {
    let sending = Sending::parse(&body)?;
    if let Some(raw) = body["raw"].as_str() {
        // Sent as it is: what the caller wants to try must not be mended by an escape.
        let sending = Sending {
            escape: Some(sending.escape.unwrap_or(false)),
            retry: Some(sending.retry.unwrap_or(false)),
            ..sending
        };
        return Ok(
            see_off(&shared, &sending, raw, Vec::new(), format!("raw/{}", shared.clock.now_ms())).await
        );
    }
    let list = body["messages"].as_array().ok_or_else(|| Refusal::missing("messages or raw"))?;
    let mut written = Vec::new();
    for one in list {
        let phone = one["phone"].as_str().ok_or_else(|| Refusal::missing("phone"))?;
        let own = Sending::parse(one)?;
        let (content, shown, context) = phones::content(&shared, phone, one)?;
        written.push(write(&shared, phone, &own.with_context(context), content, shown));
    }
    let value = |some: &[&Written]| {
        let mut contacts: Vec<Value> = Vec::new();
        for one in some {
            if !contacts.contains(&one.contact) {
                contacts.push(one.contact.clone());
            }
        }
        let messages: Vec<Value> = some.iter().map(|one| one.message.clone()).collect();
        compose::change(&shared.options, json!({ "contacts": contacts, "messages": messages }))
    };
    let all: Vec<&Written> = written.iter().collect();
    let body = match body["shape"].as_str().unwrap_or("messages") {
        "messages" => compose::envelope(&shared.options, vec![value(&all)]),
        "changes" => compose::envelope(&shared.options, all.iter().map(|one| value(&[one])).collect()),
        "entries" => {
            let entries: Vec<Value> = all
                .iter()
                .map(|one| json!({ "id": shared.options.waba_id, "changes": [value(&[one])] }))
                .collect();
            json!({ "object": "whatsapp_business_account", "entry": entries })
        }
        other => return Err(Refusal::bad(format!("unknown shape {other}"))),
    };
    let lane = format!("batch/{}", written.first().map_or("", |one| one.wamid.as_str()));
    let ids = written.into_iter().map(|one| (one.wa_id, one.wamid)).collect();
    Ok(see_off(&shared, &sending, &body.to_string(), ids, lane).await)
}
